using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;

namespace EvidenceVault.Portal.Pages;

/// <summary>Asks for a disclosure bundle in two steps: which exhibits, from a list in pages or typed; then what goes with them, and why. What was chosen on other pages goes along in the form, so that it works without scripts.</summary>
[OpenTo(Role.CaseOfficer, Role.CpsReviewer)]
[EnableRateLimiting(PortalApp.Tries)]
internal sealed class DiscloseModel(IMediator mediator, SigningIn signing) : FormPage
{
    /// <summary>What can be withheld, with what it is.</summary>
    public static readonly IReadOnlyList<(string Name, string Told)> Fields = [("actor", "Who acted"), ("reason", "Why, in their words"), ("sourceName", "The names that files were delivered under")];

    private const int MostChosen = 1_000;

    /// <summary>What was chosen and is not on the page shown, references with blanks between.</summary>
    [BindProperty(Name = "chosen", SupportsGet = false)]
    public string? ChosenBefore { get; set; }

    /// <summary>What is ticked on the page shown.</summary>
    [BindProperty(Name = "exhibit", SupportsGet = true)]
    public string[] Ticked { get; set; } = [];

    /// <summary>What was typed.</summary>
    [BindProperty(Name = "typed", SupportsGet = false)]
    public string? Typed { get; set; }

    [BindProperty(Name = "derivatives", SupportsGet = false)]
    public bool WithDerivatives { get; set; }

    [BindProperty(Name = "withhold", SupportsGet = false)]
    public string[] Withhold { get; set; } = [];

    [BindProperty(Name = "reason", SupportsGet = false)]
    public string? Reason { get; set; }

    [BindProperty(Name = "password", SupportsGet = false)]
    public string? Password { get; set; }

    public CasePage List { get; private set; } = new(null, [], 1, 1);

    /// <summary>All that is chosen so far.</summary>
    public SortedSet<ExhibitReference> Chosen { get; } = [];

    /// <summary>True in the second step.</summary>
    public bool IsReview { get; private set; }

    public string CaseName => List.Case!.Name;

    public string Elsewhere => string.Join(' ', Chosen.Select(e => e.Text).Except(List.Lines.Select(l => l.Reference)));

    public async Task<IActionResult> OnGetAsync(string name, [FromQuery] int page, CancellationToken cancel)
    {
        Choose(string.Join(' ', Ticked), "typed");
        return await ShowAsync(name, page, cancel);
    }

    public async Task<IActionResult> OnPostAsync(string name, [FromForm(Name = "go")] string? go, CancellationToken cancel)
    {
        Choose($"{ChosenBefore} {string.Join(' ', Ticked)} {Typed}", "typed");
        if (go is not ("review" or "make")) return await ShowAsync(name, int.TryParse(go, out int page) ? page : 1, cancel);
        if (Chosen.Count == 0 && Errors.Count == 0) Wrong("typed", "Choose at least one exhibit");
        if (Chosen.Count > MostChosen) Wrong("typed", $"Choose {MostChosen:N0} exhibits or fewer: make several bundles");
        IsReview = Errors.Count == 0;
        if (IsReview) Typed = null;
        return IsReview && go == "make" && await MakeAsync(name, cancel) is { } id ? Redirect($"/cases/{Uri.EscapeDataString(name)}/disclosures/{id}") : await ShowAsync(name, 1, cancel);
    }

    private async Task<string?> MakeAsync(string name, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(Reason)) Wrong("reason", "Enter why the bundle is made");
        if (Reason is { Length: > 2000 }) Wrong("reason", "The reason must be 2,000 characters or fewer");
        if (Withhold.Any(w => Fields.All(f => f.Name != w))) Wrong("reason", "This cannot be withheld");
        if (await NotConfirmedAsync(signing, Password) is { } why) Wrong("password", why);
        if (Errors.Count > 0) return null;
        try
        {
            return await mediator.Send(new AskDisclosure(name, [.. Chosen], Reason!.Trim()) { WithDerivatives = WithDerivatives, Redact = Withhold }, cancel);
        }
        catch (VaultException e) when (e is RefusedException or EvidenceException)
        {
            Wrong("reason", $"{e.What} {e.Meaning}");
            return null;
        }
    }

    private async Task<IActionResult> ShowAsync(string name, int page, CancellationToken cancel)
    {
        List = await mediator.Send(new ListCase(name, page), cancel);
        return List.Case is null ? NotFound() : Page();
    }

    private void Choose(string text, string field)
    {
        foreach (string one in text.Split([' ', ',', ';', '\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (ExhibitReference.TryParse(one.ToUpperInvariant(), out ExhibitReference reference)) Chosen.Add(reference);
            else if (Errors.Count == 0) Wrong(field, $"‘{Names.Printable(one.Length > 80 ? one[..80] : one)}’ is no exhibit reference: it is initials, a stroke and a number, such as AB/1");
        }
    }
}
