using System.Text.Json;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Identity;

namespace EvidenceVault.Portal.Apis;

/// <summary>A passkey that a browser has made.</summary>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Credential">What the browser says (WebAuthn level 3, PublicKeyCredential.toJSON).</param>
internal sealed record NewPasskey(string Name, JsonElement Credential);

/// <summary>Whoever asks for a passkey has shown that it is them.</summary>
/// <param name="Password">Their password; none where they have shown it minutes ago.</param>
internal sealed record PasskeyAsked(string? Password);

/// <summary>Passkeys: what a browser must be asked, and what it answers (WebAuthn level 3). ASP.NET Core Identity judges them.</summary>
internal static class Passkeys
{
    private const int MostName = 60;

    public static void MapPasskeys(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder all = app.MapGroup("/api").RequireRateLimiting(PortalApp.Tries);
        all.MapPost("passkeys/sign-in-options", async (SignInManager<Account> signIn) => Results.Text(await signIn.MakePasskeyRequestOptionsAsync(null), "application/json"))
            .WithName("AskForPasskey").WithSummary("What the browser must be asked, to sign in with a passkey.").WithMetadata(new OpenToAnyoneAttribute());
        all.MapPost("passkeys/sign-in", async (JsonElement credential, SigningIn signing) => await signing.SignInWithPasskeyAsync(credential.GetRawText()) == Entrance.In ? Results.NoContent()
                : Results.Problem("The passkey is not known here, or its account is locked.", title: "You are not signed in", statusCode: StatusCodes.Status401Unauthorized))
            .WithName("SignInWithPasskey").WithSummary("Begins a session with what the browser answered.").Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status401Unauthorized).WithMetadata(new OpenToAnyoneAttribute());
        all.MapPost("passkeys/options", OptionsAsync)
            .WithName("AskForNewPasskey").WithSummary("What the browser must be asked, to make a passkey.").WithMetadata(new OpenToSignedInAttribute());
        all.MapPost("passkeys", AddAsync)
            .WithName("AddPasskey").WithSummary("Keeps a passkey that the browser has made.").Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status403Forbidden).WithMetadata(new OpenToSignedInAttribute());
    }

    private static async Task<IResult> OptionsAsync(PasskeyAsked asked, HttpContext context, SigningIn signing, SignInManager<Account> signIn, UserManager<Account> accounts)
    {
        if (!await signing.ConfirmAsync(context.User.Identity!.Name!, asked.Password)) throw Refused("It was not confirmed that it is you.", "Enter your password, and try again.");
        Account account = (await accounts.GetUserAsync(context.User))!;
        return Results.Text(await signIn.MakePasskeyCreationOptionsAsync(new() { Id = account.Id, Name = account.UserName!, DisplayName = account.UserName! }), "application/json");
    }

    private static async Task<IResult> AddAsync(NewPasskey made, HttpContext context, SecondFactor factor, UserManager<Account> accounts)
    {
        string name = Names.Printable(made.Name.Trim());
        if (name.Length is 0 or > MostName) throw Refused($"The passkey's name must be 1 to {MostName} characters.", "Choose another name, and try again.");
        if (!await factor.AddPasskeyAsync((await accounts.GetUserAsync(context.User))!, name, made.Credential.GetRawText()))
            throw Refused($"The passkey was not kept: it is not what was asked for, or there are {SecondFactor.MostPasskeys} already.", "Try again, or take one away first.");
        return Results.NoContent();
    }

    private static RefusedException Refused(string what, string next) => new(what, "Nothing was changed.", next);
}
