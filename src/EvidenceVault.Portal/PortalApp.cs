using System.Threading.RateLimiting;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Apis;
using EvidenceVault.Portal.Doors;
using EvidenceVault.Portal.Watching;
using EvidenceVault.Storage.Azure;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace EvidenceVault.Portal;

/// <summary>The one place where the portal is put together. What a request goes through, in this order: headers, the page for what went wrong, the limit on tries, who it is, the door, the page; and for what is of the
/// vault, the use case with its two behaviours.</summary>
internal static class PortalApp
{
    /// <summary>The policy that limits how often one place may try to sign in.</summary>
    public const string Tries = "tries";

    /// <summary>The policy that limits how often one place may ask for what sending files needs.</summary>
    public const string Sending = "sending";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>How long a session lasts without a request.</summary>
    public static readonly TimeSpan Session = TimeSpan.FromMinutes(20);

    /// <summary>How long a session lasts at most, whatever is asked for in it.</summary>
    public static readonly TimeSpan LongestSession = TimeSpan.FromHours(10);

    public static async Task<WebApplication> BuildAsync(PortalOptions options, Vault vault, TimeProvider clock)
    {
        Directory.CreateDirectory(options.Folder, OwnerOnly);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new() { ApplicationName = typeof(PortalApp).Assembly.GetName().Name, EnvironmentName = Environments.Production });
        builder.Configuration.AddEnvironmentVariables("EVIDENCEVAULT_PORTAL_"); // for Kestrel's own settings, such as its certificate
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 1 << 20; // forms; footage is not sent through here
            kestrel.Configure(builder.Configuration.GetSection("Kestrel"));
        });
        builder.WebHost.UseUrls(options.Url);
        builder.Logging.AddSimpleConsole(o => o.SingleLine = true).SetMinimumLevel(LogLevel.Warning)
            // These warn of what is meant: keys of cookies lie in the vault's folder, as all its keys do, and every answer says already that it must not be kept.
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error).AddFilter("Microsoft.AspNetCore.Antiforgery", LogLevel.Error)
            .Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        AddServices(builder.Services, options, vault, clock);

        WebApplication app = builder.Build();
        await using (AsyncServiceScope scope = app.Services.CreateAsyncScope())
        {
            var database = scope.ServiceProvider.GetRequiredService<AccountsDatabase>();
            await database.Database.MigrateAsync();
            await Provider.RememberAsync(database, vault);
        }
        app.UseHeaders();
        // What is told to people in full, and is in the custody log where it belongs, is no fault of the program.
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandlingPath = "/trouble", SuppressDiagnosticsCallback = given => given.Exception is Pipeline.Words.VaultException });
        app.UseStatusCodePagesWithReExecute("/trouble", "?status={0}");
        app.UseProblemDetails();
        app.UseRouting();
        app.UseRateLimiter();
        app.UseAuthentication();
        app.UseMiddleware<Door>();
        app.UseFormTokens();
        app.MapRazorPages();
        app.MapAssets();
        app.MapAboutMe();
        app.MapLogApi();
        app.MapSearchApi();
        app.MapWatching();
        app.MapDrops();
        app.MapPasskeys();
        app.MapReview();
        app.MapHealth();
        return app;
    }

    private static void AddServices(IServiceCollection services, PortalOptions options, Vault vault, TimeProvider clock)
    {
        services.AddSingleton(clock).AddHttpContextAccessor();
        services.AddScoped<OnBehalf>().AddSingleton<PlaybackTickets>().AddSingleton<Works>().AddHostedService(s => s.GetRequiredService<Works>());
        services.AddEvidenceVault(vault, new() { Timestamps = options.Timestamps }, s => new Caller(
                s.GetRequiredService<OnBehalf>().Account
                ?? (s.GetRequiredService<IHttpContextAccessor>().HttpContext?.User.Identity is { IsAuthenticated: true, Name: { } name } ? name : throw new InvalidOperationException("Nobody is signed in."))))
            .AddAzureStorage(new AzureStorageOptions { ConnectionString = options.Storage })
            .AddFootageAnalysis(o => o.ScratchFolder = vault.ScratchRoot);
        services.AddSingleton(options).AddSingleton(options.Delivery).AddHostedService<UploadsAtStart>();

        services.AddDbContext<AccountsDatabase>(o => o.UseSqlite(new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder { DataSource = Path.Combine(options.Folder, "accounts.db") }.ToString()));
        services.AddDataProtection().SetApplicationName("EvidenceVault.Portal").PersistKeysToFileSystem(Directory.CreateDirectory(Path.Combine(options.Folder, "keys"), OwnerOnly));
        services.AddIdentityCore<Account>(o =>
        {
            // PasswordRules says what a password must be.
            o.Password = new() { RequiredLength = 1, RequiredUniqueChars = 0, RequireDigit = false, RequireLowercase = false, RequireUppercase = false, RequireNonAlphanumeric = false };
            o.Stores.SchemaVersion = IdentitySchemaVersions.Version3;
            o.Lockout = new() { MaxFailedAccessAttempts = 5, DefaultLockoutTimeSpan = TimeSpan.FromMinutes(15) };
        }).AddEntityFrameworkStores<AccountsDatabase>().AddSignInManager().AddDefaultTokenProviders().AddPasswordValidator<PasswordRules>();
        // A passkey stands for password and second factor: the device must have asked its owner for a PIN or a finger. Which make of device it is is nothing to us.
        services.Configure<IdentityPasskeyOptions>(o => (o.UserVerificationRequirement, o.ResidentKeyRequirement, o.AttestationConveyancePreference) = ("required", "required", "none"));
        services.AddScoped<SigningIn>().AddScoped<Invitations>().AddScoped<SecondFactor>().AddScoped<Provider>();
        AuthenticationBuilder authentication = services.AddAuthentication(IdentityConstants.ApplicationScheme);
        authentication.AddIdentityCookies();
        if (options.Provider is { } provider) authentication.AddOpenIdConnect(Provider.Scheme, provider.Name, o => Provider.Configure(o, provider));
        services.ConfigureApplicationCookie(cookie =>
        {
            cookie.Cookie.Name = "evidencevault";
            cookie.Cookie.SameSite = SameSiteMode.Strict;
            cookie.Cookie.HttpOnly = true;
            (cookie.ExpireTimeSpan, cookie.SlidingExpiration) = (Session, true);
            Func<CookieValidatePrincipalContext, Task> asked = cookie.Events.OnValidatePrincipal;
            cookie.Events.OnValidatePrincipal = context =>
            {
                if (!SigningIn.IsTooOld(context.Properties, clock.GetUtcNow())) return asked(context);
                context.RejectPrincipal();
                return Task.CompletedTask;
            };
        });
        // Asked at each request: whoever signed out, or was given a new password, is out everywhere at once, and a copied cookie is worth nothing any more.
        services.Configure<SecurityStampValidatorOptions>(o => o.ValidationInterval = TimeSpan.Zero);

        services.AddAntiforgery(o => (o.Cookie.Name, o.Cookie.SameSite, o.FormFieldName, o.HeaderName) = ("evidencevault-form", SameSiteMode.Strict, "form", ProblemDetails.TokenHeader));
        services.AddRateLimiter(o =>
        {
            o.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            o.AddPolicy(Sending, context => RateLimitPartition.GetFixedWindowLimiter(context.Connection.RemoteIpAddress?.ToString() ?? "", _ => new() { PermitLimit = options.SendingCallsAMinute, Window = TimeSpan.FromMinutes(1) }));
            o.AddPolicy(Tries, context => HttpMethods.IsPost(context.Request.Method)
                ? RateLimitPartition.GetFixedWindowLimiter(context.Connection.RemoteIpAddress?.ToString() ?? "", _ => new() { PermitLimit = options.TriesAMinute, Window = TimeSpan.FromMinutes(1) })
                : RateLimitPartition.GetNoLimiter("read"));
        });
        services.AddRazorPages();
        services.AddOpenApi(o => o.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "EvidenceVault", Version = "1", Description = $"What pages of the portal ask for, under the session of whoever has signed in. What changes something needs the header {ProblemDetails.TokenHeader}." };
            document.Servers?.Clear(); // wherever it was asked for
            return Task.CompletedTask;
        }));
    }
}
