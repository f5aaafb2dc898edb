using System.Globalization;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages.Drops;

/// <summary>Step 2: what the camera's clock shows, and the authority. With it the drop is begun.</summary>
[OpenTo(Role.Technician)]
internal sealed class ClockModel(IMediator mediator) : FormPage
{
    /// <summary>How times are written in the form.</summary>
    public const string TimeForm = "yyyy-MM-dd HH:mm:ss";

    private static readonly string[] TimeForms = [TimeForm, "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFF"];

    // Where the machine has no rules of time zones, only UTC can be chosen.
    private static readonly TimeZoneInfo? Uk = TimeZoneInfo.TryFindSystemTimeZoneById("Europe/London", out TimeZoneInfo? found) ? found : null;

    [BindProperty(Name = "case", SupportsGet = true)]
    public string? Case { get; set; }

    [BindProperty(Name = "camera", SupportsGet = true)]
    public string? Camera { get; set; }

    [BindProperty(Name = "initials", SupportsGet = true)]
    public string? Initials { get; set; }

    [BindProperty(Name = "zone")]
    public string? Zone { get; set; }

    [BindProperty(Name = "shown")]
    public string? Shown { get; set; }

    [BindProperty(Name = "true")]
    public string? True { get; set; }

    [BindProperty(Name = "within")]
    public string? Within { get; set; }

    [BindProperty(Name = "shown-again")]
    public string? ShownAgain { get; set; }

    [BindProperty(Name = "true-again")]
    public string? TrueAgain { get; set; }

    [BindProperty(Name = "within-again")]
    public string? WithinAgain { get; set; }

    [BindProperty(Name = "reference")]
    public string? Reference { get; set; }

    [BindProperty(Name = "urn")]
    public string? Urn { get; set; }

    [BindProperty(Name = "do")]
    public string? Do { get; set; }

    /// <summary>Whether UK time can be chosen.</summary>
    public static bool HasUkTime => Uk is not null;

    /// <summary>What the readings come to, where they can be understood.</summary>
    public ClockOffset? Offset { get; private set; }

    public IActionResult OnGet() => string.IsNullOrEmpty(Case) || string.IsNullOrEmpty(Camera) ? Redirect("/drops/new") : Page();

    public async Task<IActionResult> OnPostAsync(CancellationToken cancel)
    {
        if (string.IsNullOrEmpty(Case) || string.IsNullOrEmpty(Camera)) return Redirect("/drops/new");
        ClockObservation? first = Reading("shown", Shown, "true", True, "within", Within), second = Reading("shown-again", ShownAgain, "true-again", TrueAgain, "within-again", WithinAgain);
        if (first is null && second is not null) Wrong("shown", "Enter the first reading before the second");
        if (Urn?.Trim() is { Length: > 200 }) Wrong("urn", "The reference number must be 200 characters or fewer");
        if (Reference?.Trim() is { Length: > 200 }) Wrong("reference", "What the reference was must be 200 characters or fewer");
        if (first is not null && Errors.Count == 0) Offset = ClockOffset.From(first, second);
        if (Errors.Count > 0 || Do == "offset")
        {
            if (Do == "offset" && first is null && Errors.Count == 0) Wrong("shown", "Enter what the camera shows, to work out how far it is out");
            return Page();
        }
        string id = await mediator.Send(new BeginDrop(Case, Camera, Given(Initials), Given(Urn), first, second), cancel);
        return Redirect("/drops/" + id);
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    // A reading is whole or not there at all.
    private ClockObservation? Reading(string shownField, string? shown, string trueField, string? truth, string withinField, string? within)
    {
        if (Given(shown) is null && Given(truth) is null) return null;
        DateTimeOffset? camera = Time(shownField, shown, "what the camera shows"), reference = Time(trueField, truth, "what the reference shows");
        double? width = double.TryParse(Given(within) ?? "1", NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0 and <= 86400 ? seconds : null;
        if (width is null) Wrong(withinField, "How exact it is must be a number of seconds, such as 1 or 0.5");
        return camera is { } c && reference is { } r && width is { } w ? new(c, r, w, Given(Reference)) : null;
    }

    private DateTimeOffset? Time(string field, string? text, string what)
    {
        if (DateTime.TryParseExact(text?.Trim(), TimeForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time))
            return new(time, Zone == "uk" && Uk is not null ? Uk.GetUtcOffset(time) : TimeSpan.Zero);
        Wrong(field, $"Enter {what} as a date and a time with seconds, such as 2026-03-01 20:00:00");
        return null;
    }
}
