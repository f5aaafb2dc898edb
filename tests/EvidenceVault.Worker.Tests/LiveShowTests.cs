using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Worker.Showing;
using Spectre.Console;

namespace EvidenceVault.Worker.Tests;

public sealed class LiveShowTests
{
    [Fact]
    public async Task The_live_view_shows_a_hostile_name_as_text_and_may_be_ended_twice()
    {
        using StringWriter terminal = new();
        IAnsiConsole console = AnsiConsole.Create(new() { Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(terminal) });
        console.Profile.Width = 100;
        LiveShow show = new(console);
        FlowStep step = new(ExhibitReference.Parse("EV/1"), "[red]night[/].mp4", "sealing", 0.5);
        for (int i = 0; i < 200 && !terminal.ToString().Contains("sealing", StringComparison.Ordinal); i++)
        {
            show.Report(step);
            await Task.Delay(50);
        }
        show.Line("a line for good");
        await show.DisposeAsync();
        show.Line("after the end");
        await show.DisposeAsync();

        Assert.Contains("EV/1  [red]night[/].mp4  sealing  ████████████░░░░░░░░░░░░  50 %", terminal.ToString());
        Assert.Contains("a line for good", terminal.ToString());
        Assert.EndsWith("after the end", terminal.ToString().TrimEnd());
    }
}
