using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Publishing;

/// <summary>How it stands with a witness of the policy.</summary>
/// <param name="Name">Its name in the policy.</param>
/// <param name="IsDemonstration">True for the vault's own, which is no outside witness.</param>
/// <param name="Size">The largest size that it is known to have cosigned.</param>
/// <param name="At">When it last cosigned, by the vault's clock.</param>
/// <param name="Refusal">Why it refuses the log, a sentence; null where it does not.</param>
/// <param name="Trouble">Why it could not be asked, a sentence; null where it could.</param>
public sealed record WitnessState(string Name, bool IsDemonstration, ulong Size, string? At, string? Refusal, string? Trouble);

/// <summary>
/// Gets the policy's witnesses to cosign the newest checkpoint and keeps what they say. It never holds up an append: it reads a
/// snapshot, asks over the network without any lock, and comes back with a commit like any other. A crash loses a
/// cosignature that was on its way; the witness gives it again.
/// </summary>
public sealed class Cosigning : IDisposable
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(5), LongestWait = TimeSpan.FromMinutes(5);

    private readonly CustodyLog _logs;
    private readonly Sequencer _writer;
    private readonly LogPolicy _policy;
    private readonly WitnessClient _client;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<string, Silence> _silent = [];

    /// <param name="logs">The log.</param>
    /// <param name="writer">The one writer.</param>
    /// <param name="policy">Whose cosignatures to get.</param>
    /// <param name="patience">How long a witness may take to answer.</param>
    /// <param name="demonstration">Answers for a demonstration witness without an address; null where there is none.</param>
    /// <param name="clock">Tells when a silent witness is asked again.</param>
    public Cosigning(CustodyLog logs, Sequencer writer, LogPolicy policy, TimeSpan patience, HttpMessageHandler? demonstration, TimeProvider clock) =>
        (_logs, _writer, _policy, _client, _clock) = (logs, writer, policy, new(patience, demonstration), clock);

    /// <summary>Asks every witness that has not cosigned the newest checkpoint and whose turn it is, all at once.</summary>
    public async Task RoundAsync(CancellationToken cancel)
    {
        (ulong size, SignedNote? note) = Newest();
        if (note is null) return;
        Dictionary<string, WitnessStanding> standings = _logs.Witnesses().ToDictionary(w => w.Witness);
        await Task.WhenAll(_policy.Witnesses
            .Where(w => !HasCosigned(w, size) && !(_silent.TryGetValue(w.Name, out Silence? silence) && silence.Until > _clock.GetUtcNow()))
            .Select(w => AskAsync(w, size, note, standings.GetValueOrDefault(w.Key.ToString())?.Size ?? 0, cancel))).ConfigureAwait(false);

        bool HasCosigned(PolicyWitness witness, ulong at) => standings.GetValueOrDefault(witness.Key.ToString()) is { Refusal: null } standing && standing.Size >= at
            && note.Signatures.Any(s => s.Name == witness.Key.Name && s.KeyId.SequenceEqual(witness.Key.KeyId));
    }

    /// <summary>How it stands with each witness of the policy.</summary>
    public IReadOnlyList<WitnessState> States()
    {
        Dictionary<string, WitnessStanding> standings = _logs.Witnesses().ToDictionary(w => w.Witness);
        return
        [
            .. _policy.Witnesses.Select(w => (Witness: w, Standing: standings.GetValueOrDefault(w.Key.ToString())))
                .Select(w => new WitnessState(w.Witness.Name, w.Witness.IsDemonstration, w.Standing?.Size ?? 0, w.Standing?.At, w.Standing?.Refusal, _silent.GetValueOrDefault(w.Witness.Name)?.Why)),
        ];
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private (ulong, SignedNote?) Newest()
    {
        using LogSnapshot log = _logs.Snapshot();
        if (log.Note is not { } bytes) return (0, null);
        return SignedNote.TryParse(bytes, out SignedNote? note, out string problem) ? (log.Size, note)
            : throw new EvidenceException($"The newest checkpoint cannot be read. {problem}", "The custody log was altered behind the vault's back: no witness is asked.", "Run 'evidencevault log fsck'.");
    }

    private async Task AskAsync(PolicyWitness witness, ulong size, SignedNote note, ulong remembered, CancellationToken cancel)
    {
        ulong old = Math.Min(remembered, size);
        for (int tries = 0; tries < 2; tries++)
        {
            WitnessRequest request = RequestFrom(old, size, note);
            WitnessAnswer answer = await _client.AskAsync(witness, request, cancel).ConfigureAwait(false);
            switch (answer.Status)
            {
                case 200 when request.TryReadCosignatures(answer.Body, [witness.Key], out IReadOnlyList<NoteSignature>? lines, out string problem):
                    await KeepAsync(witness, size, lines[0]).ConfigureAwait(false);
                    _silent.TryRemove(witness.Name, out _);
                    return;
                case 200:
                    SilentSince(witness, "Its answer holds no good cosignature by the key that the policy names.");
                    return;
                case 409 when WitnessRequest.TryReadSize(answer.Body, out ulong theirs):
                    // Another process of this vault may have shown it a newer checkpoint since: what counts is the log as it is now.
                    if (theirs > size && theirs > Newest().Item1)
                    {
                        await RefusedAsync(witness, 409, $"It remembers {theirs} entries of this log and the log has {Newest().Item1}: an older copy of the database was put back, or entries were removed.").ConfigureAwait(false);
                        return;
                    }
                    if (theirs == old)
                    {
                        await RefusedAsync(witness, 409, $"It remembers another history of the first {theirs} entries: the log forked, or was rewritten and signed again.").ConfigureAwait(false);
                        return;
                    }
                    if (theirs > size) return; // it is ahead of this round, by our own doing
                    old = theirs;
                    continue;
                case 422:
                    await RefusedAsync(witness, 422, $"The log does not continue what it remembers (its first {old} entries): the log forked, or was rewritten and signed again.").ConfigureAwait(false);
                    return;
                case 403 or 404:
                    SilentSince(witness, $"It answered {answer.Status}: it does not know this log's key. Give its keeper what 'evidencevault log vkey' prints.");
                    return;
                case { } status:
                    SilentSince(witness, $"It answered {status}, which is no answer to this request.");
                    return;
                default:
                    SilentSince(witness, answer.Trouble!);
                    return;
            }
        }
        // Twice another size: somebody else of ours is asking it at the same time. The next round will see.
    }

    /// <summary>The request that a witness at that size can judge: the note as the log signed it, and the way from there.</summary>
    private WitnessRequest RequestFrom(ulong old, ulong size, SignedNote note)
    {
        using LogSnapshot log = _logs.Snapshot();
        SignedNote signed = SignedNote.TryParse(log.SignedAt(size), out SignedNote? alone, out _) ? alone : note;
        return WitnessRequest.Of(old, log.ConsistencyProof(old, size), signed);
    }

    private Task KeepAsync(PolicyWitness witness, ulong size, NoteSignature line) => _writer.CommitAsync(change =>
    {
        Cosignatures.Add(change, size, witness.Key.ToString(), line.Line);
        // Judged inside the commit, with the lines of all witnesses that came before it.
        if (SignedNote.TryParse(Cosignatures.NoteAt(change, size), out SignedNote? whole, out _) && _policy.Evaluate(whole).Holds)
            Cosignatures.QuorumReached(change, HeadChoice.NameOf(_policy), size);
    });

    private async Task RefusedAsync(PolicyWitness witness, int status, string sentence)
    {
        SilentSince(witness, null);
        await _writer.CommitAsync(change => Cosignatures.Refused(change, witness.Key.ToString(), sentence, new CustodyAct(Acts.WitnessRefused, "evidencevault")
        {
            Outcome = Outcome.Failed,
            Detail = new JsonObject { ["witness"] = witness.Key.ToString(), ["status"] = status, ["demonstration"] = witness.IsDemonstration },
        })).ConfigureAwait(false);
    }

    private void SilentSince(PolicyWitness witness, string? why) => _silent.AddOrUpdate(witness.Name,
        _ => new(why, FirstWait, _clock.GetUtcNow() + FirstWait),
        (_, before) =>
        {
            TimeSpan wait = before.Wait * 2 < LongestWait ? before.Wait * 2 : LongestWait;
            return new(why, wait, _clock.GetUtcNow() + wait);
        });

    // Why it could not be asked, the wait before it is asked again, and until when that is.
    private sealed record Silence(string? Why, TimeSpan Wait, DateTimeOffset Until);
}
