using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages;

/// <summary>The receipt of a disclosure: fit for print, and where it is acknowledged.</summary>
[OpenTo(Role.CaseOfficer, Role.CpsReviewer, Role.Auditor)]
internal sealed class ReceiptModel(IMediator mediator, Vault vault, TimeProvider clock) : FormPage
{
    [BindProperty(Name = "by", SupportsGet = false)]
    public string? By { get; set; }

    [BindProperty(Name = "day", SupportsGet = false)]
    public string? Day { get; set; }

    [BindProperty(Name = "month", SupportsGet = false)]
    public string? Month { get; set; }

    [BindProperty(Name = "year", SupportsGet = false)]
    public string? Year { get; set; }

    public DisclosureReceipt Receipt { get; private set; } = null!;

    public bool MayAcknowledge { get; private set; }

    public DayField DayField => new("When was it acknowledged?", Day, Month, Year, Errors.FirstOrDefault(e => e.Field == "day").Error);

    private DateOnly Today => DateOnly.FromDateTime(clock.GetLocalNow().DateTime);

    public async Task<IActionResult> OnGetAsync(string name, string id, long number, CancellationToken cancel)
    {
        (Day, Month, Year) = ($"{Today.Day}", $"{Today.Month}", $"{Today.Year}");
        return await ShowAsync(name, id, number, cancel) ? Page() : NotFound();
    }

    public async Task<IActionResult> OnPostAsync(string name, string id, long number, CancellationToken cancel)
    {
        if (By is { Length: > 500 }) Wrong("by", "This must be 500 characters or fewer");
        if (DayField.WhyNot(Today, out DateOnly day) is { } why) Wrong("day", why);
        if (Errors.Count > 0) return await ShowAsync(name, id, number, cancel) ? Page() : NotFound();
        await mediator.Send(new AcknowledgeDisclosure(name, id, number, string.IsNullOrWhiteSpace(By) ? null : By.Trim(), day), cancel);
        return Redirect($"/cases/{Uri.EscapeDataString(name)}/disclosures/{id}/receipts/{number}");
    }

    private async Task<bool> ShowAsync(string name, string id, long number, CancellationToken cancel)
    {
        if (await mediator.Send(new ShowReceipt(name, id, number), cancel) is not { } receipt) return false;
        Receipt = receipt;
        MayAcknowledge = receipt.Acknowledged is null && vault.Access.Allows(User.Identity!.Name!, [Role.CaseOfficer, Role.CpsReviewer], name);
        return true;
    }

    /// <summary>A personal field of an entry, harmless to the eye.</summary>
    public static string Field(EntryShown entry, string name) => entry.Personal[name] is { } value ? Names.Printable(value.GetValue<string>()) : entry.Problem ?? "not said";
}
