using EvidenceVault.Pipeline;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EvidenceVault.Worker;

/// <summary>Logs, traces and metrics. Logs may be lost, custody entries may not: nothing here is evidence.</summary>
internal static class Diagnostics
{
    private const string ServiceName = "evidencevault-worker";

    /// <summary>Logs to stderr, so that stdout holds what people asked for: JSON lines where <c>EVIDENCEVAULT_LOG=json</c>, else plain ones.</summary>
    public static IServiceCollection AddWorkerLogs(this IServiceCollection services, Action<string> line, TimeProvider clock) => services.AddLogging(logs =>
    {
        logs.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning)
            // A taken health port is told by the worker itself, in its own words.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None).AddFilter("Microsoft.AspNetCore.Hosting", LogLevel.None);
        if (Environment.GetEnvironmentVariable("EVIDENCEVAULT_LOG") == "json")
        {
            logs.AddJsonConsole(o => (o.UseUtcTimestamp, o.TimestampFormat) = (true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'"));
            logs.Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        }
        else
        {
            logs.AddProvider(new LineLogs(line, clock));
        }
    });

    /// <summary>Traces and metrics, sent only where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to.</summary>
    public static IServiceCollection AddWorkerTelemetry(this IServiceCollection services, string version)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"))) return services;
        services.AddOpenTelemetry()
            .ConfigureResource(r => r.AddService(ServiceName, serviceVersion: version))
            .WithTracing(t => t.AddSource(Telemetry.Name).AddOtlpExporter())
            .WithMetrics(m => m.AddMeter(Telemetry.Name).AddMeter("System.Runtime").AddOtlpExporter());
        return services;
    }

    /// <summary>Starts sending: without a generic host nothing else asks for the providers. The services dispose, and so flush, them.</summary>
    public static void StartTelemetry(IServiceProvider services)
    {
        services.GetService<TracerProvider>();
        services.GetService<MeterProvider>();
    }

    private sealed class LineLogs(Action<string> line, TimeProvider clock) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new Line(line, clock);

        public void Dispose()
        {
        }

        private sealed class Line(Action<string> line, TimeProvider clock) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                string level = logLevel switch { LogLevel.Warning => "warning: ", >= LogLevel.Error => "error: ", _ => "" };
                line($"{clock.GetUtcNow():HH:mm:ss'Z'} {level}{formatter(state, exception)}{(exception is null ? "" : $" {exception}")}");
            }
        }
    }
}
