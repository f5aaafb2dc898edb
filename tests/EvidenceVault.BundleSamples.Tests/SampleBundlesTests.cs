using System.Diagnostics;
using System.Text.Json;
using EvidenceVault.Proof;

namespace EvidenceVault.BundleSamples.Tests;

/// <summary>The committed samples are golden: this version of the checker judges each as it says, and the stock tools agree where they apply.</summary>
public sealed class SampleBundlesTests
{
    // Any moment at which the samples' certificates are valid, but for the one that ran out in 2021.
    private static readonly DateTimeOffset Now = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> All => [.. Names("valid"), .. Names("tampered")];

    public static TheoryData<string> InFolders => [.. All.Select(s => s.Data).Where(s => Directory.Exists(Path.Combine(Root, s, "bag")))];

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_sample_is_judged_as_it_says(string sample)
    {
        JsonElement expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, sample, "expected.json"))).RootElement;
        VerificationReport report = await CheckAsync(sample);
        string told = string.Join('\n', report.Findings.Select(f => $"{f.Verdict} {f.Claim} [{f.Subject}] {f.Sentence}"));
        Assert.True(expected.GetProperty("holds").GetBoolean() == report.Holds, told);
        if (report.Holds) return;
        string claim = expected.GetProperty("claim").GetString()!;
        string? subject = expected.GetProperty("subject").GetString();
        Assert.True(report.Findings.Any(f => !f.Holds && f.Claim == claim && (subject is null || f.Subject == subject)), $"No finding fails {claim} of {subject}:\n{told}");
    }

    [Fact]
    public void There_are_more_than_thirty_kinds_of_damage_and_each_has_a_sentence()
    {
        Assert.True(Names("tampered").Count() > 30);
        Assert.True(Names("valid").Count() > 5);
        foreach (string sample in All.Select(s => s.Data))
        {
            JsonElement expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, sample, "expected.json"))).RootElement;
            Assert.EndsWith(".", expected.GetProperty("what").GetString());
            Assert.Equal(sample.StartsWith("valid/", StringComparison.Ordinal), expected.GetProperty("holds").GetBoolean());
            Assert.Equal(expected.GetProperty("holds").GetBoolean(), expected.GetProperty("claim").ValueKind == JsonValueKind.Null);
        }
    }

    [Fact]
    public void The_sample_maker_makes_the_committed_samples_byte_for_byte()
    {
        List<Sample> made = [.. Samples.All()];
        Assert.Equal(All.Select(s => s.Data).Order(), made.Select(s => $"{s.Folder}/{s.Name}").Order());
        foreach (Sample sample in made)
        {
            string folder = Path.Combine(Root, sample.Folder, sample.Name);
            Assert.Equal(Samples.Expected(sample), File.ReadAllText(Path.Combine(folder, "expected.json")));
            if (sample.Bag.Zip is { } zip)
            {
                Assert.True(zip.AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(folder, "bag.zip"))), $"{sample.Name}: bag.zip is another.");
                continue;
            }
            string bag = Path.Combine(folder, "bag");
            Assert.Equal(sample.Bag.Files.Keys.Concat(sample.Bag.Links.Keys).Order(StringComparer.Ordinal),
                Directory.EnumerateFiles(bag, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(bag, f)).Order(StringComparer.Ordinal));
            foreach ((string path, byte[] content) in sample.Bag.Files)
                Assert.True(content.AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(bag, path))), $"{sample.Name}: {path} is another.");
        }
        Assert.Equal(SampleIndex.Write(made), File.ReadAllText(Path.Combine(Root, "README.md")));
    }

    [Theory]
    [MemberData(nameof(InFolders))]
    public async Task Sha256sum_agrees_about_every_file_that_a_manifest_names(string sample)
    {
        string bag = Path.Combine(Root, sample, "bag");
        VerificationReport report = await CheckAsync(sample);
        // What sha256sum can see: a file that is named and missing or other. Not: what was added, or how a manifest is spelled.
        bool ours = report.Findings.All(f => f.Holds || f.Claim is not ("bag-payload" or "bag-tags" or "bag-complete" or "bag-form"));
        bool theirs = Ran(bag, "sha256sum", "-c", "--quiet", "--strict", "manifest-sha256.txt", "tagmanifest-sha256.txt");
        if (ours) Assert.True(theirs, $"sha256sum refuses {sample}");
        if (!theirs) Assert.False(ours, $"sha256sum refuses {sample}, and our checker does not");
    }

    [Theory]
    [MemberData(nameof(InFolders))]
    public async Task Openssl_agrees_about_every_signature_and_time_stamp(string sample)
    {
        string bag = Path.Combine(Root, sample, "bag");
        VerificationReport report = await CheckAsync(sample);
        // The link stands in the place of the policy, which no signature is over.
        string ca = "data/keys/ca.pem";
        Assert.Equal(Holds("bundle-signature", null), Cms("data/bundle.json", "data/bundle.cms"));
        if (report.Findings.Any(f => f is { Claim: "bundle-form", Holds: false })) return;
        foreach (string seal in Directory.EnumerateDirectories(Path.Combine(bag, "data/seals")).Select(d => Path.GetFileName(d)!))
        {
            string exhibit = seal.Replace('-', '/');
            if (report.Findings.All(f => f.Subject != exhibit)) continue; // taken out of bundle.json
            string[] claims = ["seal-form", "seal-content", "seal-signature", "seal-time", "seal-purpose", "seal-chain"];
            bool ours = claims.All(c => Holds(c, exhibit));
            // An expired certificate with a good time stamp: openssl cms does not know of the stamp, and is told not to ask the clock.
            bool stamped = File.Exists(Path.Combine(bag, $"data/seals/{seal}/seal.tst"));
            bool theirs = Cms($"data/seals/{seal}/seal.json", $"data/seals/{seal}/seal.cms", stamped && ours ? ["-no_check_time"] : []);
            Assert.True(ours == theirs, $"{sample}: of the seal of {exhibit} we say {ours}, openssl says {theirs}.");
            if (stamped)
            {
                bool good = Ran(bag, "openssl", "ts", "-verify", "-data", $"data/seals/{seal}/seal.cms", "-in", $"data/seals/{seal}/seal.tst", "-token_in", "-CAfile", "data/keys/tsa.pem");
                // openssl ts asks today's clock about the authority's certificate, and we ask the token's time: both refuse the one that ran out.
                Assert.True(Holds("timestamp", exhibit) == good, $"{sample}: of the time stamp of {exhibit} openssl says {good}.");
            }
        }

        bool Holds(string claim, string? subject) => report.Findings.Where(f => f.Claim == claim && (subject is null || f.Subject == subject)).All(f => f.Holds);

        bool Cms(string content, string signature, params string[] more) =>
            Ran(bag, "openssl", ["cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-content", content, "-CAfile", ca, "-out", "/dev/null", .. more]);
    }

    private static async Task<VerificationReport> CheckAsync(string sample)
    {
        string zip = Path.Combine(Root, sample, "bag.zip");
        if (!File.Exists(zip)) return await BundleCheck.RunAsync(BagSource.Folder(Path.Combine(Root, sample, "bag")), new GivenTrust(), Now);
        using ZipBag bag = BagSource.Zip(zip);
        return await BundleCheck.RunAsync(bag, new GivenTrust(), Now);
    }

    private static bool Ran(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        Task.WaitAll(output, error);
        return process.ExitCode == 0;
    }

    private static IEnumerable<string> Names(string folder) => Directory.EnumerateDirectories(Path.Combine(Root, folder)).Select(d => $"{folder}/{Path.GetFileName(d)}").Order(StringComparer.Ordinal);

    private static string Root
    {
        get
        {
            for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
            {
                if (File.Exists(Path.Combine(at.FullName, "EvidenceVault.sln"))) return Path.Combine(at.FullName, "samples", "bundles");
            }
            throw new InvalidOperationException("The tests do not run from within a checkout: no EvidenceVault.sln above them.");
        }
    }
}
