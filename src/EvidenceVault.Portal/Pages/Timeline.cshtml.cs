using System.Globalization;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using EvidenceVault.Portal.Watching;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.CaseOfficer, Role.CpsReviewer)]
internal sealed class TimelineModel(IMediator mediator) : PageModel
{
    /// <summary>Units that a row is wide.</summary>
    public const int Width = 1000;

    public Timeline Shown { get; private set; } = null!;

    /// <summary>Cameras with something in the window, by name.</summary>
    public IEnumerable<string> Cameras => Shown.Drawn.Select(r => r.Camera).Concat(Shown.Clusters.Select(c => c.Camera)).Distinct().Order(StringComparer.Ordinal);

    /// <summary>How many are corrected by a comparison of the clock, on the page of the list and in the picture.</summary>
    public bool AnyUncorrected => Shown.Listed.Any(r => r.ClockOffset is null);

    public async Task<IActionResult> OnGetAsync(string name, [FromQuery] string? from, [FromQuery] string? to, [FromQuery] int page, CancellationToken cancel)
    {
        Shown = await mediator.Send(new ShowTimeline(name, Moment(from), Moment(to), page), cancel);
        return Shown.Case is null ? NotFound() : Page();
    }

    /// <summary>Where in the row a moment is, 0 to <see cref="Width"/>.</summary>
    public double X(long moment) => Math.Clamp((moment - Shown.From.ToUnixTimeMilliseconds()) * (double)Width / Length, 0, Width);

    /// <summary>Left edge and width of an interval, no narrower than can be seen.</summary>
    public (string Left, string Width) Bar(long from, long to, double narrowest = 2)
    {
        double left = Math.Min(X(from), Width - narrowest);
        return (PtsText.Of(left), PtsText.Of(Math.Max(narrowest, X(to) - left)));
    }

    /// <summary>The address of a window: this one moved by a share of its length and stretched by a factor.</summary>
    public string Address(double moved = 0, double stretched = 1, int page = 1)
    {
        double middle = Shown.From.ToUnixTimeMilliseconds() + (Length / 2.0) + (moved * Length), half = Math.Max(500, Length * stretched / 2);
        return Address((long)(middle - half), (long)(middle + half), page);
    }

    public string Address(long from, long to, int page = 1) => $"/cases/{Uri.EscapeDataString(Shown.Case!)}/timeline?from={Text(from)}&to={Text(to)}{(page > 1 ? $"&page={page.ToString(CultureInfo.InvariantCulture)}" : "")}";

    /// <summary>Moments to write below the rows, evenly.</summary>
    public IEnumerable<DateTimeOffset> Ticks => Enumerable.Range(0, 5).Select(i => Shown.From.AddMilliseconds(Length * i / 4.0));

    /// <summary>A moment as short as tells it from its neighbours.</summary>
    public string Tick(DateTimeOffset moment) => moment.ToString(Length > 2 * 86_400_000L ? "d MMM HH:mm" : Length > 600_000 ? "HH:mm" : "HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Field(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);

    public IReadOnlyDictionary<string, int> Motions => Shown.ListedSegments.CountBy(s => s.Exhibit).ToDictionary();

    private long Length => Math.Max(1, (long)(Shown.To - Shown.From).TotalMilliseconds);

    private static string Text(long moment) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(moment, 0, 253_402_300_799_000)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    // What cannot be read counts as not given: the whole is shown.
    private static DateTimeOffset? Moment(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset moment) && moment.Year is > 1970 and < 9999 ? moment : null;
}
