using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Storage;

/// <summary>
/// Where sealed bytes lie: create-only, content-addressed, encrypted before they leave this process. Every driver passes
/// the suite EvidenceStoreCompliance. Drivers throw <see cref="UnreachableException"/> when trying again may help and
/// <see cref="EvidenceException"/> when stored bytes are missing or do not decrypt.
/// </summary>
public interface IEvidenceStore
{
    /// <summary>How stored bytes are encrypted, as recorded in each seal, for example <c>azure-client-side-v2.0-aes-256-gcm</c>.</summary>
    string Encryption { get; }

    /// <summary>Encrypts and uploads a stream in blocks under a staging name of its own. Returns once it is durable.
    /// The stream is read exactly once, from start to end. Staging the same id again replaces what a crash left there.</summary>
    Task StageAsync(string stagingId, Stream content, CancellationToken cancel);

    /// <summary>Gives staged bytes their content address, create-only, and takes the staging copy away. Where the address is
    /// taken already, nothing is written: the bytes there stand, and the caller's read-back decides whether they are right.
    /// A crash leaves the staged copy, the placed copy or both; calling again is safe.</summary>
    Task<Placement> PlaceAsync(string stagingId, ContentAddress address, CancellationToken cancel);

    /// <summary>Opens stored bytes, decrypted, from the start. Authentication failures surface while reading.</summary>
    Task<Stream> OpenReadAsync(ContentAddress address, CancellationToken cancel);

    /// <summary>Opens a part of stored bytes, decrypted, for whoever jumps about in them: no more than the authenticated regions that the part lies in is fetched.
    /// What is given out was authenticated, at its place; that the whole is what was sealed, the caller must know from elsewhere.</summary>
    /// <param name="address">Where they lie.</param>
    /// <param name="offset">The first byte wanted, from 0; below the length of what is stored.</param>
    /// <param name="length">How many, from 1; the stream ends earlier only where what is stored does.</param>
    /// <param name="cancel">Ends the opening.</param>
    Task<Stream> OpenReadAsync(ContentAddress address, long offset, long length, CancellationToken cancel);

    /// <summary>Asks the service for immutability and legal hold on a stored blob. Where it cannot (Azurite answers 501), says so.</summary>
    Task<Protection> ProtectAsync(ContentAddress address, CancellationToken cancel);

    /// <summary>True where the address holds bytes.</summary>
    Task<bool> ExistsAsync(ContentAddress address, CancellationToken cancel);

    /// <summary>Removes staged bytes that came to nothing. Never touches placed bytes.</summary>
    Task DiscardAsync(string stagingId, CancellationToken cancel);

    /// <summary>Makes the containers if they are not there, and proves that the service answers. For start-up and doctor.</summary>
    Task<string> CheckAsync(CancellationToken cancel);
}

/// <summary>What became of a placement.</summary>
public enum Placement
{
    /// <summary>The bytes are new to the store.</summary>
    Created,

    /// <summary>The address held bytes already; nothing was written.</summary>
    AlreadyThere,
}

/// <summary>What guards a stored blob against change, as recorded in its seal.</summary>
/// <param name="Immutability"><c>service</c> where the service holds it, <c>application</c> where only this program does.</param>
/// <param name="LegalHold"><c>service</c> or <c>application</c>.</param>
/// <param name="Note">Why, for a reader: for example that the service answered 501 Not Implemented.</param>
public sealed record Protection(string Immutability, string LegalHold, string Note);

/// <summary>Where bytes lie in the store, by what they are.</summary>
public readonly record struct ContentAddress
{
    private ContentAddress(string path) => Path = path;

    /// <summary>The blob's name: <c>masters/sha256/ab/abcd…</c>.</summary>
    public string Path { get; }

    /// <summary>The address of a Master.</summary>
    public static ContentAddress Master(string sha256) => Of("masters", sha256);

    /// <summary>The address of a Derivative.</summary>
    public static ContentAddress Derivative(string sha256) => Of("derivatives", sha256);

    /// <summary>Reads an address written by <see cref="Path"/>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static ContentAddress Parse(string path) => path.Split('/') is [var kind and ("masters" or "derivatives"), "sha256", var two, var hash] && hash.StartsWith(two, StringComparison.Ordinal)
        ? Of(kind, hash)
        : throw new FormatException($"'{path}' is not a content address.");

    private static ContentAddress Of(string kind, string sha256) => sha256.Length == 64 && sha256.All(char.IsAsciiHexDigitLower)
        ? new($"{kind}/sha256/{sha256[..2]}/{sha256}")
        : throw new FormatException("A content address needs a SHA-256 of 64 lower-case hex digits.");

    /// <inheritdoc/>
    public override string ToString() => Path;
}
