using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EvidenceVault.Pipeline.Intake;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EvidenceVault.Pipeline.Tests.Intake;

/// <summary>A landing folder on the real file system, with a clock that the test turns.</summary>
internal sealed class Landing : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("ev-landing-").FullName;

    public Landing(LandingFolderOptions? options = null)
    {
        Root = Path.Combine(_base, "drops");
        Directory.CreateDirectory(Root);
        Source = new LandingFolder(Root, options ?? new LandingFolderOptions(), Time, NullLogger<LandingFolder>.Instance);
    }

    public string Root { get; }

    public FakeTimeProvider Time { get; } = new();

    public LandingFolder Source { get; }

    public string At(string path) => Path.Combine(Root, path);

    /// <summary>A place outside the landing folder.</summary>
    public string Outside(string name) => Path.Combine(_base, name);

    public string Put(string path, string content = "footage") => Put(path, Encoding.UTF8.GetBytes(content));

    public string Put(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllBytes(At(path), content);
        return At(path);
    }

    public void PutManifest(string drop, params (string Name, string Content)[] files) =>
        Put($"{drop}/drop.json", ManifestJson("OP-HERON", "CAM-7", files));

    public static string ManifestJson(string inCase, string camera, params (string Name, string Content)[] files) => JsonSerializer.Serialize(new
    {
        version = "evidencevault/drop/1",
        @case = inCase,
        camera,
        files = files.Select(f => new { name = f.Name, bytes = Encoding.UTF8.GetByteCount(f.Content), sha256 = Sha256(f.Content) }),
    });

    public static string Sha256(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));

    public async Task<IReadOnlyList<DropSighting>> ScanAsync() => await Source.ScanAsync(TestContext.Current.CancellationToken);

    /// <summary>The one drop there is.</summary>
    public async Task<DropSighting> ScanOneAsync() => Assert.Single(await ScanAsync());

    /// <summary>The one drop there is, after it was seen once and then left alone for this long.</summary>
    public async Task<DropSighting> ScanAfterAsync(double seconds)
    {
        await ScanAsync();
        Time.Advance(TimeSpan.FromSeconds(seconds));
        return await ScanOneAsync();
    }

    public async Task<string> ReadAsync(DropFile file)
    {
        await using Stream stream = await Source.OpenAsync(file, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        Source.Dispose();
        foreach (string folder in Directory.EnumerateDirectories(_base, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.Delete(_base, recursive: true);
    }
}
