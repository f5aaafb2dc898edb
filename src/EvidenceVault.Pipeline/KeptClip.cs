using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline;

/// <summary>A clip that the vault keeps, as its seal has it. Times are PTS seconds of the Master.</summary>
/// <param name="Clip">The clip.</param>
/// <param name="Proof">Its packet proof; null where none could be made.</param>
/// <param name="AskedStart">Start asked for.</param>
/// <param name="AskedEnd">End asked for.</param>
/// <param name="GotStart">Where its first picture is: at the key frame at or before the start asked for.</param>
/// <param name="GotEnd">The end of its last picture.</param>
/// <param name="Packets">Packets in it, all of them the Master's.</param>
/// <param name="Notes">What could not be kept or proved, a sentence each.</param>
public sealed record KeptClip(ExhibitRow Clip, ExhibitRow? Proof, double AskedStart, double AskedEnd, double GotStart, double GotEnd, long Packets, IReadOnlyList<string> Notes)
{
    /// <summary>Reads a clip's bounds from its seal, whatever made the clip; null for what is no clip. Its proof is not looked for.</summary>
    /// <exception cref="EvidenceException">The seal is not that of a clip.</exception>
    public static KeptClip? Read(ExhibitRow derivative) => derivative.Role == EvidenceFlow.ClipRole ? Of(derivative, null) : null;

    /// <summary>Reads it from a clip's seal.</summary>
    /// <exception cref="EvidenceException">The seal is not that of a clip.</exception>
    internal static KeptClip Of(ExhibitRow clip, ExhibitRow? proof)
    {
        try
        {
            JsonObject settings = SealManifest.Parse(clip.Seal).Derivation!.Settings;
            return new(clip, proof, Number("askedStart"), Number("askedEnd"), Number("gotStart"), Number("gotEnd"), (long)Number("packets"),
                settings["notes"] is JsonArray notes ? [.. notes.Select(n => n!.GetValue<string>())] : []);

            double Number(string name) => settings[name]!.GetValue<double>();
        }
        catch (Exception e) when (e is FormatException or NullReferenceException or InvalidOperationException)
        {
            throw new EvidenceException($"The seal of {clip.Reference} is not that of a clip ({e.Message})", "It was altered or harmed after it was made.", "Run 'evidencevault log fsck', and restore vault.db from backup beside it.", e);
        }
    }
}
