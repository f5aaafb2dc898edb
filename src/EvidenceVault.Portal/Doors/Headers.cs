namespace EvidenceVault.Portal.Doors;

/// <summary>What every answer says to the browser: nothing from elsewhere, no script or style in a page, in no frame, kept nowhere.</summary>
internal static class Headers
{
    public const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>For the worker that reads files of reviewers: it may hash in WebAssembly, and it may connect to nothing at all, so that no file can leave the browser by it.</summary>
    public const string ReaderPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";

    private static readonly object Connects = new(), Compiles = new();

    /// <summary>Lets this one answer's page connect to an address beside the portal's own.</summary>
    public static void MayConnectTo(this HttpContext context, string address) => context.Items[Connects] = address;

    /// <summary>Lets this one answer, a worker's script, compile WebAssembly; no page does.</summary>
    public static void MayCompile(this HttpContext context) => context.Items[Compiles] = true;

    private static string PolicyOf(HttpContext context)
    {
        string policy = context.Items[Connects] is string address ? Policy.Replace("connect-src 'self'", $"connect-src 'self' {address}", StringComparison.Ordinal) : Policy;
        return context.Items[Compiles] is true ? policy.Replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", StringComparison.Ordinal) : policy;
    }

    // As the answer starts, as a page for what went wrong begins with no header at all.
    public static IApplicationBuilder UseHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(() =>
        {
            IHeaderDictionary headers = context.Response.Headers;
            // A worker has said its own: it is a program of its own to the browser.
            if (headers.ContentSecurityPolicy.Count == 0) headers.ContentSecurityPolicy = PolicyOf(context);
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";
            // Style and script have said for themselves how long they may be kept.
            if (!headers.CacheControl.ToString().Contains("immutable", StringComparison.Ordinal)) headers.CacheControl = "no-store";
            if (context.Request.IsHttps) headers.StrictTransportSecurity = "max-age=31536000";
            return Task.CompletedTask;
        });
        return next(context);
    });
}
