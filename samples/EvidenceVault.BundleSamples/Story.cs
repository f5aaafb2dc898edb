using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EvidenceVault.Proof;

namespace EvidenceVault.BundleSamples;

/// <summary>An entry of the samples' log.</summary>
internal sealed record LoggedEntry(byte[] Bytes, IReadOnlyList<Disclosure> Disclosures, string? Exhibit, long? Seq);

/// <summary>An exhibit of the samples.</summary>
internal sealed record SampleExhibit(string Reference, string Name, byte[] Content, byte[] Seal, byte[] SealCms)
{
    public byte[]? TimeStamp { get; init; }

    public string File => BundlePath.Exhibit(Reference, BundlePath.Extension(Name));
}

/// <summary>A vault's history, told in memory with fixed times and salts: what was taken in, looked at and given out.</summary>
internal sealed class Story
{
    private readonly List<LoggedEntry> _entries = [];
    private readonly Dictionary<string, long> _seqs = [];

    public Story()
    {
        Log("key-event", null, detail: new JsonObject { ["event"] = "in-use", ["logKey"] = TestKeys.Log.VerifierKey });
        Log("configuration-changed", null, detail: new JsonObject { ["what"] = "access-list" });
    }

    public DateTimeOffset Now { get; private set; } = new(2026, 6, 1, 9, 0, 0, TimeSpan.Zero);

    public IReadOnlyList<LoggedEntry> Entries => _entries;

    public ulong Size => (ulong)_entries.Count;

    /// <summary>The history up to now, to go on with in two ways.</summary>
    public Story Copy()
    {
        var copy = new Story { Now = Now };
        copy._entries.Clear();
        copy._entries.AddRange(_entries);
        copy._seqs.Clear();
        foreach ((string exhibit, long seq) in _seqs) copy._seqs[exhibit] = seq;
        return copy;
    }

    /// <summary>The history with one entry written anew, as whoever holds the log's key can.</summary>
    public Story Rewritten(int index, byte[] bytes)
    {
        Story copy = Copy();
        copy._entries[index] = copy._entries[index] with { Bytes = bytes };
        return copy;
    }

    /// <summary>Leaves a number out, as a vault that hides an access would.</summary>
    public void SkipNumber(string exhibit) => _seqs[exhibit]++;

    public int Log(string action, string? exhibit, string? caseName = null, string? sha256 = null, JsonObject? detail = null, string? reason = null, params (string Name, string Value)[] personal)
    {
        Now = Now.AddMinutes(7);
        long? seq = exhibit is null ? null : _seqs[exhibit] = _seqs.GetValueOrDefault(exhibit) + 1;
        (string, string)[] fields = [("actor", action is "key-event" or "configuration-changed" ? "evidencevault" : "technician-1"), .. reason is null ? Array.Empty<(string, string)>() : [("reason", reason)], .. personal];
        DraftedEntry drafted = new CustodyEntryDraft
        {
            Time = Now,
            Action = action,
            Outcome = Outcome.Done,
            Case = caseName,
            Camera = exhibit is null ? null : "CAM-7",
            Exhibit = exhibit,
            Seq = seq,
            Sha256 = sha256,
            Detail = detail,
        }.Build([.. fields.Select(f => Field(f.Item1, f.Item2, $"{_entries.Count}"))]);
        _entries.Add(new(drafted.Bytes, drafted.Disclosures, exhibit, seq));
        return _entries.Count - 1;
    }

    /// <summary>A field with a salt that is the same every time.</summary>
    public static Disclosure Field(string name, string value, string salt) => Disclosure.Create(name, value, SHA256.HashData(Encoding.UTF8.GetBytes($"sample salt {salt} {name}"))[..16]);

    /// <summary>Takes a Master in: four entries and a seal.</summary>
    public SampleExhibit Master(string reference, string caseName, string name, byte[] content, TestKeys.Signer? signer = null, DateTimeOffset? sealedAt = null)
    {
        Log("received", reference, caseName, detail: new JsonObject { ["bytesSeen"] = content.Length }, personal: ("sourceName", name));
        SampleExhibit exhibit = Seal(new()
        {
            Exhibit = reference,
            Case = caseName,
            Camera = "CAM-7",
            Sha256 = Hex(SHA256.HashData(content)),
            Sha512 = Hex(SHA512.HashData(content)),
            Bytes = content.Length,
            MediaType = "video/x-msvideo",
            OriginalNameDigest = Field("original-name", name, reference).Digest,
            SealedAt = sealedAt ?? Now,
            Store = StoreOf("masters", content),
        }, name, content, signer);
        Log("sealed", reference, caseName, Hex(SHA256.HashData(content)), new JsonObject { ["bytes"] = content.Length, ["sealSha256"] = Hex(SHA256.HashData(exhibit.Seal)) });
        Log("read-back", reference, caseName, Hex(SHA256.HashData(content)), new JsonObject { ["bytes"] = content.Length });
        Log("stored", reference, caseName, Hex(SHA256.HashData(content)));
        return exhibit;
    }

    /// <summary>Makes a keyframe of a Master.</summary>
    public SampleExhibit Keyframe(string reference, string caseName, SampleExhibit parent, byte[] content, string? parentSha256 = null) =>
        Derivative(reference, caseName, parent, "keyframe", "image/bmp", "keyframe.bmp", content, new JsonObject { ["pts"] = 0.5 }, parentSha256);

    /// <summary>Makes something of an exhibit.</summary>
    public SampleExhibit Derivative(string reference, string caseName, SampleExhibit parent, string role, string mediaType, string name, byte[] content, JsonObject settings, string? parentSha256 = null)
    {
        SampleExhibit exhibit = Seal(new()
        {
            Exhibit = reference,
            Case = caseName,
            Camera = "CAM-7",
            Sha256 = Hex(SHA256.HashData(content)),
            Sha512 = Hex(SHA512.HashData(content)),
            Bytes = content.Length,
            MediaType = mediaType,
            SealedAt = Now,
            Store = StoreOf("derivatives", content),
            Derivation = new(parent.Reference, parentSha256 ?? Hex(SHA256.HashData(parent.Content)), role, settings, new Dictionary<string, string> { ["sample-maker"] = "1" }),
        }, name, content, null);
        Log("derived", reference, caseName, Hex(SHA256.HashData(content)),
            new JsonObject { ["parent"] = parent.Reference, ["role"] = role, ["sealSha256"] = Hex(SHA256.HashData(exhibit.Seal)) });
        return exhibit;
    }

    public void View(SampleExhibit exhibit, string caseName) => Log("viewed", exhibit.Reference, caseName, Hex(SHA256.HashData(exhibit.Content)), reason: "Looking for the boat");

    /// <summary>Records an export: an entry for each exhibit, then the one that names them all. Says the index of the last.</summary>
    public int Export(string id, string caseName, IReadOnlyList<SampleExhibit> exhibits, byte[] policy, byte[] ca)
    {
        foreach (SampleExhibit exhibit in exhibits)
            Log("exported", exhibit.Reference, caseName, Hex(SHA256.HashData(exhibit.Content)), new JsonObject { ["bundle"] = id }, "Served on the defence");
        return Log("exported", null, caseName, detail: new JsonObject
        {
            ["bundle"] = id,
            ["exhibits"] = new JsonArray([.. exhibits.Select(e => JsonValue.Create(e.Reference))]),
            ["lastSeq"] = new JsonArray([.. exhibits.Select(e => JsonValue.Create(_seqs[e.Reference]))]),
            ["policySha256"] = Hex(SHA256.HashData(policy)),
            ["caSha256"] = Hex(SHA256.HashData(ca)),
        }, reason: "Served on the defence");
    }

    /// <summary>The checkpoint at a size, signed by the log and cosigned.</summary>
    public byte[] Checkpoint(ulong size, NoteSigner log, params IEnumerable<CosignatureSigner> witnesses)
    {
        SignedNote note = log.SignNote(new Checkpoint(log.Name, size, MerkleTree.Root(size, Node)).ToText());
        foreach (CosignatureSigner witness in witnesses) note = note.WithSignature(witness.Key, [.. witness.Cosign(note.Text).Signature]);
        return note.ToBytes();
    }

    public IReadOnlyList<byte[]> Proof(int index, ulong size) => MerkleTree.InclusionProof((ulong)index, size, Node);

    private byte[] Node(int level, ulong index) => level == 0
        ? MerkleTree.LeafHash(_entries[(int)index].Bytes)
        : MerkleTree.NodeHash(Node(level - 1, 2 * index), Node(level - 1, 2 * index + 1));

    private static SampleExhibit Seal(SealManifest manifest, string name, byte[] content, TestKeys.Signer? signer)
    {
        byte[] bytes = manifest.ToCanonicalBytes();
        return new(manifest.Exhibit, name, content, bytes, TestKeys.Sign(bytes, signer ?? TestKeys.Seal, manifest.SealedAt.UtcDateTime));
    }

    private static SealStore StoreOf(string kind, byte[] content)
    {
        string hash = Hex(SHA256.HashData(content));
        return new($"{kind}/sha256/{hash[..2]}/{hash}", "azure-client-side-v2.0-aes-256-gcm", "application", "application", "sample");
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
