namespace EvidenceVault.Samples.Drawing;

/// <summary>Remembers which pixels a mover really altered, so that the truth is what was painted and not what was meant.</summary>
internal sealed class Trace
{
    /// <summary>Grey levels by which a pixel must differ from what it hides to count as seen.</summary>
    private const float Visible = 6;

    private int _left, _top, _right, _bottom;

    public int Pixels { get; private set; }

    /// <summary>x, y, width, height; null when nothing was seen.</summary>
    public int[]? Box => Pixels == 0 ? null : [_left, _top, _right - _left + 1, _bottom - _top + 1];

    public void Clear()
    {
        Pixels = 0;
        _left = _top = int.MaxValue;
        _right = _bottom = int.MinValue;
    }

    public void Note(int x, int y, float change)
    {
        if (MathF.Abs(change) < Visible) return;
        Pixels++;
        _left = Math.Min(_left, x);
        _top = Math.Min(_top, y);
        _right = Math.Max(_right, x);
        _bottom = Math.Max(_bottom, y);
    }
}
