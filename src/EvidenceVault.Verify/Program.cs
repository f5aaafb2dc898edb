using System.Reflection;
using EvidenceVault.Verify;

// `evidencevault-verify`: checks a disclosure bundle or a sealed file, offline, with nothing else installed.
const string Usage = """
    Checks a disclosure bundle, or one file with its seal. It needs no network, no vault and no rights.

    Usage:
      evidencevault-verify BAG|ZIP [--policy F] [--ca F] [--tsa F] [--remembered F]... [--log DIR|URL] [--json]
      evidencevault-verify FILE --seal seal.json --signature seal.cms --ca ca.pem [--timestamp seal.tst --tsa tsa.pem]
                           [--packet-proof F] [--json]

      --policy F       The policy that the vault's owner published: whose checkpoints and cosignatures count.
      --ca F           The CA certificate that the vault's owner published, PEM.
      --tsa F          The certificate of the time-stamping authority or of its CA, PEM.
      --remembered F   A checkpoint of the log that you kept. May be given several times.
      --log DIR|URL    The published log, to compare remembered checkpoints with.
      --seal F         A single file's seal manifest; --signature F its signature; --timestamp F its time stamp.
      --packet-proof F A single clip's packet proof: that its packets are an unbroken run of its Master's. A bundle has it inside.
      --json           Print JSON, and nothing else.
      --version        Print the version.

    Ends with 0 where all holds, 1 where something does not, 2 for wrong use, 3 where something needed cannot be reached.
    """;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
try
{
    if (args is ["--help" or "-h" or "-?"])
    {
        Console.WriteLine(Usage);
        return 0;
    }
    if (args is ["--version"])
    {
        Console.WriteLine(typeof(VerifyRequest).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion);
        return 0;
    }
    int width = Console.IsOutputRedirected ? Verifying.WidthOfFiles : Console.WindowWidth;
    return await Verifying.RunAsync(CommandLine.Read(args), Console.Out, width, new(Console.Error, !Console.IsErrorRedirected, TimeProvider.System), TimeProvider.System, stop.Token);
}
catch (VerifyTrouble trouble)
{
    Console.Error.WriteLine($"evidencevault-verify: {Verifying.Shown(trouble.Message)}");
    Console.Error.WriteLine($"  {Verifying.Shown(trouble.Meaning)}");
    Console.Error.WriteLine($"  {Verifying.Shown(trouble.Next)}");
    return trouble.Code;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("evidencevault-verify: stopped before the end. Nothing was found out about the evidence, good or bad.");
    return 130;
}
