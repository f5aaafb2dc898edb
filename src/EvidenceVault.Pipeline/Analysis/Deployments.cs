using System.Text.Json;
using System.Text.Json.Serialization;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>What one deployment, a camera placed for a case, has of its own. What is null is as for any other.</summary>
/// <param name="Case">The case, as drops name it.</param>
/// <param name="Camera">The camera, as drops name it.</param>
public sealed record DeploymentSettings(string Case, string Camera)
{
    /// <summary>See <see cref="AnalysisSettings.Region"/>.</summary>
    public IReadOnlyList<int>? Region { get; init; }

    /// <summary>See <see cref="AnalysisSettings.Ignore"/>.</summary>
    public IReadOnlyList<IReadOnlyList<int>>? Ignore { get; init; }

    /// <summary>See <see cref="AnalysisSettings.MinimumSize"/>.</summary>
    public int? MinimumSize { get; init; }

    /// <summary>See <see cref="AnalysisSettings.Sensitivity"/>.</summary>
    public Sensitivity? Sensitivity { get; init; }

    /// <summary>See <see cref="AnalysisSettings.MergeGap"/>.</summary>
    public double? MergeGap { get; init; }

    /// <summary>See <see cref="AnalysisSettings.PreRoll"/>.</summary>
    public double? PreRoll { get; init; }

    /// <summary>See <see cref="AnalysisSettings.PostRoll"/>.</summary>
    public double? PostRoll { get; init; }

    /// <summary>See <see cref="AnalysisSettings.BurstGap"/>.</summary>
    public double? BurstGap { get; init; }

    /// <summary>See <see cref="AnalysisSettings.Clips"/>.</summary>
    public bool? Clips { get; init; }

    /// <summary>See <see cref="AnalysisSettings.ViewingCopies"/>.</summary>
    public bool? ViewingCopies { get; init; }

    /// <summary>See <see cref="AnalysisSettings.Storyboard"/>.</summary>
    public bool? Storyboard { get; init; }

    /// <summary>See <see cref="AnalysisSettings.Exhaustive"/>.</summary>
    public bool? Exhaustive { get; init; }

    internal AnalysisSettings Over(AnalysisSettings usual) => usual with
    {
        Deployment = $"{Case}/{Camera}",
        Region = Region ?? usual.Region,
        Ignore = Ignore ?? usual.Ignore,
        MinimumSize = MinimumSize ?? usual.MinimumSize,
        Sensitivity = Sensitivity ?? usual.Sensitivity,
        MergeGap = MergeGap ?? usual.MergeGap,
        PreRoll = PreRoll ?? usual.PreRoll,
        PostRoll = PostRoll ?? usual.PostRoll,
        BurstGap = BurstGap ?? usual.BurstGap,
        Clips = Clips ?? usual.Clips,
        ViewingCopies = ViewingCopies ?? usual.ViewingCopies,
        Storyboard = Storyboard ?? usual.Storyboard,
        Exhaustive = Exhaustive ?? usual.Exhaustive,
    };
}

/// <summary>The deployments that have settings of their own: <c>deployments.json</c> in the vault's folder (docs/drop-manifest.md). Believed whole or not at all. Pure.</summary>
public sealed class Deployments
{
    private const int BytesMost = 1 << 20, DepthMost = 8;

    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
        NumberHandling = JsonNumberHandling.Strict,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        MaxDepth = DepthMost,
    };

    private Deployments(IReadOnlyList<DeploymentSettings> all) => All = all;

    /// <summary>Those that have settings of their own.</summary>
    public IReadOnlyList<DeploymentSettings> All { get; }

    /// <summary>No deployment has settings of its own.</summary>
    public static Deployments None { get; } = new([]);

    /// <summary>Reads the file's content.</summary>
    /// <exception cref="FormatException">It is not such a list; the message says, in a sentence, what is wrong.</exception>
    public static Deployments Read(byte[] json)
    {
        if (json.Length > BytesMost) throw new FormatException($"It is larger than {BytesMost >> 20} MiB.");
        IReadOnlyList<DeploymentSettings> all;
        try
        {
            // Windows tools write a byte order mark, which a reader may pass over (RFC 8259, section 8.1).
            all = JsonSerializer.Deserialize<DeploymentsFile>(json.AsSpan().StartsWith("\uFEFF"u8) ? json.AsSpan(3) : json, Form)?.Deployments ?? throw new FormatException("It is empty.");
        }
        catch (JsonException e) { throw new FormatException($"It cannot be read: {Names.Printable(e.Message)}", e); }
        var seen = new HashSet<(string, string)>();
        foreach ((int at, DeploymentSettings? one) in all.Index())
        {
            if (one is null || !Names.IsGood(one.Case) || !Names.IsGood(one.Camera)) throw new FormatException($"Deployment {at + 1} of its list has no case and camera of 1 to 64 letters, digits, '.', '-' or '_', starting with a letter or digit.");
            if (!seen.Add((one.Case, one.Camera))) throw new FormatException($"It names {one.Case}/{one.Camera} twice.");
            if (SettingsCheck.Fault(one.Over(new())) is { } fault) throw new FormatException($"{one.Case}/{one.Camera}: {fault}");
        }
        return new(all);
    }

    /// <summary>The settings for footage of a camera in a case: the usual ones, with what its deployment has of its own.</summary>
    public AnalysisSettings For(string caseName, string camera, AnalysisSettings usual) =>
        All.FirstOrDefault(d => d.Case == caseName && d.Camera == camera)?.Over(usual) ?? usual;

    private sealed record DeploymentsFile(IReadOnlyList<DeploymentSettings> Deployments);
}
