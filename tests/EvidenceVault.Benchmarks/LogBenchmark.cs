using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Threading.Channels;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Benchmarks;

/// <summary>
/// Durable appends per second through the sequencer beside bare SQLite group commit: the same file system, pragmas, rows and batch
/// policy, with no JSON, no tree and no signature. Both run by turns in one process; the ratio is that of the totals. Then, at
/// a large size, how long a whole check takes and how long one inclusion proof.
/// </summary>
internal static class LogBenchmark
{
    private const string Origin = "bench.example/log";
    private const int Exhibits = 16, Proofs = 2000, InOneBatch = 20_000;

    public static async Task<int> RunAsync(string[] args)
    {
        (double seconds, int rounds, long entries, int[] writers) = Read(args);
        string folder = Directory.CreateTempSubdirectory("evidencevault-bench-log-").FullName;
        try
        {
            await MeasureAsync(Path.Combine(folder, "warm"), 64, 1, bareFirst: true, bare: [], append: []);
            foreach (int n in writers)
            {
                List<double> bare = [], append = [];
                for (int round = 0; round < rounds; round++)
                    await MeasureAsync(Path.Combine(folder, $"{n}-{round}"), n, seconds, round % 2 == 0, bare, append);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{n,4} writers: append {append.Average():F0}/s, bare {bare.Average():F0}/s (durable entries; {rounds} rounds of {seconds:F0} s each, by turns)"));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio append-{n}-vs-bare {append.Sum() / bare.Sum():F2}"));
            }
            if (entries > 0) await AtSizeAsync(Path.Combine(folder, "large.db"), entries);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(string path, int writers, double seconds, bool bareFirst, List<double> bare, List<double> append)
    {
        if (bareFirst) bare.Add(await BareAsync(path + "-bare.db", writers, seconds));
        append.Add(await AppendAsync(path + "-append.db", writers, seconds));
        if (!bareFirst) bare.Add(await BareAsync(path + "-bare.db", writers, seconds));
    }

    private static CustodyAct Act(int number) => new(Acts.Viewed, "technician-3")
    {
        Case = "OP-HERON",
        Camera = "CAM-7",
        Exhibit = ExhibitReference.Of("AB", 1 + (number % Exhibits)),
        Reason = "Viewing for the charging decision",
    };

    private static Ed25519LogSigner Signer() => new(new(Origin, NoteSigner.NewSeed()));

    private static async Task<double> AppendAsync(string path, int writers, double seconds)
    {
        await using Sequencer sequencer = new(new VaultDatabase(path), new OneKey(Signer()), TimeProvider.System);
        return await RateAsync(writers, seconds, number => sequencer.RecordAsync(Act(number)));
    }

    private static async Task<double> BareAsync(string path, int writers, double seconds)
    {
        await using BareLog log = new(path);
        return await RateAsync(writers, seconds, log.AppendAsync);
    }

    /// <summary>Each writer waits for its own append to be durable before it makes the next one.</summary>
    private static async Task<double> RateAsync(int writers, double seconds, Func<int, Task> append)
    {
        long done = 0;
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan until = TimeSpan.FromSeconds(seconds);
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (int i = writer; watch.Elapsed < until; i += writers)
            {
                await append(i);
                Interlocked.Increment(ref done);
            }
        })));
        return done / watch.Elapsed.TotalSeconds;
    }

    private static async Task AtSizeAsync(string path, long entries)
    {
        VaultDatabase database = new(path);
        CustodyLog log = new(database);
        Ed25519LogSigner signer = Signer();
        Stopwatch watch = Stopwatch.StartNew();
        await using (Sequencer sequencer = new(database, new OneKey(signer), TimeProvider.System))
        {
            for (long made = 0; made < entries; made += InOneBatch)
            {
                int some = (int)Math.Min(InOneBatch, entries - made);
                await sequencer.CommitAsync(change =>
                {
                    for (int i = 0; i < some; i++) change.Record(Act(i));
                });
            }
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"built {entries} entries in {watch.Elapsed.TotalSeconds:F1} s, {new FileInfo(path).Length / 1e6:F0} MB"));

        watch.Restart();
        VerificationReport report = log.Check([signer.VerifierKey], [signer.VerifierKey], null, CancellationToken.None);
        if (!report.Holds) throw new InvalidOperationException("The built log does not hold: the measure is void.");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"fsck {watch.Elapsed.TotalSeconds:F1} s at {entries} entries"));

        byte[] root;
        using (LogSnapshot snapshot = log.Snapshot()) root = snapshot.Root((ulong)entries);
        var times = new List<double>();
        for (int i = 0; i < Proofs; i++)
        {
            ulong index = (ulong)Random.Shared.NextInt64(entries);
            watch.Restart();
            IReadOnlyList<byte[]> proof = log.InclusionProof(index, (ulong)entries);
            times.Add(watch.Elapsed.TotalMilliseconds);
            if (i % 100 == 0 && !MerkleTree.VerifyInclusion(index, (ulong)entries, MerkleTree.LeafHash(log.Entry(index).Bytes), proof, root))
                throw new InvalidOperationException("A proof does not hold: the measure is void.");
        }
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"inclusion proof p50 {times[Proofs / 2]:F2} ms, p99 {times[Proofs * 99 / 100]:F2} ms at {entries} entries"));
    }

    private static (double Seconds, int Rounds, long Entries, int[] Writers) Read(string[] args)
    {
        (double seconds, int rounds, long entries, int[] writers) = (5, 4, 1_000_000, [1, 64, 1024]);
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length) throw new FormatException($"'{args[i]}' needs a value.");
            int number(int least) => int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n >= least ? n : throw new FormatException($"{args[i]} takes a number from {least}.");
            switch (args[i])
            {
                case "--seconds": seconds = number(1); break;
                case "--rounds": rounds = number(1); break;
                case "--entries": entries = number(0); break;
                case "--writers": writers = [number(1)]; break;
                default: throw new FormatException($"There is no option '{args[i]}': log takes --seconds, --rounds, --entries and --writers.");
            }
        }
        return (seconds, rounds, entries, writers);
    }

    /// <summary>What anybody would write who only wants rows to be durable: one writer, group commit, prepared statements.</summary>
    private sealed class BareLog : IAsyncDisposable
    {
        private const int MostInOneCommit = Sequencer.MostInOneCommit;

        private readonly Channel<(int Number, TaskCompletionSource Done)> _queue = Channel.CreateUnbounded<(int, TaskCompletionSource)>(new() { SingleReader = true });
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _entry, _disclosure;
        private readonly Task _loop;
        private readonly byte[] _bytes, _leaf = RandomNumberGenerator.GetBytes(32);
        private readonly string[] _texts;
        private readonly long[] _seqs = new long[Exhibits];
        private long _size;

        public BareLog(string path)
        {
            // The same tables with the same indexes and triggers, and rows of the size that this benchmark's entries have.
            _connection = new VaultDatabase(path).Write();
            DraftedEntry drafted = Act(0).Draft(TimeProvider.System.GetUtcNow(), 1000).Build();
            (_bytes, _texts) = (drafted.Bytes, [.. drafted.Disclosures.Select(d => d.Encoded)]);
            _entry = Command("INSERT INTO custody_entry (idx, leaf_hash, entry, exhibit, seq) VALUES (@a, @b, @c, @d, @e)", 5);
            _disclosure = Command("INSERT INTO custody_disclosure (idx, ordinal, disclosure) VALUES (@a, @b, @c)", 3);
            _loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        public Task AppendAsync(int number)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _queue.Writer.TryWrite((number, done));
            return done.Task;
        }

        public async ValueTask DisposeAsync()
        {
            _queue.Writer.Complete();
            await _loop;
            _entry.Dispose();
            _disclosure.Dispose();
            _connection.Dispose();
        }

        private SqliteCommand Command(string sql, int parameters)
        {
            SqliteCommand command = _connection.CreateCommand();
            command.CommandText = sql;
            for (int i = 0; i < parameters; i++) command.Parameters.Add(new SqliteParameter { ParameterName = $"@{(char)('a' + i)}" });
            return command;
        }

        private void Run()
        {
            var batch = new List<(int Number, TaskCompletionSource Done)>(MostInOneCommit);
            while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (batch.Count < MostInOneCommit && _queue.Reader.TryRead(out var next)) batch.Add(next);
                using (SqliteTransaction transaction = _connection.BeginTransaction(deferred: false))
                {
                    (_entry.Transaction, _disclosure.Transaction) = (transaction, transaction);
                    foreach ((int number, _) in batch) Insert(number);
                    transaction.Commit();
                }
                foreach ((_, TaskCompletionSource done) in batch) done.SetResult();
                batch.Clear();
            }
        }

        private void Insert(int number)
        {
            int exhibit = number % Exhibits;
            Execute(_entry, _size, _leaf, _bytes, $"AB/{exhibit + 1}", ++_seqs[exhibit]);
            for (int i = 0; i < _texts.Length; i++) Execute(_disclosure, _size, i, _texts[i]);
            _size++;
        }

        private static void Execute(SqliteCommand command, params ReadOnlySpan<object> values)
        {
            for (int i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i];
            command.ExecuteNonQuery();
        }
    }
}

/// <summary>A log key in memory that is never rotated.</summary>
internal sealed class OneKey(ILogSigner signer) : ILogKeys
{
    public IReadOnlyList<ILogSigner> InForce(string? recorded) => [signer];
}
