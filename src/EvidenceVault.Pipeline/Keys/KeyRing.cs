using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>
/// The vault's keys, from <c>&lt;vault home&gt;/keys/keyring.json</c> (mode 0600 in a folder of mode 0700), made at first start. What it
/// hands out follows a rotation, whichever process made it: which keys are in use is recorded in the database, and the sequencer asks
/// for them inside each transaction.
/// </summary>
public sealed class KeyRing : ILogKeys, IDisposable
{
    private readonly RingFolder _folder;
    private readonly OutsideKeys _outside;
    private readonly TimeProvider _clock;
    private readonly Lock _loading = new();
    private readonly List<Loaded> _all = []; // a signer that a thread may still use is forgotten only with the ring
    private volatile Loaded _now;
    private string? _supersedes; // recorded as in use by the log, and to be recorded anew with this ring's keys

    private KeyRing(RingFolder folder, bool created, OutsideKeys outside, TimeProvider clock)
    {
        (_folder, WasCreated, _outside, _clock) = (folder, created, outside, clock);
        Take(_now = new(folder.Read(), outside, clock));
        Wrapper = outside.Content ?? new RingWrapper(this);
        Log = new CurrentLogSigner(this);
        Seal = new RingSealSigner(this);
    }

    /// <summary>The key ring file.</summary>
    public string Path => _folder.RingPath;

    /// <summary>True where this call made the key ring: an event for the custody log. False where another process made it at the same moment.</summary>
    public bool WasCreated { get; }

    /// <summary>Wraps the content keys of stored evidence.</summary>
    public IKeyWrapper Wrapper { get; }

    /// <summary>Signs the custody log with its current key.</summary>
    public ILogSigner Log { get; }

    /// <summary>Signs seals and receipts.</summary>
    public ISealSigner Seal { get; }

    /// <summary>The verifier keys that are valid: of all keys that sign the log now, the current one first.</summary>
    public IReadOnlyList<string> ValidLogKeys => [.. _now.Signing.Select(s => s.VerifierKey)];

    /// <summary>The verifier keys of all keys that ever signed the log, the current one first, the retired ones last.</summary>
    public IReadOnlyList<string> AllLogKeys => _now.AllLogKeys;

    /// <summary>What identifies the keys in use, to record. Public parts only.</summary>
    public string InUse => _now.InUse;

    /// <summary>Every key, oldest first of each kind.</summary>
    public IReadOnlyList<ListedKey> List() => KeyListing.Of(_now.File, _outside);

    internal KeyRingFile File => _now.File;

    internal RingFolder Folder => _folder;

    internal OutsideKeys Outside => _outside;

    /// <summary>Opens the key ring below <paramref name="home"/>, and makes it if there is none.</summary>
    /// <param name="home">The vault's home folder; made (mode 0700) if it is not there.</param>
    /// <param name="clock">Tells the certificates' validity and the time in each signature.</param>
    /// <param name="recorded">Asked, under the ring's lock, for the keys that the log recorded as in use; null where it has recorded none.</param>
    /// <param name="outside">What stands in the place of the ring's keys.</param>
    /// <param name="acceptMissingKeys">True to go on with a ring that lacks keys that the log recorded.</param>
    /// <exception cref="RefusedException">Others can read it, it is damaged, or it lacks keys that the log recorded: the vault must not start.</exception>
    /// <exception cref="UnreachableException">It cannot be read or written now.</exception>
    public static KeyRing OpenOrCreate(string home, TimeProvider clock, Func<string?>? recorded = null, OutsideKeys? outside = null, bool acceptMissingKeys = false)
    {
        RingFolder folder = new(home);
        outside ??= new();
        try
        {
            using IDisposable only = folder.Lock();
            // A crash while drafting leaves the draft, keys and all, in its scratch folder: nothing was ever stored under them.
            folder.SweepDrafts();
            string? inUse = recorded?.Invoke();
            folder.Settle(ring => inUse is null || Loaded.InUseOf(ring, outside) == inUse);
            if (!folder.HasRing && inUse is not null) throw Lost(folder.RingPath);
            bool created = !folder.HasRing && folder.Create(KeyRingFile.New(clock).ToJson());
            KeyRing opened = new(folder, created, outside, clock);
            if (inUse is not null && !acceptMissingKeys && Missing(opened.File, inUse, outside) is { Length: > 0 } lacks)
            {
                opened.Dispose();
                throw Older(folder.RingPath, lacks);
            }
            // Other keys than recorded, with none missing: those of a key vault were changed, or a ring was put back by hand.
            if (inUse != opened.InUse) opened._supersedes = inUse;
            return opened;
        }
        catch (Exception e) when (e is JsonException or CryptographicException)
        {
            throw new RefusedException(
                $"The key ring '{folder.RingPath}' is damaged: {e.Message}",
                "Evidence stored under it cannot be read without its keys, and nothing was changed.",
                "Put the key ring back from your backup ('evidencevault keys restore'), then start again; do not just remove it.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnreachableException(
                $"The key ring '{folder.RingPath}' cannot be read or written: {e.Message}",
                "No evidence was read or changed.",
                "Check the disk and that the vault's own user owns the folder, then start again.", e);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<ILogSigner> InForce(string? recorded)
    {
        if (recorded is null || recorded == _now.InUse || recorded == _supersedes) return _now.Signing;
        lock (_loading)
        {
            // Two looks: between reading the one name and the other, a change that failed may have been taken back.
            for (int look = 0; look < 2; look++)
            {
                foreach (KeyRingFile ring in _folder.ReadBoth())
                {
                    if (Loaded.InUseOf(ring, _outside) != recorded) continue;
                    Take(_now = new(ring, _outside, _clock));
                    return _now.Signing;
                }
            }
        }
        throw new UnreachableException(
            $"The key ring '{Path}' does not hold the keys that the custody log recorded as in use.",
            "Nothing is recorded until it does: what was to be recorded has not been done.",
            "Stop every process of the vault, put back the ring of the newest backup ('evidencevault keys restore'), then start again.");
    }

    /// <summary>Forgets the signing keys.</summary>
    public void Dispose()
    {
        lock (_loading) _all.ForEach(l => l.Dispose());
    }

    internal string InUseOf(KeyRingFile ring) => Loaded.InUseOf(ring, _outside);

    /// <summary>Which of the keys that a log recorded as in use a ring does not hold.</summary>
    internal static string[] Missing(KeyRingFile ring, string recorded, OutsideKeys? outside = null)
    {
        HashSet<string> held =
        [
            .. ring.LogKeys.Select(k => new Ed25519LogSigner(k).VerifierKey), .. ring.SealKeys.Select(Loaded.Thumbprint), .. ring.ContentKeys.Select(k => k.Id),
            .. Loaded.InUseOf(ring, outside ?? new()).Split(' '),
        ];
        return [.. recorded.Split(' ').Where(k => !held.Contains(k))];
    }

    private void Take(Loaded loaded) => _all.Add(loaded);

    private void ReadAgain()
    {
        lock (_loading) Take(_now = new(_folder.Read(), _outside, _clock));
    }

    private static RefusedException Lost(string path) => new(
        $"There is no key ring at '{path}', but the vault holds records.",
        "Without its keys nothing that is stored can be read. No new keys were made, so that the loss stays plain; nothing was changed.",
        "Put the ring back from your backup: evidencevault keys restore FILE");

    private static RefusedException Older(string path, string[] lacks) => new(
        $"The key ring '{path}' lacks keys that the custody log recorded as in use: {string.Join(", ", lacks)}.",
        "It is older than the log, or another vault's. What was stored under the missing keys could not be read; nothing was changed.",
        "Put back the ring of the newest backup. If there is none, 'evidencevault keys restore --accept-missing-keys' goes on with an older one and records that.");

    /// <summary>A ring as read, with its signers made. Never changes.</summary>
    private sealed class Loaded : IDisposable
    {
        private readonly CertificateSealSigner _seal;

        public Loaded(KeyRingFile file, OutsideKeys outside, TimeProvider clock)
        {
            File = file;
            Wrapper = new(file.ContentKeys);
            _seal = new(file.SealKeys[^1], clock);
            Signing = SigningOf(file, outside);
            IEnumerable<string> inRing = file.LogKeys.Reverse().OrderBy(k => k.RetiredAt is not null).Select(k => new Ed25519LogSigner(k).VerifierKey);
            AllLogKeys = [.. Signing.Select(s => s.VerifierKey).Concat(inRing).Distinct(StringComparer.Ordinal)];
            CaPem = string.Concat(file.SealKeys.Reverse().Select(s => Pem(s.CaCertificate)).Distinct(StringComparer.Ordinal));
            InUse = InUseOf(file, outside);
        }

        public KeyRingFile File { get; }

        public AesKeyWrapper Wrapper { get; }

        public CertificateSealSigner Seal => _seal;

        public IReadOnlyList<ILogSigner> Signing { get; }

        public IReadOnlyList<string> AllLogKeys { get; }

        public string CaPem { get; }

        public string InUse { get; }

        public static string InUseOf(KeyRingFile file, OutsideKeys outside) => string.Join(' ',
        [
            .. SigningOf(file, outside).Select(s => s.VerifierKey),
            outside.Seal?.CertificateSha256 ?? Thumbprint(file.SealKeys[^1]),
            outside.Content?.CurrentKeyId ?? file.ContentKeys[^1].Id,
        ]);

        public static string Thumbprint(SealKeys keys) => Convert.ToHexStringLower(SHA256.HashData(keys.Certificate));

        public void Dispose() => _seal.Dispose();

        private static ILogSigner[] SigningOf(KeyRingFile file, OutsideKeys outside) =>
            outside.Log is { } one ? [one] : [.. file.LogKeys.Where(k => k.RetiredAt is null).Reverse().Select(k => new Ed25519LogSigner(k))];

        private static string Pem(byte[] certificate)
        {
            using X509Certificate2 ca = X509CertificateLoader.LoadCertificate(certificate);
            return ca.ExportCertificatePem() + "\n";
        }
    }

    private sealed class RingWrapper(KeyRing ring) : IKeyWrapper
    {
        public string CurrentKeyId => ring._now.Wrapper.CurrentKeyId;

        public byte[] Wrap(string keyId, ReadOnlySpan<byte> contentKey) => ring._now.Wrapper.Wrap(keyId, contentKey);

        public byte[] Unwrap(string keyId, ReadOnlySpan<byte> wrapped)
        {
            // Another process may have rotated the key and stored under it since this one last recorded anything.
            if (!ring._now.Wrapper.Knows(keyId)) ring.ReadAgain();
            return ring._now.Wrapper.Unwrap(keyId, wrapped);
        }
    }

    private sealed class CurrentLogSigner(KeyRing ring) : ILogSigner
    {
        public string Origin => ring._now.Signing[0].Origin;

        public string VerifierKey => ring._now.Signing[0].VerifierKey;

        public byte[] Sign(ReadOnlySpan<byte> text) => ring._now.Signing[0].Sign(text);
    }

    // With the ring's own authorities after those outside: what was sealed before the key moved out is still to be checked.
    private sealed class RingSealSigner(KeyRing ring) : ISealSigner
    {
        public string CaPem => ring._outside.Seal is { } outside ? outside.CaPem + ring._now.CaPem : ring._now.CaPem;

        public string CertificateSha256 => ring._outside.Seal?.CertificateSha256 ?? ring._now.Seal.CertificateSha256;

        public byte[] SignDetached(ReadOnlySpan<byte> content) => ring._outside.Seal is { } outside ? outside.SignDetached(content) : ring._now.Seal.SignDetached(content);
    }
}
