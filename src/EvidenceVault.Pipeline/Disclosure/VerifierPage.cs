using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Disclosure;

/// <summary>The offline verifier page that goes into every bundle, as it was built into this program.</summary>
public sealed class VerifierPage
{
    private readonly byte[]? _content;

    /// <summary>The page built in.</summary>
    public VerifierPage() : this(BuiltIn())
    {
    }

    /// <summary>A page from elsewhere; null where there is none.</summary>
    public VerifierPage(byte[]? content) => _content = content;

    /// <summary>Its bytes.</summary>
    /// <exception cref="UnreachableException">This program was built without it.</exception>
    public byte[] Content => _content ?? throw new UnreachableException(
        "This program was built without verify.html.", "A bundle without it would not be whole, so none was made.", "Build the page (scripts/run does) and the program again.");

    private static byte[]? BuiltIn()
    {
        using Stream? resource = typeof(VerifierPage).Assembly.GetManifestResourceStream("verify.html");
        if (resource is null) return null;
        using var bytes = new MemoryStream();
        resource.CopyTo(bytes);
        return bytes.ToArray();
    }
}
