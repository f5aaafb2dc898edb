using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Timestamps;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline;

/// <summary>How the flow runs.</summary>
public sealed record FlowOptions
{
    /// <summary>Whether footage is analysed after it is stored.</summary>
    public bool Analyse { get; init; } = true;

    /// <summary>What the analysis looks for.</summary>
    public AnalysisSettings Analysis { get; init; } = new();

    /// <summary>The time-stamping authority; null where none is set.</summary>
    public TimestampOptions? Timestamps { get; init; }
}

/// <summary>A step of an exhibit under way, for showing.</summary>
/// <param name="Exhibit">Which.</param>
/// <param name="Name">The name it was delivered under, fit for a terminal.</param>
/// <param name="Step">What is being done, in words.</param>
/// <param name="Fraction">How much of it is done, 0 to 1.</param>
public sealed record FlowStep(ExhibitReference Exhibit, string Name, string Step, double Fraction)
{
    /// <summary>Set where a step has ended and its state is committed: the exhibit as it now stands. <see cref="Step"/> is then that state.</summary>
    public ExhibitRow? Reached { get; init; }
}

internal sealed class StepProgress(ExhibitReference exhibit, ExhibitRow row, IProgress<FlowStep>? progress)
{
    private readonly string _name = Names.Printable(row.RelativePath ?? "");

    public void Report(string step, double fraction) => progress?.Report(new(exhibit, _name, step, Math.Clamp(fraction, 0, 1)));

    /// <summary>Tells that a step has ended and its state is committed.</summary>
    public void Reached(ExhibitRow now) => progress?.Report(new(exhibit, _name, now.State, 1) { Reached = now });

    /// <summary>Progress counted in bytes.</summary>
    public IProgress<long> Of(string step, long? total) => new Direct<long>(done => Report(step, total > 0 ? (double)done / total.Value : 1));

    /// <summary>Progress that is a fraction already.</summary>
    public IProgress<double> Fraction(string step) => new Direct<double>(done => Report(step, done));

    // Not Progress<T>: that posts to the thread pool, and reports then arrive out of order.
    private sealed class Direct<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
