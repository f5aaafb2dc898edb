using System.Security.Cryptography;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Publishing;

/// <summary>
/// Which checkpoint to publish. While witnesses answer, the newest one that meets the policy's quorum: what a client finds then always
/// holds by the policy. When they have been silent for the grace period, the newest one without: an evidence log
/// that nobody can read because a witness is away helps nobody, and its health says that it is uncosigned. (Decision 9.)
/// </summary>
/// <param name="Note">The checkpoint, with its cosignatures; null while the log is empty.</param>
/// <param name="UncosignedFor">How long there have been entries that no checkpoint with a quorum covers; null where all are covered or the
/// policy asks for none.</param>
internal sealed record HeadChoice(byte[]? Note, TimeSpan? UncosignedFor)
{
    public static HeadChoice Of(LogSnapshot log, LogPolicy policy, TimeSpan grace, DateTimeOffset now)
    {
        if (log.Size == 0 || policy.AsksForNoWitness) return new(log.Note, null);
        ulong cosigned = log.CosignedSize(NameOf(policy));
        if (cosigned == log.Size) return new(log.Note, null);
        // The clock may have been set back since: never a negative time.
        TimeSpan since = now - log.TimeOf(cosigned);
        since = since < TimeSpan.Zero ? TimeSpan.Zero : since;
        return new(since > grace ? log.Note : cosigned > 0 ? log.NoteAt(cosigned) : null, since);
    }

    /// <summary>By what a policy is remembered: another policy has met no quorum yet.</summary>
    public static string NameOf(LogPolicy policy) => Convert.ToHexStringLower(SHA256.HashData(policy.Content.Span));
}
