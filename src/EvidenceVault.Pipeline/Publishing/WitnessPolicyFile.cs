using System.Text;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Publishing;

/// <summary>The vault's policy file (C2SP tlog-policy): whose cosignatures its checkpoints need.</summary>
internal static class WitnessPolicyFile
{
    private const int MostBytes = 64 << 10;

    /// <summary>Reads the policy, making one at the first start, with the demonstration witness in it. Its log lines
    /// follow the log's keys (after a rotation); the rest is the owner's.</summary>
    /// <param name="path">The policy file.</param>
    /// <param name="witnessFolder">The demonstration witness's folder.</param>
    /// <param name="logKeys">The log's verifier keys that are valid.</param>
    /// <exception cref="RefusedException">It cannot be used; what is wrong is named.</exception>
    public static LogPolicy OpenOrMake(string path, string witnessFolder, IReadOnlyList<string> logKeys)
    {
        while (!File.Exists(path))
        {
            try
            {
                Write(path, First(witnessFolder, logKeys[0]));
            }
            catch (RefusedException e) when (e.InnerException is IOException)
            {
                // Another process is making the same policy at this moment.
                Thread.Sleep(50);
            }
        }
        LogPolicy policy = Read(path);
        LogPolicy current = WithLogKeys(policy, logKeys);
        if (current != policy) Write(path, current.Content.Span);
        return current;
    }

    /// <summary>The policy with these log keys, and no others of their name; itself where it has them.</summary>
    public static LogPolicy WithLogKeys(LogPolicy policy, IReadOnlyList<string> logKeys)
    {
        string origin = VerifierKey.Parse(logKeys[0]).Name;
        string[] has = [.. policy.Logs.Where(l => l.Key.Name == origin).Select(l => l.Key.ToString())];
        if (logKeys.Order(StringComparer.Ordinal).SequenceEqual(has.Order(StringComparer.Ordinal))) return policy;
        // Latin-1 gives each octet one character: what the owner wrote comes out as it was.
        IEnumerable<string> kept = Encoding.Latin1.GetString(policy.Content.Span).Split('\n')[..^1].Where(line => !NamesOneOf(line, has.Except(logKeys)));
        string text = string.Concat(kept.Concat(logKeys.Except(has).Select(k => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes($"log {k}")))).Select(line => line + '\n'));
        return LogPolicy.TryParse(Encoding.Latin1.GetBytes(text), out LogPolicy? current, out string problem)
            ? current
            : throw new RefusedException($"The log's new key does not fit into the witness policy. {problem}", "Nothing was changed.", "Shorten the policy file (C2SP tlog-policy), then try again.");
    }

    private static bool NamesOneOf(string line, IEnumerable<string> keys) =>
        line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries) is ["log", var key, ..] && keys.Contains(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(key)));

    private static byte[] First(string witnessFolder, string logKey)
    {
        using WitnessFolder own = WitnessFolder.Open(witnessFolder, $"{DemonstrationWitness.Name}.invalid/{VerifierKey.Parse(logKey).Name}");
        return Encoding.UTF8.GetBytes(
            $"""
            # Whose cosignatures this vault's checkpoints need (C2SP tlog-policy).
            # The witness 'demonstration' is the vault's own. It shows how witnesses work and is no outside witness: ask somebody
            # outside, such as CPS, to run 'evidencevault witness', and name that one here with its key and address:
            #   witness cps VKEY https://witness.cps.example/
            #   quorum cps
            log {logKey}
            witness {DemonstrationWitness.Name} {own.Key.VerifierKey}
            quorum {DemonstrationWitness.Name}

            """);
    }

    private static LogPolicy Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] bytes = new byte[MostBytes + 1];
        int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return LogPolicy.TryParse(bytes.AsSpan(0, length), out LogPolicy? policy, out string problem)
            ? policy
            : throw new RefusedException($"The witness policy '{path}' cannot be used. {problem}", "The vault was not opened: it would not know whose cosignatures its checkpoints need.", "Correct the file (C2SP tlog-policy), then start again.");
    }

    private static void Write(string path, ReadOnlySpan<byte> content)
    {
        using Scratch scratch = Scratch.New(Path.Combine(Path.GetDirectoryName(path)!, "work"));
        string draft = Path.Combine(scratch.Path, "policy");
        using (FileStream file = new(draft, FileMode.CreateNew, FileAccess.Write))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(draft, path, overwrite: true);
        DurableFolder.Flush(Path.GetDirectoryName(path)!);
    }
}
