using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Records;

/// <summary>
/// An entry made before its turn, by whoever asks for it, on the guess that it will get a certain number. Making an entry (salts, hashes,
/// canonical JSON) costs more than storing it; so the one writer only stores. Where the guess was wrong, the writer makes the entry again.
/// </summary>
internal sealed class Forecast(CustodyAct act, DateTimeOffset time, Forecasts.Guess? guess)
{
    private readonly Lazy<DraftedEntry> _entry = new(() => act.Draft(time, guess?.Seq).Build());

    public CustodyAct Act => act;

    public DateTimeOffset Time => time;

    public Forecasts.Guess? Guess => guess;

    /// <summary>Makes the entry now, where a guess could be made.</summary>
    public void Prepare()
    {
        if (act.Exhibit is not null && guess?.Seq is null) return;
        try
        {
            _ = _entry.Value;
        }
        catch (FormatException)
        {
            // The writer asks for it again when its turn comes; the failure is told there, to whoever waits for the commit.
        }
    }

    /// <summary>The entry, where it has the number and no earlier time than what the log holds by now.</summary>
    public DraftedEntry? IfStill(long? seq, DateTimeOffset latest) => (act.Exhibit is null || guess?.Seq == seq) && time >= latest ? _entry.Value : null;
}

/// <summary>Guesses the numbers that exhibits' entries will get: how many this process has asked for, and how far that is from what they got.</summary>
internal sealed class Forecasts
{
    private const int MostExhibits = 100_000;

    private readonly Dictionary<string, (long Asked, long? Offset)> _exhibits = [];

    /// <param name="Asked">Which of the exhibit's entries asked for in this process.</param>
    /// <param name="Seq">Its number, if the guess is right; null where nothing is known to guess from.</param>
    public sealed record Guess(long Asked, long? Seq);

    /// <summary>The next guess. Call it in the order of the queue.</summary>
    public Guess Next(string exhibit)
    {
        if (_exhibits.Count >= MostExhibits) _exhibits.Clear();
        (long asked, long? offset) = _exhibits.GetValueOrDefault(exhibit);
        _exhibits[exhibit] = (++asked, offset);
        return new(asked, asked + offset);
    }

    /// <summary>What a guess should have been.</summary>
    public void Correct(string exhibit, Guess guess, long seq)
    {
        if (_exhibits.TryGetValue(exhibit, out var known)) _exhibits[exhibit] = (known.Asked, seq - guess.Asked);
    }
}
