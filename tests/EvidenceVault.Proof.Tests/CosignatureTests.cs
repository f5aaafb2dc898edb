using System.Text;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class CosignatureTests
{
    private const string Text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    internal static CosignatureSigner Witness(string name, byte seed = 9, long at = 1679315147) => new(name, Enumerable.Repeat(seed, 32).ToArray(), new StoppedClock(at));

    // Made with openssl: pkeyutl -sign -rawin over "cosignature/v1\ntime 1679315147\n" and the text.
    [Fact]
    public void A_cosignature_is_the_one_that_openssl_makes_of_the_same_key_and_time()
    {
        var signer = new CosignatureSigner("witness.example.com/w1", Enumerable.Range(0, 32).Select(i => (byte)i).ToArray(), new StoppedClock(1679315147));
        Assert.Equal("witness.example.com/w1+a0059f11+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", signer.Key.ToString());
        Assert.Equal(
            "\u2014 witness.example.com/w1 oAWfEQAAAABkGFDLBuRDazBLVac2NE+Y+IjbjQOcXLfF9CSDZVUIoS83rE1nFZsVE8YiWV6Ngr7lV8H6bdoBQGP/l73euDMQ9k+bBQ==\n",
            signer.Cosign(Text).Line);
    }

    [Fact]
    public void A_cosigned_note_verifies_and_tells_when_by_whom()
    {
        CosignatureSigner witness = Witness("witness.example/w");
        var log = new NoteSigner("example.com/behind-the-sofa", new byte[32]);
        Assert.True(SignedNote.TryParse(log.SignNote(Text).WithSignatures(witness.Cosign(Text)).ToBytes(), out var note, out string problem), problem);

        NoteVerdict verdict = note.Verify(log.Key, VerifierKey.Parse(witness.Key.ToString()));
        Assert.True(verdict.Holds, verdict.Sentence);
        Assert.Equal(["example.com/behind-the-sofa", "witness.example/w"], verdict.SignedBy.Select(k => k.Name));
        Cosignature cosignature = Assert.Single(verdict.Cosignatures);
        Assert.Equal(new DateTimeOffset(2023, 3, 20, 12, 25, 47, TimeSpan.Zero), cosignature.Time);
        Assert.Equal("20 March 2023, 12:25:47 UTC", cosignature.TimeText);
        // Each key for itself, and the witness's key is not one of a log.
        Assert.Empty(note.Verify(log.Key).Cosignatures);
        Assert.Single(note.Verify(witness.Key).SignedBy);
    }

    [Fact]
    public void One_public_key_as_a_logs_and_as_a_witnesss_is_two_keys()
    {
        CosignatureSigner witness = Witness("same.example");
        VerifierKey asLog = VerifierKey.Of("same.example", witness.Key.PublicKey.Span);
        Assert.NotEqual(asLog.KeyId, witness.Key.KeyId);
        SignedNote note = SignedNote.Create(Text).WithSignatures(witness.Cosign(Text));
        Assert.True(note.Verify(witness.Key).Holds);
        Assert.False(note.Verify(asLog).Holds);
        // The 64 bytes of a cosignature under the log's key ID: signed bytes differ, so it is a bad signature.
        Assert.False(SignedNote.Create(Text).WithSignature(asLog, [.. witness.Cosign(Text).Signature.Skip(8)]).Verify(asLog).Holds);
    }

    [Fact]
    public void A_changed_time_text_or_signature_is_found() => Gen.Int[0, Cosignature.Size * 8 - 1].Sample(bit =>
    {
        CosignatureSigner witness = Witness("witness.example/w");
        byte[] signature = [.. witness.Cosign(Text).Signature];
        return !SignedNote.Create(Text).WithSignature(witness.Key, Flip.Bit(signature, bit)).Verify(witness.Key).Holds
            && !SignedNote.Create(Text.Replace("20852163", "20852164")).WithSignature(witness.Key, signature).Verify(witness.Key).Holds;
    });

    [Fact]
    public void A_time_past_2_to_the_63_is_refused_however_well_signed()
    {
        var raw = new NoteSigner("witness.example/w", new byte[32]);
        VerifierKey key = VerifierKey.Of("witness.example/w", raw.Key.PublicKey.Span, KeyKind.Cosignature);
        Assert.True(At(long.MaxValue));
        Assert.False(At((ulong)long.MaxValue + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Cosignature.Join((ulong)long.MaxValue + 1, new byte[64]));

        NoteVerdict late = SignedNote.Create(Text).WithSignature(key, Cosignature.Join(long.MaxValue, raw.Sign(Cosignature.Message(long.MaxValue, Encoding.UTF8.GetBytes(Text))))).Verify(key);
        Assert.Null(late.Cosignatures[0].Time);
        Assert.Contains("past the year 9999", late.Cosignatures[0].TimeText);

        bool At(ulong seconds)
        {
            byte[] signature = [.. BitConverter.GetBytes(seconds).Reverse(), .. raw.Sign(Cosignature.Message(seconds, Encoding.UTF8.GetBytes(Text)))];
            return SignedNote.Create(Text).WithSignature(key, signature).Verify(key).Holds;
        }
    }

    [Theory]
    [InlineData(0x02)]
    [InlineData(0x06)]
    [InlineData(0xff)]
    public void A_key_of_another_type_is_unknown(byte type)
    {
        string text = $"w+00000000+{Convert.ToBase64String([type, .. new byte[32]])}";
        Assert.False(VerifierKey.TryParse(text, out _, out string problem));
        Assert.Contains($"type {type:x2}", problem);
    }

    [Fact]
    public void Signature_lines_alone_are_read_as_a_witness_sends_them()
    {
        NoteSignature line = Witness("witness.example/w").Cosign(Text);
        Assert.True(SignedNote.TryParseSignatures(Encoding.UTF8.GetBytes(line.Line + line.Line), out var read, out string problem), problem);
        Assert.Equal([line.Line, line.Line], read.Select(s => s.Line));
        foreach (string bad in new[] { "", "\n", line.Line[..^1], line.Line + "\n", "x" + line.Line, line.Line.Replace("\n", "\r\n") })
            Assert.False(SignedNote.TryParseSignatures(Encoding.UTF8.GetBytes(bad), out _, out _), bad);
        Gen.Byte.Array[0, 60].Sample(bytes => { SignedNote.TryParseSignatures(bytes, out _, out _); });
    }
}

/// <summary>A clock that stands still.</summary>
internal sealed class StoppedClock(long seconds) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(seconds);
}
