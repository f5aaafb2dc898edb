using System.Diagnostics;
using System.Globalization;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Proof;
using EvidenceVault.Testing;

namespace EvidenceVault.Benchmarks;

/// <summary>
/// Kills a process with kill -9 at each step of publishing, before the step and after it, and at random moments. After each kill what a
/// client can read at that moment must be whole; after the next start the log must be published whole, and every checkpoint that was
/// ever seen must be a start of it. What is read is read as a stranger does: tiles, checkpoint, key.
/// </summary>
internal static class PublishCrash
{
    /// <summary>The parent: rounds of kills.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        int rounds = args switch
        {
            [] => 60,
            ["--rounds", var text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n > 0 => n,
            _ => throw new FormatException("publish-crash takes --rounds N."),
        };
        string folder = Directory.CreateTempSubdirectory("evidencevault-publish-crash-").FullName;
        try
        {
            return await RunAsync(folder, rounds);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> RunAsync(string folder, int rounds)
    {
        string home = Path.Combine(folder, "vault"), published = Path.Combine(folder, "log");
        FolderLogStore store = new(published);
        VerifierKey? key = null;
        var seen = new List<Checkpoint>();
        var faults = new List<string>();
        int killed = 0, ended = 0, mid = 0, behind = 0, operation = 0;
        for (int round = 0; round < rounds; round++)
        {
            // By turns: before a step, after it, and at any moment. The steps are taken one after the other, from the start again when they end.
            string when = (round % 3) switch { 0 => $"before:{operation}", 1 => $"after:{operation}", _ => "random" };
            int code = await ChildAsync(when, home, published);
            bool wasKilled = code == 128 + 9;
            if (wasKilled) killed++; else if (code == 0) ended++; else throw new InvalidOperationException($"The child failed with exit code {code}.");
            if (round % 3 == 1) operation = wasKilled ? operation + 1 : 0;

            key ??= VerifierKey.Parse((await File.ReadAllTextAsync(Path.Combine(home, "log.vkey"))).Trim());
            ulong local = SizeOf(home);
            Checkpoint? head = await PublishedLog.HeadAsync(store, key);
            if (wasKilled && (head?.Size ?? 0) < local) behind++;
            if (wasKilled && Directory.Exists(published) && Directory.EnumerateDirectories(published, ".evidencevault-*").Any()) mid++;
            Check("right after the kill", await PublishedLog.FaultsAsync(store, key, [.. seen]));
            if (head is not null) seen.Add(head);

            if (await ChildAsync("never", home, published) is not 0 and var failed) throw new InvalidOperationException($"The next start failed with exit code {failed}.");
            local = SizeOf(home);
            head = await PublishedLog.HeadAsync(store, key);
            if (head?.Size != local) faults.Add($"round {round}: after the next start {head?.Size} of {local} entries are published");
            Check("after the next start", await PublishedLog.FaultsAsync(store, key, [.. seen]));
            seen.Add(head!);
            Console.WriteLine($"round {round + 1,2}  {when,-10} {(wasKilled ? "killed" : "ended "),-6}  published {head?.Size} entries; {seen.Count} checkpoints remembered");

            void Check(string moment, IReadOnlyList<string> found) => faults.AddRange(found.Select(f => $"round {round}, {moment}: {f}"));
        }
        Console.WriteLine($"{rounds} rounds: {killed} killed, {ended} had ended before; {behind} left the published log behind, {mid} left a draft");
        foreach (string fault in faults) Console.WriteLine(fault);
        Console.WriteLine($"{seen.Count} checkpoints seen, {faults.Count} inconsistent");
        return faults.Count == 0 && killed > 0 ? 0 : 1;
    }

    /// <summary>The child: appends some entries, asks its witness and publishes, until it is killed or done.</summary>
    public static async Task<int> PublishAsync(string when, string home, string folder)
    {
        if (when == "random") KillSoon();
        await using Vault vault = await Vault.OpenAsync(home, TimeProvider.System);
        for (int i = 0; i < 3; i++) await vault.Sequencer.RecordAsync([.. Enumerable.Range(0, 1 + (int)(vault.Log.Size() % 140)).Select(_ => new CustodyAct(Acts.Viewed, "tester"))]);
        ILogStore store = new FolderLogStore(folder);
        if (when.Split(':') is [var moment, var step])
            store = new InterruptedLogStore(store, int.Parse(step, CultureInfo.InvariantCulture), moment == "before" ? Interruption.Before : Interruption.After, Kill);
        using Cosigning cosigning = new(vault.Log, vault.Sequencer, vault.WitnessPolicy, TimeSpan.FromSeconds(30), new DemonstrationWitness(vault.WitnessFolder, vault.LogKeys, TimeProvider.System), TimeProvider.System);
        LogPublishing publishing = new(vault, store, cosigning, new(), TimeProvider.System);
        await publishing.CheckAsync(CancellationToken.None);
        await publishing.RoundAsync(evenUncosigned: false, CancellationToken.None);
        return 0;
    }

    private static void KillSoon()
    {
        Thread soon = new(() =>
        {
            Thread.Sleep(Random.Shared.Next(150, 900));
            Kill();
        })
        { IsBackground = true };
        soon.Start();
    }

    // SIGKILL: nothing of this process runs any more, no finally and no flush.
    private static void Kill() => Process.GetCurrentProcess().Kill();

    private static async Task<int> ChildAsync(string when, string home, string folder)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "EvidenceVault.Benchmarks.dll");
        using Process child = Process.Start("dotnet", [program, "publish-child", when, home, folder]);
        await child.WaitForExitAsync();
        return child.ExitCode;
    }

    private static ulong SizeOf(string home) => new Pipeline.Records.CustodyLog(new(Path.Combine(home, "vault.db"))).Size();
}
