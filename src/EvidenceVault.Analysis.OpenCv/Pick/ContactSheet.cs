using System.Globalization;
using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>A contact sheet: a row for each segment with its pictures small, what each is and its time. A thin box shows where the mover is,
/// and one that is small in the frame is shown enlarged in a corner.</summary>
internal sealed class ContactSheet : IDisposable
{
    private const int Gap = 12, Caption = 26, Title = 74, Heading = 34, Columns = 4, RowsMost = 40;

    // A mover lower than this share of its thumbnail is hard to find, and harder to see.
    private const double SmallShare = 0.18;

    private static readonly Dictionary<string, string> s_words = new()
    {
        [Choice.FirstSight] = "First sight",
        [Choice.Closest] = "Closest",
        [Choice.LastSight] = "Last sight",
        [Choice.HeadRegion] = "Head region",
    };

    private readonly int _wide, _high;
    private readonly List<(int Segment, string Label, Mat Picture)> _tiles = [];

    public ContactSheet(FrameSize size)
    {
        double tall = (double)size.FullHeight / size.FullWidth;
        _wide = tall > 1 ? 240 : 320;
        _high = Math.Clamp((int)Math.Round(_wide * tall), 120, 440);
    }

    /// <summary>Adds a picture; it is made small at once and not kept.</summary>
    /// <param name="segment">Its segment's number; 0 for what belongs to none.</param>
    /// <param name="kind">What it is: a kind of keyframe, or words of its own.</param>
    /// <param name="pts">Its PTS; null where the words say when it was.</param>
    /// <param name="picture">The picture.</param>
    /// <param name="mover">Where the mover is in it.</param>
    public void Add(int segment, string kind, double? pts, Mat picture, Rect? mover)
    {
        if (_tiles.Count < RowsMost * Columns)
            _tiles.Add((segment, s_words.GetValueOrDefault(kind, kind) + (pts is { } at ? "  " + Pictures.Clock(at) : ""), Thumbnail(picture, mover)));
    }

    public Mat Draw(IReadOnlyList<SegmentReport> segments, string? title = null)
    {
        var rows = _tiles.GroupBy(t => t.Segment).SelectMany(g => g.Chunk(Columns).Select((tiles, i) => (Segment: g.Key, Head: i == 0 && g.Key > 0, Tiles: tiles))).Take(RowsMost).ToList();
        int width = Gap + (Columns * (_wide + Gap)), height = Title + Gap + rows.Sum(r => _high + Caption + (r.Head ? Heading : Gap));
        var sheet = new Mat(height, width, MatType.CV_8UC3, Lettering.Paper);
        Lettering.Line(sheet, "DERIVATIVE - contact sheet, not the evidence", Gap, 30, 16, Lettering.Ink, bold: true);
        int shown = rows.Select(r => r.Segment).Where(s => s > 0).Distinct().Count();
        Lettering.Line(sheet, title ?? $"{segments.Count} {(segments.Count == 1 ? "segment" : "segments")} of motion{(shown < segments.Count ? $", the first {shown} shown" : "")}. "
            + "Times are the footage's own (container PTS), h:mm:ss. The box marks what moved.", Gap, 56, 12, Lettering.Soft);
        int y = Title;
        foreach (var (segment, head, tiles) in rows)
        {
            if (head)
            {
                Cv2.Line(sheet, Gap, y + 3, width - Gap, y + 3, new Scalar(205, 200, 195), 1);
                var of = segments[segment - 1];
                Lettering.Line(sheet, $"Segment {segment}", Gap, y + 24, 14, Lettering.Ink, bold: true);
                Lettering.Line(sheet, string.Create(CultureInfo.InvariantCulture, $"{Pictures.Clock(of.Start)} to {Pictures.Clock(of.End)}, {of.End - of.Start:0.0} s"), Gap + Lettering.WidthOf($"Segment {segment}", 14, true) + 16, y + 24, 12, Lettering.Soft);
                y += Heading;
            }
            for (int i = 0; i < tiles.Length; i++)
            {
                int x = Gap + (i * (_wide + Gap));
                using (var place = new Mat(sheet, new Rect(x, y, _wide, _high))) tiles[i].Picture.CopyTo(place);
                Lettering.Line(sheet, tiles[i].Label, x, y + _high + 18, 12, Lettering.Ink);
            }
            y += _high + Caption + (head ? 0 : Gap);
        }
        return sheet;
    }

    private Mat Thumbnail(Mat picture, Rect? mover)
    {
        var tile = new Mat(_high, _wide, MatType.CV_8UC3, new Scalar(40, 38, 36));
        double scale = Math.Min((double)_wide / picture.Width, (double)_high / picture.Height);
        int width = Math.Clamp((int)Math.Round(picture.Width * scale), 1, _wide), height = Math.Clamp((int)Math.Round(picture.Height * scale), 1, _high);
        int left = (_wide - width) / 2, top = (_high - height) / 2;
        using (var small = new Mat())
        {
            Cv2.Resize(picture, small, new Size(width, height), 0, 0, scale < 1 ? InterpolationFlags.Area : InterpolationFlags.Cubic);
            using var place = new Mat(tile, new Rect(left, top, width, height));
            small.CopyTo(place);
        }
        if (mover is not { } box) return tile;
        var thin = new Rect(left + (int)(box.X * scale) - 2, top + (int)(box.Y * scale) - 2, (int)Math.Ceiling(box.Width * scale) + 4, (int)Math.Ceiling(box.Height * scale) + 4);
        Cv2.Rectangle(tile, thin, Lettering.Accent, 1);
        if (Math.Max(thin.Height, thin.Width) < SmallShare * _high) Enlarge(tile, picture, box, thin);
        return tile;
    }

    // The mover and its surroundings, in the corner farthest from it.
    private void Enlarge(Mat tile, Mat picture, Rect box, Rect thin)
    {
        int side = Math.Min(Math.Min(picture.Width, picture.Height), Math.Max(24, 2 * Math.Max(box.Width, box.Height))), inset = (int)(0.42 * Math.Min(_high, _wide));
        int x = Math.Clamp(box.X + (box.Width / 2) - (side / 2), 0, picture.Width - side), y = Math.Clamp(box.Y + (box.Height / 2) - (side / 2), 0, picture.Height - side);
        using var part = new Mat(picture, new Rect(x, y, side, side));
        using var large = new Mat();
        Cv2.Resize(part, large, new Size(inset, inset), 0, 0, InterpolationFlags.Cubic);
        var at = new Rect(thin.X + (thin.Width / 2) > _wide / 2 ? 2 : _wide - inset - 2, thin.Y + (thin.Height / 2) > _high / 2 ? 2 : _high - inset - 2, inset, inset);
        using (var place = new Mat(tile, at)) large.CopyTo(place);
        Cv2.Rectangle(tile, at, Lettering.Accent, 1);
    }

    public void Dispose()
    {
        foreach (var (_, _, picture) in _tiles) picture.Dispose();
    }
}
