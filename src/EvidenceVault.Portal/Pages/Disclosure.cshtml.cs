using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages;

/// <summary>How a disclosure bundle stands, and on whom it was served.</summary>
[OpenTo(Role.CaseOfficer, Role.CpsReviewer, Role.Auditor)]
internal sealed class DisclosureModel(IMediator mediator, Vault vault, TimeProvider clock) : FormPage
{
    [BindProperty(Name = "on", SupportsGet = false)]
    public string? On { get; set; }

    [BindProperty(Name = "how", SupportsGet = false)]
    public string? How { get; set; }

    [BindProperty(Name = "day", SupportsGet = false)]
    public string? Day { get; set; }

    [BindProperty(Name = "month", SupportsGet = false)]
    public string? Month { get; set; }

    [BindProperty(Name = "year", SupportsGet = false)]
    public string? Year { get; set; }

    public string CaseName { get; private set; } = "";

    public bool MayMake { get; private set; }

    public ShownDisclosure Shown { get; private set; } = null!;

    /// <summary>The address of this page.</summary>
    public string Here => $"/cases/{Uri.EscapeDataString(CaseName)}/disclosures/{Shown.Standing.Row.Id}";

    private DateOnly Today => DateOnly.FromDateTime(clock.GetLocalNow().DateTime);

    public DayField DayField => new("When was it served?", Day, Month, Year, Errors.FirstOrDefault(e => e.Field == "day").Error);

    public async Task<IActionResult> OnGetAsync(string name, string id, CancellationToken cancel)
    {
        DateOnly today = Today;
        (Day, Month, Year) = (Text(today.Day), Text(today.Month), Text(today.Year));
        return await ShowAsync(name, id, cancel) ? Page() : NotFound();

        static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    public async Task<IActionResult> OnPostAsync(string name, string id, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(On)) Wrong("on", "Enter on whom it was served");
        if (On is { Length: > 500 } || How is { Length: > 500 }) Wrong("on", "These must be 500 characters or fewer");
        if (DayField.WhyNot(Today, out DateOnly day) is { } why) Wrong("day", why);
        if (Errors.Count > 0) return await ShowAsync(name, id, cancel) ? Page() : NotFound();
        long number = await mediator.Send(new ServeDisclosure(name, id, On!.Trim(), string.IsNullOrWhiteSpace(How) ? null : How.Trim(), day), cancel);
        return Redirect($"/cases/{Uri.EscapeDataString(name)}/disclosures/{id}/receipts/{number}");
    }

    private async Task<bool> ShowAsync(string name, string id, CancellationToken cancel)
    {
        if (await mediator.Send(new ShowDisclosure(name, id), cancel) is not { } shown) return false;
        (CaseName, Shown) = (name, shown);
        MayMake = vault.Access.Allows(User.Identity!.Name!, [Role.CaseOfficer, Role.CpsReviewer], name);
        return true;
    }
}
