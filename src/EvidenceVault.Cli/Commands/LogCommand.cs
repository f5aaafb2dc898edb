using System.CommandLine;
using System.Globalization;
using System.Text;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Cli.Commands;

/// <summary>Reads, checks and exports the custody log.</summary>
internal static class LogCommand
{
    public static Command Build()
    {
        var command = new Command("log", "The custody log: show, check, publish, export.") { Show(), Fsck(), Checkpoint(), VerifierKeyOf(), Publish(), Export() };
        Examples.Of(command, "evidencevault log show AB/1", "evidencevault log fsck");
        return command;
    }

    private static Command Show()
    {
        var exhibit = new Argument<ExhibitReference?>("EXHIBIT") { Description = "Only this exhibit's entries.", Arity = ArgumentArity.ZeroOrOne, CustomParser = result => Arguments.ReadExhibit(result) };
        var last = new Option<int?>("--last") { Description = "Only the newest N entries.", HelpName = "N" };
        last.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int n) && n < 1) result.AddError("--last needs a number of 1 or more.");
        });
        var command = new Command("show", "Show entries of the custody log with their personal fields opened. Recorded.") { exhibit, last, CommandTree.Json };
        Examples.Of(command, "evidencevault log show --last 20", "evidencevault log show AB/1 --json");
        command.SetAction(async (parsed, cancel) =>
        {
            await using Host host = await Host.OpenAsync(CommandTree.Home(parsed));
            IReadOnlyList<EntryShown> entries = [.. (await host.SendAsync(new ReadLog(parsed.GetValue(exhibit), parsed.GetValue(last) ?? int.MaxValue), cancel)).Select(EntryShown.Of)];
            if (parsed.GetValue(CommandTree.Json)) Json.Print(entries);
            else Entries.Show(new Page(), entries, ofOneExhibit: parsed.GetValue(exhibit) is not null);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Fsck()
    {
        var command = new Command("fsck", "Derive the whole log again from its entries and the log's key, and say what holds. Exit 1 where something does not.") { CommandTree.Json };
        Examples.Of(command, "evidencevault log fsck", "evidencevault log fsck --json");
        command.SetAction(async (parsed, cancel) =>
        {
            await using Host host = await Host.OpenAsync(CommandTree.Home(parsed));
            VerificationReport report = await CheckAsync(host, cancel);
            var shown = new CheckShown(report.Holds, host.Vault.Log.Size(), [.. report.Findings.Select(FindingShown.Of)]);
            if (parsed.GetValue(CommandTree.Json)) Json.Print(shown);
            else Print(new Page(), shown);
            if (report.Holds) return ExitCode.Done;
            FindingShown first = shown.Findings.First(f => !f.Holds);
            return new Trouble(ExitCode.NotAsItShouldBe, first.Sentence, "The custody log is not as it was recorded: somebody or something changed it behind the vault's back.",
                "Keep the vault's whole folder as it is for an expert, and compare with a backup or with checkpoints that others hold.").Tell();
        });
        return command;
    }

    internal static Task<VerificationReport> CheckAsync(Host host, CancellationToken cancel) => Progressing.FractionAsync("checking entries", progress =>
        host.SendAsync(new CheckLog(new Fractions(progress)), cancel));

    private static Command Checkpoint()
    {
        var command = new Command("checkpoint", "Print the newest checkpoint, a signed note (C2SP tlog-checkpoint) to give to whoever shall remember it.") { CommandTree.Json };
        Examples.Of(command, "evidencevault log checkpoint > checkpoint-of-today");
        command.SetAction(async (parsed, cancel) =>
        {
            await using Host host = await Host.OpenAsync(CommandTree.Home(parsed));
            byte[] bytes = await host.SendAsync(new NewestCheckpoint(), cancel);
            string note = Encoding.UTF8.GetString(bytes);
            // To standard error: what is on standard output is the note, to keep as it is.
            await Console.Error.WriteLineAsync(Cosigned.By(bytes, host.Vault.WitnessPolicy));
            if (!parsed.GetValue(CommandTree.Json))
            {
                Console.Out.Write(note);
                return ExitCode.Done;
            }
            if (!SignedNote.TryParse(bytes, out SignedNote? signed, out string problem) || !Proof.Checkpoint.TryParse(signed.Text, out Proof.Checkpoint? checkpoint, out problem))
                throw new EvidenceException($"The newest checkpoint cannot be read. {problem}", "The custody log was altered behind the vault's back.", "Run 'evidencevault log fsck'.");
            Json.Print(new CheckpointShown(checkpoint.Origin, checkpoint.Size, Convert.ToBase64String(checkpoint.Root), note));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command VerifierKeyOf()
    {
        var command = new Command("vkey", "Print the log's verifier keys (C2SP signed-note), one a line, which strangers check the log with. Any one of them will do; they are public.");
        Examples.Of(command, "evidencevault log vkey > log.vkey");
        command.SetAction(async (parsed, _) =>
        {
            await using Host host = await Host.OpenAsync(CommandTree.Home(parsed));
            foreach (string key in host.Vault.Keys.ValidLogKeys) Console.WriteLine(key);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Publish()
    {
        var command = new Command("publish", "Ask the witnesses and publish the log now, as C2SP tlog-tiles, to the container 'log' of the store, below the log's origin. The worker does so by itself.") { CommandTree.Json };
        Examples.Of(command, "evidencevault log publish");
        command.SetAction(async (parsed, cancel) =>
        {
            await using Host host = await Host.OpenAsync(CommandTree.Home(parsed));
            PublishedLog done = await host.SendAsync(new PublishLog(), cancel);
            string cosigned = done.Publication.Note is { } note ? Cosigned.By(note, host.Vault.WitnessPolicy) : "The log is empty.";
            if (parsed.GetValue(CommandTree.Json)) Json.Print(PublishedShown.Of(done));
            else Console.WriteLine($"{done.Publication.Size} entries are published in {done.Place} ({done.Publication.Tiles} tiles and bundles were new).\n{cosigned}");
            foreach (WitnessState witness in done.State.Witnesses.Where(w => w.Trouble is not null)) await Console.Error.WriteLineAsync($"The witness {Names.Printable(witness.Name)} has not cosigned. {Names.Printable(witness.Trouble!)}");
            return done.State.Alarm is not { } alarm ? ExitCode.Done
                : new Trouble(ExitCode.NotAsItShouldBe, alarm, "Somebody remembers another history of this log than the one that is here.", "Keep the vault's whole folder as it is for an expert, and compare with a backup and with checkpoints that others hold.").Tell();
        });
        return command;
    }

    private static Command Export()
    {
        var folder = new Argument<string>("DIR") { Description = "A new or empty folder." };
        var command = new Command("export", "Write the log as C2SP tlog-tiles: checkpoint, tiles and entry bundles. Personal fields stay closed. Recorded.") { folder };
        Examples.Of(command, "evidencevault log export custody-log");
        command.SetAction(async (parsed, cancel) =>
        {
            await using Host host = await Host.OpenAsync(CommandTree.Home(parsed));
            string asked = parsed.GetRequiredValue(folder);
            ulong size = await host.SendAsync(new ExportLog(Path.GetFullPath(asked)), cancel);
            Console.WriteLine($"{size} entries are in {Names.Printable(asked)}. Their key is: {string.Join(" or ", host.Vault.Keys.ValidLogKeys)}");
            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(Page page, CheckShown shown)
    {
        page.Table([new("Claim"), new("Verdict"), new("Found", Wraps: true)], shown.Findings.Select(f => (IEnumerable<string?>)
            [f.Claim, f.Holds ? f.Verdict : "not ok", Trouble.OneLine(f.Sentence)]));
        page.Line(shown.Holds ? $"The custody log is ok: all {shown.Size} entries are as they were recorded." : $"The custody log is NOT ok. It has {shown.Size} entries.");
    }

    private sealed class Fractions(IProgress<double> progress) : IProgress<LogCheckProgress>
    {
        public void Report(LogCheckProgress value) => progress.Report(value.Total == 0 ? 1 : (double)value.Checked / value.Total);
    }
}
