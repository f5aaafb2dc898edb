using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using EvidenceVault.Testing;
using Microsoft.Data.Sqlite;
using UglyToad.PdfPig;

namespace EvidenceVault.Pipeline.Tests.Disclosure;

/// <summary>Bundles of a real vault on a real store, through the use case and its behaviours, judged by the checker that strangers use.</summary>
public sealed class ExportTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private const string Reason = "Served on the defence";

    [Fact]
    public async Task A_bundle_in_a_folder_holds_and_has_the_bytes_that_were_taken_in()
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        byte[] content = await bench.IngestAsync("AB/1");
        ExportedBundle made = await bench.ExportAsync("bundle", "AB/1");

        await MustHoldAsync(BagSource.Folder(bench.At("bundle")));
        Assert.Equal(content, File.ReadAllBytes(bench.At("bundle/data/exhibits/AB-1/AB-1.avi")));
        Assert.Equal((bench.FilesOf("bundle").Count, made.Id), (made.Files, bench.ManifestOf("bundle").Id));
        Assert.Equal(Hash(File.ReadAllBytes(bench.At("bundle/data/bundle.json"))), made.BundleSha256);
        Assert.Empty(Directory.EnumerateFileSystemEntries(bench.Folder, ".evidencevault-draft-*"));
        bench.Temp.MustHold();
    }

    [Fact]
    public async Task A_bundle_in_a_ZIP_holds_and_is_in_the_one_form_of_a_ZIP()
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        await bench.IngestAsync("AB/1", bytes: 3_000_000);
        await bench.IngestAsync("AB/2", name: "no extension");
        await bench.ExportAsync("bundle.zip", "AB/2", "AB/1", "AB/1");

        using ZipBag zip = BagSource.Zip(bench.At("bundle.zip"));
        VerificationReport report = await MustHoldAsync(zip);
        Assert.DoesNotContain(report.Findings, f => f is { Claim: "container-form", Verdict: Verdict.Note });
        Assert.Contains(zip.Files, f => f.Path == "data/exhibits/AB-2/AB-2.bin");
        await RunAsync(bench.Folder, "unzip", "-q", "bundle.zip", "-d", "unpacked");
        await MustHoldAsync(BagSource.Folder(bench.At("unpacked")));
    }

    [Fact]
    public async Task The_export_is_in_the_log_before_the_first_byte_leaves_and_the_bundle_after_the_last()
    {
        string? seen = null;
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        await bench.IngestAsync("AB/1");
        var progress = new Direct(_ => seen ??= string.Join(' ', bench.Temp.Entries().TakeLast(2).Select(e => $"{e.Action}/{e.Exhibit}")));
        ExportedBundle made = await bench.ExportAsync(bench.Asked("bundle", "AB/1") with { Progress = progress });

        Assert.Equal("exported/AB/1 exported/", seen);
        CustodyEntry last = bench.Temp.Entries()[^1];
        Assert.Equal(("bundle-made", made.BundleSha256, made.Id, null), (last.Action, last.Sha256, last.Detail!["bundle"]!.GetValue<string>(), last.Exhibit));
        Assert.Equal(bench.Temp.Entries("AB/1")[^1].Seq, bench.ManifestOf("bundle").Exhibits[0].LastSeq);
    }

    [Fact]
    public async Task A_second_bundle_shows_that_there_was_a_first()
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        await bench.IngestAsync("AB/1");
        await bench.ExportAsync("first", "AB/1");
        await bench.ExportAsync("second", "AB/1");

        await MustHoldAsync(BagSource.Folder(bench.At("second")));
        Assert.Equal(bench.ManifestOf("first").Exhibits[0].LastSeq + 1, bench.ManifestOf("second").Exhibits[0].LastSeq);
        Assert.Contains("Given out in another bundle", File.ReadAllText(bench.At("second/data/report/continuity.html")));
    }

    [Fact]
    public async Task Nothing_of_other_exhibits_or_cases_is_in_a_bundle()
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        await bench.IngestAsync("AB/1");
        byte[] sameCase = await bench.IngestAsync("QX/77", name: "neighbour-footage.mov"), otherCase = await bench.IngestAsync("CD/88", "OP-WREN", "other-case-footage.mov");
        await bench.ExportAsync("elsewhere", "CD/88");
        await bench.ExportAsync("bundle", "AB/1");

        string[] secrets =
        [
            "QX/77", "QX-77", "CD/88", "CD-88", "OP-WREN", "neighbour-footage", "other-case-footage", Hash(sameCase), Hash(otherCase),
            Convert.ToHexStringLower(SHA512.HashData(sameCase)), bench.ManifestOf("elsewhere").Id,
        ];
        foreach (string file in bench.FilesOf("bundle"))
        {
            string text = TextOf(bench.At($"bundle/{file}"));
            foreach (string secret in secrets) Assert.False(text.Contains(secret, StringComparison.OrdinalIgnoreCase), $"{file} has '{secret}'.");
        }
    }

    [Fact]
    public async Task A_withheld_field_is_nowhere_in_the_bundle_and_the_entries_still_prove()
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        await bench.IngestAsync("AB/1", name: "garden-of-the-informant.avi");
        await bench.ExportAsync(bench.Asked("shown", "AB/1"));
        await bench.ExportAsync(bench.Asked("withheld", "AB/1") with { Redact = ["sourceName", "reason", "sourceName"] });

        VerificationReport report = await MustHoldAsync(BagSource.Folder(bench.At("withheld")));
        Assert.Contains(report.Findings, f => f is { Claim: "disclosure", Verdict: Verdict.Note });
        Assert.Equal(["reason", "sourceName"], bench.ManifestOf("withheld").Redacted);
        foreach (string file in bench.FilesOf("withheld"))
        {
            string text = TextOf(bench.At($"withheld/{file}"));
            Assert.DoesNotContain("informant", text);
            Assert.DoesNotContain(Reason, text);
        }
        Assert.Contains("garden-of-the-informant.avi", TextOf(bench.At("shown/data/report/continuity.pdf")));
        Assert.Contains("garden-of-the-informant.avi", File.ReadAllText(bench.At("shown/data/report/continuity.html")));
        Assert.Contains("Withheld", TextOf(bench.At("withheld/data/report/continuity.pdf")));
    }

    [Fact]
    public async Task An_unknown_field_is_refused_with_those_that_there_are()
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        await bench.IngestAsync("AB/1");
        ulong size = bench.Vault.Log.Size();
        var refused = await Assert.ThrowsAsync<RefusedException>(() => bench.ExportAsync(bench.Asked("bundle", "AB/1") with { Redact = ["salary"] }));
        Assert.Contains("salary", refused.What);
        Assert.Contains("actor, reason, source, sourceName", refused.Next);
        Assert.False(Path.Exists(bench.At("bundle")));
        Assert.Equal(size + 1, bench.Vault.Log.Size());
    }

    [Theory]
    [InlineData("no-reason")]
    [InlineData("several-cases")]
    [InlineData("no-such-exhibit")]
    [InlineData("damaged")]
    [InlineData("sealed")]
    [InlineData("no-such-field")]
    public async Task What_may_not_leave_is_refused_and_the_refusal_recorded(string why)
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        await bench.IngestAsync("AB/1");
        await bench.IngestAsync("CD/1", "OP-WREN");
        if (why is "damaged" or "sealed") Execute(bench, $"UPDATE exhibit SET state = '{why}', problem = 'The store lost it.'{(why == "sealed" ? ", stored_at = NULL" : "")} WHERE reference = 'AB/1'");
        ExportBundle request = why switch
        {
            "no-reason" => bench.Asked("bundle", "AB/1") with { Why = " " },
            "several-cases" => bench.Asked("bundle", "AB/1", "CD/1"),
            "no-such-field" => bench.Asked("bundle", "AB/1") with { Redact = ["shoe-size"] },
            "no-such-exhibit" => bench.Asked("bundle", "AB/1", "AB/9"),
            _ => bench.Asked("bundle", "AB/1"),
        };
        var refused = await Assert.ThrowsAnyAsync<VaultException>(() => bench.ExportAsync(request));
        Assert.Equal(why is "damaged" or "sealed", refused is EvidenceException);
        CustodyEntry last = bench.Temp.Entries()[^1];
        Assert.Equal(("exported", Outcome.Refused, why), (last.Action, last.Outcome, last.Detail!["why"]!.GetValue<string>()));
        Assert.DoesNotContain(bench.Temp.Entries(), e => e is { Action: "exported", Outcome: Outcome.Done });
        Assert.False(Path.Exists(bench.At("bundle")));
    }

    [Fact]
    public async Task Who_may_not_see_one_of_the_cases_gets_nothing()
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite, accessFor: ["OP-HERON"]);
        await bench.IngestAsync("AB/1");
        await bench.IngestAsync("CD/1", "OP-WREN", asMaker: true);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => bench.ExportAsync("bundle", "AB/1", "CD/1"));
        // Which case it is of is told to nobody who may not see it.
        Assert.Contains("CD/1", refused.What);
        Assert.DoesNotContain("OP-WREN", refused.Message);
        Assert.Equal(("exported", Outcome.Refused, "CD/1"), (bench.Temp.Entries()[^1].Action, bench.Temp.Entries()[^1].Outcome, bench.Temp.Entries()[^1].Exhibit));
        Assert.False(Path.Exists(bench.At("bundle")));
        await bench.ExportAsync("bundle", "AB/1");
        await MustHoldAsync(BagSource.Folder(bench.At("bundle")));
    }

    [Theory]
    [InlineData("bundle")]
    [InlineData("bundle.zip")]
    public async Task What_is_there_already_is_never_written_over(string output)
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        await bench.IngestAsync("AB/1");
        File.WriteAllText(bench.At(output), "mine");
        ulong size = bench.Vault.Log.Size();
        await Assert.ThrowsAsync<RefusedException>(() => bench.ExportAsync(output, "AB/1"));
        Assert.Equal("mine", File.ReadAllText(bench.At(output)));
        Assert.Equal(size + 1, bench.Vault.Log.Size());
        CustodyEntry last = bench.Temp.Entries()[^1];
        Assert.Equal(("exported", Outcome.Refused, "no-place-for-it"), (last.Action, last.Outcome, last.Detail!["why"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("bundle")]
    [InlineData("bundle.zip")]
    public async Task Bytes_that_are_not_the_sealed_ones_never_become_a_bundle(string output)
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite, wrap: store => new AlteringStore(store));
        await bench.IngestAsync("AB/1");
        AlteringStore.Of(bench).Alters = true;
        var told = await Assert.ThrowsAsync<EvidenceException>(() => bench.ExportAsync(output, "AB/1"));
        Assert.Contains("AB-1.avi", told.What);
        Assert.Equal([bench.At("AB-1.avi")], Directory.EnumerateFileSystemEntries(bench.Folder));
        Assert.Equal(("bundle-made", Outcome.Failed), (bench.Temp.Entries()[^1].Action, bench.Temp.Entries()[^1].Outcome));
    }

    [Theory]
    [InlineData("disk/bundle")]
    [InlineData("disk/bundle.zip")]
    public async Task A_full_disk_leaves_no_bundle(string output)
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        await bench.IngestAsync("AB/1", bytes: 5_000_000);
        Directory.CreateDirectory(bench.At("disk"));
        using SmallDisk disk = SmallDisk.Over(bench.At("disk"), 3);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => bench.ExportAsync(output, "AB/1"));
        Assert.Contains("cannot be written", refused.What);
        Assert.Empty(Directory.EnumerateFileSystemEntries(bench.At("disk")));
        disk.Resize(30);
        await bench.ExportAsync(output, "AB/1");
        Assert.True(Path.Exists(bench.At(output)));
    }

    [Theory]
    [InlineData("bundle")]
    [InlineData("bundle.zip")]
    public async Task Stopped_half_way_nothing_of_the_name_is_there(string output)
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        await bench.IngestAsync("AB/1", bytes: 6_000_000);
        using var stop = new CancellationTokenSource();
        bool partThere = false;
        ExportBundle request = bench.Asked(output, "AB/1") with
        {
            Progress = new Direct(step =>
            {
                if (step.Written < 2_000_000) return;
                partThere = Directory.EnumerateFileSystemEntries(bench.Folder, ".evidencevault-draft-*").Any();
                stop.Cancel();
            }),
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.SendAsync(request, stop.Token));
        Assert.True(partThere);
        Assert.False(Path.Exists(bench.At(output)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(bench.Folder, ".evidencevault-draft-*"));
    }

    [Fact]
    public async Task Without_the_cosignatures_that_the_policy_asks_for_a_bundle_is_refused_or_says_so()
    {
        // Nothing listens at the discard port.
        VerifierKey witness = new CosignatureSigner("witness.example/north", NoteSigner.NewSeed(), TimeProvider.System).Key;
        await using ExportBench bench = await ExportBench.NewAsync(azurite, policy: v => $"log {v.Keys.Log.VerifierKey}\nwitness north {witness} http://127.0.0.1:9\nquorum north\n");
        await bench.IngestAsync("AB/1");
        var refused = await Assert.ThrowsAsync<RefusedException>(() => bench.ExportAsync("bundle", "AB/1"));
        Assert.Contains("--uncosigned", refused.Next);
        Assert.False(Path.Exists(bench.At("bundle")));

        ExportedBundle made = await bench.ExportAsync(bench.Asked("bundle", "AB/1") with { Uncosigned = true });
        Assert.False(made.QuorumHolds);
        VerificationReport report = await BundleCheck.RunAsync(BagSource.Folder(bench.At("bundle")), new GivenTrust(), TimeProvider.System.GetUtcNow());
        Assert.Equal(["witness-quorum"], report.Findings.Where(f => !f.Holds).Select(f => f.Claim).Distinct());
        Assert.Contains("was made without the cosignatures", File.ReadAllText(bench.At("bundle/data/report/continuity.html")));
    }

    [Fact]
    public async Task Every_command_of_how_to_verify_works_as_it_stands()
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        await bench.IngestAsync("AB/1");
        await bench.IngestAsync("AB/2");
        await bench.ExportAsync("bundle", "AB/1", "AB/2");

        string[] commands = [.. File.ReadAllLines(bench.At("bundle/HOW-TO-VERIFY.txt")).Where(l => l.StartsWith("  $ ", StringComparison.Ordinal)).Select(l => l[4..])];
        Assert.Equal(8, commands.Length);
        foreach (string command in commands)
        {
            (int code, string said) = await RunAsync(bench.At("bundle"), "sh", "-c", command);
            Assert.True(code == 0, $"{command}\n{said}");
        }
        // They are commands that can fail.
        byte[] changed = File.ReadAllBytes(bench.At("bundle/data/exhibits/AB-1/AB-1.avi"));
        changed[7] ^= 1;
        File.WriteAllBytes(bench.At("bundle/data/exhibits/AB-1/AB-1.avi"), changed);
        File.AppendAllText(bench.At("bundle/data/seals/AB-2/seal.json"), " ");
        File.AppendAllText(bench.At("bundle/data/bundle.json"), " ");
        File.AppendAllText(bench.At("bundle/manifest-sha256.txt"), "# \n");
        int[] codes = [.. commands.Select(c => RunAsync(bench.At("bundle"), "sh", "-c", c).Result.Code)];
        Assert.Equal([1, 1, 4, 0, 0, 1, 4, 0], codes);
    }

    [Fact]
    public async Task Reports_for_programs_say_what_the_entries_say_and_run_nothing()
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        byte[] content = await bench.IngestAsync("AB/1", name: "=cmd.avi");
        await bench.ExportAsync(bench.Asked("bundle", "AB/1") with { Why = "=HYPERLINK(\"http://x\"), \"quoted\"\nand <script>alert(1)</script> 🚤" });

        string csv = File.ReadAllText(bench.At("bundle/data/report/entries.csv"));
        Assert.Contains("\"'=HYPERLINK(\"\"http://x\"\"), \"\"quoted\"\"\nand", csv);
        Assert.DoesNotContain(",=", csv);
        JsonElement entries = JsonDocument.Parse(File.ReadAllBytes(bench.At("bundle/data/report/entries.json"))).RootElement.GetProperty("entries");
        BundleExhibit named = bench.ManifestOf("bundle").Exhibits[0];
        Assert.Equal(named.Entries.Append(bench.ManifestOf("bundle").ExportEntry), entries.EnumerateArray().Select(e => e.GetProperty("index").GetUInt64()));
        Assert.Equal(Environment.UserName, entries[0].GetProperty("fields").GetProperty("actor").GetString());

        JsonElement graph = JsonDocument.Parse(File.ReadAllBytes(bench.At("bundle/data/report/case-uco.jsonld"))).RootElement.GetProperty("@graph");
        JsonElement file = graph.EnumerateArray().Single(n => n.GetProperty("@type").GetString() == "uco-observable:File");
        JsonElement hashes = file.GetProperty("uco-core:hasFacet").EnumerateArray().Single(f => f.GetProperty("@type").GetString() == "uco-observable:ContentDataFacet").GetProperty("uco-observable:hash");
        Assert.Contains(hashes.EnumerateArray(), h => h.GetProperty("uco-types:hashValue").GetProperty("@value").GetString() == Hash(content));
        string[] ids = [.. graph.EnumerateArray().Select(n => n.GetProperty("@id").GetString()!)];
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.Equal(6, graph.EnumerateArray().Count(n => n.GetProperty("@type").GetString() == "case-investigation:InvestigativeAction"));

        string html = File.ReadAllText(bench.At("bundle/data/report/continuity.html"));
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script&gt;", html);
        Assert.DoesNotContain("http://", html.Replace("http://x", "", StringComparison.Ordinal));
        Assert.Contains(Hash(content), html);
        string pdf = TextOf(bench.At("bundle/data/report/continuity.pdf"));
        Assert.Contains(Hash(content), pdf);
        Assert.Contains("\\ud83d", pdf);
    }

    private static async Task<VerificationReport> MustHoldAsync(IBagSource source)
    {
        VerificationReport report = await BundleCheck.RunAsync(source, new GivenTrust(), TimeProvider.System.GetUtcNow());
        Assert.True(report.Holds, string.Join('\n', report.Findings.Where(f => !f.Holds).Select(f => $"{f.Claim} [{f.Subject}] {f.Sentence}")));
        return report;
    }

    /// <summary>All that a reader could find in a file: its text, of a PDF what its pages say, of disclosures what they open.</summary>
    private static string TextOf(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        string text = Encoding.Latin1.GetString(bytes);
        if (file.EndsWith(".pdf", StringComparison.Ordinal))
        {
            using PdfDocument pdf = PdfDocument.Open(bytes);
            // Lines are broken to fit: what is told apart by a break is one all the same.
            return string.Concat(pdf.GetPages().Select(p => p.Text)) + text;
        }
        if (!file.EndsWith(".disclosures", StringComparison.Ordinal)) return text;
        return string.Concat(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => Proof.Disclosure.TryParse(l, out Proof.Disclosure? d, out _) ? $"{d.Name} {d.Value}\n" : l));
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static void Execute(ExportBench bench, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={bench.Temp.DatabaseFile}");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    private static async Task<(int Code, string Said)> RunAsync(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }

    private sealed class Direct(Action<ExportStep> report) : IProgress<ExportStep>
    {
        public void Report(ExportStep value) => report(value);
    }
}

/// <summary>A store that, once told to, gives back other bytes than it was given, as one that somebody got into would.</summary>
internal sealed class AlteringStore(IEvidenceStore inner) : IEvidenceStore
{
    public bool Alters { get; set; }

    public string Encryption => inner.Encryption;

    public static AlteringStore Of(ExportBench bench) => (AlteringStore)bench.Store;

    public Task StageAsync(string stagingId, Stream content, CancellationToken cancel) => inner.StageAsync(stagingId, content, cancel);

    public Task<Placement> PlaceAsync(string stagingId, ContentAddress address, CancellationToken cancel) => inner.PlaceAsync(stagingId, address, cancel);

    public Task<Protection> ProtectAsync(ContentAddress address, CancellationToken cancel) => inner.ProtectAsync(address, cancel);

    public Task DiscardAsync(string stagingId, CancellationToken cancel) => inner.DiscardAsync(stagingId, cancel);

    public Task<bool> ExistsAsync(ContentAddress address, CancellationToken cancel) => inner.ExistsAsync(address, cancel);

    public Task<string> CheckAsync(CancellationToken cancel) => inner.CheckAsync(cancel);

    public async Task<Stream> OpenReadAsync(ContentAddress address, long offset, long length, CancellationToken cancel)
    {
        await using Stream stored = await OpenReadAsync(address, cancel);
        using var bytes = new MemoryStream();
        await stored.CopyToAsync(bytes, cancel);
        return new MemoryStream([.. bytes.ToArray().Skip((int)offset).Take((int)length)]);
    }

    public async Task<Stream> OpenReadAsync(ContentAddress address, CancellationToken cancel)
    {
        Stream stored = await inner.OpenReadAsync(address, cancel);
        if (!Alters) return stored;
        using var bytes = new MemoryStream();
        await stored.CopyToAsync(bytes, cancel);
        byte[] altered = bytes.ToArray();
        altered[altered.Length / 2] ^= 1;
        return new MemoryStream(altered);
    }
}
