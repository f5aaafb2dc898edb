namespace EvidenceVault.Pipeline.Keys;

/// <summary>Wraps content keys for storage (AES key wrap with padding, RFC 5649). Keys never leave it.</summary>
public interface IKeyWrapper
{
    /// <summary>The id of the key that new content is wrapped under.</summary>
    string CurrentKeyId { get; }

    /// <summary>Wraps a content key under the current key.</summary>
    byte[] Wrap(ReadOnlySpan<byte> contentKey);

    /// <summary>Unwraps a content key. Throws <see cref="System.Security.Cryptography.CryptographicException"/> when it was altered,
    /// <see cref="KeyNotFoundException"/> when the ring holds no key of that id.</summary>
    byte[] Unwrap(string keyId, ReadOnlySpan<byte> wrapped);
}

/// <summary>Signs the custody log's checkpoints (Ed25519, C2SP signed-note).</summary>
public interface ILogSigner
{
    /// <summary>The log's origin, which is also the key's name, for example <c>evidencevault.local/1f3a9c20</c>.</summary>
    string Origin { get; }

    /// <summary>The verifier key that strangers check with: <c>name+hash+base64(01‖pub)</c> (C2SP signed-note).</summary>
    string VerifierKey { get; }

    /// <summary>The raw 64-byte Ed25519 signature over a note's text.</summary>
    byte[] Sign(ReadOnlySpan<byte> text);
}

/// <summary>Signs seals and receipts: CMS detached signatures (RFC 5652) by the vault's certificate.</summary>
public interface ISealSigner
{
    /// <summary>A DER-encoded detached CMS SignedData over the content, with the signing certificate inside.</summary>
    byte[] SignDetached(ReadOnlySpan<byte> content);

    /// <summary>The CA certificate, PEM, to hand to whoever checks: <c>openssl cms -verify -CAfile</c>.</summary>
    string CaPem { get; }

    /// <summary>The signing certificate's SHA-256 thumbprint, lower-case hex.</summary>
    string CertificateSha256 { get; }
}
