using System.Buffers.Binary;
using System.Security.Cryptography;
using EvidenceVault.Portal.Doors;
using Microsoft.Net.Http.Headers;

namespace EvidenceVault.Portal;

/// <summary>Style, script, icon and the pictures of the help, from the program itself. Their addresses hold their hash, so that a browser may keep them for good.</summary>
internal static class Assets
{
    private static readonly Dictionary<string, string> Types = new() { [".css"] = "text/css; charset=utf-8", [".js"] = "text/javascript; charset=utf-8", [".svg"] = "image/svg+xml", [".png"] = "image/png" };

    private static readonly Lazy<IReadOnlyDictionary<string, (string Type, byte[] Content)>> Files = new(() =>
        typeof(Assets).Assembly.GetManifestResourceNames().Where(name => Types.ContainsKey(Path.GetExtension(name))).ToDictionary(name => name, name => (Types[Path.GetExtension(name)], Read(name))));

    /// <summary>The script that hashes files while they are sent, in a worker of its own.</summary>
    public const string HashWorker = "hash-worker.js";

    /// <summary>Where a file is to be found.</summary>
    public static string Address(string name) => $"/assets/{Convert.ToHexStringLower(SHA256.HashData(Files.Value[name].Content))[..16]}/{name}";

    /// <summary>How wide and how high a PNG is, in pixels, by its header (PNG specification, section 11.2.2).</summary>
    public static (int Width, int Height) SizeOfPicture(string name)
    {
        ReadOnlySpan<byte> header = Files.Value[name].Content.AsSpan(16, 8);
        return (BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header[4..]));
    }

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
