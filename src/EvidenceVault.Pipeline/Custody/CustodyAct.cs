using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Custody;

/// <summary>
/// Something worth a custody entry: who did what to which exhibit, why, with what result. Who and why, and the names that
/// files came with, are personal: the entry holds salted commitments to them, and the vault keeps what opens these.
/// </summary>
/// <param name="Action">One of <see cref="Acts"/>.</param>
/// <param name="Actor">Who: an account name, or the program that acts by itself.</param>
public sealed record CustodyAct(string Action, string Actor)
{
    /// <summary>What became of it.</summary>
    public Outcome Outcome { get; init; } = Outcome.Done;

    /// <summary>The case it concerns.</summary>
    public string? Case { get; init; }

    /// <summary>The camera it concerns.</summary>
    public string? Camera { get; init; }

    /// <summary>The exhibit it concerns.</summary>
    public ExhibitReference? Exhibit { get; init; }

    /// <summary>SHA-256 of the bytes it concerns, lower-case hex.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Why, in the words of whoever did it.</summary>
    public string? Reason { get; init; }

    /// <summary>Facts that are not personal: strings, numbers, booleans and arrays of them.</summary>
    public JsonObject? Detail { get; init; }

    /// <summary>Further personal facts, committed to and not shown: file names, paths, the text of a failure.</summary>
    public IReadOnlyList<PersonalField> Personal { get; init; } = [];

    /// <summary>The entry's draft, once its time and its number among the exhibit's entries are known.</summary>
    internal CustodyEntryDraft Draft(DateTimeOffset time, long? seq) => new()
    {
        Time = time,
        Action = Action,
        Outcome = Outcome,
        Case = Case,
        Camera = Camera,
        Exhibit = Exhibit?.Text,
        Seq = seq,
        Sha256 = Sha256,
        Detail = Detail,
        Personal = [new("actor", Actor), .. Reason is null ? Array.Empty<PersonalField>() : [new("reason", Reason)], .. Personal],
    };
}

/// <summary>The actions that entries record.</summary>
public static class Acts
{
    /// <summary>All of them, by name.</summary>
    public static IReadOnlyList<string> All { get; } = [.. typeof(Acts).GetFields().Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!).Order(StringComparer.Ordinal)];

    /// <summary>A file of a drop was taken note of and given its reference.</summary>
    public const string Received = "received";

    /// <summary>Its bytes were hashed, encrypted, uploaded and sealed.</summary>
    public const string Sealed = "sealed";

    /// <summary>The stored bytes were read back, decrypted and hashed again.</summary>
    public const string ReadBack = "read-back";

    /// <summary>It is stored: the read-back gave the sealed hashes.</summary>
    public const string Stored = "stored";

    /// <summary>The footage was analysed.</summary>
    public const string Analysed = "analysed";

    /// <summary>The footage was decrypted to be analysed again, to compare. Recorded before it is; nothing of it is given out.</summary>
    public const string Reproduced = "reproduced";

    /// <summary>What the analysis gave when it was done again was compared with what was sealed.</summary>
    public const string AnalysisCompared = "analysis-compared";

    /// <summary>A Derivative was made, sealed, stored and read back.</summary>
    public const string Derived = "derived";

    /// <summary>A still was decrypted and looked at with others as a series, which <c>detail.series</c> names.</summary>
    public const string InSeries = "in-series";

    /// <summary>The record of an exhibit was looked at.</summary>
    public const string Viewed = "viewed";

    /// <summary>An exhibit's bytes were given out. Recorded before the first byte leaves.</summary>
    public const string Retrieved = "retrieved";

    /// <summary>A viewing copy of an exhibit was asked for. Recorded, with the reason, before the exhibit is decrypted.</summary>
    public const string CopyAsked = "copy-asked";

    /// <summary>A clip of an exhibit was asked for by hand. Recorded, with the reason and the bounds, before the exhibit is decrypted.</summary>
    public const string ClipAsked = "clip-asked";

    /// <summary>Somebody wrote a note about an exhibit, or another version of one. The entry commits to its text.</summary>
    public const string Noted = "noted";

    /// <summary>A delivered file was moved aside in its source after read-back.</summary>
    public const string MovedAside = "moved-aside";

    /// <summary>Something is wrong in a drop.</summary>
    public const string DropProblem = "drop-problem";

    /// <summary>A drop receipt was issued.</summary>
    public const string ReceiptIssued = "receipt-issued";

    /// <summary>A key was made or changed.</summary>
    public const string KeyEvent = "key-event";

    /// <summary>The configuration changed.</summary>
    public const string ConfigurationChanged = "configuration-changed";

    /// <summary>The worker started.</summary>
    public const string Started = "started";

    /// <summary>The worker stopped in good order.</summary>
    public const string Stopped = "stopped";

    /// <summary>An exhibit was given out in a disclosure bundle. Recorded before the first byte leaves.</summary>
    public const string Exported = "exported";

    /// <summary>A disclosure bundle was finished; <c>sha256</c> is that of its bundle.json.</summary>
    public const string BundleMade = "bundle-made";

    /// <summary>A disclosure bundle left the vault, or a part of it from <c>detail.from</c> on. Recorded before the first byte.</summary>
    public const string BundleFetched = "bundle-fetched";

    /// <summary>A disclosure bundle was served on somebody; <c>detail</c> has the day and the hashes of bundle.json and of the ZIP.</summary>
    public const string BundleServed = "bundle-served";

    /// <summary>Somebody on whom a disclosure bundle was served has acknowledged it; <c>detail.served</c> is the index of the entry of that.</summary>
    public const string BundleAcknowledged = "bundle-acknowledged";

    /// <summary>A hash, a reference or a bundle was compared with the record; <c>detail.by</c> says which. Where the record of an exhibit was told, the entry is about it.</summary>
    public const string LookedUp = "looked-up";

    /// <summary>An outside authority's time stamp (RFC 3161) of a seal or a checkpoint was checked and kept.</summary>
    public const string Timestamped = "timestamped";

    /// <summary>Somebody signed in to the portal; where refused, <c>detail.why</c> says why.</summary>
    public const string SignedIn = "signed-in";

    /// <summary>Somebody signed out of the portal.</summary>
    public const string SignedOut = "signed-out";

    /// <summary>An account of the portal was made, invited, locked or given a password; <c>detail.event</c> says which.</summary>
    public const string AccountEvent = "account-event";

    /// <summary>A page or an address of the portal was asked for. Only a refusal is an entry.</summary>
    public const string PageAsked = "page-asked";

    /// <summary>Somebody who is no member of its case asked for an exhibit, with a reason.</summary>
    public const string AccessAsked = "access-asked";

    /// <summary>An officer of the case answered: <c>detail.answer</c> says <c>approved</c>, until when and whether to retrieve, or <c>declined</c>.</summary>
    public const string AccessAnswered = "access-answered";

    /// <summary>What was asked for, or approved, was taken back.</summary>
    public const string AccessWithdrawn = "access-withdrawn";

    /// <summary>Exhibits were searched for. Nothing of them but their place in the catalogue is shown.</summary>
    public const string Searched = "searched";

    /// <summary>A drop was begun in the portal; <c>detail.drop</c> is its name.</summary>
    public const string DropBegun = "drop-begun";

    /// <summary>Files were added to a drop that was begun in the portal. Recorded before any of them can be sent.</summary>
    public const string DropListed = "drop-listed";

    /// <summary>A drop was sent whole through the portal; <c>sha256</c> is that of its manifest, which lies in the drop by then.</summary>
    public const string DropSent = "drop-sent";

    /// <summary>A drop that was begun in the portal was withdrawn before it was sent whole.</summary>
    public const string DropWithdrawn = "drop-withdrawn";

    /// <summary>The log was read or exported.</summary>
    public const string LogRead = "log-read";

    /// <summary>The log was published. Only a refusal to is an entry: publishing at each interval would make the log grow by itself.</summary>
    public const string LogPublished = "log-published";

    /// <summary>A witness said that the log is not the one it remembers.</summary>
    public const string WitnessRefused = "witness-refused";
}
