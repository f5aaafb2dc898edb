using System.Security.Cryptography;
using System.Text;

namespace EvidenceVault.Pipeline.Disclosure;

/// <summary>A file of a bag. What its bytes are is known before they are written, and they are held to it while they are.</summary>
/// <param name="Path">Its path in the bag, such as <c>data/bundle.json</c>.</param>
/// <param name="Sha256">SHA-256, lower-case hex.</param>
/// <param name="Bytes">Length in bytes.</param>
/// <param name="OpenAsync">Opens the bytes from the start.</param>
internal sealed record PlannedFile(string Path, string Sha256, long Bytes, Func<CancellationToken, Task<Stream>> OpenAsync)
{
    /// <summary>True for what lies below <c>data/</c> (RFC 8493 section 2.1.2).</summary>
    public bool IsPayload => Path.StartsWith("data/", StringComparison.Ordinal);

    public static PlannedFile Of(string path, byte[] content) =>
        new(path, Convert.ToHexStringLower(SHA256.HashData(content)), content.LongLength, _ => Task.FromResult<Stream>(new MemoryStream(content, writable: false)));

    public static PlannedFile Of(string path, string content) => Of(path, Encoding.UTF8.GetBytes(content));
}
