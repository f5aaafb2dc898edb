using System.Threading.Channels;
using Dapper;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>
/// The one writer of the database. Changes queue up; all that are waiting share one transaction, one checkpoint and one
/// fsync (group commit). A change's state and its custody entries are inside that transaction together, so that neither can
/// exist without the other, whenever the process dies. Several processes may share a database: each transaction starts by
/// taking SQLite's write lock and reads the log's size afresh.
/// </summary>
public sealed class Sequencer : IAsyncDisposable
{
    internal const int MostInOneCommit = 512;
    private const int MostSeqs = 100_000;

    private readonly VaultDatabase _database;
    private readonly ILogKeys _keys;
    private readonly TimeProvider _clock;
    private readonly Channel<Pending> _queue = Channel.CreateUnbounded<Pending>(new() { SingleReader = true });
    private readonly Task _loop;

    // What this process last wrote: the number of each exhibit's newest entry and the newest time. Thrown away whenever it may be wrong.
    private readonly Dictionary<string, long> _seqs = [];
    private DateTimeOffset _latest;
    private ulong _written;

    // The log's right edge as this process last saw it; thrown away whenever it may be wrong.
    private TreeFrontier? _frontier;

    /// <summary>Starts the writer.</summary>
    public Sequencer(VaultDatabase database, ILogKeys keys, TimeProvider clock)
    {
        (_database, _keys, _clock) = (database, keys, clock);
        _loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Runs a change inside the next commit and returns what it gave, once that is durable. A change that throws is
    /// rolled back alone, entries and all, and its exception comes back here.</summary>
    /// <exception cref="UnreachableException">The database could not be written: the change has not happened.</exception>
    public async Task<T> CommitAsync<T>(Func<Change, T> change)
    {
        var pending = new Pending(c => change(c));
        Enqueue(pending);
        return (T)(await pending.Done.Task.ConfigureAwait(false))!;
    }

    /// <summary>As <see cref="CommitAsync{T}"/>, for a change that gives nothing back.</summary>
    public Task CommitAsync(Action<Change> change) => CommitAsync<object?>(c =>
    {
        change(c);
        return null;
    });

    /// <summary>Records acts that change no state. Returns once they are durable.</summary>
    public Task RecordAsync(params IReadOnlyList<CustodyAct> acts)
    {
        // One entry is all or nothing by itself: it is made before anything of it is stored.
        var pending = new Pending(change => Append(change, acts)) { NeedsNoSavepoint = acts.Count == 1 };
        Enqueue(pending);
        return pending.Done.Task;
    }

    /// <summary>Commits what is queued, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
    }

    private void Enqueue(Pending pending)
    {
        if (!_queue.Writer.TryWrite(pending)) throw new ObjectDisposedException(nameof(Sequencer));
    }

    private static object? Append(Change change, IReadOnlyList<CustodyAct> acts)
    {
        foreach (CustodyAct act in acts) change.Record(act);
        return null;
    }

    private void Run()
    {
        var batch = new List<Pending>(MostInOneCommit);
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (batch.Count < MostInOneCommit && _queue.Reader.TryRead(out Pending? next)) batch.Add(next);
            CommitBatch(batch);
            batch.Clear();
        }
        Disconnect();
    }

    private SqliteConnection? _connection;
    private LogStatements? _statements;

    private void Disconnect()
    {
        _statements?.Dispose();
        _connection?.Dispose();
        (_statements, _connection) = (null, null);
    }

    private void CommitBatch(List<Pending> batch)
    {
        try
        {
            SqliteConnection connection = _connection ??= _database.Write();
            LogStatements statements = _statements ??= new(connection);
            // BEGIN IMMEDIATE: from here to COMMIT no other process can write, so the size read below stays true.
            using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
            ulong size = statements.Size();
            if (size != _written || _seqs.Count > MostSeqs) Forget(); // another process wrote since
            var change = new Change(connection, transaction, statements, _seqs, size, _latest, _clock);
            // Another process may have rotated keys: what is sealed in this batch is sealed with those in use.
            Signers(statements);
            foreach (Pending pending in batch) RunOne(pending, change);
            if (change.Leaves.Count > 0) SignHead(connection, transaction, statements, change);
            // The commit point. A crash before it leaves nothing of the batch; after it, all of it.
            transaction.Commit();
            (_written, _latest) = (change.Size, change.Latest);
        }
        catch (Exception e)
        {
            // Nothing of the batch happened. The edge in memory may be ahead of the file, so it is read again next time.
            _frontier = null;
            Forget();
            Disconnect();
            Exception told = e is SqliteException or IOException ? VaultDatabase.CannotWrite(e) : e;
            foreach (Pending pending in batch) pending.Done.TrySetException(pending.Failure ?? told);
            return;
        }
        foreach (Pending pending in batch)
        {
            if (pending.Failure is { } failure) pending.Done.TrySetException(failure);
            else pending.Done.TrySetResult(pending.Result);
        }
    }

    private void Forget()
    {
        _seqs.Clear();
        // Entries that others wrote may be as new as this moment: what was made before it is made again, so that times do not run backwards.
        _latest = _clock.GetUtcNow();
    }

    private static void RunOne(Pending pending, Change change)
    {
        pending.Failure = null;
        if (!pending.NeedsNoSavepoint) change.Transaction.Save("one");
        (int leaves, ulong size) = (change.Leaves.Count, change.Size);
        try
        {
            pending.Result = pending.Work(change);
        }
        catch (Exception e) when (!pending.NeedsNoSavepoint)
        {
            pending.Failure = e is SqliteException { SqliteErrorCode: not 19 } sql ? VaultDatabase.CannotWrite(sql) : e;
            change.Transaction.Rollback("one");
            change.ForgetSince(leaves, size);
        }
        catch (FormatException e)
        {
            // The entry could not be made, and nothing of it was stored. A failure of the database ends the whole batch.
            pending.Failure = e;
            change.ForgetSince(leaves, size);
        }
        if (!pending.NeedsNoSavepoint) change.Transaction.Release("one");
    }

    private void SignHead(SqliteConnection connection, SqliteTransaction transaction, LogStatements statements, Change change)
    {
        ulong before = change.Size - (ulong)change.Leaves.Count;
        if (_frontier?.Size != before) _frontier = LoadFrontier(connection, transaction, before);
        foreach (byte[] leaf in change.Leaves)
        {
            foreach (TreeNode node in _frontier.Append(leaf))
            {
                if (node.Level > 0 && node.Level % 8 == 0) statements.InsertNode(node.Level, node.Index, node.Hash);
            }
        }
        byte[] root = _frontier.Root();
        // Asked again: a change of this batch may have put other keys in use, and this checkpoint is the first that they sign.
        IReadOnlyList<ILogSigner> signers = Signers(statements);
        string text = new Checkpoint(signers[0].Origin, _frontier.Size, root).ToText();
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        byte[] note = signers.Aggregate(SignedNote.Create(text), (signed, by) => signed.WithSignature(VerifierKey.Parse(by.VerifierKey), by.Sign(bytes))).ToBytes();
        statements.InsertCheckpoint(_frontier.Size, root, note);
    }

    private IReadOnlyList<ILogSigner> Signers(LogStatements statements) => _keys.InForce(statements.Setting(Settings.Keys));

    /// <summary>Reads the edge back and compares it with the newest checkpoint: a log that was cut or changed behind the vault's
    /// back is never signed again as if nothing had happened.</summary>
    private static TreeFrontier LoadFrontier(SqliteConnection connection, SqliteTransaction transaction, ulong size)
    {
        var frontier = new TreeFrontier(size, MerkleTree.FromTileLevels(CustodyLog.NodeReader(connection, transaction)));
        var head = connection.QueryFirstOrDefault<(long Size, byte[] Root)>("SELECT size, root FROM custody_checkpoint ORDER BY size DESC LIMIT 1", transaction: transaction);
        if ((ulong)head.Size == size && (size == 0 || head.Root.AsSpan().SequenceEqual(frontier.Root()))) return frontier;
        throw new EvidenceException(
            $"The custody log holds {size} entries, but what they hash to is not what its newest checkpoint (size {head.Size}) was signed for.",
            "The log was altered behind the vault's back; nothing more is written to it.",
            "Run 'evidencevault log fsck' to name the damage and keep the whole folder as it is for an expert.");
    }

    private sealed record Pending(Func<Change, object?> Work)
    {
        public TaskCompletionSource<object?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public bool NeedsNoSavepoint { get; init; }
        public object? Result { get; set; }
        public Exception? Failure { get; set; }
    }
}

/// <summary>One transaction in the making: SQL and custody entries side by side.</summary>
public sealed class Change
{
    private readonly TimeProvider _clock;
    private readonly LogStatements _statements;
    private readonly Dictionary<string, long> _seqs;

    internal Change(SqliteConnection connection, SqliteTransaction transaction, LogStatements statements, Dictionary<string, long> seqs, ulong size, DateTimeOffset latest, TimeProvider clock) =>
        (Connection, Transaction, _statements, _seqs, Size, Latest, _clock) = (connection, transaction, statements, seqs, size, latest, clock);

    internal SqliteConnection Connection { get; }

    internal SqliteTransaction Transaction { get; }

    internal List<byte[]> Leaves { get; } = [];

    /// <summary>How many entries the log will hold as things stand.</summary>
    public ulong Size { get; private set; }

    /// <summary>The newest time of an entry, as far as this process knows.</summary>
    internal DateTimeOffset Latest { get; private set; }

    /// <summary>The moment of this change, UTC: the same for its state and its entries.</summary>
    public DateTimeOffset Now => _clock.GetUtcNow();

    /// <summary>Appends an entry to the log. Says its index, and its number among the exhibit's entries.</summary>
    public (ulong Index, long? Seq) Record(CustodyAct act)
    {
        long? seq = NextSeq(act);
        return Append(act, seq, Make(act, seq));
    }

    private DraftedEntry Make(CustodyAct act, long? seq)
    {
        DateTimeOffset now = Now;
        if (now > Latest) Latest = now;
        return act.Draft(now, seq).Build();
    }

    private long? NextSeq(CustodyAct act) => act.Exhibit is not { Text: var exhibit } ? null
        : 1 + (_seqs.TryGetValue(exhibit, out long last) ? last : _statements.LastSeq(exhibit));

    private (ulong Index, long? Seq) Append(CustodyAct act, long? seq, DraftedEntry entry)
    {
        byte[] leaf = MerkleTree.LeafHash(entry.Bytes);
        _statements.InsertEntry(Size, leaf, entry.Bytes, act.Exhibit?.Text, seq);
        for (int i = 0; i < entry.Disclosures.Count; i++) _statements.InsertDisclosure(Size, i, entry.Disclosures[i].Encoded);
        if (act.Exhibit is { Text: var exhibit }) _seqs[exhibit] = seq!.Value;
        Leaves.Add(leaf);
        return (Size++, seq);
    }

    internal void ForgetSince(int leaves, ulong size)
    {
        Leaves.RemoveRange(leaves, Leaves.Count - leaves);
        _seqs.Clear();
        Size = size;
    }
}
