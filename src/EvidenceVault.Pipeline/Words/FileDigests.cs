namespace EvidenceVault.Pipeline.Words;

/// <summary>What identifies a file's bytes.</summary>
/// <param name="Sha256">SHA-256 (FIPS 180-4), 64 lower-case hex digits.</param>
/// <param name="Sha512">SHA-512 (FIPS 180-4), 128 lower-case hex digits.</param>
/// <param name="Bytes">Length in bytes.</param>
public sealed record FileDigests(string Sha256, string Sha512, long Bytes);
