namespace EvidenceVault.Verify;

/// <summary>Reads the command line. By hand: the program has no dependency but Proof.</summary>
internal static class CommandLine
{
    private const string Help = "See 'evidencevault-verify --help'.";

    /// <exception cref="VerifyTrouble">It is not of the form.</exception>
    public static VerifyRequest Read(IReadOnlyList<string> arguments)
    {
        string? path = null;
        bool onlyPaths = false;
        var request = new VerifyRequest("");
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (argument == "--" && !onlyPaths)
            {
                onlyPaths = true;
            }
            else if (argument == "--json" && !onlyPaths)
            {
                request = request with { Json = true };
            }
            else if (argument.StartsWith("--", StringComparison.Ordinal) && !onlyPaths)
            {
                (string name, string? joined) = argument.IndexOf('=') is > 0 and var at ? (argument[..at], argument[(at + 1)..]) : (argument, null);
                string? value = joined ?? (i + 1 < arguments.Count ? arguments[++i] : null);
                request = With(request, name, value is { Length: > 0 } ? value : throw Misused($"The option {Verifying.Shown(name)} needs a value."));
            }
            else if (path is null)
            {
                path = argument;
            }
            else
            {
                throw Misused($"There is one thing to check at a time, and '{Verifying.Shown(argument)}' is a second.");
            }
        }
        return path is { Length: > 0 } ? request with { Path = path } : throw Misused("Nothing was named to be checked.");
    }

    private static VerifyRequest With(VerifyRequest request, string name, string value)
    {
        return name switch
        {
            "--policy" => request with { Policy = Once(request.Policy) },
            "--ca" => request with { Ca = Once(request.Ca) },
            "--tsa" => request with { Tsa = Once(request.Tsa) },
            "--log" => request with { Log = Once(request.Log) },
            "--seal" => request with { Seal = Once(request.Seal) },
            "--signature" => request with { Signature = Once(request.Signature) },
            "--timestamp" => request with { Timestamp = Once(request.Timestamp) },
            "--packet-proof" => request with { PacketProof = Once(request.PacketProof) },
            "--remembered" => request with { Remembered = [.. request.Remembered, value] },
            _ => throw Misused($"There is no option {Verifying.Shown(name)}."),
        };

        string Once(string? before) => before is null ? value : throw Misused($"The option {name} was given twice.");
    }

    private static VerifyTrouble Misused(string what) => VerifyTrouble.Misused(what, Help);
}
