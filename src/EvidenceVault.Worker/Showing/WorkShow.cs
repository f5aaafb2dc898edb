using System.Collections.Concurrent;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Records;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EvidenceVault.Worker.Showing;

/// <summary>Shows work under way: steps as they move, lines as they come. Thread-safe.</summary>
internal abstract class WorkShow : IProgress<FlowStep>, IAsyncDisposable
{
    /// <summary>A live view on a terminal, plain lines elsewhere.</summary>
    public static WorkShow For(IAnsiConsole console) => console.Profile is { Out.IsTerminal: true, Capabilities.Ansi: true } ? new LiveShow(console) : new PlainShow(Console.Out);

    /// <summary>How many segments and keyframes an exhibit has; set once the vault is open.</summary>
    public Func<ExhibitRow, (int Segments, int Keyframes)> Counts { get; set; } = _ => (0, 0);

    /// <summary>Columns, on a terminal.</summary>
    public virtual int? Width => null;

    /// <summary>Shows a line, for good.</summary>
    public abstract void Line(string text);

    /// <inheritdoc/>
    public abstract void Report(FlowStep step);

    /// <summary>Ends the live part; lines can still be written.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>One line when a step starts and one when it has ended.</summary>
internal sealed class PlainShow(TextWriter output) : WorkShow
{
    private readonly ConcurrentDictionary<string, string> _under = new();
    private readonly TextWriter _output = TextWriter.Synchronized(output);

    public override void Line(string text) => _output.WriteLine(text);

    public override void Report(FlowStep step)
    {
        if (step.Reached is { } now)
        {
            _under.TryRemove(step.Exhibit.Text, out _);
            Line(StepText.Reached(step, now, Counts(now)));
            return;
        }
        string? before = null;
        _under.AddOrUpdate(step.Exhibit.Text, step.Step, (_, old) =>
        {
            before = old;
            return step.Step;
        });
        if (before != step.Step) Line(StepText.Started(step));
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A table of the steps under way that moves in place; what has ended scrolls away above it.</summary>
internal sealed class LiveShow : WorkShow
{
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(120);
    private const int BarWidth = 24;

    private readonly IAnsiConsole _console;
    private readonly ConcurrentDictionary<string, FlowStep> _under = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Task _view;
    private volatile bool _moved;

    public LiveShow(IAnsiConsole console)
    {
        _console = console;
        _view = console.Live(new Text("")).AutoClear(true).StartAsync(ShowAsync);
    }

    public override int? Width => _console.Profile.Width;

    // Text, not markup: what a name holds is never taken for a style.
    public override void Line(string text) => _console.Write(new LineAbove(text + "\n"));

    public override void Report(FlowStep step)
    {
        if (step.Reached is { } now)
        {
            _under.TryRemove(step.Exhibit.Text, out _);
            Line(StepText.Reached(step, now, Counts(now)));
        }
        else
        {
            _under[step.Exhibit.Text] = step;
        }
        _moved = true;
    }

    // May be called again: the run ends the view before its last lines, and its scope ends it once more.
    public override async ValueTask DisposeAsync()
    {
        if (!_view.IsCompleted) await _end.CancelAsync().ConfigureAwait(false);
        await _view.ConfigureAwait(false);
    }

    /// <summary>The steps under way: exhibit, name, step, bar.</summary>
    internal static Grid Table(IEnumerable<FlowStep> steps)
    {
        Grid grid = new Grid().AddColumn(new() { NoWrap = true }).AddColumn().AddColumn(new() { NoWrap = true }).AddColumn(new() { NoWrap = true });
        foreach (FlowStep step in steps.OrderBy(s => s.Exhibit))
        {
            int full = (int)Math.Round(step.Fraction * BarWidth);
            grid.AddRow(
                new Text(step.Exhibit.Text), new Text(step.Name), new Text(step.Step),
                new Text($"{new string('█', full)}{new string('░', BarWidth - full)} {(int)(step.Fraction * 100),3} %"));
        }
        return grid;
    }

    private async Task ShowAsync(LiveDisplayContext view)
    {
        using PeriodicTimer timer = new(Frame);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token).ConfigureAwait(false))
            {
                if (!_moved) continue; // idle: not a byte to the terminal
                _moved = false;
                view.UpdateTarget(_under.IsEmpty ? new Text("") : Table(_under.Values));
            }
        }
        catch (OperationCanceledException)
        {
            // the end was asked for
        }
    }

    /// <summary>A line written where the view begins. What the view had there is wiped first: Spectre writes over it, and a longer row
    /// would show behind a shorter line.</summary>
    private sealed class LineAbove(string text) : Renderable
    {
        private const string EraseBelow = "\u001b[J"; // ECMA-48 section 8.3.39, ED

        protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
            [Segment.Control(EraseBelow), .. ((IRenderable)new Text(text)).Render(options, maxWidth)];
    }
}
