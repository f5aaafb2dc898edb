using System.Text;
using System.Text.Json;
using CsCheck;
using EvidenceVault.Pipeline.Intake;
using NJsonSchema;

namespace EvidenceVault.Pipeline.Tests.Intake;

public sealed class DropManifestReaderTests
{
    private const string Hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private const string Whole = $$"""
        {
          "version": "evidencevault/drop/1", "case": "OP-HERON", "camera": "CAM-7", "exhibitPrefix": "AB", "authorityUrn": "URN/2026/17",
          "technician": "T. Example", "retrievedAt": "2026-03-01T21:04:05.5+01:00",
          "clock": { "cameraTime": "2026-03-01T20:00:00Z", "referenceTime": "2026-03-01T20:00:42.25Z", "uncertaintySeconds": 0.5, "reference": "speaking clock" },
          "files": [ { "name": "DCIM/clip 1.mp4", "bytes": 12, "sha256": "{{Hash}}" }, { "name": "🚤.mp4", "bytes": 1, "sha256": "{{Hash}}" } ]
        }
        """;

    /// <summary>Good manifests, by the schema and by the reader.</summary>
    public static TheoryData<string> Good => new()
    {
        Whole,
        Least(),
        Least(files: One("a")),
        Least(files: One("...")), Least(files: One("..a/b..")), Least(files: One("sub/drop.json")), Least(files: One(".hidden")), Least(files: One(" ")),
        Least(files: One("C:/x")), // a name like any other here, and never a path
        Least(files: $$"""[{"name":"a","bytes":9007199254740991,"sha256":"{{Hash.ToUpperInvariant()}}"}]"""),
        Least(more: "\"technician\":\"Zoë Ünal 🚤\""),
    };

    /// <summary>Bad manifests, by the schema and by the reader, with the kind of problem told.</summary>
    public static TheoryData<string, string> Bad => new()
    {
        { "[]", "manifest-invalid" }, { "null", "manifest-invalid" }, { "\"x\"", "manifest-invalid" }, { "{}", "manifest-invalid" },
        { Least().Replace("drop/1", "drop/2"), "manifest-invalid" },
        { Least().Replace("OP-HERON", "OP HERON"), "manifest-invalid" }, { Least().Replace("OP-HERON", ""), "manifest-invalid" },
        { Least().Replace("OP-HERON", "../x"), "manifest-invalid" }, { Least().Replace("\"OP-HERON\"", "7"), "manifest-invalid" },
        { Least().Replace("CAM-7", new string('c', 65)), "manifest-invalid" },
        { Least(more: "\"colour\":1"), "manifest-invalid" }, { Least(more: "\"Case\":\"x\""), "manifest-invalid" },
        { Least(more: "\"exhibitPrefix\":\"ab\""), "manifest-invalid" }, { Least(more: "\"exhibitPrefix\":\"AB/1\""), "manifest-invalid" },
        { Least(more: "\"technician\":\"\""), "manifest-invalid" }, { Least(more: "\"technician\":\"a\\nb\""), "manifest-invalid" }, { Least(more: "\"technician\":null"), "manifest-invalid" },
        { Least(more: $"\"technician\":\"{new string('x', 201)}\""), "manifest-invalid" },
        { Least(more: "\"retrievedAt\":\"2026-03-01 21:04:05Z\""), "manifest-invalid" }, { Least(more: "\"retrievedAt\":\"2026-03-01T21:04:05\""), "manifest-invalid" },
        { Least(more: "\"clock\":{}"), "manifest-invalid" }, { Least(more: "\"clock\":[]"), "manifest-invalid" },
        { Whole.Replace("0.5,", "-0.5,"), "manifest-invalid" }, { Whole.Replace("0.5,", "\"0.5\","), "manifest-invalid" }, { Whole.Replace("0.5,", "86401,"), "manifest-invalid" },
        { Least(files: "{}"), "manifest-invalid" }, { Least(files: "[1]"), "manifest-invalid" }, { Least(files: """[{"name":"a"}]"""), "manifest-invalid" },
        { Least(files: One("a", bytes: "-1")), "manifest-invalid" }, { Least(files: One("a", bytes: "1.5")), "manifest-invalid" },
        { Least(files: One("a", bytes: "\"1\"")), "manifest-invalid" }, { Least(files: One("a", bytes: "9007199254740992")), "manifest-invalid" },
        { Least(files: One("a", hash: Hash[1..])), "manifest-invalid" }, { Least(files: One("a", hash: Hash[1..] + "g")), "manifest-invalid" }, { Least(files: One("a", hash: Hash + "\\n")), "manifest-invalid" },
        { Least(files: One("../../etc/passwd")), "manifest-names-outside" }, { Least(files: One("/etc/passwd")), "manifest-names-outside" },
        { Least(files: One("a/../b")), "manifest-names-outside" }, { Least(files: One("..")), "manifest-names-outside" }, { Least(files: One("a/..")), "manifest-names-outside" },
        { Least(files: One("..\\\\x")), "manifest-names-outside" }, { Least(files: One("C:\\\\x")), "manifest-names-outside" },
        { Least(files: One("a\\\\b")), "manifest-bad-name" }, { Least(files: One("")), "manifest-bad-name" }, { Least(files: One("./a")), "manifest-bad-name" },
        { Least(files: One("a//b")), "manifest-bad-name" }, { Least(files: One("a/")), "manifest-bad-name" }, { Least(files: One("a\\u0000b")), "manifest-bad-name" },
        { Least(files: One("a\\nb")), "manifest-bad-name" }, { Least(files: One("a\\u0085b")), "manifest-bad-name" }, { Least(files: One("a\\n")), "manifest-bad-name" },
        { Least(files: One("drop.json")), "manifest-bad-name" }, { Least(files: One(".done")), "manifest-bad-name" }, { Least(files: One(new string('x', 1025))), "manifest-bad-name" },
    };

    /// <summary>What only the reader can find, with the kind told.</summary>
    public static TheoryData<string, string> BadBeyondTheSchema => new()
    {
        { "", "manifest-not-json" }, { "{", "manifest-not-json" }, { "{}{}", "manifest-not-json" }, { "{\"a\":1,}", "manifest-not-json" }, { "// x\n{}", "manifest-not-json" },
        { Least(more: "\"case\":\"OTHER\""), "manifest-not-json" }, { Least(more: "\"\\u0063ase\":\"OTHER\""), "manifest-not-json" },
        { Least(files: """[{"name":"a","name":"b","bytes":1,"sha256":"x"}]"""), "manifest-not-json" },
        { new string('[', 1000), "manifest-not-json" }, { Least(files: new string('[', 20) + new string(']', 20)), "manifest-not-json" },
        { Least(files: Two("a.mp4", "a.mp4")), "manifest-names-twice" }, { Least(files: Two("clip.mp4", "CLIP.MP4")), "manifest-names-twice" },
        { Least(files: Two("caf\u00e9", "cafe\u0301")), "manifest-names-twice" }, { Least(files: Two("\u00c5", "\u212b")), "manifest-names-twice" },
        { Least(files: Two("\u1ec7", "e\u0302\u0323")), "manifest-names-twice" }, { Least(files: Two("\ud55c", "\u1112\u1161\u11ab")), "manifest-names-twice" },
        { Least(files: Two("ÉTÉ.mp4", "e\u0301te\u0301.mp4")), "manifest-names-twice" },
        { Least(files: One(new string('é', 200))), "manifest-bad-name" },
        { Least(files: One("\\ud800")), "manifest-invalid" }, { Least(more: "\"\\ud800\":1"), "manifest-not-json" }, { Least(more: "\"technician\":\"\\udc00\""), "manifest-invalid" },
        { Least(more: "\"retrievedAt\":\"2026-02-30T21:04:05Z\""), "manifest-invalid" }, { Least(more: "\"retrievedAt\":\"2026-02-01T24:04:05Z\""), "manifest-invalid" },
        { Least(files: One("a", bytes: "1e400")), "manifest-invalid" },
    };

    [Fact]
    public void A_whole_manifest_is_read_as_it_is_written()
    {
        ManifestReading reading = Read(Whole);
        DropManifest manifest = Assert.IsType<DropManifest>(reading.Manifest);
        Assert.Equal(("OP-HERON", "CAM-7", "AB", "URN/2026/17", "T. Example"), (manifest.Case, manifest.Camera, manifest.ExhibitPrefix, manifest.AuthorityUrn, manifest.Technician));
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 21, 4, 5, 500, TimeSpan.FromHours(1)), manifest.RetrievedAt);
        Assert.Equal(TimeSpan.FromHours(1), manifest.RetrievedAt?.Offset);
        Assert.Equal(("speaking clock", 0.5), (manifest.Clock?.Reference, manifest.Clock?.UncertaintySeconds));
        Assert.Equal([new ManifestFile("DCIM/clip 1.mp4", 12, Hash), new("🚤.mp4", 1, Hash)], manifest.Files);
        Assert.Equal(Landing.Sha256(Whole), reading.Sha256);
    }

    [Fact]
    public void A_whole_number_written_with_a_fraction_of_nought_is_a_whole_number() => // JSON Schema 2020-12 says so; NJsonSchema does not
        Assert.Equal(12, Read(Whole.Replace("\"bytes\": 12", "\"bytes\": 12.0")).Manifest?.Files[0].Bytes);

    [Fact]
    public void A_byte_order_mark_is_passed_over_and_counts_in_the_hash()
    {
        ManifestReading reading = Read("\ufeff" + Least());
        Assert.NotNull(reading.Manifest);
        Assert.Equal(Landing.Sha256("\ufeff" + Least()), reading.Sha256);
    }

    [Theory, MemberData(nameof(Good))]
    public async Task The_reader_and_the_schema_both_take(string json)
    {
        Assert.Empty((await SchemaAsync()).Validate(json));
        ManifestReading reading = Read(json);
        Assert.Empty(reading.Problems);
        Assert.NotNull(reading.Manifest);
    }

    [Theory, MemberData(nameof(Bad))]
    public async Task The_reader_and_the_schema_both_refuse(string json, string kind)
    {
        Assert.NotEmpty((await SchemaAsync()).Validate(json));
        IsRefused(json, kind);
    }

    [Theory, MemberData(nameof(BadBeyondTheSchema))]
    public void The_reader_refuses_also_what_a_schema_cannot(string json, string kind) => IsRefused(json, kind);

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_refused()
    {
        Assert.Equal("manifest-not-json", Assert.Single(DropManifestReader.Read(Encoding.Unicode.GetBytes(Least())).Problems).Kind);
        byte[] broken = Encoding.UTF8.GetBytes(Least(more: "\"technician\":\"X\""));
        broken[Array.LastIndexOf(broken, (byte)'X')] = 0xff;
        Assert.Equal("manifest-not-json", Assert.Single(DropManifestReader.Read(broken).Problems).Kind);
    }

    [Fact]
    public async Task At_most_4_MiB_are_read_of_a_stream_without_end()
    {
        using var endless = new Endless();
        ManifestReading reading = await DropManifestReader.ReadAsync(endless, TestContext.Current.CancellationToken);
        Assert.Equal("manifest-too-large", Assert.Single(reading.Problems).Kind);
        Assert.Null(reading.Sha256);
        Assert.InRange(endless.Given, DropManifestReader.MaxBytes, DropManifestReader.MaxBytes + (64 << 10));
    }

    [Fact]
    public void A_manifest_of_just_4_MiB_is_read()
    {
        string json = Least();
        Assert.NotNull(Read(json + new string(' ', DropManifestReader.MaxBytes - json.Length)).Manifest);
        Assert.Null(Read(json + new string(' ', DropManifestReader.MaxBytes - json.Length + 1)).Manifest);
    }

    [Fact]
    public void No_more_than_twenty_faults_are_told_and_hostile_names_are_told_in_print()
    {
        string files = $"[{string.Join(',', Enumerable.Range(0, 1000).Select(i => One($"../\\u001b[31m{i}")[1..^1]))}]";
        ManifestReading reading = Read(Least(files: files));
        Assert.Equal(20, reading.Problems.Count);
        Assert.All(reading.Problems, p => Assert.DoesNotContain('\u001b', p.Sentence));
    }

    [Fact]
    public void Whatever_names_a_manifest_holds_no_accepted_name_leaves_the_drop()
    {
        Gen<string> part = Gen.OneOf(
            Gen.OneOf("..", ".", "", "a", "...", "etc", "passwd", "~", "\0", "\\", "C:", "\n", "drop.json", ".done", ".taken", "\u2024\u2024", "．．", "%2e%2e", "é"),
            Gen.String[Gen.Char, 0, 4]);
        Gen.Select(part.Array[1, 5], Gen.OneOf("/", "\\", "//")).Select((parts, separator) => string.Join(separator, parts)).Sample(name =>
        {
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(new { version = DropManifestReader.Version, @case = "A", camera = "B", files = new[] { new { name, bytes = 1, sha256 = Hash } } });
            if (DropManifestReader.Read(json).Manifest is not { } manifest) return;
            string accepted = manifest.Files.Single().Name;
            const string drop = "/srv/drops/OP/CAM/drop";
            string full = Path.GetFullPath(Path.Combine(drop, accepted));
            Assert.StartsWith(drop + "/", full, StringComparison.Ordinal);
            Assert.Equal(drop + "/" + accepted, full); // and is written in the one way that names its file
        }, iter: 20_000);
    }

    [Fact]
    public void The_reader_never_throws_whatever_the_bytes()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Whole);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte, Gen.Int[0, whole.Length]).Sample((at, value, cut) =>
        {
            byte[] bytes = [.. whole];
            bytes[at] = value;
            ManifestReading changed = DropManifestReader.Read(bytes), cutOff = DropManifestReader.Read(bytes.AsMemory(0, cut));
            Assert.True(changed.Manifest is null == changed.Problems.Count > 0);
            Assert.True(cutOff.Manifest is null == cutOff.Problems.Count > 0);
        }, iter: 5_000);
    }

    [Fact]
    public void The_schema_says_which_draft_and_format_it_is()
    {
        using var schema = JsonDocument.Parse(DropManifestReader.Schema);
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", schema.RootElement.GetProperty("$schema").GetString());
        Assert.Contains(DropManifestReader.Version, DropManifestReader.Schema);
    }

    private static void IsRefused(string json, string kind)
    {
        ManifestReading reading = Read(json);
        Assert.Null(reading.Manifest);
        Assert.NotEmpty(reading.Problems);
        Assert.Contains(kind, reading.Problems.Select(p => p.Kind));
        Assert.All(reading.Problems, p => Assert.Equal("drop.json", p.RelativePath));
    }

    private static ManifestReading Read(string json) => DropManifestReader.Read(Encoding.UTF8.GetBytes(json));

    private static async Task<JsonSchema> SchemaAsync() => await JsonSchema.FromJsonAsync(DropManifestReader.Schema);

    private static string Least(string files = "[]", string? more = null) =>
        $$"""{"version":"evidencevault/drop/1","case":"OP-HERON","camera":"CAM-7","files":{{files}}{{(more is null ? "" : "," + more)}}}""";

    private static string One(string name, string bytes = "1", string hash = Hash) => $$"""[{"name":"{{name}}","bytes":{{bytes}},"sha256":"{{hash}}"}]""";

    private static string Two(string first, string second) => $"[{One(first)[1..^1]},{One(second)[1..^1]}]";

    private sealed class Endless : Stream
    {
        public long Given { get; private set; }
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => Given; set => throw new NotSupportedException(); }
        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Fill((byte)' ');
            Given += count;
            return count;
        }
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
