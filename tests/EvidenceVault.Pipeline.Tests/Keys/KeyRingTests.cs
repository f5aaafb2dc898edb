using System.Security.Cryptography;
using System.Text;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.Extensions.Time.Testing;

namespace EvidenceVault.Pipeline.Tests.Keys;

public sealed class KeyRingTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("evidencevault-keys-").FullName;

    private string RingFile => Path.Combine(home, "keys", "keyring.json");

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public void The_first_start_makes_the_keys_and_the_next_finds_them()
    {
        using KeyRing first = KeyRing.OpenOrCreate(home, TimeProvider.System);
        using KeyRing second = KeyRing.OpenOrCreate(home, TimeProvider.System);

        Assert.True(first.WasCreated);
        Assert.False(second.WasCreated);
        Assert.Equal(Face(first), Face(second));
        Assert.Matches(@"^evidencevault\.local/[0-9a-f]{8}$", first.Log.Origin);
    }

    [Fact]
    public void Only_the_owner_can_reach_the_keys()
    {
        using KeyRing ring = KeyRing.OpenOrCreate(home, TimeProvider.System);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(RingFile));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(RingFile)!));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_key_ring_that_others_can_reach_is_refused(UnixFileMode leak)
    {
        KeyRing.OpenOrCreate(home, TimeProvider.System).Dispose();
        File.SetUnixFileMode(RingFile, File.GetUnixFileMode(RingFile) | leak);
        RefusedException refused = Assert.Throws<RefusedException>(() => KeyRing.OpenOrCreate(home, TimeProvider.System));
        Assert.Contains("chmod", refused.Next);
    }

    [Fact]
    public void A_keys_folder_that_others_can_write_to_is_refused()
    {
        KeyRing.OpenOrCreate(home, TimeProvider.System).Dispose();
        string folder = Path.GetDirectoryName(RingFile)!;
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupWrite);
        Assert.Throws<RefusedException>(() => KeyRing.OpenOrCreate(home, TimeProvider.System));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"format\":\"evidencevault/keyring/3\"}")]
    public void A_damaged_key_ring_is_refused_and_left_as_it_is(string damaged)
    {
        KeyRing.OpenOrCreate(home, TimeProvider.System).Dispose();
        File.WriteAllText(RingFile, damaged);
        RefusedException refused = Assert.Throws<RefusedException>(() => KeyRing.OpenOrCreate(home, TimeProvider.System));
        Assert.Contains("backup", refused.Next);
        Assert.Equal(damaged, File.ReadAllText(RingFile));
    }

    [Fact]
    public async Task Many_starting_at_the_same_first_moment_end_up_with_one_key_ring()
    {
        for (int round = 0; round < 10; round++)
        {
            string shared = Path.Combine(home, $"round-{round}");
            using Barrier first = new(8);
            KeyRing[] rings = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(() =>
            {
                first.SignalAndWait();
                return KeyRing.OpenOrCreate(shared, TimeProvider.System);
            }, TaskCreationOptions.LongRunning)));

            Assert.Single(rings, r => r.WasCreated);
            Assert.Single(rings.Select(Face).Distinct());
            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(shared, "keys", "drafts")));
            foreach (KeyRing ring in rings) ring.Dispose();
        }
    }

    [Fact]
    public void A_draft_that_a_crash_left_is_swept_away()
    {
        string draft = Path.Combine(home, "keys", "drafts", $"{int.MaxValue}-dead");
        Directory.CreateDirectory(draft);
        Directory.CreateDirectory(Path.Combine(home, "keys"));
        File.SetUnixFileMode(Path.Combine(home, "keys"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(draft, "keyring.json"), "half a key r");

        using KeyRing ring = KeyRing.OpenOrCreate(home, TimeProvider.System);

        Assert.True(ring.WasCreated);
        Assert.False(Directory.Exists(draft));
    }

    [Fact]
    public void A_checkpoint_it_signs_holds_under_its_published_key()
    {
        using KeyRing ring = KeyRing.OpenOrCreate(home, TimeProvider.System);
        string text = $"{ring.Log.Origin}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        VerifierKey key = VerifierKey.Parse(ring.Log.VerifierKey);

        SignedNote note = SignedNote.Create(text).WithSignature(key, ring.Log.Sign(Encoding.UTF8.GetBytes(text)));

        Assert.True(note.Verify(key).Holds);
    }

    // RFC 5649, section 6: both examples.
    [Theory]
    [InlineData("c37b7e6492584340bed12207808941155068f738", "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a")]
    [InlineData("466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f")]
    public void Keys_are_wrapped_as_RFC_5649_says(string key, string wrapped)
    {
        AesKeyWrapper wrapper = new([new("rfc", Convert.FromHexString("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8"))]);
        Assert.Equal(wrapped, Convert.ToHexStringLower(wrapper.Wrap("rfc", Convert.FromHexString(key))));
        Assert.Equal(key, Convert.ToHexStringLower(wrapper.Unwrap("rfc", Convert.FromHexString(wrapped))));
    }

    [Fact]
    public void A_wrapped_key_with_any_bit_flipped_does_not_unwrap()
    {
        using KeyRing ring = KeyRing.OpenOrCreate(home, TimeProvider.System);
        byte[] wrapped = ring.Wrapper.Wrap(ring.Wrapper.CurrentKeyId, RandomNumberGenerator.GetBytes(40));
        for (int bit = 0; bit < wrapped.Length * 8; bit++)
        {
            byte[] altered = [.. wrapped];
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<CryptographicException>(() => ring.Wrapper.Unwrap(ring.Wrapper.CurrentKeyId, altered));
        }
    }

    [Fact]
    public void Old_key_encryption_keys_still_unwrap_and_unknown_ones_are_named()
    {
        KeyEncryptionKey old = new("kek-old", RandomNumberGenerator.GetBytes(32));
        byte[] wrapped = new AesKeyWrapper([old]).Wrap(old.Id, [1, 2, 3]);
        AesKeyWrapper now = new([old, new("kek-new", RandomNumberGenerator.GetBytes(32))]);

        Assert.Equal("kek-new", now.CurrentKeyId);
        Assert.Equal([1, 2, 3], now.Unwrap("kek-old", wrapped));
        Assert.Contains("kek-gone", Assert.Throws<KeyNotFoundException>(() => now.Unwrap("kek-gone", wrapped)).Message);
    }

    [Fact]
    public void The_certificates_are_of_the_clocks_time()
    {
        FakeTimeProvider clock = new(new DateTimeOffset(2031, 5, 6, 7, 8, 9, TimeSpan.Zero));
        using KeyRing ring = KeyRing.OpenOrCreate(home, clock);
        using var ca = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(ring.Seal.CaPem);
        Assert.Equal(new DateTime(2031, 5, 6, 6, 8, 9, DateTimeKind.Utc), ca.NotBefore.ToUniversalTime());
        Assert.Equal(2071, ca.NotAfter.Year);
    }

    private static string Face(KeyRing ring) => string.Join(' ', ring.Log.VerifierKey, ring.Seal.CertificateSha256, ring.Wrapper.CurrentKeyId);
}
