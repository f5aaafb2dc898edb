using System.Diagnostics;
using System.Security.Cryptography;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Worker.Tests;

/// <summary>A landing folder and a vault for one test, in a folder of its own that goes with it.</summary>
internal sealed class Bench : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("evidencevault-worker-").FullName;

    public Bench() => Directory.CreateDirectory(Drops);

    public string Drops => Path.Combine(_root, "drops");

    public string Vault => Path.Combine(_root, "vault");

    public string Receipts => Path.Combine(Vault, "receipts");

    /// <summary>Arguments for a worker on the landing folder, the given ones first.</summary>
    public string[] Args(params string[] args) => [.. args, "--source", $"folder:{Drops}"];

    /// <summary>A drop's folder.</summary>
    public string Drop(string name)
    {
        string folder = Path.Combine(Drops, name);
        Directory.CreateDirectory(folder);
        return folder;
    }

    /// <summary>Six seconds of noise in which a white figure crosses from second two to four, the same for the same seed.</summary>
    public static async Task FilmAsync(string path, int seed)
    {
        using Process ffmpeg = Process.Start("ffmpeg",
        [
            "-v", "error", "-nostdin",
            "-f", "lavfi", "-i", $"color=gray:s=160x120:r=10:d=6,noise=alls=6:allf=t:all_seed={seed}",
            "-f", "lavfi", "-i", "color=white:s=24x40:r=10:d=6",
            "-filter_complex", "[0][1]overlay=x='(t-2)*70':y=50:enable='between(t,2,4)'",
            "-c:v", "libx264", "-g", "10", "-pix_fmt", "yuv420p", "-threads", "1", "-bitexact", path,
        ]);
        await ffmpeg.WaitForExitAsync();
        Assert.Equal(0, ffmpeg.ExitCode);
    }

    /// <summary>Bytes that are no footage, many and quick to make.</summary>
    public static void Noise(string path, int bytes, int seed)
    {
        byte[] noise = new byte[bytes];
        new Random(seed).NextBytes(noise);
        File.WriteAllBytes(path, noise);
    }

    public static string Sha256(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>Looks into the vault, which must hold: the log checks whole, each state has its entries and each entry its state.</summary>
    public async Task<(IReadOnlyList<ExhibitRow> Masters, IReadOnlyList<CustodyEntry> Entries)> LookAsync()
    {
        await using Vault vault = await Pipeline.Vault.OpenAsync(Vault, TimeProvider.System);
        VerificationReport report = vault.CheckLog(null, CancellationToken.None);
        Assert.True(report.Holds, string.Join('\n', report.Findings.Where(f => !f.Holds).Select(f => f.Sentence)));
        IReadOnlyList<ExhibitRow> masters = vault.Exhibits.Masters();
        List<CustodyEntry> entries =
        [
            .. vault.Log.Entries(null).Select(e => CustodyEntry.TryParse(e.Bytes, out CustodyEntry? entry, out string problem) ? entry : throw new FormatException(problem)),
        ];
        foreach (ExhibitRow master in masters)
        {
            int Times(string action) => entries.Count(e => e.Exhibit == master.Reference && e.Action == action && e.Outcome == Outcome.Done);
            Assert.Equal(master.Sha256 is null ? 0 : 1, Times("sealed"));
            Assert.Equal(master.StoredAt is null ? 0 : 1, Times("stored"));
            foreach (ExhibitRow made in vault.Exhibits.Derivatives(ExhibitReference.Parse(master.Reference)))
                Assert.Single(entries, e => e.Exhibit == made.Reference && e.Action == "derived");
        }
        Assert.Equal(masters.Count, entries.Where(e => e.Action == "received").Select(e => e.Exhibit).Distinct().Count());
        return (masters, entries);
    }

    /// <summary>Every file sealed exactly once: the delivered files' hashes against the exhibits'.</summary>
    public static void SealedOnce(IEnumerable<string> files, IEnumerable<ExhibitRow> masters) =>
        Assert.Equal(files.Select(Sha256).Order(), masters.Select(m => m.Sha256!).Order());

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
