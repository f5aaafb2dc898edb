using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Disclosure.Report;

/// <summary>What entries say, in plain words.</summary>
internal static class ContinuityWords
{
    /// <summary>What was done.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="bundle">The bundle in which it is told; null where it is told in none.</param>
    public static string Of(CustodyEntry entry, string? bundle) => entry.Action switch
    {
        "received" => "Delivered file noted and given its reference",
        "sealed" => "Hashed, encrypted and sealed",
        "read-back" => "Read back from the store and hashed again",
        "stored" => "Confirmed as stored, with the sealed hashes",
        "analysed" => "Searched for motion",
        "reproduced" => "Decrypted within the vault, to be searched for motion again",
        "analysis-compared" => "Compared with what the search gives when it is done again",
        "derived" => $"Made from {ReportText.Of(entry.Detail?["parent"])} ({ReportText.Of(entry.Detail?["role"])}), sealed and stored",
        "in-series" => $"Looked at with other stills, as the series {ReportText.Of(entry.Detail?["series"])}",
        "viewed" => ReportText.Of(entry.Detail?["what"]) switch
        {
            "playback" => "Footage watched",
            "picture" => "Picture looked at",
            "clip-bounds" => "Times of frames looked up, for a clip",
            _ => "Record looked at",
        },
        "noted" => $"Note {ReportText.Of(entry.Detail?["note"])} written, version {ReportText.Of(entry.Detail?["version"])}",
        "retrieved" => "Bytes given out",
        "copy-asked" => "Viewing copy asked for",
        "clip-asked" => $"Clip asked for, from {ReportText.Of(entry.Detail?["from"])} s to {ReportText.Of(entry.Detail?["to"])} s",
        "moved-aside" => "Delivered file moved aside in its source",
        "log-read" when ReportText.Of(entry.Detail?["what"]) == "continuity" => "Continuity report made",
        "log-read" => "Log entries looked at",
        "looked-up" => "Compared with the record, by its " + ReportText.Of(entry.Detail?["by"]),
        "exported" when entry.Exhibit is null => "Bundle recorded, with each exhibit's last number",
        "exported" when bundle is null => "Given out in a disclosure bundle",
        "exported" => ReportText.Of(entry.Detail?["bundle"]) == bundle ? "Given out in this bundle" : "Given out in another bundle",
        "clip-made" => "Clip cut",
        _ => entry.Action,
    };
}
