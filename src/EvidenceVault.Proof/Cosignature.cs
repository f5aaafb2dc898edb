using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace EvidenceVault.Proof;

/// <summary>
/// What a witness says by cosigning a checkpoint: at this time, this was the largest consistent tree of that log that it had seen
/// (C2SP tlog-cosignature, Ed25519).
/// </summary>
/// <param name="Witness">The witness's key.</param>
/// <param name="Seconds">When, by the witness's clock: seconds since 1970 (UTC), at most 2^63 − 1.</param>
public sealed record Cosignature(VerifierKey Witness, ulong Seconds)
{
    /// <summary>Bytes of a signature: a time and an Ed25519 signature.</summary>
    public const int Size = TimeSize + 64;

    private const int TimeSize = sizeof(ulong);

    // "It MUST NOT exceed 2^63 - 1."
    private const ulong LatestSeconds = long.MaxValue;

    /// <summary>When, in UTC; null past the year 9999, which no honest clock shows.</summary>
    public DateTimeOffset? Time => Seconds <= (ulong)DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? DateTimeOffset.FromUnixTimeSeconds((long)Seconds) : null;

    /// <summary>When, for a sentence.</summary>
    public string TimeText => Time is { } time
        ? time.ToString("d MMMM yyyy, HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)
        : $"{Seconds.ToString(CultureInfo.InvariantCulture)} seconds after 1970, a time past the year 9999";

    /// <summary>What is signed: a line that keeps it apart from other uses of a key, a line of the time, and the note's text.</summary>
    public static byte[] Message(ulong seconds, ReadOnlySpan<byte> text) =>
        [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {seconds}\n")), .. text];

    /// <summary>The 72 bytes that a signature line carries after the key ID.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is past 2^63 − 1.</exception>
    public static byte[] Join(ulong seconds, ReadOnlySpan<byte> signature)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(seconds, LatestSeconds);
        byte[] joined = new byte[TimeSize + signature.Length];
        BinaryPrimitives.WriteUInt64BigEndian(joined, seconds);
        signature.CopyTo(joined.AsSpan(TimeSize));
        return joined;
    }

    internal static bool TrySplit(ReadOnlySpan<byte> joined, out ulong seconds, out ReadOnlySpan<byte> signature)
    {
        seconds = 0;
        signature = default;
        if (joined.Length != Size) return false;
        seconds = BinaryPrimitives.ReadUInt64BigEndian(joined);
        signature = joined[TimeSize..];
        return seconds <= LatestSeconds;
    }
}

/// <summary>Cosigns checkpoints with an Ed25519 key held in memory. It remembers nothing: whether a checkpoint may be cosigned is
/// decided by <see cref="WitnessRequest.Decide"/> and must be durable before the signature leaves.</summary>
public sealed class CosignatureSigner
{
    private readonly NoteSigner _signer;
    private readonly TimeProvider _clock;

    /// <summary>The signer of a name and a 32-byte seed. The seed must not be that of any other key: the signed bytes do not name the cosigner.</summary>
    /// <exception cref="FormatException">The seed is not 32 bytes, or the name is empty or holds a blank or '+'.</exception>
    public CosignatureSigner(string name, ReadOnlySpan<byte> seed, TimeProvider clock)
    {
        _signer = new(name, seed);
        _clock = clock;
        Key = VerifierKey.Of(name, _signer.Key.PublicKey.Span, KeyKind.Cosignature);
    }

    /// <summary>The key that checks its cosignatures.</summary>
    public VerifierKey Key { get; }

    /// <summary>The cosignature of a checkpoint's text as of now.</summary>
    public NoteSignature Cosign(string text) => CosignAt(text, (ulong)Math.Max(0, _clock.GetUtcNow().ToUnixTimeSeconds()));

    internal NoteSignature CosignAt(string text, ulong seconds) => new(Key.Name, Key.KeyId,
        Cosignature.Join(seconds, _signer.Sign(Cosignature.Message(seconds, Bytes.StrictUtf8.GetBytes(text)))));
}
