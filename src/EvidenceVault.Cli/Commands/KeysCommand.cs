using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using Mediator;

namespace EvidenceVault.Cli.Commands;

/// <summary>Lists, rotates, backs up and restores the vault's keys.</summary>
internal static class KeysCommand
{
    private const string PassphraseVariable = "EVIDENCEVAULT_PASSPHRASE";

    public static Command Build()
    {
        var command = new Command("keys", "The vault's keys: list, rotate, retire, back up, restore. For administrators; every change is recorded.") { List(), Rotate(), Retire(), Backup(), Restore() };
        Examples.Of(command, "evidencevault keys list", "evidencevault keys backup -o vault.evbackup --with-database --passphrase-file passphrase --reason \"Weekly backup\"");
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "List every key with its state. Nothing secret is shown.") { CommandTree.Json };
        Examples.Of(command, "evidencevault keys list", "evidencevault keys list --json");
        command.SetAction((parsed, cancel) => ShowAsync(parsed, new ListKeys(), cancel));
        return command;
    }

    private static Command Rotate()
    {
        var use = new Argument<KeyUse>("KEY") { Description = "log, seal or content.", CustomParser = ReadUse };
        var newCa = new Option<bool>("--new-ca") { Description = "Of the seal key: make a new authority too. Hand out ca.pem again; it keeps the old one." };
        Option<string?> reason = Reason();
        var command = new Command("rotate", "Make a new key and use it from now on. What the old one made still checks and opens; an old log key signs on beside the new one until it is retired.") { use, newCa, reason, CommandTree.Json };
        Examples.Of(command, "evidencevault keys rotate log --reason \"Yearly rotation\"", "evidencevault keys rotate seal --new-ca --reason \"The authority's key may be known\"");
        command.Validators.Add(result =>
        {
            if (result.GetValue(newCa) && result.GetResult(use) is { Errors: var errors } && !errors.Any() && result.GetValue(use) != KeyUse.Seal) result.AddError("--new-ca goes with 'seal' only.");
        });
        command.SetAction((parsed, cancel) => ShowAsync(parsed, new RotateKey(parsed.GetRequiredValue(use), parsed.GetValue(reason)) { NewAuthority = parsed.GetValue(newCa) }, cancel));
        return command;
    }

    private static Command Retire()
    {
        var use = new Argument<KeyUse>("KEY") { Description = "log: no other key overlaps.", CustomParser = ReadUse };
        var id = new Argument<string>("ID") { Description = "The key's id, as 'keys list' shows it." };
        Option<string?> reason = Reason();
        var command = new Command("retire", "End a log key's overlap: it signs no more. Do it when everybody who checks the log has the new key.") { use, id, reason, CommandTree.Json };
        use.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not "log" }]) result.AddError("Only a log key is retired: seal and content keys do not overlap.");
        });
        Examples.Of(command, "evidencevault keys retire log 1f3a9c20 --reason \"Everybody has the new key\"");
        command.SetAction((parsed, cancel) => ShowAsync(parsed, new RetireLogKey(parsed.GetRequiredValue(id), parsed.GetValue(reason)), cancel));
        return command;
    }

    private static Command Backup()
    {
        var output = new Option<string>("--output", "-o") { Description = "The file to write; it must not be there yet.", HelpName = "FILE", Required = true };
        var database = new Option<bool>("--with-database") { Description = "The custody log and catalogue too. Without them the keys open what is stored, and nothing says what it is." };
        Option<string?> file = PassphraseFile(), reason = Reason();
        var command = new Command("backup", $"Write a passphrase-protected backup that openssl opens too (docs/recovery.md). The passphrase comes from a file, {PassphraseVariable}, or a prompt.") { output, database, file, reason, CommandTree.Json };
        Examples.Of(command, "evidencevault keys backup -o vault.evbackup --with-database --passphrase-file passphrase --reason \"Weekly backup\"");
        command.SetAction(async (parsed, cancel) =>
        {
            await using Host host = await Host.OpenAsync(CommandTree.Home(parsed));
            string asked = parsed.GetRequiredValue(output);
            BackedUp made = await host.SendAsync(new BackUpKeys(asked, ReadPassphrase(parsed.GetValue(file), twice: true), parsed.GetValue(reason)) { WithDatabase = parsed.GetValue(database) }, cancel);
            if (parsed.GetValue(CommandTree.Json)) Json.Print(new BackedUpShown(Path.GetFullPath(asked), made.Id, made.Bytes, made.LogSize));
            else
            {
                Console.WriteLine($"{Names.Printable(asked)}  {Plain.Bytes(made.Bytes)}  backup {made.Id}");
                Console.WriteLine(made.LogSize is { } size ? $"It holds keys, access list and database, with the custody log of {size} entries." : "It holds keys and access list, and not the database: back that up too (--with-database).");
                Console.WriteLine("Keep it off this machine, and its passphrase somewhere else. Without the passphrase nobody can open it.");
            }
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Restore()
    {
        var backup = new Argument<string>("FILE") { Description = "The backup." };
        var accept = new Option<bool>("--accept-missing-keys") { Description = "Go on although the database has recorded keys that the backup is too old to hold. What was stored under them cannot be read." };
        var remembered = new Option<string[]>("--remembered") { Description = "A checkpoint that somebody kept: shows whether the database is older than the log was. May be given several times.", HelpName = "FILE" };
        Option<string?> file = PassphraseFile(), reason = Reason();
        var command = new Command("restore", "Put a backup back into a vault's folder that is new or has lost its keys, then check the log. A key ring that is there is never written over.") { backup, accept, remembered, file, reason, CommandTree.Json };
        Examples.Of(command, "evidencevault keys restore vault.evbackup --passphrase-file passphrase --reason \"The disk was lost\"");
        command.SetAction(async (parsed, cancel) =>
        {
            var request = new RestoreRequest(CommandTree.Home(parsed), Existing(parsed.GetRequiredValue(backup)), ReadPassphrase(parsed.GetValue(file), twice: false))
            {
                Reason = parsed.GetValue(reason),
                AcceptMissingKeys = parsed.GetValue(accept),
                Remembered = [.. (parsed.GetValue(remembered) ?? []).Select(f => File.ReadAllBytes(Existing(f)))],
            };
            RestoredVault restored = await VaultRestore.RunAsync(request, Host.Caller, TimeProvider.System, cancel);
            var shown = new RestoredShown(restored.Report.Holds, restored.Size, restored.Put, restored.Kept, [.. restored.Report.Findings.Select(FindingShown.Of)]);
            if (parsed.GetValue(CommandTree.Json)) Json.Print(shown);
            else Print(new Page(), shown, request.Home);
            return shown.Findings.FirstOrDefault(f => !f.Holds) is not { } bad ? ExitCode.Done
                : new Trouble(ExitCode.NotAsItShouldBe, bad.Sentence, "The files are in place; the log is not what it should be, and the custody log says that it was restored.", "Before anything new is recorded here: look for a newer backup, and ask an expert.").Tell();
        });
        return command;
    }

    private static void Print(Page page, RestoredShown shown, string home)
    {
        page.Facts(("Vault", Names.Printable(home)), ("Put in place", string.Join(", ", shown.Put)), ("Was there and kept", string.Join(", ", shown.Kept)));
        page.Table([new("Claim"), new("Verdict"), new("Found", Wraps: true)], shown.Findings.Select(f => (IEnumerable<string?>)[f.Claim, f.Holds ? f.Verdict : "not ok", Trouble.OneLine(f.Sentence)]));
        if (shown.Findings.All(f => f.Claim != "remembered")) page.Line("Compare the log with a checkpoint that somebody kept (--remembered): nothing else shows whether a later part of it is lost.");
        if (shown.Holds) page.Line($"The vault is restored. Its custody log of {shown.Size} entries is as it was recorded.");
    }

    private static async Task<int> ShowAsync(ParseResult parsed, IRequest<IReadOnlyList<ListedKey>> request, CancellationToken cancel)
    {
        await using Host host = await Host.OpenAsync(CommandTree.Home(parsed));
        IReadOnlyList<KeyShown> keys = [.. (await host.SendAsync(request, cancel)).Select(KeyShown.Of)];
        if (parsed.GetValue(CommandTree.Json)) Json.Print(keys);
        else
        {
            new Page().Table([new("Kind"), new("Id"), new("State"), new("Made"), new("Fingerprint", Wraps: true)],
                keys.Select(k => (IEnumerable<string?>)[k.Kind, k.Id, k.State, k.MadeAt is null ? "not known" : Plain.Moment(k.MadeAt), k.Fingerprint]));
        }
        return ExitCode.Done;
    }

    /// <summary>The passphrase from a file, else the environment, else a prompt. Never from the command line, which every user of the machine can read.</summary>
    private static Passphrase ReadPassphrase(string? file, bool twice)
    {
        if (file is not null) return new(FirstLine(Existing(file)));
        if (Environment.GetEnvironmentVariable(PassphraseVariable) is { Length: > 0 } set) return new(set);
        if (Console.IsInputRedirected)
            throw new RefusedException("No passphrase was given.", "Nothing was written.", $"Name a file that holds it with --passphrase-file, or set {PassphraseVariable}.");
        string first = Prompt("Passphrase: ");
        if (twice && Prompt("The same again: ") != first) throw new RefusedException("The two passphrases differ.", "Nothing was written.", "Run the command again.");
        return new(first);
    }

    // As openssl's -passin file: reads it, so that one file serves both.
    private static string FirstLine(string file)
    {
        using StreamReader reader = new(file, Encoding.UTF8);
        return reader.ReadLine() ?? "";
    }

    private static string Prompt(string ask)
    {
        Console.Error.Write(ask);
        var text = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace) text.Length = Math.Max(0, text.Length - 1);
            else if (key.KeyChar != '\0') text.Append(key.KeyChar);
        }
        Console.Error.WriteLine();
        return text.ToString();
    }

    private static string Existing(string file) => File.Exists(file)
        ? Path.GetFullPath(file)
        : throw new RefusedException($"There is no file '{Names.Printable(file)}'.", "Nothing was changed.", "Check the path.");

    private static Option<string?> PassphraseFile() => new("--passphrase-file") { Description = $"A file whose first line is the passphrase. Else {PassphraseVariable}, else you are asked.", HelpName = "FILE" };

    // Not required by the parser: a request without a reason goes to the use case, which refuses and records it.
    private static Option<string?> Reason() => new("--reason") { Description = "Why, for the custody log.", HelpName = "TEXT" };

    private static KeyUse ReadUse(ArgumentResult result)
    {
        switch (result.Tokens[0].Value)
        {
            case "log": return KeyUse.Log;
            case "seal": return KeyUse.Seal;
            case "content": return KeyUse.Content;
            default:
                result.AddError($"'{Names.Printable(result.Tokens[0].Value)}' is no kind of key: say log, seal or content.");
                return default;
        }
    }
}
