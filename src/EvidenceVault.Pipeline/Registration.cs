using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Timestamps;
using EvidenceVault.Pipeline.UseCases;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EvidenceVault.Pipeline;

/// <summary>What a host adds to its services. The host owns configuration names; this takes typed options.</summary>
public static class Registration
{
    /// <summary>Adds the flow, the use cases with their two behaviours, and the vault itself, which the host has opened and will dispose.
    /// Needs an IEvidenceStore, an ILogStore, an IUploadPlace and an IFootageAnalyser beside it.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="vault">The vault.</param>
    /// <param name="options">How the flow works.</param>
    /// <param name="caller">Who asks, all the time.</param>
    public static IServiceCollection AddEvidenceVault(this IServiceCollection services, Vault vault, FlowOptions options, Caller caller) => services.AddEvidenceVault(vault, options, _ => caller);

    /// <summary>The same for a host of many people: whoever asks is known for each scope, and a use case is sent from a scope.</summary>
    public static IServiceCollection AddEvidenceVault(this IServiceCollection services, Vault vault, FlowOptions options, Func<IServiceProvider, Caller> caller)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(vault).AddSingleton(options).AddScoped(caller);
        services.AddSingleton(vault.Keys.Wrapper).AddSingleton(vault.Keys.Log).AddSingleton(vault.Keys.Seal);
        services.AddSingleton<GivenFiles>().AddSingleton<EvidenceFlow>();
        services.AddScoped<GivingOut>().AddSingleton<BlockHolding>().AddSingleton<FrameTables>();
        services.TryAddSingleton(new PublishingOptions());
        services.TryAddSingleton(new DeliveryOptions());
        services.AddSingleton(s => new Cosigning(
            vault.Log, vault.Sequencer, vault.WitnessPolicy, s.GetRequiredService<PublishingOptions>().WitnessPatience,
            new DemonstrationWitness(vault.WitnessFolder, [.. vault.WitnessPolicy.Logs.Select(l => l.Key)], s.GetRequiredService<TimeProvider>()), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<LogPublishing>();
        services.TryAddSingleton(new Disclosure.VerifierPage());
        services.AddSingleton<BundleMaking>();
        services.AddSingleton(s => new DisclosureWork(vault, s.GetRequiredService<BundleMaking>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<Microsoft.Extensions.Logging.ILogger<DisclosureWork>>()));
        if (options.Timestamps is { } timestamps) services.AddSingleton(timestamps).AddSingleton<TimestampAuthority>().AddSingleton<TimestampRounds>();
        services.AddMediator(o =>
        {
            o.ServiceLifetime = ServiceLifetime.Scoped;
            // In this order: may they, then is it recorded, then the handler.
            o.PipelineBehaviors = [typeof(AuthorisationBehaviour<,>), typeof(CustodyBehaviour<,>)];
        });
        return services;
    }
}
