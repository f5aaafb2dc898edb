using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Disclosure;

/// <summary>What a continuity report is made of: exhibits, what was done with them, and the record that this stands in.</summary>
internal record ContinuityFacts
{
    /// <summary>The one case of all its exhibits.</summary>
    public required string Case { get; init; }

    /// <summary>When it was made, UTC.</summary>
    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>In the order of their references' text.</summary>
    public required IReadOnlyList<DisclosedExhibit> Exhibits { get; init; }

    /// <summary>As a person counts: <c>QY/1/2</c> before <c>QY/1/10</c>. For the reports.</summary>
    public IEnumerable<DisclosedExhibit> InOrder => Exhibits.OrderBy(e => e.Reference);

    /// <summary>The entries of its exhibits, and of a bundle the one that records the export, in the order of the log.</summary>
    public required IReadOnlyList<DisclosedEntry> Entries { get; init; }

    /// <summary>The checkpoint that every proof is to, a signed note with its cosignatures.</summary>
    public required byte[] Checkpoint { get; init; }

    /// <summary>The policy, C2SP tlog-policy.</summary>
    public required byte[] Policy { get; init; }

    /// <summary>The personal fields withheld everywhere, sorted.</summary>
    public IReadOnlyList<string> Redacted { get; init; } = [];

    /// <summary>The zone of the local times in the report.</summary>
    public required TimeZoneInfo Zone { get; init; }

    /// <summary>Whether the policy holds for the checkpoint, and who cosigned it.</summary>
    /// <exception cref="EvidenceException">The vault made one that cannot be read.</exception>
    public PolicyVerdict Standing => LogPolicy.TryParse(Policy, out LogPolicy? policy, out string problem) && SignedNote.TryParse(Checkpoint, out SignedNote? note, out problem)
        ? policy.Evaluate(note)
        : throw new EvidenceException($"The checkpoint or its policy cannot be read. {problem}", "The vault's folder was altered behind its back: nothing was given out.", "Run 'evidencevault log fsck'.");
}

/// <summary>All that a disclosure bundle is made of, known before its first byte is written (FORMAT.md section 11).</summary>
internal sealed record BundleContents : ContinuityFacts
{
    /// <summary>32 lower-case hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>The index of the entry that records the export.</summary>
    public required ulong ExportEntry { get; init; }

    /// <summary>The CA certificate of the seals, PEM.</summary>
    public required byte[] Ca { get; init; }

    /// <summary>The time-stamping authority's certificate, PEM, where a seal has a time stamp.</summary>
    public byte[]? Tsa { get; init; }

    /// <summary>The offline verifier page.</summary>
    public required byte[] VerifierPage { get; init; }
}

/// <summary>An exhibit of a bundle.</summary>
internal sealed record DisclosedExhibit
{
    public required ExhibitReference Reference { get; init; }

    /// <summary>The name it was delivered under; only its extension goes into a path.</summary>
    public string? DeliveredName { get; init; }

    /// <summary>The seal's manifest, as it was signed.</summary>
    public required byte[] Seal { get; init; }

    /// <summary>The seal's detached CMS signature.</summary>
    public required byte[] SealCms { get; init; }

    /// <summary>The seal's time stamp (RFC 3161), where there is one.</summary>
    public byte[]? TimeStamp { get; init; }

    /// <summary>Segments of motion, for the report.</summary>
    public IReadOnlyList<DisclosedSegment> Segments { get; init; } = [];

    /// <summary>Opens its bytes, decrypted.</summary>
    public required Func<CancellationToken, Task<Stream>> OpenAsync { get; init; }

    /// <summary>The seal, read.</summary>
    public SealManifest Manifest => SealManifest.Parse(Seal);

    // A name is hostile and never becomes a path; a short plain extension helps a player (FORMAT.md section 11).
    public string File => BundlePath.Exhibit(Reference.Text, BundlePath.Extension(DeliveredName));

    public string SealFile => BundlePath.Seal(Reference.Text);

    public string SealCmsFile => BundlePath.SealSignature(Reference.Text);

    public string TimeStampFile => BundlePath.SealTimestamp(Reference.Text);
}

/// <summary>A segment of motion, seconds of PTS.</summary>
internal sealed record DisclosedSegment(long Number, double Start, double End);

/// <summary>A custody entry of a bundle.</summary>
/// <param name="Index">Its place in the log.</param>
/// <param name="Bytes">Its canonical JSON.</param>
/// <param name="Shown">The personal fields that the bundle shows.</param>
/// <param name="Withheld">The names of those it does not.</param>
/// <param name="Proof">Its inclusion proof to the checkpoint.</param>
internal sealed record DisclosedEntry(ulong Index, byte[] Bytes, IReadOnlyList<Proof.Disclosure> Shown, IReadOnlyList<string> Withheld, IReadOnlyList<byte[]> Proof)
{
    /// <summary>The entry, read.</summary>
    /// <exception cref="EvidenceException">It is none.</exception>
    public CustodyEntry Entry => CustodyEntry.TryParse(Bytes, out CustodyEntry? entry, out string problem) ? entry : throw new EvidenceException(
        $"Entry {Index} of the custody log cannot be read. {problem}", "The log was altered behind the vault's back: nothing was given out.", "Run 'evidencevault log fsck'.");

    public string File => BundlePath.Entry(Index);

    /// <summary>The value of a field as text, where it is shown.</summary>
    public string? Field(string name) => Shown.FirstOrDefault(d => d.Name == name)?.Value is { } value ? value.GetValueKind() == System.Text.Json.JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString() : null;
}
