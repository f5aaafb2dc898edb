using System.Security.Cryptography;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv;

/// <summary>Which build of ours this is. Builds are deterministic: a module's identifier (ECMA-335 II.22.30, Mvid) is a hash of what it was compiled
/// from, so the same source gives the same text, and a changed analysis another, whatever the version number says.</summary>
internal static class OwnBuild
{
    /// <summary>For example <c>0.1.0+build.5e1f0a9c2b7d</c>.</summary>
    public static string Version { get; } = $"{typeof(OwnBuild).Assembly.GetName().Version?.ToString(3) ?? "unknown"}+build.{Identity()[..12]}";

    private static string Identity() => Convert.ToHexStringLower(SHA256.HashData(
        [.. typeof(OwnBuild).Module.ModuleVersionId.ToByteArray(), .. typeof(AnalysisReport).Module.ModuleVersionId.ToByteArray()]));
}
