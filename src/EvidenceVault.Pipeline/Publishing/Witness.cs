using System.Text;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Publishing;

/// <summary>An answer to send.</summary>
internal sealed record WitnessReply(int Status, string ContentType, byte[] Body);

/// <summary>
/// A conforming witness (C2SP tlog-witness): the rules are <see cref="WitnessRequest.Decide"/>, the memory is <see cref="WitnessFolder"/>, and
/// this is the order between them. One request at a time goes from reading the memory to writing it, so that none can take the
/// memory back behind another.
/// </summary>
/// <param name="folder">Its key and memory.</param>
/// <param name="logs">The keys of the logs that it knows. A key's name is the log's origin.</param>
/// <param name="clock">The time of its cosignatures.</param>
internal sealed class Witness(WitnessFolder folder, IReadOnlyList<VerifierKey> logs, TimeProvider clock)
{
    private const string Text = "text/plain; charset=utf-8";

    private readonly CosignatureSigner _signer = new(folder.Key.Name, folder.Key.Seed, clock);
    private readonly Lock _one = new();

    public VerifierKey Key => _signer.Key;

    /// <summary>Answers <c>add-checkpoint</c>. The body may be of any origin.</summary>
    /// <exception cref="IOException">The memory could not be written: nothing was cosigned.</exception>
    public WitnessReply AddCheckpoint(ReadOnlySpan<byte> body)
    {
        if (!WitnessRequest.TryParse(body, out WitnessRequest? request, out string problem)) return new(400, Text, Encoding.UTF8.GetBytes(problem + "\n"));
        string origin = request.Checkpoint.Origin;
        lock (_one)
        {
            WitnessMemory memory = folder.Remembered(origin);
            WitnessDecision decision = request.Decide([.. logs.Where(k => k.Name == origin)], memory);
            if (decision.Status != 200) return new(decision.Status, decision.ContentType, Encoding.UTF8.GetBytes(decision.Body));
            if (decision.Remember is { } newer && newer.Size != memory.Size) folder.Remember(origin, newer);
        }
        // A crash here leaves a memory whose cosignature nobody got; asked again at that size, the witness cosigns it.
        return new(200, Text, Encoding.UTF8.GetBytes(_signer.Cosign(request.Note.Text).Line));
    }
}
