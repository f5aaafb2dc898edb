using System.Security.Cryptography;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>The rings that a rotation makes of a ring. Pure: nothing is written. Nothing is ever taken out of a ring.</summary>
internal static class KeyRotations
{
    public static KeyRingFile RotateLog(this KeyRingFile ring, TimeProvider clock) => ring with { LogKeys = [.. ring.LogKeys, LogKey.New(ring.LogKeys[0].Origin, clock)] };

    public static KeyRingFile RotateContent(this KeyRingFile ring, TimeProvider clock) => ring with { ContentKeys = [.. ring.ContentKeys, KeyEncryptionKey.New(clock)] };

    public static KeyRingFile RotateSeal(this KeyRingFile ring, bool newAuthority, TimeProvider clock)
    {
        // A name of its own for each: two certificates of one subject are told apart by nobody who reads them.
        string suffix = RandomNumberGenerator.GetHexString(8, lowercase: true);
        return ring with { SealKeys = [.. ring.SealKeys, newAuthority ? SealCertificates.New(suffix, clock) : SealCertificates.NewUnder(ring.SealKeys[^1], suffix, clock)] };
    }

    /// <summary>Ends a log key's overlap: it signs no more.</summary>
    /// <exception cref="RefusedException">It is not there, is the current one, or is retired already.</exception>
    public static KeyRingFile RetireLog(this KeyRingFile ring, string id, TimeProvider clock)
    {
        LogKey? key = ring.LogKeys.FirstOrDefault(k => KeyListing.IdOf(new Ed25519LogSigner(k).VerifierKey) == id);
        string? why = key is null ? $"There is no log key '{Names.Printable(id)}'."
            : key.RetiredAt is not null ? $"The log key {id} is retired already."
            : key == ring.LogKeys[^1] ? $"The log key {id} is the current one: without it nothing would sign the log." : null;
        if (why is not null) throw new RefusedException(why, "No key was changed.", "See 'evidencevault keys list' for the keys and their states; 'evidencevault keys rotate log' makes a new one.");
        return ring with { LogKeys = [.. ring.LogKeys.Select(k => k == key ? k with { RetiredAt = clock.GetUtcNow() } : k)] };
    }
}
