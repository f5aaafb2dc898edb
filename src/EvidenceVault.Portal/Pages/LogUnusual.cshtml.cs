using System.Globalization;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.Auditor)]
internal sealed class LogUnusualModel(IMediator mediator, TimeProvider clock) : FormPage
{
    /// <summary>People on the page at most.</summary>
    public const int Most = 200;

    [BindProperty(Name = "from", SupportsGet = true)]
    public string? From { get; set; }

    [BindProperty(Name = "to", SupportsGet = true)]
    public string? To { get; set; }

    [BindProperty(Name = "many", SupportsGet = true)]
    public string? Many { get; set; }

    [BindProperty(Name = "hours", SupportsGet = true)]
    public string? Hours { get; set; }

    public IReadOnlyList<PersonsAccess> People { get; private set; } = [];

    public int ManyExhibits { get; private set; }

    public async Task OnGetAsync(CancellationToken cancel)
    {
        DateOnly today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(clock.GetUtcNow(), TimeZoneInfo.Local).DateTime);
        From ??= Text(today.AddDays(-6));
        To ??= Text(today);
        Many ??= "20";
        Hours ??= LogAsked.UsualHours;
        if (LogAsked.Day(From) is not { } first) Wrong("from", "The first day must be a date, such as 2026-11-27");
        else if (LogAsked.Day(To) is not { } last) Wrong("to", "The last day must be a date, such as 2026-11-27");
        else if (last < first || last.DayNumber - first.DayNumber >= UnusualAccess.MostDays) Wrong("to", $"The last day must be after the first, and at most {UnusualAccess.MostDays} days together");
        else if (!int.TryParse(Many, NumberStyles.None, CultureInfo.InvariantCulture, out int many) || many < 1) Wrong("many", "The number must be 1 or more");
        else if (LogAsked.Hours(Hours) is not { } hours) Wrong("hours", "Working hours look like 7-19");
        else
        {
            ManyExhibits = many;
            People = await mediator.Send(new UnusualAccess(LogAsked.Midnight(first), LogAsked.Midnight(last.AddDays(1)), many, hours), cancel);
        }
    }

    /// <summary>The address of the entries behind a number.</summary>
    public string Entries(string actor, string? action = null, string? outcome = null, bool odd = false) =>
        "/log" + new LogAsked { Person = actor, From = From, To = To, Action = action, Outcome = outcome, Outside = odd ? Hours : null }.Query();

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
