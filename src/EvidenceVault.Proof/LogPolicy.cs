using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace EvidenceVault.Proof;

/// <summary>A log that a policy trusts.</summary>
/// <param name="Key">Its key, whose name is the log's origin.</param>
/// <param name="Url">Where it is, where the policy says so.</param>
public sealed record PolicyLog(VerifierKey Key, string? Url);

/// <summary>A witness that a policy knows.</summary>
/// <param name="Name">Its name in the policy, for readers.</param>
/// <param name="Key">Its key, of the kind <see cref="KeyKind.Cosignature"/>.</param>
/// <param name="Url">Where it is (C2SP tlog-witness, the submission prefix), where the policy says so.</param>
public sealed record PolicyWitness(string Name, VerifierKey Key, string? Url)
{
    /// <summary>True for a witness of the vault's own, which shows how witnesses work and vouches for nothing: named
    /// <c>demonstration</c> or <c>demonstration-…</c> (FORMAT.md section 8).</summary>
    public bool IsDemonstration => Name == "demonstration" || Name.StartsWith("demonstration-", StringComparison.Ordinal);
}

/// <summary>A witness of the policy that cosigned a checkpoint.</summary>
/// <param name="Witness">Which.</param>
/// <param name="First">Its earliest cosignature there: the checkpoint existed by then, by that witness's clock.</param>
public sealed record PolicyCosigner(PolicyWitness Witness, Cosignature First);

/// <summary>What came of judging a checkpoint by a policy.</summary>
public sealed record PolicyVerdict
{
    /// <summary>The checkpoint, where a log of the policy signed it. Nothing that it says may be believed otherwise.</summary>
    public required Checkpoint? Checkpoint { get; init; }

    /// <summary>The log that signed it.</summary>
    public required PolicyLog? Log { get; init; }

    /// <summary>The witnesses of the policy that cosigned it, each once, in the policy's order. Empty where one of their cosignatures is bad.</summary>
    public required IReadOnlyList<PolicyCosigner> Cosigners { get; init; }

    /// <summary>Claim <c>checkpoint-signature</c>.</summary>
    public required Finding Signature { get; init; }

    /// <summary>Claim <c>witness-quorum</c>.</summary>
    public required Finding Quorum { get; init; }

    /// <summary>Claim <c>outside-witness</c>: a note where none was needed or none cosigned. It never fails.</summary>
    public required Finding OutsideWitness { get; init; }

    /// <summary>True where a witness that is not the vault's own cosigned it.</summary>
    public bool HasOutsideWitness => Cosigners.Any(c => !c.Witness.IsDemonstration);

    /// <summary>True where the checkpoint is signed by a log of the policy and cosigned as its quorum asks.</summary>
    public bool Holds => Signature.Holds && Quorum.Holds;

    /// <summary>The three findings.</summary>
    public IReadOnlyList<Finding> Findings => [Signature, Quorum, OutsideWitness];
}

/// <summary>
/// Which logs are trusted, and whose cosignatures a checkpoint must carry to be believed: C2SP tlog-policy. Names are octets without meaning.
/// </summary>
public sealed class LogPolicy
{
    private const int MostBytes = 64 << 10;
    private const int MostOfEach = 64;
    private const string None = "none";

    // C2SP tlog-policy, "Character set".
    private static readonly SearchValues<byte> Allowed =
        SearchValues.Create([.. Enumerable.Range(0, 256).Where(b => b is 0x09 or 0x0A or (>= 0x20 and not 0x7F)).Select(b => (byte)b)]);

    // Members are names of witnesses or of groups further up, so evaluating cannot run in circles.
    private readonly Dictionary<string, Group> _groups;
    private readonly OrderedDictionary<string, PolicyWitness> _byName;
    private readonly string _quorum;

    private LogPolicy(Reading read, byte[] bytes)
    {
        (Logs, Witnesses, _groups, _byName, _quorum) = (read.Logs, [.. read.Witnesses.Values], read.Groups, read.Witnesses, read.Quorum!);
        Content = bytes;
    }

    /// <summary>The policy's bytes as they were read.</summary>
    public ReadOnlyMemory<byte> Content { get; }

    /// <summary>The logs, in the policy's order. A policy without logs is well-formed; no checkpoint holds by it.</summary>
    public IReadOnlyList<PolicyLog> Logs { get; }

    /// <summary>The witnesses, in the policy's order, whether or not the quorum needs them.</summary>
    public IReadOnlyList<PolicyWitness> Witnesses { get; }

    /// <summary>True where no cosignature is asked for: <c>quorum none</c>.</summary>
    public bool AsksForNoWitness => _quorum == None;

    /// <summary>The policy that trusts these logs and asks for a cosignature of every one of these witnesses.</summary>
    /// <exception cref="FormatException">A key is of the wrong kind, is there twice, or there are too many.</exception>
    public static LogPolicy Requiring(IReadOnlyList<VerifierKey> logs, params IReadOnlyList<VerifierKey> witnesses)
    {
        var text = new StringBuilder();
        foreach (VerifierKey log in logs) text.Append(CultureInfo.InvariantCulture, $"log {log}\n");
        foreach (VerifierKey witness in witnesses) text.Append(CultureInfo.InvariantCulture, $"witness {witness.Name}+{Bytes.Hex([.. witness.KeyId])} {witness}\n");
        if (witnesses.Count > 0) text.Append(CultureInfo.InvariantCulture, $"group witnesses all {string.Join(' ', witnesses.Select(w => $"{w.Name}+{Bytes.Hex([.. w.KeyId])}"))}\n");
        text.Append(witnesses.Count > 0 ? "quorum witnesses\n" : "quorum none\n");
        return TryParse(Encoding.UTF8.GetBytes(text.ToString()), out LogPolicy? policy, out string problem) ? policy : throw new FormatException(problem);
    }

    /// <summary>Reads a policy. The bytes may be of any origin: it never throws.</summary>
    /// <param name="bytes">The policy file.</param>
    /// <param name="policy">The policy, where it is one.</param>
    /// <param name="problem">Why it is none, a sentence.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out LogPolicy? policy, out string problem)
    {
        policy = null;
        problem = "";
        if (bytes.Length > MostBytes) problem = "The policy is larger than 64 KiB.";
        else if (bytes.ContainsAnyExcept(Allowed)) problem = "The policy holds a control character other than tab and newline.";
        else if (bytes.Length > 0 && bytes[^1] != (byte)'\n') problem = "The policy's last line does not end in a newline: it may have been cut off.";
        if (problem.Length > 0) return false;

        var read = new Reading();
        int number = 0;
        // Latin-1 gives each octet one character, so that names stay opaque whatever they spell.
        foreach (string line in Encoding.Latin1.GetString(bytes).Split('\n'))
        {
            number++;
            string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words[0].StartsWith('#')) continue;
            if (read.Line(words) is { } fault)
            {
                problem = $"Line {number} of the policy cannot be used. {fault}";
                return false;
            }
        }
        if (read.Quorum is null)
        {
            problem = "The policy has no quorum line, so it does not say whose cosignatures are needed.";
            return false;
        }
        policy = new(read, bytes.ToArray());
        return true;
    }

    /// <summary>Judges a checkpoint. Never throws.</summary>
    public PolicyVerdict Evaluate(SignedNote note)
    {
        (Finding signature, Checkpoint? checkpoint, PolicyLog? log) = JudgeSignature(note);
        (Finding quorum, IReadOnlyList<PolicyCosigner> cosigners) = JudgeQuorum(note);
        return new()
        {
            Checkpoint = checkpoint,
            Log = log,
            Cosigners = cosigners,
            Signature = signature,
            Quorum = quorum,
            OutsideWitness = JudgeOutside(cosigners),
        };
    }

    private (Finding, Checkpoint?, PolicyLog?) JudgeSignature(SignedNote note)
    {
        const string claim = "checkpoint-signature";
        NoteVerdict verdict = note.Verify([.. Logs.Select(l => l.Key)]);
        if (!verdict.Holds)
            return (Finding.Bad(claim, $"The checkpoint is not signed by a log that the policy trusts, so nothing in it can be believed. {verdict.Sentence}"), null, null);
        if (!Checkpoint.TryParse(note.Text, out Checkpoint? checkpoint, out string problem))
            return (Finding.Bad(claim, $"What the log signed is no checkpoint. {problem}"), null, null);
        // "This name MUST correspond to the log's origin line": one log of the policy must not speak for another.
        if (Logs.FirstOrDefault(l => l.Key.Name == checkpoint.Origin && verdict.SignedBy.Contains(l.Key)) is not { } log)
            return (Finding.Bad(claim, $"The checkpoint says it is of the log {Printable.Of(checkpoint.Origin)}, but another log's key signed it. {verdict.Sentence}"), null, null);
        return (Finding.Good(claim, $"The log {Printable.Of(checkpoint.Origin)} signed this checkpoint of its first {Printable.Count(checkpoint.Size)} entries."), checkpoint, log);
    }

    private (Finding, IReadOnlyList<PolicyCosigner>) JudgeQuorum(SignedNote note)
    {
        const string claim = "witness-quorum";
        var cosigners = new List<PolicyCosigner>();
        foreach (PolicyWitness witness in Witnesses)
        {
            if (!note.Signatures.Any(s => s.IsBy(witness.Key))) continue;
            NoteVerdict verdict = note.Verify(witness.Key);
            if (!verdict.Holds)
                return (Finding.Bad(claim, $"The cosignature of the witness {Printable.Of(witness.Name)} does not fit this checkpoint: one of the two was altered, or somebody else made it."), []);
            cosigners.Add(new(witness, verdict.Cosignatures.MinBy(c => c.Seconds)!));
        }
        string who = cosigners.Count == 0 ? "No witness of the policy cosigned it." : $"Cosigned by {string.Join("; ", cosigners.Select(Sentence))}.";
        HashSet<string> cosigned = [.. _byName.Where(w => cosigners.Any(c => c.Witness == w.Value)).Select(w => w.Key)];
        if (AsksForNoWitness) return (Finding.Good(claim, $"The policy asks for no witness. {who}"), cosigners);
        return Reached(_quorum, cosigned)
            ? (Finding.Good(claim, $"As many witnesses as the policy asks for cosigned this checkpoint. {who}"), cosigners)
            : (Finding.Bad(claim, $"Not enough of the witnesses that the policy asks for cosigned this checkpoint, so the log may be showing others a different one. {who}"), cosigners);
    }

    private Finding JudgeOutside(IReadOnlyList<PolicyCosigner> cosigners)
    {
        const string claim = "outside-witness";
        string[] outside = [.. cosigners.Where(c => !c.Witness.IsDemonstration).Select(c => Printable.Of(c.Witness.Name))];
        if (outside.Length == 0 && cosigners.Count > 0)
            return Finding.Remark(claim, "Only a demonstration witness cosigned this checkpoint. It belongs to the vault itself: nobody outside has vouched that everybody is shown the same log.");
        if (outside.Length == 0)
            return Finding.Remark(claim, "No outside witness that the policy knows cosigned this checkpoint: nobody outside is shown to have vouched that everybody sees the same log.");
        return AsksForNoWitness
            ? Finding.Remark(claim, $"The policy asks for no witness, though {string.Join(", ", outside)} cosigned this checkpoint.")
            : Finding.Good(claim, $"Cosigned by {outside.Length} {(outside.Length == 1 ? "witness" : "witnesses")} that the policy does not call the vault's own: {string.Join(", ", outside)}.");
    }

    private static string Sentence(PolicyCosigner cosigner) =>
        $"{Printable.Of(cosigner.Witness.Name)}{(cosigner.Witness.IsDemonstration ? " (a demonstration, no outside witness)" : "")} at {cosigner.First.TimeText}";

    // A group of groups counts each name once, because a name is a member of one group at most.
    private bool Reached(string name, HashSet<string> cosigned) => _groups.TryGetValue(name, out Group? group)
        ? group.Members.Count(m => Reached(m, cosigned)) >= group.Needed
        : cosigned.Contains(name);

    private sealed record Group(int Needed, string[] Members);

    // A policy as far as it has been read. Each method gives what is wrong, or null.
    private sealed class Reading
    {
        private readonly HashSet<string> _members = [];

        public List<PolicyLog> Logs { get; } = [];

        public OrderedDictionary<string, PolicyWitness> Witnesses { get; } = [];

        public Dictionary<string, Group> Groups { get; } = [];

        public string? Quorum { get; private set; }

        public string? Line(string[] words) => words switch
        {
            ["log", var key] => Log(key, null),
            ["log", var key, var url] => Log(key, url),
            ["witness", var name, var key] => Witness(name, key, null),
            ["witness", var name, var key, var url] => Witness(name, key, url),
            ["group", var name, var needed, .. { Length: > 0 } members] => Define(name, needed, members),
            ["quorum", var name] => SetQuorum(name),
            ["log" or "witness" or "group" or "quorum", ..] => $"A {words[0]} line is written '{Form(words[0])}'.",
            _ => $"'{Shown(words[0])}' is none of log, witness, group and quorum.",
        };

        private static string Form(string kind) => kind switch
        {
            "log" => "log VKEY [URL]",
            "witness" => "witness NAME VKEY [URL]",
            "group" => "group NAME all|any|NUMBER NAME…",
            _ => "quorum NAME|none",
        };

        private string? Log(string text, string? url)
        {
            if (ReadKey(text, KeyKind.Note, "a log's", out VerifierKey? key) is { } fault) return fault;
            if (Logs.Any(l => SameKey(l.Key, key!))) return "The same public key is there for another log.";
            if (Logs.Count == MostOfEach) return $"There are more than {MostOfEach} logs.";
            Logs.Add(new(key!, url is null ? null : Utf8(url)));
            return null;
        }

        private string? Witness(string name, string text, string? url)
        {
            if (NameFault(name) is { } taken) return taken;
            if (ReadKey(text, KeyKind.Cosignature, "a witness's", out VerifierKey? key) is { } fault) return fault;
            if (Witnesses.Values.Any(w => SameKey(w.Key, key!))) return "The same public key is there for another witness, which would count twice.";
            if (Witnesses.Count == MostOfEach) return $"There are more than {MostOfEach} witnesses.";
            Witnesses.Add(name, new(Utf8(name), key!, url is null ? null : Utf8(url)));
            return null;
        }

        private string? Define(string name, string needed, string[] members)
        {
            if (NameFault(name) is { } taken) return taken;
            if (Groups.Count == MostOfEach) return $"There are more than {MostOfEach} groups.";
            foreach (string member in members)
            {
                if (!IsDefined(member)) return $"'{Shown(member)}' is no witness or group of an earlier line.";
                if (!_members.Add(member)) return $"'{Shown(member)}' is a member of a group already, and would count twice.";
            }
            int k = needed switch { "any" => 1, "all" => members.Length, _ => Number(needed) };
            if (k < 1 || k > members.Length) return $"A group of {members.Length} can ask for all, any, or a number from 1 to {members.Length}.";
            Groups.Add(name, new(k, members));
            return null;
        }

        private string? SetQuorum(string name)
        {
            if (Quorum is not null) return "There is a second quorum line.";
            if (name != None && !IsDefined(name)) return $"'{Shown(name)}' is no witness or group of an earlier line.";
            Quorum = name;
            return null;
        }

        private string? NameFault(string name) => name == None ? "'none' is the name of no witness or group."
            : IsDefined(name) ? $"The name '{Shown(name)}' is taken by an earlier line." : null;

        private bool IsDefined(string name) => Witnesses.ContainsKey(name) || Groups.ContainsKey(name);

        private static string? ReadKey(string text, KeyKind kind, string whose, out VerifierKey? key)
        {
            key = null;
            try
            {
                if (!VerifierKey.TryParse(Bytes.StrictUtf8.GetString(Encoding.Latin1.GetBytes(text)), out key, out string problem)) return problem;
            }
            catch (DecoderFallbackException)
            {
                return "The verifier key is not UTF-8 text.";
            }
            return key.Kind == kind ? null : $"The verifier key is of type {(byte)key.Kind:x2}; {whose} is of type {(byte)kind:x2}.";
        }

        // One spelling: no sign, no leading zero. 0 for what is no such number.
        private static int Number(string text) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int k) && k.ToString(CultureInfo.InvariantCulture) == text ? k : 0;

        private static bool SameKey(VerifierKey one, VerifierKey other) => one.PublicKey.Span.SequenceEqual(other.PublicKey.Span);

        private static string Shown(string octets) => Printable.Of(Utf8(octets));

        // For readers only; octets that are no UTF-8 become replacement characters.
        private static string Utf8(string octets) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(octets));
    }
}
