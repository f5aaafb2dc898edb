using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.Extensions.Time.Testing;

namespace EvidenceVault.Pipeline.Tests.UseCases;

public class CrossCaseTests : IAsyncLifetime
{
    private const string Mine = "OP-HERON", Theirs = "OP-EGRET";

    private static readonly ExhibitReference Exhibit = ExhibitReference.Parse("XY/1"), Other = ExhibitReference.Parse("XY/2"), None = ExhibitReference.Parse("ZZ/99");

    private readonly FakeTimeProvider _clock = new(new(2026, 11, 27, 9, 0, 0, TimeSpan.Zero));
    private readonly string _home = Directory.CreateTempSubdirectory("evidencevault-requests-").FullName;
    private TempVault _temp = null!;

    private Vault Vault => _temp.Vault;

    public async ValueTask InitializeAsync()
    {
        await (await Vault.OpenAsync(_home, _clock)).DisposeAsync();
        await File.WriteAllBytesAsync(Path.Combine(_home, "access.json"), new AccessList(
        [
            new("asker", [Role.CaseOfficer], [Mine]),
            new("officer", [Role.CaseOfficer], [Theirs]),
            new("second", [Role.CaseOfficer], [Theirs, Mine]),
            new("reviewer", [Role.CpsReviewer], [Mine]),
            new("maker", Enum.GetValues<Role>(), ["*"]),
        ]).ToJson());
        _temp = await TempVault.AtAsync(_home, _clock);
        foreach (ExhibitReference reference in (ExhibitReference[])[Exhibit, Other])
            await Vault.Sequencer.CommitAsync(change => change.Receive(new("given", "/in/" + reference, "x.mp4", 1, "1", Theirs, "CAM-9", reference.Prefix, reference, null, null, null)));
    }

    public ValueTask DisposeAsync()
    {
        _temp.MustHold();
        return _temp.DisposeAsync();
    }

    private Task<T> SendAsync<T>(string account, Mediator.IRequest<T> request) => Requests.SendAsync(Vault, request, account);

    private Task<RefusedException> RefusedAsync<T>(string account, Mediator.IRequest<T> request) => Assert.ThrowsAsync<RefusedException>(() => SendAsync(account, request));

    private async Task<long> ApprovedAsync(bool mayRetrieve, int days = 7)
    {
        long id = (await SendAsync("asker", new AskForExhibit(Exhibit, "The lorry is in both cases"))).Id!.Value;
        await SendAsync("officer", new AnswerRequest(id, Approve: true, mayRetrieve, days, null));
        return id;
    }

    [Fact]
    public async Task An_exhibit_of_another_case_and_one_that_there_is_not_are_not_told_apart_by_asking_or_by_being_refused()
    {
        string told(VaultException e) => string.Join(' ', e.What, e.Meaning, e.Next).Replace(Exhibit.Text, "R", StringComparison.Ordinal).Replace(None.Text, "R", StringComparison.Ordinal);
        Assert.Equal(told(await RefusedAsync("asker", new ShowExhibit(None))), told(await RefusedAsync("asker", new ShowExhibit(Exhibit))));
        Assert.Equal(told(await RefusedAsync("asker", new OpenExhibit(None, "why"))), told(await RefusedAsync("asker", new OpenExhibit(Exhibit, "why"))));
        Assert.DoesNotContain(Theirs, (await RefusedAsync("asker", new ShowExhibit(Exhibit))).Message, StringComparison.Ordinal);

        Assert.NotNull((await SendAsync("asker", new AskForExhibit(Exhibit, "why"))).Id);
        Assert.NotNull((await SendAsync("asker", new AskForExhibit(None, "why"))).Id);
        IReadOnlyList<ExhibitRequest> mine = await SendAsync("asker", new ListMyRequests(null));
        Assert.Equal([(None.Text, RequestState.Open, null), (Exhibit.Text, RequestState.Open, null)], mine.Select(r => (r.Exhibit, r.State, r.Case)));
        Assert.Equal(mine, await Task.WhenAll(mine.Select(r => SendAsync("asker", new ShowRequest(r.Id)))));
        // Only what there is reaches its officers.
        Assert.Equal([Exhibit.Text], (await SendAsync("officer", new ListCaseRequests(Theirs))).Select(r => r.Exhibit));
    }

    [Fact]
    public async Task An_approval_lets_one_account_see_one_exhibit_until_it_runs_out_and_all_of_it_is_in_the_log()
    {
        long id = await ApprovedAsync(mayRetrieve: false);
        Assert.Equal(Exhibit.Text, (await SendAsync("asker", new ShowExhibit(Exhibit))).Exhibit.Reference);
        await RefusedAsync("asker", new OpenExhibit(Exhibit, "To have it"));
        await RefusedAsync("asker", new ShowExhibit(Other));
        await RefusedAsync("asker", new ListCase(Theirs, 1));
        await RefusedAsync("asker", new ReadLog(Exhibit, 10));
        await RefusedAsync("reviewer", new ShowExhibit(Exhibit));

        _clock.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        await SendAsync("asker", new ShowExhibit(Exhibit));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await RefusedAsync("asker", new ShowExhibit(Exhibit));
        Assert.Equal(Outcome.Refused, _temp.Entries()[^1].Outcome);

        EntryShown[] told = [.. Vault.Log.Entries(Exhibit).Select(EntryShown.Of).Where(e => e.Action!.StartsWith("access-", StringComparison.Ordinal))];
        Assert.Equal([(Acts.AccessAsked, "asker", "The lorry is in both cases"), (Acts.AccessAnswered, "officer", null)], told.Select(e => (e.Action!, e.Actor!, e.Reason)));
        Assert.Equal(("approved", false, "2026-12-04T09:00:00.000Z"), (told[1].Detail!["answer"]!.GetValue<string>(), told[1].Detail!["retrieve"]!.GetValue<bool>(), told[1].Detail!["until"]!.GetValue<string>()));
        Assert.Equal("asker", told[1].Personal["for"]!.GetValue<string>());
        await RefusedAsync("asker", new WithdrawRequest(id + 1));
    }

    [Fact]
    public async Task An_approval_to_retrieve_opens_the_bytes_and_ends_when_it_is_taken_back_by_either()
    {
        foreach (string who in (string[])["officer", "asker"])
        {
            long id = await ApprovedAsync(mayRetrieve: true);
            // Past the door: what stops it is that nothing is stored yet.
            await Assert.ThrowsAsync<EvidenceException>(() => SendAsync("asker", new OpenExhibit(Exhibit, "To have it")));
            await SendAsync(who, new WithdrawRequest(id));
            await RefusedAsync("asker", new OpenExhibit(Exhibit, "To have it"));
            await RefusedAsync("asker", new ShowExhibit(Exhibit));
            Assert.Equal(Acts.AccessWithdrawn, _temp.Entries(Exhibit.Text).Last(e => e.Action.StartsWith("access-", StringComparison.Ordinal)).Action);
            await RefusedAsync(who, new WithdrawRequest(id));
        }
    }

    [Fact]
    public async Task Only_another_officer_of_the_case_answers_and_only_once()
    {
        long id = (await SendAsync("asker", new AskForExhibit(Exhibit, "why"))).Id!.Value;
        await RefusedAsync("asker", new AnswerRequest(id, true, true, 7, null));
        await RefusedAsync("reviewer", new AnswerRequest(id, true, true, 7, null));
        await RefusedAsync("officer", new AnswerRequest(id, false, false, 7, " "));
        await RefusedAsync("officer", new AnswerRequest(id, true, false, 0, null));
        await RefusedAsync("officer", new AnswerRequest(id, true, false, 91, null));
        Assert.Equal(RequestState.Declined, (await SendAsync("officer", new AnswerRequest(id, false, false, 0, "It has nothing to do with your case"))).State);
        await RefusedAsync("second", new AnswerRequest(id, true, true, 7, null));
        await RefusedAsync("asker", new ShowExhibit(Exhibit));
        Assert.Equal("It has nothing to do with your case", Assert.Single(await SendAsync("asker", new ListMyRequests(null))).Answer);
        // Somebody who is a member has no need to ask.
        Assert.Null((await SendAsync("second", new AskForExhibit(Exhibit, "why"))).Id);
    }

    [Fact]
    public async Task Asking_is_limited_needs_a_reason_and_twice_for_the_same_is_once()
    {
        await RefusedAsync("asker", new AskForExhibit(Exhibit, "  "));
        await RefusedAsync("reviewer", new AskForExhibit(Exhibit, "why"));
        long? first = (await SendAsync("asker", new AskForExhibit(Exhibit, "why"))).Id;
        Assert.Equal(first, (await SendAsync("asker", new AskForExhibit(Exhibit, "why again"))).Id);
        for (int i = 1; i < AskForExhibit.MostOpen; i++) await SendAsync("asker", new AskForExhibit(ExhibitReference.Parse($"ZZ/{i}"), "why"));
        await RefusedAsync("asker", new AskForExhibit(Other, "why"));
        await SendAsync("asker", new WithdrawRequest(first!.Value));
        Assert.NotNull((await SendAsync("asker", new AskForExhibit(Other, "why"))).Id);
    }

    [Fact]
    public async Task Whoever_has_lost_the_role_has_lost_what_was_granted_by_it()
    {
        await ApprovedAsync(mayRetrieve: false);
        await SendAsync("asker", new ShowExhibit(Exhibit));
        await _temp.DisposeKeepingAsync();
        await File.WriteAllBytesAsync(Path.Combine(_home, "access.json"), new AccessList([new("asker", [Role.Auditor], [Mine]), new("officer", [Role.CaseOfficer], [Theirs])]).ToJson());
        _temp = await TempVault.AtAsync(_home, _clock);
        await RefusedAsync("asker", new ShowExhibit(Exhibit));
    }
}
