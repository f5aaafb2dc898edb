using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages;

/// <summary>What exhibits are looked for, as it stands in an address.</summary>
internal sealed class SearchAsked
{
    private const int MostLength = 200;

    [FromQuery(Name = "reference")]
    public string? Reference { get; set; }

    [FromQuery(Name = "case")]
    public string? Case { get; set; }

    [FromQuery(Name = "camera")]
    public string? Camera { get; set; }

    [FromQuery(Name = "from")]
    public string? From { get; set; }

    [FromQuery(Name = "to")]
    public string? To { get; set; }

    [FromQuery(Name = "name")]
    public string? Name { get; set; }

    [FromQuery(Name = "hash")]
    public string? Hash { get; set; }

    [FromQuery(Name = "motion")]
    public string? Motion { get; set; }

    [FromQuery(Name = "before")]
    public string? Before { get; set; }

    [FromQuery(Name = "after")]
    public string? After { get; set; }

    /// <summary>What is wrong in it, by field.</summary>
    public IReadOnlyList<(string Field, string Error)> Wrong()
    {
        var wrong = new List<(string, string)>();
        if (Given(Reference) is { } reference && !reference.All(c => char.IsAsciiLetterOrDigit(c) || c == '/')) wrong.Add(("reference", "A reference has letters, digits and strokes, as in AB/1"));
        if (Given(Case) is { } caseName && !Names.IsGood(caseName)) wrong.Add(("case", "A case has letters, digits, dots, hyphens and underscores, as in OP-HERON"));
        if (Given(Camera) is { } camera && !Names.IsGood(camera)) wrong.Add(("camera", "A camera has letters, digits, dots, hyphens and underscores, as in CAM-7"));
        if (Given(From) is { } from && LogAsked.Day(from) is null) wrong.Add(("from", "The first day must be a date, such as 2026-11-27"));
        if (Given(To) is { } to && LogAsked.Day(to) is null) wrong.Add(("to", "The last day must be a date, such as 2026-11-27"));
        if (Given(Hash) is { } hash && !(hash.Length is >= 8 and <= 128 && hash.All(char.IsAsciiHexDigit))) wrong.Add(("hash", "A hash is 8 or more of the digits 0 to 9 and a to f, from its beginning"));
        if (Motion is not (null or "" or "yes" or "no")) wrong.Add(("motion", "Choose one from the list"));
        foreach (var (field, value) in new[] { ("reference", Reference), ("name", Name) })
            if (value is { Length: > MostLength }) wrong.Add((field, $"This must be {MostLength} characters or fewer"));
        return wrong;
    }

    /// <summary>What is looked for. Only where nothing is <see cref="Wrong"/>.</summary>
    public ExhibitQuery Query() => new()
    {
        Reference = Given(Reference)?.ToUpperInvariant(),
        Case = Given(Case),
        Camera = Given(Camera),
        From = LogAsked.Day(Given(From)) is { } first ? LogAsked.Midnight(first) : null,
        To = LogAsked.Day(Given(To)) is { } last ? LogAsked.Midnight(last.AddDays(1)) : null,
        Name = Given(Name),
        Hash = Given(Hash)?.ToLowerInvariant(),
        Motion = Motion switch { "yes" => true, "no" => false, _ => null },
    };

    /// <summary>A place as it stands in an address.</summary>
    public static ExhibitPlace? Place(string? text) => text?.Split('~') is [{ Length: > 0 } at, { Length: > 0 } reference] ? new(at, reference) : null;

    /// <summary>The same search as the end of an address, at another place.</summary>
    public string Address(string way, ExhibitPlace place) => QueryString.Create(
        new[] { ("reference", Reference), ("case", Case), ("camera", Camera), ("from", From), ("to", To), ("name", Name), ("hash", Hash), ("motion", Motion), (way, $"{place.ReceivedAt}~{place.Reference}") }
            .Where(p => !string.IsNullOrWhiteSpace(p.Item2)).Select(p => KeyValuePair.Create(p.Item1, (string?)p.Item2!.Trim()))).Value ?? "";

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}

[OpenTo(Role.Technician, Role.CaseOfficer, Role.CpsReviewer, Role.Auditor)]
internal sealed class SearchModel(IMediator mediator) : FormPage
{
    [BindProperty(SupportsGet = true, Name = "")]
    public SearchAsked Asked { get; set; } = new();

    public FoundExhibits? Found { get; private set; }

    public async Task OnGetAsync(CancellationToken cancel)
    {
        foreach (var (field, error) in Asked.Wrong()) Wrong(field, error);
        if (Errors.Count > 0 || Asked.Query() is { IsEmpty: true }) return;
        ExhibitPlace? before = SearchAsked.Place(Asked.Before);
        Found = await mediator.Send(new SearchExhibits(Asked.Query(), before, before is null ? SearchAsked.Place(Asked.After) : null), cancel);
    }
}
