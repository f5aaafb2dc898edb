namespace EvidenceVault.Pipeline.Keys;

// The three things that keys do. An HSM or a key vault stands behind one of these and nothing else changes: no caller sees a key.
// They are synchronous on purpose: seals and checkpoints are signed inside the transaction that records them, on the sequencer's
// own thread, so a signer that goes over the wire blocks that thread and no other.

/// <summary>Wraps content keys for storage (AES key wrap with padding, RFC 5649). Keys never leave it.</summary>
public interface IKeyWrapper
{
    /// <summary>The id of the key that new content is wrapped under.</summary>
    string CurrentKeyId { get; }

    /// <summary>Wraps a content key under the key of an id.</summary>
    /// <exception cref="KeyNotFoundException">There is no key of that id.</exception>
    byte[] Wrap(string keyId, ReadOnlySpan<byte> contentKey);

    /// <summary>Unwraps a content key. Throws <see cref="System.Security.Cryptography.CryptographicException"/> when it was altered,
    /// <see cref="KeyNotFoundException"/> when the ring holds no key of that id.</summary>
    byte[] Unwrap(string keyId, ReadOnlySpan<byte> wrapped);
}

/// <summary>Signs the custody log's checkpoints with one key (Ed25519, C2SP signed-note).</summary>
public interface ILogSigner
{
    /// <summary>The log's origin, which is also the key's name, for example <c>evidencevault.local/1f3a9c20</c>.</summary>
    string Origin { get; }

    /// <summary>The verifier key that strangers check with: <c>name+hash+base64(01‖pub)</c> (C2SP signed-note).</summary>
    string VerifierKey { get; }

    /// <summary>The raw 64-byte Ed25519 signature over a note's text.</summary>
    byte[] Sign(ReadOnlySpan<byte> text);
}

/// <summary>The log's keys as the sequencer asks for them, inside each transaction.</summary>
public interface ILogKeys
{
    /// <summary>The keys that sign now, the current one first; more than one while a rotation overlaps.</summary>
    /// <param name="recorded">The keys that the log last recorded as in use (<see cref="KeyRing.InUse"/>); null where it has recorded none.
    /// Where they are not the ones in memory, another process has rotated keys, and the ring is read again.</param>
    IReadOnlyList<ILogSigner> InForce(string? recorded);
}

/// <summary>Signs seals and receipts: CMS detached signatures (RFC 5652) by the vault's certificate.</summary>
public interface ISealSigner
{
    /// <summary>A DER-encoded detached CMS SignedData over the content, with the signing certificate inside.</summary>
    byte[] SignDetached(ReadOnlySpan<byte> content);

    /// <summary>The CA certificates, PEM, newest first, to hand to whoever checks: <c>openssl cms -verify -CAfile</c>.</summary>
    string CaPem { get; }

    /// <summary>The signing certificate's SHA-256 thumbprint, lower-case hex.</summary>
    string CertificateSha256 { get; }
}

/// <summary>What stands in the place of the ring's own keys: an HSM, a key vault. Null where the ring's key is used. A key that lies
/// outside is rotated and backed up where it lies.</summary>
public sealed record OutsideKeys
{
    /// <summary>Signs the log instead.</summary>
    public ILogSigner? Log { get; init; }

    /// <summary>Signs seals instead.</summary>
    public ISealSigner? Seal { get; init; }

    /// <summary>Wraps content keys instead.</summary>
    public IKeyWrapper? Content { get; init; }
}
