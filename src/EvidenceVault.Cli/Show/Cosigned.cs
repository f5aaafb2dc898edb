using EvidenceVault.Proof;

namespace EvidenceVault.Cli.Show;

/// <summary>Who cosigned a checkpoint, for a reader. The vault's own witness is never shown without saying that it is no outside one.</summary>
internal static class Cosigned
{
    public static string By(byte[] note, LogPolicy policy)
    {
        if (!SignedNote.TryParse(note, out SignedNote? signed, out string problem)) return $"The checkpoint cannot be read. {problem}";
        PolicyVerdict verdict = policy.Evaluate(signed);
        return $"{verdict.Quorum.Sentence} {verdict.OutsideWitness.Sentence}";
    }
}
