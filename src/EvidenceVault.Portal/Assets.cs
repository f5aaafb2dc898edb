using System.Security.Cryptography;
using EvidenceVault.Portal.Doors;
using Microsoft.Net.Http.Headers;

namespace EvidenceVault.Portal;

/// <summary>Style, script and icon, from the program itself. Their addresses hold their hash, so that a browser may keep them for good.</summary>
internal static class Assets
{
    private static readonly Lazy<IReadOnlyDictionary<string, (string Type, byte[] Content)>> Files = new(() => new Dictionary<string, (string, byte[])>
    {
        ["portal.css"] = ("text/css; charset=utf-8", Read("portal.css")),
        ["portal.js"] = ("text/javascript; charset=utf-8", Read("portal.js")),
        ["portal.svg"] = ("image/svg+xml", Read("portal.svg")),
    });

    /// <summary>Where a file is to be found.</summary>
    public static string Address(string name) => $"/assets/{Convert.ToHexStringLower(SHA256.HashData(Files.Value[name].Content))[..16]}/{name}";

    public static void MapAssets(this WebApplication app)
    {
        foreach (var (name, (type, content)) in Files.Value)
        {
            app.MapGet(Address(name), (HttpContext context) =>
            {
                context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
                return Results.Bytes(content, type, entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}\""));
            }).WithMetadata(new OpenToAnyoneAttribute());
        }
    }

    private static byte[] Read(string name)
    {
        using Stream resource = typeof(Assets).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"This program was built without {name}.");
        using var bytes = new MemoryStream();
        resource.CopyTo(bytes);
        return bytes.ToArray();
    }
}
