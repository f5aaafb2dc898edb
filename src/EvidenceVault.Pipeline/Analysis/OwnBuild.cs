using System.Reflection;
using System.Security.Cryptography;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>Which build of ours made something. Builds are deterministic: a module's identifier (ECMA-335 II.22.30, Mvid) is a hash of what it was compiled
/// from, so the same source gives the same text, and a changed program another, whatever the version number says.</summary>
internal static class OwnBuild
{
    /// <summary>For example <c>0.1.0+build.5e1f0a9c2b7d</c>.</summary>
    /// <param name="modules">The modules that took part, the first of them with the version number.</param>
    public static string Of(params Module[] modules)
    {
        string identity = Convert.ToHexStringLower(SHA256.HashData([.. modules.SelectMany(m => m.ModuleVersionId.ToByteArray())]));
        return $"{modules[0].Assembly.GetName().Version?.ToString(3) ?? "unknown"}+build.{identity[..12]}";
    }
}
