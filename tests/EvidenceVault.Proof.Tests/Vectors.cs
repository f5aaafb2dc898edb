namespace EvidenceVault.Proof.Tests;

/// <summary>Finds vectors: our own beside this file's project, others' in the folder shared/ beside the repository.</summary>
internal static class Vectors
{
    private static string Repository
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "EvidenceVault.sln"))) return folder.FullName;
            }
            throw new InvalidOperationException("The tests do not run from inside the repository: no folder above holds EvidenceVault.sln.");
        }
    }

    public static string Own(params string[] parts) => Path.Combine([Repository, "tests", "EvidenceVault.Proof.Tests", "vectors", .. parts]);

    public static string SharedOrSkip(params string[] parts)
    {
        string path = Path.Combine([Repository, "..", "shared", "vectors", .. parts]);
        if (!File.Exists(path) && !Directory.Exists(path))
            Assert.Skip($"NOT CHECKED: the vectors {string.Join('/', parts)} are not there. Put shared/vectors beside the repository to run this test.");
        return path;
    }
}
