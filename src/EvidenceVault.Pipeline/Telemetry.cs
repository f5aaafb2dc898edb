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

    internal static Counter<long> Retries { get; } = Meter.CreateCounter<long>("evidencevault.retries", "{retry}", "Steps put off because something was out of reach");

    internal static Gauge<long> TimestampsWaiting { get; } = Meter.CreateGauge<long>("evidencevault.timestamps.waiting", "{seal}", "Seals that wait for their time stamp");
}
