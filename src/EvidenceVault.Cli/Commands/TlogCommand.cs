using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Cli.Commands;

/// <summary>Checks published logs and proofs of anybody's, without a vault and without rights.</summary>
internal static class TlogCommand
{
    private const int MostEntryBytes = 64 << 20;
    private const int MostProofBytes = 2 << 20;
    private const int MostPolicyBytes = (64 << 10) + 1;

    public static Command Build()
    {
        var command = new Command("tlog", "Check published logs and proofs of any C2SP log. Needs no vault.") { Fsck(), VerifyProof() };
        Examples.Of(command,
            "evidencevault tlog fsck custody-log --vkey \"$(cat log.vkey)\" --remembered checkpoint-of-january",
            "evidencevault tlog verify-proof --entry 17.json --proof 17.tlog-proof --policy policy");
        return command;
    }

    private static Option<VerifierKey[]> LogKeys(bool required) => new("--vkey")
    {
        Description = "The log's verifier key (C2SP signed-note), or a file that holds it. Again for each further key of the log.",
        HelpName = "K",
        Required = required,
        CustomParser = result => ReadKeys(result, KeyKind.Note),
    };

    private static Option<VerifierKey[]> WitnessKeys() => new("--witness")
    {
        Description = "A witness's verifier key (C2SP tlog-cosignature), or a file that holds it. Its cosignature is then asked for.",
        HelpName = "K",
        CustomParser = result => ReadKeys(result, KeyKind.Cosignature),
    };

    private static Command Fsck()
    {
        var place = new Argument<string>("DIR|URL") { Description = "The log's folder, or the address that 'checkpoint' lies below." };
        Option<VerifierKey[]> keys = LogKeys(required: true), witnesses = WitnessKeys();
        var remembered = new Option<string[]>("--remembered") { Description = "A checkpoint of this log that somebody kept. The log must be a continuation of it.", HelpName = "CHECKPOINT" };
        var command = new Command("fsck", "Derive a whole published log again from its entries and hold it to its checkpoint. Exit 1 where something does not hold.") { place, keys, witnesses, remembered, CommandTree.Json };
        Examples.Of(command,
            "evidencevault tlog fsck custody-log --vkey \"$(cat log.vkey)\"",
            "evidencevault tlog fsck https://log.example/ --vkey log.vkey --witness witness.vkey --remembered checkpoint-of-january");
        command.SetAction(async (parsed, cancel) =>
        {
            byte[][] kept = [.. (parsed.GetValue(remembered) ?? []).Select(file => ReadFile(file, TileLogReader.MostCheckpointBytes))];
            var policy = LogPolicy.Requiring(parsed.GetRequiredValue(keys), parsed.GetValue(witnesses) ?? []);
            string at = parsed.GetRequiredValue(place);
            using HttpClient http = TileLogSource.NewClient();
            TileLogReader reader = TileLogSource.IsUrl(at) ? TileLogSource.OfUrl(http, at) : TileLogSource.OfFolder(Path.GetFullPath(at));
            (Checkpoint? checkpoint, VerificationReport report) = await Progressing.FractionAsync("checking entries", progress =>
                new TileLogCheck(reader, policy, kept).RunAsync(new Fractions(progress), cancel));
            var shown = new TlogShown(report.Holds, checkpoint?.Origin, checkpoint?.Size, Root(checkpoint), null, [.. report.Findings.Select(FindingShown.Of)]);
            return Tell(shown, parsed.GetValue(CommandTree.Json), $"The log is ok: all {Count(shown.Size)} entries of {Names.Printable(shown.Origin ?? "")} are as they were signed.", "The log is NOT ok.",
                "The log is not as it was signed, or not as somebody remembers it.", "Keep a copy of it as it is for an expert, and compare with checkpoints that others hold.");
        });
        return command;
    }

    private static Command VerifyProof()
    {
        var entry = new Option<string>("--entry") { Description = "The entry's bytes.", HelpName = "FILE", Required = true };
        var proof = new Option<string>("--proof") { Description = "Its proof (C2SP tlog-proof).", HelpName = "FILE", Required = true };
        var policy = new Option<string?>("--policy") { Description = "Which logs and witnesses are trusted (C2SP tlog-policy).", HelpName = "FILE" };
        Option<VerifierKey[]> keys = LogKeys(required: false), witnesses = WitnessKeys();
        var command = new Command("verify-proof", "Check that an entry is in a log, from its proof alone. Exit 1 where it is not shown.") { entry, proof, policy, keys, witnesses, CommandTree.Json };
        command.Validators.Add(result =>
        {
            bool byPolicy = result.GetResult(policy) is not null, byKeys = result.GetResult(keys) is not null;
            if (byPolicy == byKeys) result.AddError("Say whom to trust: either --policy FILE, or --vkey K and, where wanted, --witness K.");
            else if (byPolicy && result.GetResult(witnesses) is not null) result.AddError("--witness goes with --vkey; a policy names its own witnesses.");
        });
        Examples.Of(command,
            "evidencevault tlog verify-proof --entry 17.json --proof 17.tlog-proof --policy policy",
            "evidencevault tlog verify-proof --entry 17.json --proof 17.tlog-proof --vkey log.vkey --witness witness.vkey");
        command.SetAction(parsed =>
        {
            LogPolicy trusted = parsed.GetValue(policy) is { } file
                ? LogPolicy.TryParse(ReadFile(file, MostPolicyBytes), out LogPolicy? read, out string fault) ? read : throw new RefusedException(fault, "Nothing was checked.", "Ask for a policy that is of the form of C2SP tlog-policy.")
                : LogPolicy.Requiring(parsed.GetValue(keys) ?? [], parsed.GetValue(witnesses) ?? []);
            byte[] entryBytes = ReadFile(parsed.GetRequiredValue(entry), MostEntryBytes), proofBytes = ReadFile(parsed.GetRequiredValue(proof), MostProofBytes);
            TlogShown shown;
            if (LogProof.TryParse(proofBytes, out LogProof? given, out string problem))
            {
                Checkpoint? checkpoint = trusted.Evaluate(given.Note).Checkpoint;
                VerificationReport report = given.Verify(entryBytes, trusted);
                shown = new(report.Holds, checkpoint?.Origin, checkpoint?.Size, Root(checkpoint), given.Index, [.. report.Findings.Select(FindingShown.Of)]);
            }
            else
            {
                var unread = new Finding("entry-proof", Verdict.Fails, $"The proof cannot be read. {problem}");
                shown = new(false, null, null, null, null, [FindingShown.Of(unread)]);
            }
            return Tell(shown, parsed.GetValue(CommandTree.Json), $"The proof is ok: these bytes are entry {shown.Index} of {Names.Printable(shown.Origin ?? "")}.", "The proof is NOT ok.",
                "It is not shown that these bytes are in that log.", "Ask for the entry and its proof again, and compare the keys with those that the log's owner published.");
        });
        return command;
    }

    private static int Tell(TlogShown shown, bool json, string holds, string fails, string meaning, string next)
    {
        if (json)
        {
            Json.Print(shown);
        }
        else
        {
            var page = new Page();
            page.Table([new("Claim"), new("Verdict"), new("Found", Wraps: true)], shown.Findings.Select(f => (IEnumerable<string?>)
                [f.Claim, f.Holds ? f.Verdict : "not ok", Trouble.OneLine(f.Sentence)]));
            page.Line(shown.Holds ? holds : fails);
        }
        return shown.Holds ? ExitCode.Done : new Trouble(ExitCode.NotAsItShouldBe, shown.Findings.First(f => !f.Holds).Sentence, meaning, next).Tell();
    }

    // A key as text, or a file that holds one: `log vkey > log.vkey` writes such a file.
    private static VerifierKey[]? ReadKeys(ArgumentResult result, KeyKind kind)
    {
        var keys = new List<VerifierKey>();
        foreach (string text in result.Tokens.Select(t => t.Value))
        {
            if (!VerifierKey.TryParse(text, out VerifierKey? key, out string problem) && !(File.Exists(text) && VerifierKey.TryParse(FirstLine(text), out key, out problem)))
                result.AddError($"'{Names.Printable(text)}' is no verifier key and no file that holds one. {problem}");
            else if (key.Kind != kind)
                result.AddError($"'{Names.Printable(text)}' is a key of {(kind == KeyKind.Note ? "a witness; --vkey asks for the log's" : "a log; --witness asks for a witness's")}.");
            else if (keys.Any(k => k.PublicKey.Span.SequenceEqual(key.PublicKey.Span)))
                result.AddError($"'{Names.Printable(text)}' is there twice.");
            else
                keys.Add(key);
        }
        return [.. keys];
    }

    private static string FirstLine(string file)
    {
        using var reader = new StreamReader(file);
        char[] start = new char[1024];
        return new string(start, 0, reader.ReadBlock(start)).Split('\n')[0].TrimEnd('\r');
    }

    private static byte[] ReadFile(string path, int most)
    {
        if (!File.Exists(path)) throw new RefusedException($"There is no file '{Names.Printable(path)}'.", "Nothing was checked.", "Check the path.");
        if (new FileInfo(path).Length > most) throw new RefusedException($"'{Names.Printable(path)}' is larger than {Plain.Bytes(most)}.", "Nothing was checked: it is not a file of the kind asked for.", "Check the path.");
        return File.ReadAllBytes(path);
    }

    private static string? Root(Checkpoint? checkpoint) => checkpoint is null ? null : Convert.ToBase64String(checkpoint.Root);

    private static string Count(ulong? number) => (number ?? 0).ToString("N0", CultureInfo.InvariantCulture);

    private sealed class Fractions(IProgress<double> progress) : IProgress<LogCheckProgress>
    {
        public void Report(LogCheckProgress value) => progress.Report(value.Total == 0 ? 1 : (double)value.Checked / value.Total);
    }
}
