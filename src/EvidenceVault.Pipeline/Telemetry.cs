using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace EvidenceVault.Pipeline;

/// <summary>Traces and metrics. They carry references and numbers, never names, reasons or keys.</summary>
public static class Telemetry
{
    /// <summary>The name of the source and the meter, for the host's OpenTelemetry registration.</summary>
    public const string Name = "EvidenceVault";

    private static readonly Meter Meter = new(Name);

    internal static ActivitySource Source { get; } = new(Name);

    internal static Counter<long> SealedBytes { get; } = Meter.CreateCounter<long>("evidencevault.sealed", "By", "Bytes of Masters sealed");

    internal static Counter<long> Finished { get; } = Meter.CreateCounter<long>("evidencevault.exhibits", "{exhibit}", "Masters that reached a final state, by state");

    /// <summary>The publishing of this process's vault, which the gauges below ask; null where it does not publish.</summary>
    internal static LogPublishing? Publishing { get; set; }

    internal static ObservableGauge<double> Uncosigned { get; } = Meter.CreateObservableGauge(
        "evidencevault.log.uncosigned", () => Publishing is { } log ? [new(log.State().UncosignedFor?.TotalSeconds ?? 0)] : Array.Empty<Measurement<double>>(), "s", "How long there have been entries without a quorum of witnesses");

    internal static ObservableGauge<long> Alarms { get; } = Meter.CreateObservableGauge(
        "evidencevault.log.alarm", () => Publishing is { } log ? [new(log.State().Alarm is null ? 0 : 1)] : Array.Empty<Measurement<long>>(), "{alarm}", "1 where the log forked, was put back, or a witness refuses it");

    internal static Counter<long> Retries { get; } = Meter.CreateCounter<long>("evidencevault.retries", "{retry}", "Steps put off because something was out of reach");

    internal static Gauge<long> TimestampsWaiting { get; } = Meter.CreateGauge<long>("evidencevault.timestamps.waiting", "{seal}", "Seals that wait for their time stamp");
}
