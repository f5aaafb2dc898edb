using System.Globalization;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Benchmarks;

/// <summary>
/// Makes a custody log of some size by the code that a vault makes it with, and exports it, for other people's tools to judge (tests/interop):
/// <c>log/</c> (C2SP tlog-tiles), <c>log.vkey</c>, <c>checkpoint.half</c> from when it had half its entries, <c>add-checkpoint.1</c> and <c>.2</c> for a
/// witness, and <c>proofs/</c> with some entries and their C2SP tlog-proofs.
/// </summary>
internal static class LogSample
{
    private const int InFlight = 512;

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not ["--entries", var count, var folder] || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int entries) || entries < 4)
            throw new FormatException("Say how many and where: EvidenceVault.Benchmarks log-sample --entries 70000 DIR");
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()) throw new FormatException($"'{folder}' is not empty.");
        Directory.CreateDirectory(Path.Combine(folder, "proofs"));

        string vault = Directory.CreateTempSubdirectory("evidencevault-sample-").FullName;
        try
        {
            var database = new VaultDatabase(Path.Combine(vault, "vault.db"));
            var signer = new Ed25519LogSigner(new("evidencevault.example/sample", NoteSigner.NewSeed()));
            var log = new CustodyLog(database);
            byte[] half;
            await using (var sequencer = new Sequencer(database, new OneKey(signer), TimeProvider.System))
            {
                await AppendAsync(sequencer, 0, entries / 2);
                half = log.NewestCheckpoint()!;
                await AppendAsync(sequencer, entries / 2, entries);
            }
            await new LogPublisher(log, new FolderLogStore(Path.Combine(folder, "log")), [VerifierKey.Parse(signer.VerifierKey)]).PublishAsync(snapshot => snapshot.Note, CancellationToken.None);

            (SignedNote first, Checkpoint old) = Read(half);
            (SignedNote last, Checkpoint now) = Read(log.NewestCheckpoint()!);
            await WriteAsync("log.vkey", System.Text.Encoding.ASCII.GetBytes(signer.VerifierKey + "\n"));
            await WriteAsync("checkpoint.half", half);
            await WriteAsync("add-checkpoint.1", WitnessRequest.Of(0, [], first).ToBytes());
            await WriteAsync("add-checkpoint.2", WitnessRequest.Of(old.Size, log.ConsistencyProof(old.Size, now.Size), last).ToBytes());
            foreach (ulong index in new[] { 0UL, now.Size / 3, now.Size / 2, now.Size - 1 }.Distinct())
            {
                await WriteAsync($"proofs/{index}.json", log.Entry(index).Bytes);
                await WriteAsync($"proofs/{index}.tlog-proof", LogProof.Of(index, log.InclusionProof(index, now.Size), last).ToBytes());
            }
            Console.WriteLine($"{now.Size} entries in {folder}");
            return 0;
        }
        finally
        {
            Directory.Delete(vault, recursive: true);
        }

        Task WriteAsync(string name, byte[] bytes) => File.WriteAllBytesAsync(Path.Combine(folder, name), bytes);
    }

    // As many at once as one commit takes, so that the writer groups them as it does under load.
    private static async Task AppendAsync(Sequencer sequencer, int from, int to)
    {
        for (int at = from; at < to; at += InFlight)
            await Task.WhenAll(Enumerable.Range(at, Math.Min(InFlight, to - at)).Select(i => sequencer.RecordAsync(Act(i))));
    }

    private static CustodyAct Act(int i) => new("viewed", "sample")
    {
        Case = "OP-HERON",
        Camera = "CAM-7",
        Exhibit = ExhibitReference.Parse($"AB/{1 + (i % 500)}"),
        Reason = i % 3 == 0 ? "Viewing for the charging decision" : null,
        Detail = new JsonObject { ["number"] = i },
    };

    private static (SignedNote, Checkpoint) Read(byte[] bytes) =>
        SignedNote.TryParse(bytes, out SignedNote? note, out string problem) && Checkpoint.TryParse(note.Text, out Checkpoint? checkpoint, out problem)
            ? (note, checkpoint)
            : throw new InvalidOperationException(problem);
}
