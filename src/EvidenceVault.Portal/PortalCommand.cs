using System.CommandLine;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Timestamps;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Accounts;

namespace EvidenceVault.Portal;

/// <summary>The portal's command line and its exit codes: 0 done, 2 wrong use or refused, 3 something needed is out of reach.</summary>
internal static class PortalCommand
{
    private const int Done = 0, Refused = 2, OutOfReach = 3;

    private static readonly Option<string?> VaultFolder = new("--vault") { Description = "The vault's home folder. [EVIDENCEVAULT_HOME]", HelpName = "DIR" };

    private static readonly Option<string> Url = new("--url") { Description = "Where to listen.", HelpName = "URL", DefaultValueFactory = _ => PortalOptions.DefaultUrl };

    private static readonly Option<string?> Invite = new("--invite")
    {
        Description = "Print a link by which the account's owner chooses a new password, make the account if it is not there, and end. For whoever holds the vault's files: the way back in when nobody can sign in.",
        HelpName = "ACCOUNT",
    };

    public static async Task<int> RunAsync(string[] args)
    {
        RootCommand root = new("The vault's pages: exhibits, their record, and retrieval, for a browser.") { VaultFolder, Url, Invite };
        root.SetAction((asked, cancel) => RunAsync(asked, cancel));
        ParseResult parsed = root.Parse(args);
        int code = await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false });
        return parsed.Errors.Count > 0 ? Refused : code;
    }

    private static async Task<int> RunAsync(ParseResult asked, CancellationToken cancel)
    {
        try
        {
            PortalOptions options = new PortalOptions
            {
                Vault = asked.GetValue(VaultFolder) ?? Set("EVIDENCEVAULT_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".evidencevault", "vault"),
                Storage = Set("EVIDENCEVAULT_STORAGE") ?? "UseDevelopmentStorage=true",
                Url = asked.GetValue(Url)!,
                Origin = Set("EVIDENCEVAULT_PORTAL_ORIGIN"),
                Provider = ProviderOptions.From(Set),
                Timestamps = TimestampOptions.From(Set(TimestampOptions.AddressVariable), Set(TimestampOptions.CertificateVariable)),
            }.Checked();
            if (!File.Exists(Path.Combine(options.Vault, "vault.db")))
                throw new RefusedException($"There is no vault at '{Names.Printable(options.Vault)}'.", "Nothing was read or made.", "Name the vault with --vault or EVIDENCEVAULT_HOME; the first 'evidencevault worker' makes one.");
            await using Vault vault = await Vault.OpenAsync(options.Vault, TimeProvider.System);
            await using WebApplication app = await PortalApp.BuildAsync(options, vault, TimeProvider.System);
            return asked.GetValue(Invite) is { } name ? await InviteAsync(app, options, name) : await ServeAsync(app, options, vault, cancel);
        }
        catch (VaultException e)
        {
            await Console.Error.WriteLineAsync($"{e.What}\n  {e.Meaning}\n  {e.Next}");
            return e is UnreachableException ? OutOfReach : Refused;
        }
    }

    private static async Task<int> InviteAsync(WebApplication app, PortalOptions options, string name)
    {
        Console.WriteLine(options.Url.TrimEnd('/') + await FirstUse.InviteAsync(app.Services, name));
        return Done;
    }

    private static async Task<int> ServeAsync(WebApplication app, PortalOptions options, Vault vault, CancellationToken cancel)
    {
        try { await app.StartAsync(cancel); }
        catch (IOException e)
        {
            throw new UnreachableException($"The portal cannot listen at {options.Url} ({e.Message}).", "Nothing was served; the evidence is untouched.", "End what listens there, or name another address with --url.", e);
        }
        string address = app.Urls.First();
        Console.WriteLine($"portal      {address}");
        if (await FirstUse.LinkAsync(app.Services, vault) is { } first)
        {
            Console.WriteLine($"first use   Nobody has a password yet. To choose that of '{Names.Printable(first.Account)}', open within a day:");
            Console.WriteLine($"            {address}{first.Path}");
        }
        Console.WriteLine($"drops       A technician brings footage in at {address}/drops: case and camera, the camera's clock, the files of its card, and send.");
        await app.WaitForShutdownAsync(cancel);
        return Done;
    }

    private static string? Set(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
