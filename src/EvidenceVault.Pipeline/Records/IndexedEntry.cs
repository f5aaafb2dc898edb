using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Records;

/// <summary>What an entry is looked up by. Not evidence: see <see cref="EntryIndex"/>.</summary>
/// <param name="At">Its time, milliseconds since 1970 UTC; null, as all else, where the entry cannot be read.</param>
/// <param name="Actor">Who; null where what opens the commitment is not kept.</param>
/// <param name="Action">What was done.</param>
/// <param name="Outcome">What became of it: <c>done</c>, <c>refused</c> or <c>failed</c>.</param>
/// <param name="Case">The case.</param>
/// <param name="Exhibit">The exhibit.</param>
internal sealed record IndexedEntry(long? At, string? Actor, string? Action, string? Outcome, string? Case, string? Exhibit)
{
    private static readonly IndexedEntry Unreadable = new(null, null, null, null, null, null);

    /// <summary>Of an entry as it lies in the log. Pure; it never throws, whatever the bytes are.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="disclosures">What is kept to open it. One that the entry does not commit to is not believed.</param>
    public static IndexedEntry Of(ReadOnlyMemory<byte> entry, IEnumerable<string> disclosures)
    {
        if (!CustodyEntry.TryParse(entry, out CustodyEntry? read, out _)) return Unreadable;
        string? actor = null;
        foreach (string text in disclosures)
        {
            if (Proof.Disclosure.TryParse(text, out Proof.Disclosure? opened, out _) && opened.Name == "actor" && opened.CheckAgainst(read).Holds
                && opened.Value is System.Text.Json.Nodes.JsonValue value && value.TryGetValue(out string? name)) actor = name;
        }
        return new(read.Time.ToUnixTimeMilliseconds(), actor, read.Action, Word(read.Outcome), read.Case, read.Exhibit);
    }

    private static string Word(Proof.Outcome outcome) => outcome switch { Proof.Outcome.Done => "done", Proof.Outcome.Refused => "refused", _ => "failed" };
}
