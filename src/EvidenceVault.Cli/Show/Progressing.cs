using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Words;
using Spectre.Console;

namespace EvidenceVault.Cli.Show;

/// <summary>Shows work under way on standard error: a bar on a terminal, elsewhere a plain line now and then.</summary>
internal static class Progressing
{
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(1);

    public static Task<T> RunAsync<T>(Func<IProgress<FlowStep>, Task<T>> work) => OnTerminal
        ? BarAsync<T, FlowStep>(work, step => ($"{step.Exhibit} {step.Step}", step.Fraction))
        : work(new PlainLines<FlowStep>(TimeProvider.System, step => $"{step.Exhibit} {step.Name}: {step.Step} {step.Fraction:P0}"));

    public static Task<T> FractionAsync<T>(string what, Func<IProgress<double>, Task<T>> work) => OnTerminal
        ? BarAsync<T, double>(work, done => (what, done))
        : work(new PlainLines<double>(TimeProvider.System, done => $"{what} {done:P0}"));

    public static Task<T> BytesAsync<T>(string what, Func<IProgress<long>, Task<T>> work) => OnTerminal
        ? BarAsync<T, long>(work, done => ($"{what}, {Plain.Scale(done)}", null))
        : work(new PlainLines<long>(TimeProvider.System, done => $"{what}, {Plain.Scale(done)}"));

    private static bool OnTerminal => !Console.IsErrorRedirected;

    private static Task<T> BarAsync<T, TStep>(Func<IProgress<TStep>, Task<T>> work, Func<TStep, (string Words, double? Fraction)> read)
    {
        IAnsiConsole console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress().AutoClear(true).HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(context =>
            {
                ProgressTask task = context.AddTask("starting");
                return work(new Direct<TStep>(step =>
                {
                    (string words, double? fraction) = read(step);
                    task.Description = Markup.Escape(words);
                    task.IsIndeterminate = fraction is null;
                    // The bar's own clock treats 100 as the end, and a later step begins again at 0.
                    if (fraction is { } done) task.Value = Math.Min(99.9, done * 100);
                }));
            });
    }

    private sealed class Direct<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }

    /// <summary>At most one line a second, whatever is reported.</summary>
    internal sealed class PlainLines<T>(TimeProvider clock, Func<T, string> words, TextWriter? output = null) : IProgress<T>
    {
        private readonly TextWriter _output = output ?? Console.Error;
        private readonly Lock _one = new();
        private long? _last;

        public void Report(T value)
        {
            lock (_one)
            {
                if (_last is { } last && clock.GetElapsedTime(last) < s_between) return;
                _last = clock.GetTimestamp();
                _output.WriteLine(words(value));
            }
        }
    }
}
