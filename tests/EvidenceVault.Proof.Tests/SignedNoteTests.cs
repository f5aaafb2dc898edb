using System.Text;
using System.Text.Json;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class SignedNoteTests
{
    private static readonly NoteSigner Signer = new("example.com/log", Enumerable.Range(0, 32).Select(i => (byte)i).ToArray());
    private static readonly NoteSigner Other = new("example.com/other", Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());

    [Fact]
    public void The_good_notes_of_the_vectors_verify_and_the_bad_ones_do_not()
    {
        using var vectors = JsonDocument.Parse(File.ReadAllBytes(Vectors.SharedOrSkip("signed-note.json")));
        int good = 0, bad = 0;
        foreach (var v in vectors.RootElement.GetProperty("good").EnumerateArray())
        {
            byte[] bytes = Encoding.UTF8.GetBytes(v.GetProperty("note").GetString()!);
            Assert.True(SignedNote.TryParse(bytes, out var note, out string problem), problem);
            var keys = Keys(v);
            var verdict = note.Verify(keys);
            Assert.True(verdict.Holds, verdict.Sentence);
            string[] unverified = v.TryGetProperty("unverified", out var u) ? [.. u.EnumerateArray().Select(e => e.GetString()!)] : [];
            Assert.Equal(unverified, note.Signatures.Where(s => !verdict.SignedBy.Any(s.IsBy)).Select(s => s.Name));
            Assert.Equal(keys.Length, verdict.SignedBy.Count);
            Assert.Equal(bytes, note.ToBytes());
            good++;
        }
        foreach (var v in vectors.RootElement.GetProperty("bad").EnumerateArray())
        {
            byte[] bytes = Encoding.UTF8.GetBytes(v.GetProperty("note").GetString()!);
            Assert.False(SignedNote.TryParse(bytes, out var note, out _) && note.Verify(Keys(v)).Holds, v.GetProperty("why").GetString());
            bad++;
        }
        foreach (var v in vectors.RootElement.GetProperty("bad_vkeys").EnumerateArray())
        {
            Assert.False(VerifierKey.TryParse(v.GetString()!, out _, out string problem));
            Assert.NotEmpty(problem);
        }
        Assert.True(good >= 4 && bad >= 7, $"{good} good and {bad} bad");

        static VerifierKey[] Keys(JsonElement v) => [.. v.GetProperty("vkeys").EnumerateArray().Select(k => VerifierKey.Parse(k.GetString()!))];
    }

    // RFC 8032 section 7.1, test 1: an independent known answer for key and signature.
    [Fact]
    public void Keys_and_signatures_are_those_of_RFC_8032()
    {
        var signer = new NoteSigner("rfc8032", Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
        Assert.Equal("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", Bytes.Hex(signer.Key.PublicKey.Span));
        Assert.Equal(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            Bytes.Hex(signer.Sign([])));
    }

    [Fact]
    public void A_note_signed_by_two_verifies_by_either_and_by_both()
    {
        SignedNote note = Signer.SignNote("text\n").WithSignature(Other.Key, Other.Sign("text\n"u8));
        Assert.True(SignedNote.TryParse(note.ToBytes(), out var read, out _));
        Assert.Equal("text\n", read.Text);
        Assert.Equal([Signer.Key], read.Verify(Signer.Key).SignedBy);
        Assert.Equal([Signer.Key, Other.Key], read.Verify(Signer.Key, Other.Key).SignedBy);
    }

    [Fact]
    public void A_bad_signature_by_a_known_key_rejects_the_note_even_beside_a_good_one()
    {
        SignedNote note = Signer.SignNote("text\n").WithSignature(Signer.Key, Signer.Sign("other\n"u8));
        Assert.False(note.Verify(Signer.Key).Holds);
        Assert.True(Other.SignNote("text\n").WithSignature(Signer.Key, new byte[64]).Verify(Other.Key).Holds);
    }

    [Fact]
    public void A_repeated_signature_counts_once()
    {
        byte[] signature = Signer.Sign("text\n"u8);
        var verdict = SignedNote.Create("text\n").WithSignature(Signer.Key, signature).WithSignature(Signer.Key, signature).Verify(Signer.Key, Signer.Key);
        Assert.True(verdict.Holds);
        Assert.Single(verdict.SignedBy);
    }

    [Fact]
    public void A_note_that_no_known_key_signed_does_not_hold()
    {
        var sameNameOtherKey = new NoteSigner(Signer.Name, Other.Sign("seed"u8).AsSpan(0, 32));
        Assert.False(Signer.SignNote("text\n").Verify(Other.Key).Holds);
        Assert.False(Signer.SignNote("text\n").Verify(sameNameOtherKey.Key).Holds);
        Assert.False(Signer.SignNote("text\n").Verify().Holds);
    }

    [Fact]
    public void Text_with_blank_lines_is_split_at_the_last_one()
    {
        SignedNote note = Signer.SignNote("one\n\ntwo\n\n\nthree\n");
        Assert.True(SignedNote.TryParse(note.ToBytes(), out var read, out _));
        Assert.Equal("one\n\ntwo\n\n\nthree\n", read.Text);
        Assert.True(read.Verify(Signer.Key).Holds);
    }

    [Theory]
    [InlineData("no newline")]
    [InlineData("tab\t\n")]
    [InlineData("cr\r\n")]
    public void Text_that_no_note_may_hold_is_not_signed(string text) => Assert.Throws<FormatException>(() => Signer.SignNote(text));

    [Fact] // not an attribute's text: the compiler would replace the lone surrogate
    public void Text_without_a_UTF_8_form_is_not_signed() => Assert.Throws<FormatException>(() => Signer.SignNote("half \ud800\n"));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a+b")]
    [InlineData("a\u00a0b")]
    [InlineData("a\nb")]
    public void Names_that_no_key_may_have_are_refused(string name) => Assert.Throws<FormatException>(() => new NoteSigner(name, new byte[32]));

    [Fact]
    public void A_verifier_key_reads_back_as_written()
    {
        Assert.Equal(Signer.VerifierKey, VerifierKey.Parse(Signer.VerifierKey).ToString());
        Assert.False(VerifierKey.TryParse(Signer.VerifierKey.Replace("example.com", "example.org"), out _, out string problem));
        Assert.Contains("does not fit", problem);
    }

    [Fact]
    public void Any_one_bit_flipped_in_a_note_is_found()
    {
        byte[] note = Signer.SignNote("example.com/log\n1\nZm9v\n").ToBytes();
        Gen.Int[0, note.Length * 8 - 1].Sample(bit =>
        {
            byte[] damaged = Flip.Bit(note, bit);
            return !(SignedNote.TryParse(damaged, out var read, out _) && read.Verify(Signer.Key).Holds);
        });
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        byte[] note = Signer.SignNote("text\n").ToBytes();
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Int[0, note.Length]).Sample((bytes, at) =>
        {
            if (SignedNote.TryParse([.. note[..at], .. bytes, .. note[at..]], out var read, out string problem)) _ = read.Verify(Signer.Key);
            else Assert.NotEmpty(problem);
        });
        Gen.String.Sample(text => { VerifierKey.TryParse(text, out _, out _); });
    }
}
