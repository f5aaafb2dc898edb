using System.Text;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class LogPolicyTests
{
    private static readonly NoteSigner Log = new("example.com/log", new byte[32]);
    private static readonly NoteSigner Other = new("example.com/other", Enumerable.Repeat((byte)1, 32).ToArray());
    private static readonly CosignatureSigner[] X = [.. Enumerable.Range(1, 3).Select(i => CosignatureTests.Witness($"x{i}.example", (byte)(10 + i), 1_700_000_000 + i))];
    private static readonly CosignatureSigner[] Y = [.. Enumerable.Range(1, 3).Select(i => CosignatureTests.Witness($"y{i}.example", (byte)(20 + i)))];
    private static readonly string Text = new Checkpoint(Log.Name, 7, MerkleTree.EmptyRoot).ToText();

    // The example of C2SP tlog-policy, with keys.
    private static readonly string Example = $"""
        # The example.
        log {Log.VerifierKey} https://log.example/

        witness X1 {X[0].Key} https://x1.example/submit
        witness X2 {X[1].Key}
        	witness  X3	{X[2].Key}{' '}
        group X-witnesses 2 X1 X2 X3

          # indented
        witness Y1 {Y[0].Key}
        witness Y2 {Y[1].Key}
        witness Y3 {Y[2].Key}
        group Y-witnesses any Y1 Y2 Y3

        group X-and-Y all X-witnesses Y-witnesses
        quorum X-and-Y

        """.ReplaceLineEndings("\n");

    [Fact]
    public void Every_set_of_cosigners_is_judged_as_the_groups_say()
    {
        LogPolicy policy = Parse(Example);
        Assert.Equal(["X1", "X2", "X3", "Y1", "Y2", "Y3"], policy.Witnesses.Select(w => w.Name));
        Assert.Equal("https://x1.example/submit", policy.Witnesses[0].Url);
        Assert.Equal("https://log.example/", policy.Logs[0].Url);
        CosignatureSigner[] all = [.. X, .. Y];
        for (int set = 0; set < 64; set++)
        {
            CosignatureSigner[] chosen = [.. all.Where((_, i) => (set >> i & 1) == 1)];
            bool wanted = chosen.Count(X.Contains) >= 2 && chosen.Any(Y.Contains);
            PolicyVerdict verdict = policy.Evaluate(Signed(chosen));
            Assert.Equal(wanted, verdict.Holds);
            Assert.True(verdict.Signature.Holds);
            Assert.Equal(chosen.Select(c => c.Key.ToString()), verdict.Cosigners.Select(c => c.Witness.Key.ToString()));
        }
    }

    [Fact]
    public void The_verdict_says_who_cosigned_when_in_a_sentence()
    {
        PolicyVerdict verdict = Parse(Example).Evaluate(Signed(X[0], X[2], Y[1]));
        Assert.Contains("X1 at 14 November 2023, 22:13:21 UTC", verdict.Quorum.Sentence);
        Assert.Contains("example.com/log", verdict.Signature.Sentence);
        Assert.Equal(7UL, verdict.Checkpoint!.Size);
        Assert.Equal(Verdict.Holds, verdict.OutsideWitness.Verdict);
        Assert.Equal(["checkpoint-signature", "witness-quorum", "outside-witness"], verdict.Findings.Select(f => f.Claim));
    }

    [Fact]
    public void Of_two_cosignatures_by_one_witness_the_earlier_says_since_when()
    {
        PolicyVerdict verdict = Parse(Example).Evaluate(Signed(X[0], Y[0]).WithSignatures(X[1].CosignAt(Text, 2_000), X[1].CosignAt(Text, 1_000)));
        Assert.True(verdict.Holds);
        Assert.Equal(1_000UL, verdict.Cosigners.Single(c => c.Witness.Name == "X2").First.Seconds);
    }

    [Fact]
    public void A_bad_cosignature_of_a_known_witness_fails_the_quorum_even_where_it_is_not_needed()
    {
        SignedNote note = Signed(X[0], X[1], Y[0]);
        Assert.True(Parse(Example).Evaluate(note).Holds);
        PolicyVerdict verdict = Parse(Example).Evaluate(note.WithSignature(Y[2].Key, new byte[Cosignature.Size]));
        Assert.True(verdict.Signature.Holds);
        Assert.False(verdict.Quorum.Holds);
        Assert.Contains("Y3", verdict.Quorum.Sentence);
        Assert.Empty(verdict.Cosigners);
        // Under quorum none, too.
        Assert.False(Parse($"log {Log.VerifierKey}\nwitness w {X[0].Key}\nquorum none\n").Evaluate(Signed().WithSignature(X[0].Key, new byte[72])).Holds);
        // Of a witness that the policy does not know it means nothing.
        Assert.True(Parse($"log {Log.VerifierKey}\nquorum none\n").Evaluate(Signed().WithSignature(X[0].Key, new byte[72])).Holds);
    }

    [Fact]
    public void One_log_of_a_policy_cannot_speak_for_another()
    {
        LogPolicy policy = Parse($"log {Log.VerifierKey}\nlog {Other.VerifierKey}\nquorum none\n");
        Assert.True(policy.Evaluate(Log.SignNote(Text)).Holds);
        PolicyVerdict verdict = policy.Evaluate(Other.SignNote(Text));
        Assert.False(verdict.Holds);
        Assert.Null(verdict.Checkpoint);
        Assert.False(policy.Evaluate(Log.SignNote(Text).WithSignature(Other.Key, new byte[64])).Holds);
        Assert.False(policy.Evaluate(Log.SignNote("no checkpoint\n")).Holds);
        Assert.False(Parse("quorum none\n").Evaluate(Log.SignNote(Text)).Holds);
        // A witness's key of the log's name does not sign for the log.
        CosignatureSigner impostor = CosignatureTests.Witness(Log.Name);
        Assert.False(Parse($"log {Log.VerifierKey}\nwitness w {impostor.Key}\nquorum w\n").Evaluate(SignedNote.Create(Text).WithSignatures(impostor.Cosign(Text))).Holds);
    }

    [Fact]
    public void Demonstration_witnesses_are_no_outside_witnesses()
    {
        string keys = $"log {Log.VerifierKey}\nwitness demonstration {X[0].Key}\nwitness demonstration-2 {X[1].Key}\nwitness demonstrations {X[2].Key}\n";
        LogPolicy policy = Parse(keys + "group g any demonstration demonstration-2 demonstrations\nquorum g\n");
        Assert.Equal([true, true, false], policy.Witnesses.Select(w => w.IsDemonstration));
        PolicyVerdict own = policy.Evaluate(Signed(X[0], X[1]));
        Assert.True(own.Holds);
        Assert.False(own.HasOutsideWitness);
        Assert.Equal(Verdict.Note, own.OutsideWitness.Verdict);
        Assert.Contains("belongs to the vault itself", own.OutsideWitness.Sentence);
        Assert.Contains("no outside witness", own.Quorum.Sentence);
        Assert.True(policy.Evaluate(Signed(X[0], X[2])) is { HasOutsideWitness: true, OutsideWitness.Verdict: Verdict.Holds });
        Assert.Equal(Verdict.Note, Parse(keys + "quorum none\n").Evaluate(Signed(X[2])).OutsideWitness.Verdict);
    }

    [Fact]
    public void Names_are_octets_and_not_letters()
    {
        // K and the Kelvin sign; and a name of octets that are no UTF-8.
        byte[] policy =
        [
            .. Encoding.UTF8.GetBytes($"witness K {X[0].Key}\nwitness \u212a {X[1].Key}\nwitness "), 0xff, 0xfe, .. Encoding.UTF8.GetBytes($" {X[2].Key}\n# "), 0x80,
            .. "\ngroup g all "u8, 0xff, 0xfe, .. " \u212a\nquorum g\n"u8,
        ];
        Assert.True(LogPolicy.TryParse(policy, out var read, out string problem), problem);
        Assert.Equal(policy, read.Content.ToArray());
        Assert.True(read.Evaluate(Signed(X[1], X[2])).Quorum.Holds);
        Assert.False(read.Evaluate(Signed(X[0], X[2])).Quorum.Holds);
        // A non-breaking space or a vertical tab in UTF-8 is part of a name, no blank.
        Parse($"witness a\u00a0b {X[0].Key}\nquorum a\u00a0b\n");
    }

    public static TheoryData<string> Faults => new()
    {
        "",
        "# no quorum\n",
        "quorum none",
        "quorum none\nquorum none\n",
        "quorum\n",
        "quorum none none\n",
        "quorum w\n",
        "Quorum none\n",
        "quorum none\r\n",
        "quorum none\u007f\n",
        "quorum\u000bnone\n",
        $"quorum w\nwitness w {X[0].Key}\n",
        "log\nquorum none\n",
        "log nokey\nquorum none\n",
        $"log {X[0].Key}\nquorum none\n",
        $"log {Log.VerifierKey} url more\nquorum none\n",
        $"log {Log.VerifierKey}\nlog {Log.VerifierKey}\nquorum none\n",
        $"log {Log.VerifierKey}\nlog {VerifierKey.Of("another.name", Log.Key.PublicKey.Span)}\nquorum none\n",
        $"witness w {Log.VerifierKey}\nquorum w\n",
        $"witness none {X[0].Key}\nquorum none\n",
        $"witness w {X[0].Key}\nwitness w {X[1].Key}\nquorum w\n",
        $"witness w {X[0].Key}\nwitness v {X[0].Key}\nquorum w\n",
        $"witness w {X[0].Key}\nwitness v {VerifierKey.Of("v", X[0].Key.PublicKey.Span, KeyKind.Cosignature)}\nquorum w\n",
        $"witness w {X[0].Key}\ngroup w any w\nquorum w\n",
        $"witness w {X[0].Key}\ngroup none any w\nquorum none\n",
        $"witness w {X[0].Key}\ngroup g any\nquorum g\n",
        $"witness w {X[0].Key}\ngroup g 0 w\nquorum g\n",
        $"witness w {X[0].Key}\ngroup g 2 w\nquorum g\n",
        $"witness w {X[0].Key}\ngroup g 01 w\nquorum g\n",
        $"witness w {X[0].Key}\ngroup g +1 w\nquorum g\n",
        $"witness w {X[0].Key}\ngroup g some w\nquorum g\n",
        $"witness w {X[0].Key}\ngroup g any w w\nquorum g\n",
        $"witness w {X[0].Key}\ngroup g any w\ngroup h any w\nquorum g\n",
        $"witness w {X[0].Key}\ngroup g any none\nquorum g\n",
        $"witness w {X[0].Key}\ngroup g any g\nquorum g\n",
        $"witness w {X[0].Key}\ngroup g any h\ngroup h any w\nquorum g\n",
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Any_other_policy_is_refused_with_a_reason(string text)
    {
        Assert.False(LogPolicy.TryParse(Encoding.UTF8.GetBytes(text), out _, out string problem));
        Assert.EndsWith(".", problem);
    }

    [Fact]
    public void The_limits_are_64_of_each_and_64_KiB()
    {
        string Witnesses(int n) => string.Concat(Enumerable.Range(0, n).Select(i => $"witness w{i} {CosignatureTests.Witness("w", (byte)(i + 1)).Key}\n"));
        string Logs(int n) => string.Concat(Enumerable.Range(0, n).Select(i => $"log {new NoteSigner("l", Enumerable.Repeat((byte)(i + 1), 32).ToArray()).Key}\n"));
        // Each group has the one before it as its only member.
        string Groups(int n) => string.Concat(Enumerable.Range(0, n).Select(i => $"group g{i} all {(i == 0 ? "w0" : $"g{i - 1}")}\n"));
        Assert.True(Parse(Logs(64) + Witnesses(64) + Groups(64) + "quorum g63\n").Evaluate(Signed(CosignatureTests.Witness("w", 1))).Quorum.Holds);
        foreach (string many in new[] { Logs(65), Witnesses(65), Witnesses(1) + Groups(65), $"#{new string(' ', 64 << 10)}\n" })
            Assert.False(LogPolicy.TryParse(Encoding.UTF8.GetBytes(many + "quorum none\n"), out _, out _));
    }

    [Fact]
    public void A_policy_made_of_keys_asks_for_every_witness()
    {
        LogPolicy policy = LogPolicy.Requiring([Log.Key], X[0].Key, Y[0].Key);
        Assert.True(policy.Evaluate(Signed(X[0], Y[0])).Holds);
        Assert.False(policy.Evaluate(Signed(X[0])).Holds);
        Assert.True(LogPolicy.Requiring([Log.Key]).Evaluate(Signed()).Holds);
        Assert.Throws<FormatException>(() => LogPolicy.Requiring([X[0].Key]));
        Assert.Throws<FormatException>(() => LogPolicy.Requiring([Log.Key], X[0].Key, X[0].Key));
    }

    [Fact]
    public void Hostile_bytes_never_throw()
    {
        SignedNote note = Signed(X[0], Y[0]);
        byte[] good = Encoding.UTF8.GetBytes(Example);
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Int[0, good.Length], Gen.Int[0, good.Length]).Sample((bytes, from, to) =>
        {
            if (LogPolicy.TryParse([.. good[..from], .. bytes, .. good[to..]], out var policy, out string problem)) _ = policy.Evaluate(note);
            else Assert.NotEmpty(problem);
        }, iter: 2000);
        // Of words that mean something.
        string[] words = ["log", "witness", "group", "quorum", "none", "any", "all", "1", "2", "w", "g", "\n", "\n", Log.VerifierKey, X[0].Key.ToString(), Y[0].Key.ToString()];
        Gen.Int[0, words.Length - 1].Array[0, 24].Sample(picks =>
        {
            if (LogPolicy.TryParse(Encoding.UTF8.GetBytes(string.Join(' ', picks.Select(p => words[p])) + "\n"), out var policy, out _)) _ = policy.Evaluate(note);
        }, iter: 5000);
    }

    private static LogPolicy Parse(string text) => LogPolicy.TryParse(Encoding.UTF8.GetBytes(text), out var policy, out string problem) ? policy : throw new FormatException(problem);

    private static SignedNote Signed(params CosignatureSigner[] witnesses) => Log.SignNote(Text).WithSignatures([.. witnesses.Select(w => w.Cosign(Text))]);
}
