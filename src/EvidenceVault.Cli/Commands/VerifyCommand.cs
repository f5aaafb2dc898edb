using System.CommandLine;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Verify;

namespace EvidenceVault.Cli.Commands;

/// <summary>Checks a disclosure bundle or a sealed file. It needs no vault and no right: what is checked proves itself.</summary>
internal static class VerifyCommand
{
    public static Command Build()
    {
        var path = new Argument<string>("BAG|ZIP|FILE") { Description = "A bundle's folder or ZIP; or a single file, with --seal, --signature and --ca." };
        Option<string> policy = File("--policy", "The policy that the vault's owner published: whose checkpoints and cosignatures count. Default: the bundle's own, to be compared."),
            ca = File("--ca", "The CA certificate that the vault's owner published, PEM. Default: the bundle's own, to be compared."),
            tsa = File("--tsa", "The certificate of the time-stamping authority or of its CA, PEM. Default: the bundle's own, to be compared."),
            seal = File("--seal", "The seal manifest of a single file."),
            signature = File("--signature", "The signature over that seal manifest."),
            timestamp = File("--timestamp", "The time stamp over that signature."),
            packetProof = File("--packet-proof", "The packet proof of a single clip: that its packets are an unbroken run of its Master's. A bundle has it inside.");
        var remembered = new Option<string[]>("--remembered") { Description = "A checkpoint of the log that you kept. May be given several times.", HelpName = "FILE", AllowMultipleArgumentsPerToken = false };
        var log = new Option<string>("--log") { Description = "The published log, to compare remembered checkpoints with.", HelpName = "DIR|URL" };
        var command = new Command("verify", "Check a disclosure bundle, or a file with its seal. Needs no vault. Exit 1 where something does not hold.")
        {
            path, policy, ca, tsa, remembered, log, seal, signature, timestamp, packetProof, CommandTree.Json,
        };
        Examples.Of(command,
            "evidencevault verify AB-bundle.zip",
            "evidencevault verify AB-bundle --policy policy --ca ca.pem --remembered checkpoint-of-june --log https://log.example/",
            "evidencevault verify AB-1.mp4 --seal seal.json --signature seal.cms --ca ca.pem");
        command.SetAction((parsed, cancel) => Verifying.RunAsync(
            new(parsed.GetRequiredValue(path))
            {
                Policy = parsed.GetValue(policy),
                Ca = parsed.GetValue(ca),
                Tsa = parsed.GetValue(tsa),
                Remembered = parsed.GetValue(remembered) ?? [],
                Log = parsed.GetValue(log),
                Seal = parsed.GetValue(seal),
                Signature = parsed.GetValue(signature),
                Timestamp = parsed.GetValue(timestamp),
                PacketProof = parsed.GetValue(packetProof),
                Player = FfmpegPlayer.AskAsync,
                Json = parsed.GetValue(CommandTree.Json),
            },
            Console.Out, Console.IsOutputRedirected ? Verifying.WidthOfFiles : Console.WindowWidth, new(Console.Error, !Console.IsErrorRedirected, TimeProvider.System), TimeProvider.System, cancel));
        return command;
    }

    private static Option<string> File(string name, string description) => new(name) { Description = description, HelpName = "FILE" };
}
