using EvidenceVault.Pipeline.Analysis;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the analysis of footage.</summary>
public static class AnalysisRegistration
{
    /// <summary>Adds <see cref="IFootageAnalyser"/>, <see cref="IFootageProbe"/>, <see cref="IClipCutter"/>, <see cref="IProvenClips"/> and <see cref="IViewingCopyMaker"/>.</summary>
    public static IServiceCollection AddFootageAnalysis(this IServiceCollection services, Action<FootageAnalysisOptions>? configure = null)
    {
        var options = new FootageAnalysisOptions();
        configure?.Invoke(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<IFootageProbe, FootageProbe>();
        services.AddSingleton<IClipCutter, ClipCutter>();
        services.AddSingleton<IProvenClips, ProvenClips>();
        services.AddSingleton<IViewingCopyMaker, ViewingCopyMaker>();
        services.AddSingleton<IFootageAnalyser, FootageAnalyser>();
        return services;
    }
}
