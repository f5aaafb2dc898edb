using System.Security.Cryptography;
using EvidenceVault.Portal.Doors;
using Microsoft.Net.Http.Headers;

namespace EvidenceVault.Portal;

/// <summary>Style, script and icon, from the program itself. Their addresses hold their hash, so that a browser may keep them for good.</summary>
internal static class Assets
{
    private static readonly Dictionary<string, string> Types = new() { [".css"] = "text/css; charset=utf-8", [".js"] = "text/javascript; charset=utf-8", [".svg"] = "image/svg+xml" };

    private static readonly Lazy<IReadOnlyDictionary<string, (string Type, byte[] Content)>> Files = new(() =>
        typeof(Assets).Assembly.GetManifestResourceNames().Where(name => Types.ContainsKey(Path.GetExtension(name))).ToDictionary(name => name, name => (Types[Path.GetExtension(name)], Read(name))));

    /// <summary>The script that hashes files while they are sent, in a worker of its own.</summary>
    public const string HashWorker = "hash-worker.js";

    /// <summary>Where a file is to be found.</summary>
    public static string Address(string name) => $"/assets/{Convert.ToHexStringLower(SHA256.HashData(Files.Value[name].Content))[..16]}/{name}";

    public static void MapAssets(this WebApplication app)
    {
        foreach (var (name, (type, content)) in Files.Value)
        {
            app.MapGet(Address(name), (HttpContext context) =>
            {
                if (name == HashWorker) context.MayCompile();
                context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
                if (name == "review-worker.js") context.Response.Headers.ContentSecurityPolicy = Headers.ReaderPolicy;
                return Results.Bytes(content, type, entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}\""));
            }).ExcludeFromDescription().WithMetadata(new OpenToAnyoneAttribute());
        }
    }

    private static byte[] Read(string name)
    {
        using Stream resource = typeof(Assets).Assembly.GetManifestResourceStream(name)!;
        using var bytes = new MemoryStream();
        resource.CopyTo(bytes);
        return bytes.ToArray();
    }
}
