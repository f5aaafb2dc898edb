using System.Globalization;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Records;

namespace EvidenceVault.Portal;

/// <summary>What a drop's pages say in words.</summary>
internal static class DropWords
{
    /// <summary>How far a camera's clock was out.</summary>
    public static string Offset(ClockOffset offset)
    {
        double by = Math.Round(Math.Abs(offset.Seconds), 3), within = Math.Round(offset.UncertaintySeconds, 3);
        string how = by == 0 ? "The camera’s clock was right" : string.Create(CultureInfo.InvariantCulture, $"The camera’s clock was {by} {(by == 1 ? "second" : "seconds")} {(offset.Seconds > 0 ? "slow" : "fast")}");
        return string.Create(CultureInfo.InvariantCulture, $"{how}, give or take {within} {(within == 1 ? "second" : "seconds")}.");
    }

    /// <summary>What to do about a file that is in trouble.</summary>
    public static string WayOut(string? state) => state switch
    {
        ExhibitState.Failed => "The vault tries again by itself. If it goes on, send the file again in another drop.",
        ExhibitState.Damaged => "Keep the card. Tell the vault’s administrator, and send the file again in another drop.",
        ExhibitState.NotAnalysed => "The file is sealed and safe as it is; only the search for motion was not possible.",
        _ => "The file is sealed as it arrived. Compare it with the card, and send it again in another drop if the card holds another.",
    };

    /// <summary>How a received file stands against what was declared.</summary>
    public static string Standing(string? standing) => standing switch
    {
        "present" => "Received as declared",
        "extra" => "Received, though not declared",
        "hashMismatch" => "Received with another hash than was declared",
        "sizeMismatch" => "Received with another length than was declared",
        _ => "Received",
    };
}
