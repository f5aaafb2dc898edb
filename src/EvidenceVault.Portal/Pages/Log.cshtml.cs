using System.Globalization;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages;

/// <summary>What is asked of the log, as it stands in an address: the explorer, its exports and the links of the report share it.</summary>
internal sealed class LogAsked
{
    /// <summary>When people are at work, unless somebody says otherwise.</summary>
    public const string UsualHours = "7-19";

    [FromQuery(Name = "person")]
    public string? Person { get; set; }

    [FromQuery(Name = "exhibit")]
    public string? Exhibit { get; set; }

    [FromQuery(Name = "case")]
    public string? Case { get; set; }

    [FromQuery(Name = "action")]
    public string? Action { get; set; }

    [FromQuery(Name = "outcome")]
    public string? Outcome { get; set; }

    /// <summary>The first day, by the clock of this machine.</summary>
    [FromQuery(Name = "from")]
    public string? From { get; set; }

    /// <summary>The last day, likewise.</summary>
    [FromQuery(Name = "to")]
    public string? To { get; set; }

    /// <summary>Only outside of these hours, such as <c>7-19</c>.</summary>
    [FromQuery(Name = "outside")]
    public string? Outside { get; set; }

    /// <summary>What is wrong in it, by field.</summary>
    public IReadOnlyList<(string Field, string Error)> Wrong()
    {
        var wrong = new List<(string, string)>();
        if (!string.IsNullOrEmpty(From) && Day(From) is null) wrong.Add(("from", "The first day must be a date, such as 2026-11-27"));
        if (!string.IsNullOrEmpty(To) && Day(To) is null) wrong.Add(("to", "The last day must be a date, such as 2026-11-27"));
        if (Day(From) is { } first && Day(To) is { } last && last < first) wrong.Add(("to", "The last day must not be before the first"));
        if (!string.IsNullOrWhiteSpace(Case) && !Names.IsGood(Case.Trim())) wrong.Add(("case", "A case has letters, digits, dots, hyphens and underscores, as in OP-HERON"));
        if (!string.IsNullOrWhiteSpace(Exhibit) && !ExhibitReference.TryParse(Exhibit.Trim(), out _)) wrong.Add(("exhibit", "An exhibit looks like AB/1 or AB/1/2"));
        if (!string.IsNullOrEmpty(Action) && !Acts.All.Contains(Action)) wrong.Add(("action", "Choose an action from the list"));
        if (Outcome is not (null or "" or "done" or "refused" or "failed")) wrong.Add(("outcome", "Choose an outcome from the list"));
        if (Person is { Length: > 256 }) wrong.Add(("person", "The person must be 256 characters or fewer"));
        if (!string.IsNullOrEmpty(Outside) && Hours(Outside) is null) wrong.Add(("outside", "Working hours look like 7-19"));
        return wrong;
    }

    /// <summary>The filter. Only where nothing is <see cref="Wrong"/>.</summary>
    public EntryFilter Filter() => new()
    {
        Actor = Given(Person),
        Exhibit = Given(Exhibit),
        Case = Given(Case),
        Action = Given(Action),
        Outcome = Given(Outcome),
        From = Day(From) is { } first ? Midnight(first) : null,
        To = Day(To) is { } last ? Midnight(last.AddDays(1)) : null,
        Outside = Given(Outside) is { } hours ? Hours(hours) : null,
    };

    /// <summary>The same as the end of an address, with more.</summary>
    public string Query(params (string Name, string? Value)[] more) => QueryString.Create(
        new (string Name, string? Value)[] { ("person", Person), ("exhibit", Exhibit), ("case", Case), ("action", Action), ("outcome", Outcome), ("from", From), ("to", To), ("outside", Outside) }.Concat(more)
            .Where(p => !string.IsNullOrWhiteSpace(p.Value)).Select(p => KeyValuePair.Create(p.Name, (string?)p.Value!.Trim()))).Value ?? "";

    /// <summary>A day as it is typed or picked.</summary>
    public static DateOnly? Day(string? text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day) ? day : null;

    /// <summary>The type of a field for a day: what is none is shown as it was typed, which a field for dates does not.</summary>
    public static string DayType(string? text) => string.IsNullOrEmpty(text) || Day(text) is not null ? "date" : "text";

    /// <summary>When a day begins, by the clock of this machine. A midnight that a change of the clock leaves out is taken by the offset before it.</summary>
    public static DateTimeOffset Midnight(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeZoneInfo.Local.GetUtcOffset(day.ToDateTime(TimeOnly.MinValue)));

    /// <summary>Working hours as they are typed; null where they are none.</summary>
    public static WorkingHours? Hours(string text) => text.Split('-') is [var from, var to]
        && int.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out int start) && int.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out int end)
        && start < end && end <= 24 ? new(start, end, TimeZoneInfo.Local) : null;

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}

[OpenTo(Role.Auditor, Role.CpsReviewer, Role.CaseOfficer)]
internal sealed class LogModel(IMediator mediator) : FormPage
{
    [BindProperty(SupportsGet = true, Name = "")]
    public LogAsked Asked { get; set; } = new();

    public LogPage? Found { get; private set; }

    public bool IsNewest { get; private set; }

    public async Task OnGetAsync([FromQuery] ulong? before, [FromQuery] ulong? after, CancellationToken cancel)
    {
        foreach (var (field, error) in Asked.Wrong()) Wrong(field, error);
        IsNewest = before is null && after is null;
        if (Errors.Count == 0) Found = await mediator.Send(new ExploreLog(Asked.Filter(), before, before is null ? after : null), cancel);
    }
}
