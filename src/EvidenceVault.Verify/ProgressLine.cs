using System.Globalization;
using EvidenceVault.Proof;

namespace EvidenceVault.Verify;

/// <summary>Shows how far a check has come: a bar on a terminal, elsewhere a line now and then.</summary>
internal sealed class ProgressLine(TextWriter output, bool terminal, TimeProvider clock) : IProgress<BagProgress>
{
    private const int BarWidth = 30;
    private static readonly TimeSpan s_betweenLines = TimeSpan.FromSeconds(5), s_betweenBars = TimeSpan.FromMilliseconds(100);

    private readonly Lock _one = new();
    private readonly long _began = clock.GetTimestamp();
    private TimeSpan _last;
    private BagProgress _furthest;
    private bool _shown;

    public void Report(BagProgress value)
    {
        lock (_one)
        {
            // Reports come from several threads, and not always in order.
            if (value.Done > _furthest.Done) _furthest = value;
            TimeSpan now = clock.GetElapsedTime(_began);
            if (now - _last < (terminal ? s_betweenBars : s_betweenLines)) return;
            _last = now;
            double part = _furthest.Total > 0 ? Math.Min(1, (double)_furthest.Done / _furthest.Total) : 1;
            string words = string.Create(CultureInfo.InvariantCulture, $"{part * 100:0} % of {_furthest.Total / 1e6:N0} MB");
            if (terminal)
            {
                int full = (int)(part * BarWidth);
                output.Write($"\r[{new string('#', full)}{new string('.', BarWidth - full)}] {words}   ");
                _shown = true;
            }
            else
            {
                output.WriteLine($"checking: {words}");
            }
        }
    }

    /// <summary>Takes the bar away.</summary>
    public void Clear()
    {
        lock (_one)
        {
            if (_shown) output.Write($"\r{new string(' ', BarWidth + 40)}\r");
            _shown = false;
        }
    }
}
