using System.Globalization;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.CaseOfficer)]
internal sealed class RequestModel(IMediator mediator, Vault vault) : FormPage
{
    [BindProperty(Name = "answer", SupportsGet = false)]
    public string? Answer { get; set; }

    [BindProperty(Name = "days", SupportsGet = false)]
    public string? Days { get; set; }

    [BindProperty(Name = "words", SupportsGet = false)]
    public string? Words { get; set; }

    public ExhibitRequest Asked { get; private set; } = null!;

    /// <summary>True for an officer of the exhibit's case who did not ask for it.</summary>
    public bool MayAnswer => IsOfficer && Asked.State == RequestState.Open && Asked.Asker != User.Identity!.Name;

    public bool MayWithdraw => Asked.State is RequestState.Open or RequestState.Approved && (Asked.Asker == User.Identity!.Name || (IsOfficer && Asked.State == RequestState.Approved));

    // The case is in it only for an officer of it.
    private bool IsOfficer => Asked.Case is { } caseName && vault.Access.Allows(User.Identity!.Name!, [Role.CaseOfficer], caseName);

    public async Task OnGetAsync(long id, CancellationToken cancel) => Asked = await mediator.Send(new ShowRequest(id), cancel);

    public async Task OnPostAsync(long id, CancellationToken cancel)
    {
        Asked = await mediator.Send(new ShowRequest(id), cancel);
        if (Answer is not ("look" or "retrieve" or "decline")) Wrong("answer", "Choose an answer");
        bool dated = int.TryParse(Days, NumberStyles.None, CultureInfo.InvariantCulture, out int days) && days is >= 1 and <= AnswerRequest.MostDays;
        if (Answer is "look" or "retrieve" && !dated) Wrong("days", $"The number of days must be 1 to {AnswerRequest.MostDays}");
        if (Answer == "decline" && string.IsNullOrWhiteSpace(Words)) Wrong("words", "Enter why not");
        if (Words is { Length: > 2000 }) Wrong("words", "This must be 2,000 characters or fewer");
        if (Errors.Count == 0) Asked = await mediator.Send(new AnswerRequest(id, Answer != "decline", Answer == "retrieve", days, string.IsNullOrWhiteSpace(Words) ? null : Words.Trim()), cancel);
    }

    public async Task<IActionResult> OnPostWithdrawAsync(long id, CancellationToken cancel)
    {
        await mediator.Send(new WithdrawRequest(id), cancel);
        return LocalRedirect($"/requests/{id.ToString(CultureInfo.InvariantCulture)}");
    }
}
