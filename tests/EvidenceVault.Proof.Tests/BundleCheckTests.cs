using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using EvidenceVault.Testing;

namespace EvidenceVault.Proof.Tests;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class BundleCheckTests : IDisposable
{
    private static readonly DateTimeOffset Now = BundleMaker.Start.AddDays(30);
    private static readonly BundleKeys Keys = BundleKeys.New();
    private readonly string _folder = Directory.CreateTempSubdirectory("evidencevault-bundle-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_whole_bundle_holds_in_every_claim()
    {
        BundleMaker made = BundleMaker.Whole();
        VerificationReport report = await CheckAsync(made);
        Assert.True(report.Holds, Text(report));
        Assert.StartsWith("It holds", report.Answer);
        Assert.Equal(
            [
                "bag-form", "bag-complete", "bag-payload", "bag-tags", "bundle-form", "bundle-signature", "bundle-files", "seal-content", "seal-signature", "seal-time", "seal-purpose",
                "seal-chain", "seal-binds", "seal-logged", "derivation", "clip-packets", "checkpoint-signature", "witness-quorum", "outside-witness", "entry-form", "entry-proof", "exhibit-sequence",
                "export-entry", "disclosure", "time", "trust-anchors",
            ],
            report.Findings.Select(f => f.Claim).Distinct());
        Assert.Equal(["clip-packets", "disclosure", "trust-anchors"], report.Findings.Where(f => f.Verdict == Verdict.Note).Select(f => f.Claim));
        Assert.Equal(["AB/1", "AB/1/1", "AB/2"], report.Findings.Where(f => f.Claim == "seal-binds").Select(f => f.Subject));
        Assert.Equal("AB/1/1", Assert.Single(report.Findings, f => f.Claim == "derivation").Subject);
    }

    [Fact]
    public async Task A_bundle_in_a_zip_holds_as_in_a_folder_and_its_wrapping_is_the_vaults()
    {
        BundleMaker made = BundleMaker.Whole();
        VerificationReport report = await CheckZipAsync(made.Zip());
        Assert.True(report.Holds, Text(report));
        Assert.Equal(Verdict.Holds, Assert.Single(report.Findings, f => f.Claim == "container-form").Verdict);
        // In one folder, as packers do.
        report = await CheckZipAsync(made.Zip("AB-bundle/"));
        Assert.True(report.Holds, Text(report));
        Assert.Equal(Verdict.Note, Assert.Single(report.Findings, f => f.Claim == "container-form").Verdict);
    }

    [Fact]
    public async Task Given_keys_decide_in_place_of_the_bundles_own()
    {
        BundleMaker made = BundleMaker.Whole(), other = BundleMaker.Whole();
        VerificationReport report = await CheckAsync(made, new() { Policy = made.Keys.Policy, CaPem = made.Keys.CaPem });
        Assert.True(report.Holds, Text(report));
        Assert.Equal(Verdict.Holds, Assert.Single(report.Findings, f => f.Claim == "trust-anchors").Verdict);
        Assert.Equal(["bundle-signature", "checkpoint-signature", "seal-chain", "witness-quorum"], Failed(await CheckAsync(made, new() { Policy = other.Keys.Policy, CaPem = other.Keys.CaPem })));
        Assert.Contains("keys/ca.pem", (await CheckAsync(made, new() { Policy = made.Keys.Policy })).Findings.Last().Sentence);
    }

    // Each is damage of one kind: how it is done, and the claim and subject that must be named. What the damage leaves whole must not be accused.
    public static TheoryData<string, string, string?, Action<BundleMaker>> Damage => new()
    {
        // After all was signed: the bag tells it.
        { "a byte of video", "bag-payload", "data/exhibits/AB-1/AB-1.mp4", m => m.Change("data/exhibits/AB-1/AB-1.mp4", b => Flip.Bit(b, 4000)) },
        { "a byte of the page", "bag-tags", "verify.html", m => m.Change("verify.html", b => Flip.Bit(b, 3)) },
        { "a file added", "bag-complete", "data/extra.txt", m => m.Files["data/extra.txt"] = [1] },
        { "a tag file added", "bag-complete", "extra.txt", m => m.Files["extra.txt"] = [1] },
        { "a file removed", "bag-complete", "data/report/entries.csv", m => m.Files.Remove("data/report/entries.csv") },
        { "another manifest", "bag-complete", "manifest-md5.txt", m => m.Files["manifest-md5.txt"] = [] },
        { "fetch.txt", "bag-complete", "fetch.txt", m => m.Files["fetch.txt"] = [] },
        { "no manifest", "bag-complete", "manifest-sha256.txt", m => m.Files.Remove("manifest-sha256.txt") },
        { "no bagit.txt", "bag-form", "bagit.txt", m => m.Files.Remove("bagit.txt") },
        { "another bagit.txt", "bag-form", "bagit.txt", m => m.Change("bagit.txt", _ => "BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n"u8.ToArray()) },
        { "a wrong oxum", "bag-form", "bag-info.txt", m => m.Change("bag-info.txt", b => Replace(b, "Oxum: ", "Oxum: 1")) },
        { "lines out of order", "bag-form", "manifest-sha256.txt", m => m.Change("manifest-sha256.txt", b => Encoding.ASCII.GetBytes(string.Concat(Encoding.ASCII.GetString(b).Split('\n', StringSplitOptions.RemoveEmptyEntries).Reverse().Select(l => l + "\n")))) },
        { "a name that may not be", "bag-form", "data/a b", m => m.Files["data/a b"] = [] },
        { "names that differ in case", "bag-form", "data/keys/policy", m => m.Files["data/keys/POLICY"] = [] },

        // The bag made anew by somebody without the vault's keys.
        { "video exchanged", "bundle-files", "data/exhibits/AB-1/AB-1.mp4", m => { m.Change("data/exhibits/AB-1/AB-1.mp4", b => Flip.Bit(b, 1)); m.List(); } },
        { "a report added", "bundle-files", "data/report/another.html", m => { m.Files["data/report/another.html"] = [1]; m.List(); } },
        { "a report removed", "bundle-files", "data/report/entries.csv", m => { m.Files.Remove("data/report/entries.csv"); m.List(); } },
        { "the manifest changed", "bundle-signature", "data/bundle.cms", m => { m.Change("data/bundle.json", b => Replace(b, "2026-06-01T10", "2026-06-01T11")); m.List(); } },
        { "the manifest not canonical", "bundle-form", "data/bundle.json", m => { m.Change("data/bundle.json", b => [.. b, (byte)'\n']); m.List(); } },
        { "the manifest removed", "bundle-form", "data/bundle.json", m => { m.Files.Remove("data/bundle.json"); m.List(); } },
        { "the manifest's signature removed", "bundle-signature", "data/bundle.cms", m => { m.Files.Remove("data/bundle.cms"); m.List(); } },
        { "the CA removed", "bundle-signature", "data/keys/ca.pem", m => { m.Files.Remove("data/keys/ca.pem"); m.List(); } },

        // By somebody who can sign a bundle too.
        { "video exchanged and signed", "seal-binds", "AB/1", m => { m.Change("data/exhibits/AB-1/AB-1.mp4", b => Flip.Bit(b, 1)); m.Sign().List(); } },
        { "video of another length", "seal-binds", "AB/2", m => { m.Change("data/exhibits/AB-2/AB-2.bin", b => [.. b, 0]); m.Sign().List(); } },
        { "a seal changed", "seal-content", "AB/1", m => { m.Change("data/seals/AB-1/seal.json", b => Replace(b, "CAM-7", "CAM-8")); m.Sign().List(); } },
        { "a seal not canonical", "seal-binds", "AB/1", m => { m.Change("data/seals/AB-1/seal.json", b => [.. b, 32]); m.Sign().List(); } },
        { "a signature that is none", "seal-form", "AB/1", m => { m.Change("data/seals/AB-1/seal.cms", _ => [0x30, 0x80]); m.Sign().List(); } },
        { "a seal missing", "seal-form", "AB/1", m => { m.Files.Remove("data/seals/AB-1/seal.json"); m.Sign().List(); } },
        { "seals exchanged", "seal-binds", "AB/1", m => { (m.Files["data/seals/AB-1/seal.json"], m.Files["data/seals/AB-2/seal.json"]) = (m.Files["data/seals/AB-2/seal.json"], m.Files["data/seals/AB-1/seal.json"]); m.Sign().List(); } },
        { "exhibit and seal made anew", "seal-logged", "AB/2", m => Reseal(m, "AB/2", "data/exhibits/AB-2/AB-2.bin", s => s) },
        { "sealed for another case", "seal-binds", "AB/2", m => Reseal(m, "AB/2", "data/exhibits/AB-2/AB-2.bin", s => s with { Case = "OP-OTHER" }) },
        { "a derivative of another master", "derivation", "AB/1/1", m => Reseal(m, "AB/1/1", "data/exhibits/AB-1-1/AB-1-1.mp4", s => s with { Derivation = s.Derivation! with { ParentSha256 = new string('0', 64) } }) },
        { "another checkpoint", "checkpoint-signature", "data/log/checkpoint", m => { m.Change("data/log/checkpoint", _ => m.Keys.Log.SignNote(m.CheckpointAt(3).ToText()).ToBytes()); m.Sign().List(); } },
        { "a checkpoint by another key", "checkpoint-signature", "data/log/checkpoint", m => { m.Change("data/log/checkpoint", _ => new NoteSigner(BundleKeys.Origin, new byte[32]).SignNote(m.Checkpoint.ToText()).ToBytes()); m.Sign().List(); } },
        { "no cosignature", "witness-quorum", "data/log/checkpoint", m => { m.Change("data/log/checkpoint", _ => m.Keys.Log.SignNote(m.Checkpoint.ToText()).ToBytes()); m.Sign().List(); } },
        { "a policy that cannot be read", "checkpoint-signature", "data/keys/policy", m => { m.Change("data/keys/policy", _ => "quorum nobody\n"u8.ToArray()); m.Sign().List(); } },
        { "another policy", "export-entry", "data/log/entries/11.json", m => { m.Change("data/keys/policy", b => [.. b, .. "# more\n"u8]); m.Sign().List(); } },
        { "an entry changed", "entry-proof", "data/log/entries/1.json", m => { m.Change("data/log/entries/1.json", b => Replace(b, "received", "receivex")); m.Sign().List(); } },
        { "an entry not canonical", "entry-form", "data/log/entries/1.json", m => { m.Change("data/log/entries/1.json", b => [.. b, 32]); m.Sign().List(); } },
        { "proofs exchanged", "entry-proof", "data/log/entries/1.tlog-proof", m => { (m.Files["data/log/entries/1.tlog-proof"], m.Files["data/log/entries/2.tlog-proof"]) = (m.Files["data/log/entries/2.tlog-proof"], m.Files["data/log/entries/1.tlog-proof"]); m.Sign().List(); } },
        { "a proof removed", "entry-proof", "data/log/entries/1.tlog-proof", m => { m.Files.Remove("data/log/entries/1.tlog-proof"); m.Sign().List(); } },
        { "an entry withheld", "exhibit-sequence", "AB/1", m => Withhold(m, "AB/1", 1) },
        { "the last entry withheld", "exhibit-sequence", "AB/1", m => Withhold(m, "AB/1", m.Manifest.Exhibits[0].Entries.Count - 1) },
        { "the last entry withheld and said not to be", "export-entry", "data/log/entries/11.json", m => { Withhold(m, "AB/1", m.Manifest.Exhibits[0].Entries.Count - 1, m.Manifest.Exhibits[0].LastSeq - 1); } },
        { "an entry of another exhibit", "bundle-files", "data/log/entries/3.json", m => { m.Files["data/log/entries/3.json"] = m.Log[3]; m.Sign().List(); } },
        { "an exhibit left out", "export-entry", "data/log/entries/11.json", LeaveOut },
        { "another export", "export-entry", "data/log/entries/11.json", m => { m.Manifest = m.Manifest with { Id = new string('f', 32) }; m.Sign().List(); } },
        { "a disclosure with another salt", "disclosure", "data/log/entries/1.disclosures", m => { m.Change("data/log/entries/1.disclosures", _ => Encoding.ASCII.GetBytes(Disclosure.Create("actor", "officer-1").Encoded + "\n")); m.Sign().List(); } },
        { "a disclosure of another entry", "disclosure", "data/log/entries/1.disclosures", m => { m.Change("data/log/entries/1.disclosures", _ => m.Files["data/log/entries/5.disclosures"]); m.Sign().List(); } },
        { "a disclosure without its end", "disclosure", "data/log/entries/1.disclosures", m => { m.Change("data/log/entries/1.disclosures", b => b[..^1]); m.Sign().List(); } },
        { "a withheld field shown", "disclosure", "data/log/entries/1.disclosures", m => { m.Manifest = m.Manifest with { Redacted = ["actor"] }; m.Sign().List(); } },
    };

    [Theory]
    [MemberData(nameof(Damage), DisableDiscoveryEnumeration = true)]
    public async Task Damage_is_refused_and_named(string what, string claim, string? subject, Action<BundleMaker> damage)
    {
        BundleMaker made = BundleMaker.Whole(Keys);
        damage(made);
        foreach (VerificationReport report in new[] { await CheckAsync(made), await CheckZipAsync(made.Zip()) })
        {
            Assert.False(report.Holds, what);
            if (what is "a name that may not be" or "names that differ in case" && report.Findings.Count == 1) continue; // A ZIP is refused whole for these.
            Assert.True(report.Findings.Any(f => f.Claim == claim && !f.Holds && f.Subject == subject), $"{what}: {claim} of {subject} was not named.\n{Text(report)}");
            Assert.All(report.Findings.Where(f => !f.Holds), f => Assert.NotNull(f.Subject));
        }
    }

    [Fact]
    public async Task Each_damage_accuses_what_was_done_and_nothing_else()
    {
        async Task<string[]> Of(Action<BundleMaker> damage)
        {
            BundleMaker made = BundleMaker.Whole(Keys);
            damage(made);
            return Failed(await CheckAsync(made));
        }
        Assert.Equal(["bag-tags"], await Of(m => m.Change("bag-info.txt", b => Replace(b, "Bagging-Date", "Bagging-date"))));
        Assert.Equal(["seal-logged"], await Of(m => Reseal(m, "AB/1/1", "data/exhibits/AB-1-1/AB-1-1.mp4", s => s)));
        Assert.Equal(["exhibit-sequence"], await Of(m => Withhold(m, "AB/1", 2)));
        Assert.Equal(["disclosure"], await Of(m => { m.Manifest = m.Manifest with { Redacted = ["actor"] }; m.Sign().List(); }));
        Assert.Equal(["witness-quorum"], await Of(m =>
        {
            // Signed anew by the log alone, in the proofs too.
            SignedNote note = m.Keys.Log.SignNote(m.Checkpoint.ToText());
            m.Files["data/log/checkpoint"] = note.ToBytes();
            foreach (string path in m.Files.Keys.Where(p => p.EndsWith(".tlog-proof", StringComparison.Ordinal)).ToList())
                m.Change(path, b => LogProof.TryParse(b, out var proof, out _) ? LogProof.Of(proof.Index, proof.Hashes, note).ToBytes() : throw new InvalidOperationException());
            m.Sign().List();
        }));
    }

    [Fact]
    public async Task Demonstration_witnesses_and_policies_without_quorum_are_noted()
    {
        var keys = BundleKeys.New();
        foreach (string quorum in (string[])["witness demonstration {0}\nquorum demonstration\n", "witness outside {0}\nquorum none\n"])
        {
            var made = new BundleMaker(keys) { Policy = Encoding.UTF8.GetBytes($"log {keys.Log.Key}\n{string.Format(quorum, keys.Witness.Key)}") };
            VerificationReport report = await CheckAsync(made.Record().Seal().Sign().List());
            Assert.True(report.Holds, Text(report));
            Assert.Equal(Verdict.Note, Assert.Single(report.Findings, f => f.Claim == "outside-witness").Verdict);
        }
    }

    [Fact]
    public async Task A_remembered_checkpoint_is_compared_by_asking_the_log()
    {
        BundleMaker made = BundleMaker.Whole();
        RememberedCheckpoint At(int size) => new($"kept-{size}", made.Keys.Log.SignNote(made.CheckpointAt(size).ToText()).ToBytes());
        for (int i = 0; i < 700; i++) made.Entry("viewed", "CD/9");
        TileLogReader log = made.Published();
        int now = (int)made.Checkpoint.Size;

        foreach (int size in (int[])[0, 1, 5, now - 1, now, now + 1, 256, 600, made.Log.Count])
        {
            VerificationReport report = await CheckAsync(made, new() { Remembered = [At(size)], Log = log });
            Assert.True(report.Holds, $"{size}\n{Text(report)}");
            Assert.Equal($"kept-{size}", Assert.Single(report.Findings, f => f.Claim == "remembered").Subject);
        }
        Assert.True((await CheckAsync(made, new() { Remembered = [At(now)] })).Holds);
        Assert.Equal(["remembered"], Failed(await CheckAsync(made, new() { Remembered = [At(5)] })));
    }

    [Fact]
    public async Task A_history_rewritten_with_the_logs_key_contradicts_what_was_remembered()
    {
        BundleMaker made = BundleMaker.Whole();
        int size = (int)made.Checkpoint.Size;
        var forged = new BundleMaker(made.Keys);
        forged.Record().Seal();
        byte[] Note(Checkpoint checkpoint) => made.Keys.Log.SignNote(checkpoint.ToText()).ToBytes();
        for (int i = 0; i < 5; i++) (made.Entry("viewed", "CD/9"), forged.Entry("viewed", "CD/9")).ToString();

        // Without what was remembered, the key's word is all there is.
        Assert.True((await CheckAsync(made)).Holds);
        foreach (int kept in (int[])[4, size, size + 3])
        {
            foreach (TileLogReader log in new[] { made.Published(), forged.Published() })
            {
                VerificationReport report = await CheckAsync(made, new() { Remembered = [new("of the witness", Note(forged.CheckpointAt(kept)))], Log = log });
                Assert.Equal(["remembered"], Failed(report));
                Assert.Contains("rewritten", report.Findings.Single(f => f.Claim == "remembered").Sentence);
            }
        }
        var foreign = new BundleMaker();
        foreign.Record().Seal();
        Assert.Equal(["remembered"], Failed(await CheckAsync(made, new() { Remembered = [new("foreign", foreign.Files["data/log/checkpoint"])], Log = made.Published() })));
        Assert.Equal(["remembered"], Failed(await CheckAsync(made, new() { Remembered = [new("none", "what?"u8.ToArray())], Log = made.Published() })));
    }

    [Fact]
    public void Any_one_byte_flipped_in_a_folder_is_found()
    {
        BundleMaker made = BundleMaker.Whole();
        made.WriteFolder(_folder);
        string[] paths = [.. made.Files.Keys];
        Gen.Select(Gen.Int[0, paths.Length - 1], Gen.Int[0, int.MaxValue], Gen.Int[1, 255]).Sample((file, at, mask) =>
        {
            string path = Path.Combine(_folder, paths[file]);
            byte[] good = made.Files[paths[file]], bad = [.. good];
            bad[at % bad.Length] ^= (byte)mask;
            File.WriteAllBytes(path, bad);
            VerificationReport report = Run(BagSource.Folder(_folder));
            File.WriteAllBytes(path, good);
            return !report.Holds && report.Findings.Any(f => !f.Holds && f.Subject is not null);
        }, iter: 100, threads: 1);
        Assert.True(Run(BagSource.Folder(_folder)).Holds);
    }

    [Fact]
    public void Any_one_byte_flipped_in_a_zip_is_found_or_noted()
    {
        byte[] zip = BundleMaker.Whole().Zip();
        string path = Path.Combine(_folder, "b.zip");
        // Half of them where the ZIP's own fields are: at its end.
        Gen.Select(Gen.OneOf(Gen.Int[0, zip.Length - 1], Gen.Int[zip.Length - 5000, zip.Length - 1]), Gen.Int[1, 255]).Sample((at, mask) =>
        {
            byte[] bad = [.. zip];
            bad[at] ^= (byte)mask;
            VerificationReport report = RunZip(path, bad);
            return !report.Holds || report.Findings.Any(f => f is { Claim: "container-form", Verdict: Verdict.Note });
        }, iter: 200, threads: 1);
    }

    [Fact]
    public void Files_filled_with_anything_never_throw_and_never_hold()
    {
        BundleMaker made = BundleMaker.Whole();
        string[] paths = [.. made.Files.Keys];
        Gen.Select(Gen.Int[0, paths.Length - 1], Gen.OneOf(Gen.Byte.Array[0, 300], Gen.Const("{\"v\":\"evidencevault/bundle/1\"}"u8.ToArray()), Gen.Const("[[[[[["u8.ToArray()))).Sample((file, bytes) =>
        {
            var damaged = new BundleMaker(made.Keys);
            foreach ((string path, byte[] good) in made.Files) damaged.Files[path] = good;
            damaged.Files[paths[file]] = bytes;
            // With the lists made anew, so that what reads the file meets it.
            if (!paths[file].EndsWith("manifest-sha256.txt", StringComparison.Ordinal) && paths[file] is not ("bagit.txt" or "bag-info.txt")) damaged.List();
            return !RunZip(Path.Combine(_folder, "b.zip"), damaged.Zip()).Holds;
        }, iter: 100, threads: 1);
    }

    [Fact]
    public async Task The_report_as_json_says_what_the_report_says()
    {
        BundleMaker made = BundleMaker.Whole();
        made.Change("data/log/entries/1.json", b => Replace(b, "received", "receivex"));
        made.Sign().List();
        VerificationReport report = await CheckAsync(made);
        JsonNode json = JsonNode.Parse(report.ToJson())!;
        Assert.Equal(report.Holds, json["holds"]!.GetValue<bool>());
        Assert.Equal(report.Answer, json["answer"]!.GetValue<string>());
        JsonNode proof = json["findings"]!.AsArray().Single(f => f!["claim"]!.GetValue<string>() == "entry-proof")!;
        Assert.Equal(["claim", "verdict", "subject", "sentence", "entry"], proof.AsObject().Select(m => m.Key));
        Assert.Equal(("fails", "data/log/entries/1.json", 1), (proof["verdict"]!.GetValue<string>(), proof["subject"]!.GetValue<string>(), proof["entry"]!.GetValue<int>()));
        Assert.Equal(report.Findings.Count, json["findings"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_seal_whose_certificate_has_expired_holds_only_by_a_time_stamp_from_its_time()
    {
        DateTimeOffset today = TimeProvider.System.GetUtcNow();
        var keys = BundleKeys.Valid(today.AddDays(-2), today.AddDays(1));
        using var tsa = new OpensslTsa();
        BundleMaker Make(bool stamped)
        {
            var made = new BundleMaker(keys) { SignedAt = today.AddDays(-1) };
            made.Record();
            if (stamped)
            {
                foreach (string exhibit in (string[])["AB/1", "AB/1/1", "AB/2"]) made.Files[BundlePath.SealTimestamp(exhibit)] = tsa.Stamp(made.Files[BundlePath.SealSignature(exhibit)]);
                made.Files[BundlePath.Tsa] = Encoding.ASCII.GetBytes(tsa.CaPem);
            }
            return made.Seal().Sign().List();
        }
        DateTimeOffset later = today.AddDays(30);
        Assert.True((await CheckAsync(Make(stamped: false), now: today)).Holds);
        Assert.Equal(["seal-time"], Failed(await CheckAsync(Make(stamped: false), now: later)));
        VerificationReport report = await CheckAsync(Make(stamped: true), now: later);
        Assert.True(report.Holds, Text(report));
        Assert.Equal(3, report.Findings.Count(f => f is { Claim: "timestamp", Verdict: Verdict.Holds }));

        // A time stamp of another seal is none, and takes the seal's time with it.
        BundleMaker exchanged = Make(stamped: true);
        exchanged.Files[BundlePath.SealTimestamp("AB/1")] = exchanged.Files[BundlePath.SealTimestamp("AB/2")];
        exchanged.Sign().List();
        report = await CheckAsync(exchanged, now: later);
        Assert.Equal(["seal-time", "timestamp"], Failed(report));
        Assert.All(report.Findings.Where(f => !f.Holds), f => Assert.Equal("AB/1", f.Subject));
        // Without the authority's certificate no time stamp can be asked.
        BundleMaker without = Make(stamped: true);
        without.Files.Remove(BundlePath.Tsa);
        Assert.Equal(["timestamp"], Failed(await CheckAsync(without.Sign().List(), now: today)));
        Assert.True((await CheckAsync(without, new() { TsaPem = tsa.CaPem }, later)).Holds);
    }

    private static void Reseal(BundleMaker made, string exhibit, string file, Func<SealManifest, SealManifest> change)
    {
        SealManifest seal = change(made.Seals[exhibit]) with { SealedAt = BundleMaker.Start.AddDays(1) };
        made.Files[BundlePath.Seal(exhibit)] = seal.ToCanonicalBytes();
        made.Files[BundlePath.SealSignature(exhibit)] = made.Keys.Sign(made.Files[BundlePath.Seal(exhibit)], made.SignedAt);
        made.Sign().List();
    }

    private static void Withhold(BundleMaker made, string exhibit, int which, long? lastSeq = null)
    {
        BundleExhibit[] exhibits = [.. made.Manifest.Exhibits];
        int at = Array.FindIndex(exhibits, e => e.Exhibit == exhibit);
        ulong index = exhibits[at].Entries[which];
        exhibits[at] = exhibits[at] with { Entries = [.. exhibits[at].Entries.Where(i => i != index)], LastSeq = lastSeq ?? exhibits[at].LastSeq };
        foreach (string path in (string[])[BundlePath.Entry(index), BundlePath.Proof(index), BundlePath.Disclosures(index)]) made.Files.Remove(path);
        made.Manifest = made.Manifest with { Exhibits = exhibits };
        made.Sign().List();
    }

    private static void LeaveOut(BundleMaker made)
    {
        BundleExhibit gone = made.Manifest.Exhibits[^1];
        foreach (string path in gone.Entries.SelectMany(i => (string[])[BundlePath.Entry(i), BundlePath.Proof(i), BundlePath.Disclosures(i)]).Concat([gone.File, gone.Seal, gone.Signature])) made.Files.Remove(path);
        made.Manifest = made.Manifest with { Exhibits = [.. made.Manifest.Exhibits.Take(2)] };
        made.Sign().List();
    }

    private async Task<VerificationReport> CheckAsync(BundleMaker made, GivenTrust? given = null, DateTimeOffset? now = null)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, Guid.NewGuid().ToString("n"))).FullName;
        made.WriteFolder(folder);
        return await BundleCheck.RunAsync(BagSource.Folder(folder), given ?? new(), now ?? Now);
    }

    private async Task<VerificationReport> CheckZipAsync(byte[] zip)
    {
        string path = Path.Combine(_folder, Guid.NewGuid().ToString("n"));
        await File.WriteAllBytesAsync(path, zip);
        using ZipBag bag = BagSource.Zip(path);
        return await BundleCheck.RunAsync(bag, new(), Now);
    }

    private static VerificationReport Run(IBagSource bag) => BundleCheck.RunAsync(bag, new(), Now).GetAwaiter().GetResult();

    private static VerificationReport RunZip(string path, byte[] zip)
    {
        File.WriteAllBytes(path, zip);
        using ZipBag bag = BagSource.Zip(path);
        return Run(bag);
    }

    private static string[] Failed(VerificationReport report) => [.. report.Findings.Where(f => !f.Holds).Select(f => f.Claim).Distinct().Order(StringComparer.Ordinal)];

    private static byte[] Replace(byte[] bytes, string old, string with)
    {
        string text = Encoding.Latin1.GetString(bytes);
        Assert.Contains(old, text);
        return Encoding.Latin1.GetBytes(text.Replace(old, with, StringComparison.Ordinal));
    }

    private static string Text(VerificationReport report) => string.Join('\n', report.Findings);
}
