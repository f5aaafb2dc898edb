using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace EvidenceVault.Proof;

/// <summary>A checkpoint that somebody kept.</summary>
/// <param name="Name">What to call it: a file's name.</param>
/// <param name="Note">The signed note.</param>
public sealed record RememberedCheckpoint(string Name, ReadOnlyMemory<byte> Note);

/// <summary>What is trusted from outside a bundle. Whatever is null, the bundle's own is used, and the reader is told to compare it.</summary>
public sealed record GivenTrust
{
    /// <summary>The policy that the vault's owner published.</summary>
    public byte[]? Policy { get; init; }

    /// <summary>The CA certificate that the vault's owner published, PEM.</summary>
    public string? CaPem { get; init; }

    /// <summary>The certificate of the time-stamping authority or of its CA, PEM.</summary>
    public string? TsaPem { get; init; }

    /// <summary>Checkpoints that somebody kept.</summary>
    public IReadOnlyList<RememberedCheckpoint> Remembered { get; init; } = [];

    /// <summary>The log, to be asked for consistency with remembered checkpoints.</summary>
    public TileLogReader? Log { get; init; }

    /// <summary>Asked what it finds in each clip that comes with a packet proof.</summary>
    public ClipPlayer? Player { get; init; }
}

/// <summary>
/// Checks a disclosure bundle (FORMAT.md section 11), believing nothing that it says but what its signatures, hashes and proofs show. Memory stays
/// flat whatever the exhibits' size.
/// </summary>
public sealed class BundleCheck
{
    private const int MostSmallBytes = 1 << 20, MostDisclosuresBytes = 4 << 20;

    // FORMAT.md section 11: findings come in this order.
    private static readonly string[] Order =
    [
        "bag-form", "bag-complete", "bag-payload", "bag-tags", "container-form", "bundle-form", "bundle-signature", "bundle-files",
        "seal-form", "seal-content", "seal-signature", "seal-time", "seal-purpose", "seal-chain", "timestamp", "seal-binds", "seal-logged", "derivation",
        ClipClaims.IndexClaim, ClipCheck.Claim, ClipCheck.PlaybackClaim,
        "checkpoint-signature", "witness-quorum", "outside-witness", "entry-form", "entry-proof", "exhibit-sequence", "export-entry", "disclosure", "time",
        "remembered", "trust-anchors",
    ];

    // What needs the bundle's manifest to be asked at all.
    private static readonly string[] NeedManifest =
    [
        "bundle-files", "seal-form", "seal-binds", "seal-logged", "checkpoint-signature", "witness-quorum", "entry-form", "entry-proof", "exhibit-sequence", "export-entry", "disclosure",
    ];

    private static readonly HashSet<string> Unlisted = ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", BundlePath.Manifest, BundlePath.ManifestSignature];

    private readonly Bag _bag;
    private readonly GivenTrust _given;
    private readonly DateTimeOffset _now;
    private readonly CancellationToken _cancel;
    private readonly List<Finding> _findings = [];
    private readonly List<(string Exhibit, ReadFile File, PacketProof Proof, IndexAtHand? Index)> _clips = [];

    private BundleCheck(Bag bag, GivenTrust given, DateTimeOffset now, CancellationToken cancel) => (_bag, _given, _now, _cancel) = (bag, given, now, cancel);

    /// <summary>Runs the check. It never throws for what the bundle holds.</summary>
    /// <param name="source">The bundle.</param>
    /// <param name="given">What is trusted from outside it.</param>
    /// <param name="now">When the check is made: whether a certificate has expired depends on it.</param>
    /// <param name="progress">Told how many bytes have been read, from several threads.</param>
    /// <param name="cancel">Ends the check.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="Exception">What the reader of the log throws: a log that cannot be reached.</exception>
    public static async Task<VerificationReport> RunAsync(IBagSource source, GivenTrust given, DateTimeOffset now, IProgress<BagProgress>? progress = null, CancellationToken cancel = default)
    {
        Bag bag = Bag.Read(source, progress, cancel);
        if (!source.IsReadable) return new(bag.Findings);
        var check = new BundleCheck(bag, given, now, cancel);
        Checkpoint? checkpoint = null;
        LogPolicy? policy = null;
        try
        {
            (checkpoint, policy) = check.Judge();
        }
        catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
        {
            // No input is known to lead here. One that does must not pass for one that was judged.
            check._findings.Add(Finding.Bad("bundle-form", $"The check could not be carried to its end, so nothing more can be said: {Printable.Of(e.Message)}"));
        }
        foreach ((string exhibit, ReadFile file, PacketProof proof, IndexAtHand? index) in check._clips)
        {
            PlayedClip? played = given.Player is { } player ? await check.PlayAsync(player, file, cancel).ConfigureAwait(false) : null;
            check._findings.Add(ClipCheck.Judge(played, proof, index) with { Subject = exhibit });
        }
        foreach (RememberedCheckpoint kept in given.Remembered)
            check._findings.Add(await RememberedCheck.JudgeAsync(kept, checkpoint, policy, given.Log, cancel).ConfigureAwait(false));
        return new([.. check._findings.OrderBy(f => Array.IndexOf(Order, f.Claim))]);
    }

    private (Checkpoint?, LogPolicy?) Judge()
    {
        _findings.AddRange(_bag.Findings);
        byte[]? manifestBytes = _bag.Content(BundlePath.Manifest, BundleManifest.MostBytes, out string problem);
        BundleManifest? manifest = null;
        if (manifestBytes is not null && BundleManifest.TryParse(manifestBytes, out manifest, out problem))
            Good("bundle-form", $"The bundle says what it is in the form {BundleManifest.Version}: {manifest.Exhibits.Count} exhibits of the case {manifest.Case}, made at {Moment.Text(manifest.MadeAt)}.", BundlePath.Manifest);
        else
            Bad("bundle-form", $"What the bundle says of itself cannot be used. {problem}", BundlePath.Manifest);

        byte[]? ownCa = _bag.Content(BundlePath.Ca, MostSmallBytes, out string caProblem);
        string? ca = _given.CaPem ?? (ownCa is null ? null : Encoding.Latin1.GetString(ownCa));
        byte[]? ownPolicy = _bag.Content(BundlePath.Policy, MostSmallBytes, out string policyProblem);
        JudgeSignature(manifestBytes, ca, caProblem);
        JudgeAnchors(ownPolicy, ownCa);
        LogPolicy? policy = null;
        if ((_given.Policy ?? ownPolicy) is { } policyBytes) LogPolicy.TryParse(policyBytes, out policy, out policyProblem);

        if (manifest is null)
        {
            foreach (string claim in NeedManifest) Bad(claim, $"This cannot be asked, because {BundlePath.Manifest} cannot be used.", BundlePath.Manifest);
            return (null, policy);
        }
        JudgeFiles(manifest);
        Dictionary<string, SealManifest> seals = [];
        foreach (BundleExhibit exhibit in manifest.Exhibits) JudgeSeal(manifest, exhibit, ca, caProblem, seals);
        JudgeDerivations(manifest, seals);
        JudgeClips(manifest, seals);
        byte[]? note = _bag.Content(BundlePath.Checkpoint, MostSmallBytes, out string noteProblem);
        Checkpoint? checkpoint = JudgeCheckpoint(manifest, note, noteProblem, policy, policyProblem, out bool signed);
        new Entries(this, manifest, seals, note, checkpoint, ownPolicy, ownCa).Judge();
        return (signed ? checkpoint : null, policy);
    }

    // One finding: the first of the six claims that fails. A bundle has no time stamp, so the rule of an expired certificate is not asked.
    private void JudgeSignature(byte[]? manifest, string? ca, string caProblem)
    {
        const string claim = "bundle-signature";
        if (ca is null) Bad(claim, $"Who made the bundle cannot be told without the CA certificate. {caProblem}", BundlePath.Ca);
        else if (manifest is null || _bag.Content(BundlePath.ManifestSignature, MostSmallBytes, out string problem) is not { } signature)
            Bad(claim, $"What the bundle says of itself, or its signature, is missing or cannot be read.", manifest is null ? BundlePath.Manifest : BundlePath.ManifestSignature);
        else if (SealCheck.Check(manifest, signature, ca).Findings.FirstOrDefault(f => !f.Holds) is { } first)
            Bad(claim, $"The vault's signature on the bundle does not hold. {first.Sentence}", BundlePath.ManifestSignature);
        else
            Good(claim, "What the bundle says of itself is signed by the vault, under the CA certificate.", BundlePath.ManifestSignature);
    }

    private void JudgeAnchors(byte[]? policy, byte[]? ca)
    {
        const string claim = "trust-anchors";
        string[] own =
        [
            .. _given.Policy is null && policy is not null ? [$"{BundlePath.Policy} {Hash(policy)}"] : Array.Empty<string>(),
            .. _given.CaPem is null && ca is not null ? [$"{BundlePath.Ca} {Hash(ca)}"] : Array.Empty<string>(),
            .. _given.TsaPem is null && _bag.Files.TryGetValue(BundlePath.Tsa, out ReadFile? tsa) ? [$"{BundlePath.Tsa} {tsa.Sha256}"] : Array.Empty<string>(),
        ];
        if (_given is { Policy: not null, CaPem: not null }) Good(claim, "The policy and the CA certificate were given from outside the bundle, and decided.", null);
        if (own.Length > 0)
        {
            _findings.Add(Finding.Remark(claim,
                $"The keys that decided are the bundle's own: whoever made the bundle chose them. Compare their SHA-256 with what the vault's owner published: {string.Join("; ", own)}."));
        }
    }

    private void JudgeFiles(BundleManifest manifest)
    {
        var tally = new Tally("bundle-files");
        Dictionary<string, BundleFile> listed = manifest.Files.ToDictionary(f => f.Path, StringComparer.Ordinal);
        foreach (BundleFile file in manifest.Files)
        {
            if (!_bag.Files.TryGetValue(file.Path, out ReadFile? found)) tally.Fail("The signed list names this file, and it is missing.", subject: file.Path);
            else if (found.Sha256 != file.Sha256 || found.Bytes != file.Bytes)
                tally.Fail("This file is not the one that the bundle was signed with: its bytes were changed.", subject: file.Path);
        }
        foreach (string path in _bag.Files.Keys.Where(p => !listed.ContainsKey(p) && !Unlisted.Contains(p)).Order(StringComparer.Ordinal))
            tally.Fail("This file is not on the signed list: it was added to the bundle.", subject: path);

        (HashSet<string> always, HashSet<string> perhaps) = PathsOf(manifest);
        foreach (string path in always.Where(p => !listed.ContainsKey(p)).Order(StringComparer.Ordinal))
            tally.Fail("Every bundle has this file, and the signed list does not name it.", subject: path);
        foreach (string path in listed.Keys.Where(p => !always.Contains(p) && !perhaps.Contains(p)))
            tally.Fail("This file has no place in a bundle of these exhibits, though the signed list names it.", subject: path);
        _findings.AddRange(tally.Conclude($"The bundle holds the {Printable.Count((ulong)manifest.Files.Count)} files of the signed list, as they were signed, and no others."));
    }

    // The table of section 11.
    private static (HashSet<string> Always, HashSet<string> Perhaps) PathsOf(BundleManifest manifest)
    {
        ulong[] entries = [.. manifest.Exhibits.SelectMany(e => e.Entries).Append(manifest.ExportEntry)];
        return (
            [
                BundlePath.HowToVerify, BundlePath.VerifyPage, BundlePath.Checkpoint, BundlePath.Policy, BundlePath.Ca, .. BundlePath.Reports,
                .. manifest.Exhibits.SelectMany(e => (string[])[e.File, e.Seal, e.Signature]), .. manifest.Exhibits.Select(e => e.Timestamp).OfType<string>(),
                .. entries.SelectMany(i => (string[])[BundlePath.Entry(i), BundlePath.Proof(i)]),
            ],
            [BundlePath.Tsa, .. entries.Select(BundlePath.Disclosures)]);
    }

    private void JudgeSeal(BundleManifest bundle, BundleExhibit exhibit, string? ca, string caProblem, Dictionary<string, SealManifest> seals)
    {
        byte[]? bytes = _bag.Content(exhibit.Seal, MostSmallBytes, out string sealProblem);
        byte[]? signature = _bag.Content(exhibit.Signature, MostSmallBytes, out string signatureProblem);
        TimestampVerdict? timestamp = exhibit.Timestamp is { } path ? JudgeTimestamp(exhibit.Exhibit, signature, signatureProblem, path) : null;
        if (bytes is null || signature is null || ca is null)
            Bad("seal-form", $"The seal cannot be checked. {(bytes is null ? sealProblem : signature is null ? signatureProblem : caProblem)}", exhibit.Exhibit);
        else
            _findings.AddRange(SealCheck.Check(bytes, signature, ca, _now, timestamp).Findings.Select(f => f with { Subject = exhibit.Exhibit }));

        const string claim = "seal-binds";
        SealManifest? seal = null;
        if (bytes is null || !SealManifest.TryParse(bytes, out seal, out sealProblem))
        {
            Bad(claim, $"What was sealed cannot be told. {sealProblem}", exhibit.Exhibit);
            return;
        }
        seals[exhibit.Exhibit] = seal;
        _findings.Add(SealedFileCheck.Binds(seal, _bag.Files.GetValueOrDefault(exhibit.File)) with { Subject = exhibit.Exhibit });
        if (seal.Exhibit != exhibit.Exhibit) Bad(claim, $"The seal is of another exhibit, {seal.Exhibit}.", exhibit.Exhibit);
        if (seal.Case != bundle.Case) Bad(claim, $"The seal is of another case, {seal.Case}.", exhibit.Exhibit);
    }

    private TimestampVerdict JudgeTimestamp(string exhibit, byte[]? signature, string signatureProblem, string path)
    {
        byte[]? token = _bag.Content(path, MostSmallBytes, out string problem);
        string? tsa = _given.TsaPem;
        if (tsa is null && _bag.Content(BundlePath.Tsa, MostSmallBytes, out problem) is { } own) tsa = Encoding.Latin1.GetString(own);
        TimestampVerdict verdict = signature is null || token is null || tsa is null
            ? new(Finding.Bad("timestamp", $"The time stamp cannot be checked. {(signature is null ? signatureProblem : problem)}"), null)
            : TimestampCheck.Check(signature, token, tsa);
        _findings.Add(verdict.Finding with { Subject = exhibit });
        return verdict;
    }

    private void JudgeDerivations(BundleManifest bundle, Dictionary<string, SealManifest> seals)
    {
        foreach (BundleExhibit exhibit in bundle.Exhibits)
        {
            if (!seals.TryGetValue(exhibit.Exhibit, out SealManifest? seal) || seal.Derivation is not { } made || !bundle.Exhibits.Any(e => e.Exhibit == made.Parent)) continue;
            if (seals.GetValueOrDefault(made.Parent)?.Sha256 == made.ParentSha256)
                Good("derivation", $"Its seal says that it was made from {made.Parent}, and names the bytes of {made.Parent} that are here.", exhibit.Exhibit);
            else
                Bad("derivation", $"Its seal says that it was made from {made.Parent}, but from other bytes than those that {made.Parent} has here.", exhibit.Exhibit);
        }
    }

    // Sections 12 and 13: the packet indexes first, because what they say of a clip's packets decides too.
    private void JudgeClips(BundleManifest bundle, Dictionary<string, SealManifest> seals)
    {
        var indexes = new Dictionary<string, IndexAtHand>(StringComparer.Ordinal);
        foreach (BundleExhibit exhibit in bundle.Exhibits)
        {
            if (seals.GetValueOrDefault(exhibit.Exhibit) is { Derivation.Role: PacketIndex.Role } seal)
                Told(exhibit, ClipClaims.IndexClaim, file => [JudgeIndex(exhibit.Exhibit, seal, file, indexes)]);
        }
        foreach (BundleExhibit exhibit in bundle.Exhibits)
        {
            if (!seals.TryGetValue(exhibit.Exhibit, out SealManifest? seal) || !ClipClaims.IsClip(seal)) continue;
            string? named = ClipClaims.ProofSha256(seal, out string problem);
            if (named is null)
            {
                _findings.Add((problem.Length == 0 ? ClipClaims.NoProof() : Finding.Bad(ClipCheck.Claim, problem)) with { Subject = exhibit.Exhibit });
                continue;
            }
            BundleExhibit? with = bundle.Exhibits.FirstOrDefault(e => seals.GetValueOrDefault(e.Exhibit) is { Derivation: { Role: PacketProof.Role } made } s && made.Parent == exhibit.Exhibit && s.Sha256 == named);
            byte[]? bytes = with is null ? null : _bag.Content(with.File, PacketProof.MostBytes, out problem);
            if (bytes is null)
                Bad(ClipCheck.Claim, with is null ? $"The clip's seal names a packet proof (SHA-256 {named}), and it is not in the bundle: it was taken out." : $"The clip's packet proof cannot be read. {problem}", exhibit.Exhibit);
            else
                Told(exhibit, ClipCheck.Claim, file => JudgeClip(exhibit.Exhibit, seal, file, bytes, indexes));
        }
    }

    private Finding JudgeIndex(string exhibit, SealManifest seal, ReadFile file, Dictionary<string, IndexAtHand> indexes)
    {
        using Stream stream = _bag.Open(file);
        Finding finding = ClipClaims.JudgeIndex(seal, stream, out PacketIndex? index);
        if (finding.Holds && index is not null) indexes[index.MasterSha256] = new(exhibit, index.Streams, (run, packets) => Around(file, run, packets));
        return finding;
    }

    private IReadOnlyList<Finding> JudgeClip(string exhibit, SealManifest seal, ReadFile file, byte[] proofBytes, Dictionary<string, IndexAtHand> indexes)
    {
        IndexAtHand? index = indexes.GetValueOrDefault(seal.Derivation!.ParentSha256);
        IReadOnlyList<Finding> findings = ClipClaims.Judge(seal, proofBytes, index, () => _bag.Open(file), out PacketProof? proof, _cancel);
        if (proof is not null) _clips.Add((exhibit, file, proof, index));
        return findings;
    }

    // Asked only where something does not hold: what is kept of the index is no more than the clip is long.
    private MasterRun Around(ReadFile index, ProvenStream run, IReadOnlyCollection<string> packets)
    {
        HashSet<string> wanted = [.. packets];
        var lines = new List<PacketLine>();
        var elsewhere = new Dictionary<string, (ulong, PacketLine)>(StringComparer.Ordinal);
        using Stream stream = _bag.Open(index);
        PacketIndex.TryRead(stream, (line, number) =>
        {
            if (line.Stream != run.Of.Number) return;
            if (number >= run.First && number - run.First < (ulong)run.Packets.Count) lines.Add(line);
            else if (wanted.Contains(line.Sha256)) elsewhere.TryAdd(line.Sha256, (number, line));
        }, out _, out _);
        return new(run.First, lines) { Elsewhere = elsewhere };
    }

    private async Task<PlayedClip> PlayAsync(ClipPlayer player, ReadFile file, CancellationToken cancel)
    {
        try
        {
            using Stream stream = _bag.Open(file);
            return await player(stream, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (Bag.IsUnreadable(e))
        {
            return new("A player", null, Bag.Unreadable(file.Path, e));
        }
    }

    private void Told(BundleExhibit exhibit, string claim, Func<ReadFile, IReadOnlyList<Finding>> judge)
    {
        try
        {
            if (_bag.Files.GetValueOrDefault(exhibit.File) is not { Problem: null } file) Bad(claim, "This cannot be asked, because the file is missing or cannot be read.", exhibit.Exhibit);
            else _findings.AddRange(judge(file).Select(f => f with { Subject = exhibit.Exhibit }));
        }
        catch (Exception e) when (Bag.IsUnreadable(e))
        {
            Bad(claim, Bag.Unreadable(exhibit.File, e), exhibit.Exhibit);
        }
    }

    private Checkpoint? JudgeCheckpoint(BundleManifest bundle, byte[]? bytes, string problem, LogPolicy? policy, string policyProblem, out bool signed)
    {
        const string claim = "checkpoint-signature";
        signed = false;
        SignedNote? note = null;
        if (bytes is not null) SignedNote.TryParse(bytes, out note, out problem);
        if (note is null || policy is null)
        {
            string sentence = note is null ? $"The log's checkpoint cannot be read. {problem}" : $"The policy, which says whose checkpoints count, cannot be read. {policyProblem}";
            string subject = note is null ? BundlePath.Checkpoint : BundlePath.Policy;
            Bad(claim, sentence, subject);
            Bad("witness-quorum", sentence, subject);
        }
        else
        {
            PolicyVerdict verdict = policy.Evaluate(note);
            _findings.AddRange(verdict.Findings.Select(f => f with { Subject = BundlePath.Checkpoint }));
            signed = verdict.Signature.Holds;
        }
        if (note is null || !Checkpoint.TryParse(note.Text, out Checkpoint? checkpoint, out _)) return null;
        if (checkpoint.Origin != bundle.Origin || checkpoint.Size != bundle.Size || Bytes.Hex(checkpoint.Root) != bundle.Root)
            Bad(claim, "The checkpoint is not the one that the bundle was made with: its log, size or root is another.", BundlePath.Checkpoint);
        return checkpoint;
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Bytes.Hex(SHA256.HashData(bytes));

    private void Good(string claim, string sentence, string? subject) => _findings.Add(Finding.Good(claim, sentence) with { Subject = subject });

    private void Bad(string claim, string sentence, string? subject, ulong? entry = null) =>
        _findings.Add(Finding.Bad(claim, sentence, entry) with { Subject = subject is null ? null : Printable.Of(subject) });

    // The entries one after another in the order of the log, each forgotten before the next but for what the claims over them need.
    private sealed class Entries(
        BundleCheck check, BundleManifest bundle, Dictionary<string, SealManifest> seals, byte[]? note, Checkpoint? checkpoint, byte[]? policy, byte[]? ca)
    {
        private readonly Tally _form = new("entry-form");
        private readonly Tally _proof = new("entry-proof");
        private readonly Tally _disclosure = new("disclosure");
        private readonly Tally _time = new("time");
        private readonly Dictionary<string, Chain> _chains = bundle.Exhibits.ToDictionary(e => e.Exhibit, e => new Chain(e));
        private DateTimeOffset _latest = DateTimeOffset.MinValue;
        private int _shown, _withheld;

        private sealed class Chain(BundleExhibit exhibit)
        {
            public BundleExhibit Exhibit { get; } = exhibit;

            public Tally Sequence { get; } = new("exhibit-sequence");

            public long Due { get; set; } = 1;

            public bool LastIsExport { get; set; }

            public List<(ulong Index, CustodyEntry Entry)> Sealings { get; } = [];
        }

        public void Judge()
        {
            var of = new SortedDictionary<ulong, string?> { [bundle.ExportEntry] = null };
            foreach (BundleExhibit exhibit in bundle.Exhibits)
            {
                foreach (ulong index in exhibit.Entries)
                {
                    if (of.TryGetValue(index, out string? other))
                        _chains[exhibit.Exhibit].Sequence.Fail($"Entry {index} is counted twice: among the entries of {exhibit.Exhibit}, and {(other is null ? "as that of the export" : $"of {other}")}.", index, exhibit.Exhibit);
                    else
                        of[index] = exhibit.Exhibit;
                }
            }
            CustodyEntry? export = null;
            foreach ((ulong index, string? exhibit) in of)
            {
                CustodyEntry? entry = JudgeOne(index);
                if (exhibit is null) export = entry;
                else Follow(_chains[exhibit], index, entry);
            }
            string count = Printable.Count((ulong)of.Count);
            check._findings.AddRange(_form.Conclude($"Each of the {count} custody entries is well-formed and in canonical form."));
            check._findings.AddRange(_proof.Conclude($"Each of the {count} custody entries is in the log that the checkpoint commits to, at the place it says."));
            check._findings.AddRange(_disclosure.Conclude($"Each of the {_shown} personal fields shown is the one that its entry committed to when it was made."));
            if (_withheld > 0) check._findings.Add(Finding.Remark("disclosure", $"{_withheld} personal fields of these entries are withheld. The entries prove all the same; what was withheld can be shown later and will prove too."));
            check._findings.AddRange(_time.Conclude("The entries' times were read in order; where the clock was set back is said above."));
            foreach (Chain chain in _chains.Values) Conclude(chain);
            JudgeExport(export);
        }

        private CustodyEntry? JudgeOne(ulong index)
        {
            string path = BundlePath.Entry(index);
            CustodyEntry? entry = null;
            if (check._bag.Content(path, CustodyEntry.MostBytes, out string problem) is not { } bytes)
            {
                _form.Fail($"Entry {index} cannot be read. {problem}", index, path);
                _proof.Fail($"Entry {index} cannot be shown to be in the log. {problem}", index, path);
            }
            else
            {
                if (!CustodyEntry.TryParse(bytes, out entry, out problem)) _form.Fail($"Entry {index} is not a well-formed custody entry. {problem}", index, path);
                JudgeProof(index, bytes);
            }
            if (entry is not null && entry.Time < _latest)
                _time.Remark($"Entry {index} is dated {(_latest - entry.Time).TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} seconds before an earlier entry: the vault's clock was set back.", index);
            else if (entry is not null)
                _latest = entry.Time;
            JudgeDisclosures(index, entry);
            return entry;
        }

        private void JudgeProof(ulong index, byte[] entry)
        {
            string path = BundlePath.Proof(index);
            if (check._bag.Content(path, MostSmallBytes, out string problem) is not { } bytes || !LogProof.TryParse(bytes, out LogProof? proof, out problem))
                _proof.Fail($"The proof that entry {index} is in the log cannot be read. {problem}", index, path);
            else if (note is null || checkpoint is null)
                _proof.Fail($"Entry {index} cannot be shown to be in the log, because the log's checkpoint cannot be read.", index, BundlePath.Checkpoint);
            else if (!proof.Note.ToBytes().AsSpan().SequenceEqual(note))
                _proof.Fail($"The proof of entry {index} carries another checkpoint than {BundlePath.Checkpoint}.", index, path);
            else if (proof.Index != index)
                _proof.Fail($"The proof beside entry {index} is of entry {proof.Index}.", index, path);
            else if (proof.Includes(entry, checkpoint) is { Holds: false } bad)
                _proof.Fail(bad.Sentence, index, BundlePath.Entry(index));
        }

        private void JudgeDisclosures(ulong index, CustodyEntry? entry)
        {
            string path = BundlePath.Disclosures(index);
            int shown = 0;
            if (check._bag.Files.ContainsKey(path))
            {
                var seen = new HashSet<string>();
                foreach (string line in LinesOf(path, index))
                {
                    if (!Disclosure.TryParse(line, out Disclosure? disclosure, out string problem)) _disclosure.Fail(problem, index, path);
                    else if (entry is null) _disclosure.Fail($"The field '{Printable.Of(disclosure.Name)}' cannot be compared with entry {index}, which cannot be read.", index, path);
                    else if (disclosure.CheckAgainst(entry) is { Holds: false } bad) _disclosure.Fail(bad.Sentence, index, path);
                    else if (!seen.Add(disclosure.Digest)) _disclosure.Fail($"The field '{Printable.Of(disclosure.Name)}' of entry {index} is shown twice.", index, path);
                    else if (bundle.Redacted.Contains(disclosure.Name)) _disclosure.Fail($"The field '{Printable.Of(disclosure.Name)}' is shown here, and the bundle says that it was withheld everywhere.", index, path);
                    else shown++;
                }
            }
            _shown += shown;
            _withheld += (entry?.Commitments.Count ?? 0) - shown;
        }

        private string[] LinesOf(string path, ulong index)
        {
            if (check._bag.Content(path, MostDisclosuresBytes, out string problem) is not { } bytes)
                _disclosure.Fail(problem, index, path);
            else if (bytes is not [.., (byte)'\n'])
                _disclosure.Fail("What is shown of the entry's personal fields is empty, or its last line has no end.", index, path);
            else
                return Encoding.Latin1.GetString(bytes, 0, bytes.Length - 1).Split('\n');
            return [];
        }

        private void Follow(Chain chain, ulong index, CustodyEntry? entry)
        {
            string exhibit = chain.Exhibit.Exhibit;
            if (entry is null)
            {
                chain.Sequence.Fail($"Entry {index}, one of those of {exhibit}, cannot be read.", index, exhibit);
                return;
            }
            if (entry.Exhibit != exhibit || entry.Seq is not { } seq)
            {
                chain.Sequence.Fail($"Entry {index} is counted among those of {exhibit} and is not about it.", index, exhibit);
                return;
            }
            if (seq > chain.Due)
                chain.Sequence.Fail($"{(seq - 1 == chain.Due ? $"Entry number {chain.Due}" : $"Entries number {chain.Due} to {seq - 1}")} of {exhibit} {(seq - 1 == chain.Due ? "is" : "are")} not in the bundle: withheld, or lost.", index, exhibit);
            else if (seq < chain.Due)
                chain.Sequence.Fail($"Entry {index} is number {seq} of {exhibit}, where number {chain.Due} was due.", index, exhibit);
            chain.Due = Math.Max(chain.Due, seq + 1);
            chain.LastIsExport = entry is { Action: "exported", Outcome: Outcome.Done } && TextOf(entry.Detail, "bundle") == bundle.Id
                && seals.TryGetValue(exhibit, out SealManifest? seal) && entry.Sha256 == seal.Sha256;
            if (entry is { Action: "sealed" or "derived", Outcome: Outcome.Done }) chain.Sealings.Add((index, entry));
        }

        private void Conclude(Chain chain)
        {
            (string exhibit, long last) = (chain.Exhibit.Exhibit, chain.Exhibit.LastSeq);
            if (chain.Due - 1 < last) chain.Sequence.Fail($"The bundle holds {exhibit}'s entries up to number {chain.Due - 1}, and says that the last is number {last}: the rest was withheld, or lost.", subject: exhibit);
            else if (chain.Due - 1 > last) chain.Sequence.Fail($"The bundle holds {exhibit}'s entries up to number {chain.Due - 1}, and says that the last is number {last}.", subject: exhibit);
            else if (!chain.LastIsExport) chain.Sequence.Fail($"The last of {exhibit}'s entries here is not the one that records this export of these bytes.", subject: exhibit);
            check._findings.AddRange(chain.Sequence.Conclude($"All {last} custody entries of {exhibit} up to this export are here: none is left out.").Select(f => f with { Subject = exhibit }));

            const string claim = "seal-logged";
            if (!seals.TryGetValue(exhibit, out SealManifest? seal) || check._bag.Files.GetValueOrDefault(chain.Exhibit.Seal)?.Sha256 is not { } sealSha256)
                check.Bad(claim, "The log cannot be asked for a seal that cannot be read.", exhibit);
            else if (chain.Sealings is not [var (index, entry)])
                check.Bad(claim, chain.Sealings.Count == 0 ? $"No entry here records the sealing of {exhibit}." : $"{chain.Sealings.Count} entries say that {exhibit} was sealed; an exhibit is sealed once.", exhibit);
            else if (entry.Action != (seal.Derivation is null ? "sealed" : "derived") || entry.Sha256 != seal.Sha256 || TextOf(entry.Detail, "sealSha256") != sealSha256)
                check.Bad(claim, $"The seal is not the one that entry {index} recorded: the exhibit was sealed anew, or the seal exchanged.", exhibit, index);
            else
                check._findings.Add(Finding.Good(claim, $"This seal is the one that entry {index} of the log recorded, at {Moment.Text(entry.Time)}.") with { Subject = exhibit, Entry = index });
        }

        private void JudgeExport(CustodyEntry? entry)
        {
            const string claim = "export-entry";
            ulong index = bundle.ExportEntry;
            string path = BundlePath.Entry(index);
            if (entry is null)
            {
                check.Bad(claim, $"The entry that records this export, {index}, cannot be read.", path, index);
                return;
            }
            string? wrong =
                entry is not { Action: "exported", Outcome: Outcome.Done, Exhibit: null } ? "it records something else"
                : entry.Case != bundle.Case ? "it is of another case"
                : TextOf(entry.Detail, "bundle") != bundle.Id ? "it is of another bundle"
                : !Same(entry.Detail, "exhibits", [.. bundle.Exhibits.Select(e => (JsonNode)e.Exhibit)]) ? "it names other exhibits"
                : !Same(entry.Detail, "lastSeq", [.. bundle.Exhibits.Select(e => (JsonNode)e.LastSeq)]) ? "it names other last entries of the exhibits"
                : policy is null || TextOf(entry.Detail, "policySha256") != Hash(policy) ? $"it names another {BundlePath.Policy}"
                : ca is null || TextOf(entry.Detail, "caSha256") != Hash(ca) ? $"it names another {BundlePath.Ca}"
                : null;
            if (wrong is not null) check.Bad(claim, $"Entry {index} is not the record of this export: {wrong}.", path, index);
            else check._findings.Add(Finding.Good(claim, $"Entry {index} of the log records this export, its exhibits and their last entries.") with { Subject = path, Entry = index });
        }

        private static string? TextOf(JsonObject? detail, string name) => detail?[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

        private static bool Same(JsonObject? detail, string name, JsonNode[] expected) => detail?[name] is JsonArray found && JsonNode.DeepEquals(found, new JsonArray(expected));
    }
}
