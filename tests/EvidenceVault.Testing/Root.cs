namespace EvidenceVault.Testing;

/// <summary>The folder that all of this was built from.</summary>
public static class Root
{
    /// <summary>Where EvidenceVault.sln lies, above the test program.</summary>
    public static string Folder { get; } = Find();

    private static string Find()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "EvidenceVault.sln"))) return at.FullName;
        }
        throw new InvalidOperationException("The folder with EvidenceVault.sln was not found above the test program.");
    }
}
