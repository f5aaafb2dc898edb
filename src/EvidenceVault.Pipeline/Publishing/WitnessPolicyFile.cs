using System.Text;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Publishing;

/// <summary>The vault's policy file (C2SP tlog-policy): whose cosignatures its checkpoints need.</summary>
internal static class WitnessPolicyFile
{
    private const int MostBytes = 64 << 10;

    /// <summary>Reads the policy, making one at the first start, with the demonstration witness in it. A log key that the policy does not have
    /// (after a rotation) is added at its end; the rest is the owner's.</summary>
    /// <param name="path">The policy file.</param>
    /// <param name="witnessFolder">The demonstration witness's folder.</param>
    /// <param name="logKey">The log's verifier key.</param>
    /// <exception cref="RefusedException">It cannot be used; what is wrong is named.</exception>
    public static LogPolicy OpenOrMake(string path, string witnessFolder, string logKey)
    {
        while (!File.Exists(path))
        {
            try
            {
                Write(path, First(witnessFolder, logKey));
            }
            catch (RefusedException e) when (e.InnerException is IOException)
            {
                // Another process is making the same policy at this moment.
                Thread.Sleep(50);
            }
        }
        LogPolicy policy = Read(path);
        if (policy.Logs.Any(l => l.Key.ToString() == logKey)) return policy;
        Write(path, [.. policy.Content.Span, .. Encoding.UTF8.GetBytes($"log {logKey}\n")]);
        return Read(path);
    }

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

    private static void Write(string path, byte[] content)
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
