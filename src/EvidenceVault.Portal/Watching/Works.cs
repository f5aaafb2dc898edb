using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Mediator;

namespace EvidenceVault.Portal.Watching;

/// <summary>In whose name something is done that no request waits for; null where a request is.</summary>
internal sealed class OnBehalf
{
    public string? Account { get; set; }
}

/// <summary>How something stands that takes its time.</summary>
/// <param name="State"><c>running</c>, <c>done</c>, <c>failed</c>, or <c>unknown</c>.</param>
/// <param name="Title">What it is.</param>
/// <param name="Step">What is being done, in words.</param>
/// <param name="Percent">How much of that step is done.</param>
/// <param name="Result">Where to find what was made.</param>
/// <param name="Trouble">What went wrong, what it means, what to do next.</param>
internal sealed record WorkShown(string State, string Title, string Step, int Percent, string? Result, IReadOnlyList<string> Trouble)
{
    /// <summary>Of none that is known to whoever asks.</summary>
    public static WorkShown Unknown { get; } = new("unknown", "Nothing is known of this work", "", 0, null, []);
}

/// <summary>Things that are made on request and take longer than anybody waits for a page: clips, viewing copies. Kept in memory alone: what a use case has begun is in the custody log, and asking for it again carries on; a crash loses the progress shown, nothing else.</summary>
internal sealed class Works(IServiceScopeFactory scopes, ILogger<Works> log) : IHostedService
{
    private const int MostKept = 500;

    private readonly ConcurrentDictionary<string, Work> _works = new();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Begins something in an account's name; returns the name it goes by.</summary>
    /// <param name="account">Whose.</param>
    /// <param name="title">What it is, for the page that shows how it stands.</param>
    /// <param name="work">Does it and says where to find what was made.</param>
    public string Begin(string account, string title, Func<IMediator, IProgress<FlowStep>, CancellationToken, Task<string>> work)
    {
        foreach (var (old, one) in _works.Where(w => w.Value.Shown.State != "running").OrderBy(w => w.Value.Number).Take(Math.Max(0, _works.Count - MostKept))) _works.TryRemove(old, out _);
        string id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var begun = new Work(account, Environment.TickCount64) { Shown = new("running", title, "waiting", 0, null, []) };
        _works[id] = begun;
        begun.Task = Task.Run(() => DoAsync(begun, work));
        return id;
    }

    /// <summary>How something of an account's stands.</summary>
    public WorkShown Find(string id, string account) => _works.TryGetValue(id, out Work? work) && work.Account == account ? work.Shown : WorkShown.Unknown;

    private async Task DoAsync(Work work, Func<IMediator, IProgress<FlowStep>, CancellationToken, Task<string>> what)
    {
        try
        {
            await using AsyncServiceScope scope = scopes.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<OnBehalf>().Account = work.Account;
            string result = await what(scope.ServiceProvider.GetRequiredService<IMediator>(), work, _stop.Token);
            work.Shown = work.Shown with { State = "done", Step = "done", Percent = 100, Result = result };
        }
        catch (Exception e)
        {
            if (e is not VaultException and not OperationCanceledException) log.LogError(e, "Not foreseen");
            Trouble trouble = e is OperationCanceledException ? Trouble.Of(new UnreachableException("The portal was stopped meanwhile.", "Nothing was made.", "Ask for it again.")) : Trouble.Of(e);
            work.Shown = work.Shown with { State = "failed", Step = "failed", Trouble = [trouble.What, trouble.Meaning, trouble.Next] };
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // What is under way ends before the vault is closed.
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_works.Values.Select(w => w.Task));
    }

    private sealed class Work(string account, long number) : IProgress<FlowStep>
    {
        private WorkShown _shown = WorkShown.Unknown;

        public string Account => account;
        public long Number => number;
        public Task Task { get; set; } = Task.CompletedTask;
        public WorkShown Shown { get => Volatile.Read(ref _shown); set => Volatile.Write(ref _shown, value); }

        public void Report(FlowStep step) => Shown = Shown with { Step = step.Step, Percent = (int)(step.Fraction * 100) };
    }
}

/// <summary>Times within footage, as people type them and as addresses have them. Pure.</summary>
internal static class PtsText
{
    /// <summary>Reads seconds, or h:mm:ss.fff without what is not needed.</summary>
    public static bool TryRead(string? text, out double seconds)
    {
        seconds = 0;
        string[] parts = (text ?? "").Trim().Split(':');
        if (parts.Length > 3) return false;
        bool negative = parts[0].StartsWith('-');
        foreach (string part in parts.Select((p, i) => i == 0 ? p.TrimStart('-') : p))
        {
            if (!double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number)) return false;
            seconds = (seconds * 60) + number;
        }
        if (negative) seconds = -seconds;
        return true;
    }

    /// <summary>For an address or an attribute.</summary>
    public static string Of(double seconds) => seconds.ToString("0.######", CultureInfo.InvariantCulture);
}
