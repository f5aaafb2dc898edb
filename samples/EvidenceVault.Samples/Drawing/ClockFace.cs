namespace EvidenceVault.Samples.Drawing;

/// <summary>The camera's burned-in caption: white letters with a dark edge, five by seven dots each.</summary>
internal static class ClockFace
{
    private static readonly Dictionary<char, string> Dots = new()
    {
        ['0'] = "0E11131519110E",
        ['1'] = "040C040404040E",
        ['2'] = "0E11010204081F",
        ['3'] = "1F02040201110E",
        ['4'] = "02060A121F0202",
        ['5'] = "1F101E0101110E",
        ['6'] = "0608101E11110E",
        ['7'] = "1F010204080808",
        ['8'] = "0E11110E11110E",
        ['9'] = "0E11110F01020C",
        ['A'] = "0E11111F111111",
        ['C'] = "0E11101010110E",
        ['I'] = "0E04040404040E",
        ['M'] = "111B1515111111",
        ['R'] = "1E11111E141211",
        ['-'] = "0000001F000000",
        [':'] = "00040400040400",
        [' '] = "00000000000000",
    };

    /// <summary>The box x, y, width, height that a caption takes, edge and all.</summary>
    public static int[] Box(string text, int height)
    {
        int dot = Dot(height);
        return [dot * 3, dot * 3, ((text.Length * 6) + 3) * dot, 11 * dot];
    }

    /// <summary>Paints the caption into a luma plane after the noise, as a camera does; colour is cleared below it.</summary>
    public static void Burn(Span<byte> luma, Span<byte> u, Span<byte> v, int width, int height, string text, byte black, byte white)
    {
        int dot = Dot(height);
        int[] box = Box(text, height);
        for (int y = box[1]; y < Math.Min(box[1] + box[3], height); y++)
        {
            for (int x = box[0]; x < Math.Min(box[0] + box[2], width); x++)
            {
                // Dot coordinates inside the caption; letters begin two dots in from the box.
                int dx = ((x - box[0]) / dot) - 2, dy = ((y - box[1]) / dot) - 2;
                bool lit = Lit(text, dx, dy);
                if (!lit && !Edge(text, dx, dy)) continue;
                luma[(y * width) + x] = lit ? white : black;
                int c = (y / 2 * (width / 2)) + (x / 2);
                u[c] = v[c] = 128;
            }
        }
    }

    private static int Dot(int height) => Math.Max(1, (int)Math.Round(height / 240.0));

    private static bool Edge(string text, int x, int y)
    {
        for (int oy = -1; oy <= 1; oy++)
            for (int ox = -1; ox <= 1; ox++)
                if (Lit(text, x + ox, y + oy)) return true;
        return false;
    }

    private static bool Lit(string text, int x, int y)
    {
        if (x < 0 || y is < 0 or > 6 || x / 6 >= text.Length || x % 6 == 5) return false;
        string rows = Dots[text[x / 6]];
        return (Convert.ToInt32(rows.Substring(y * 2, 2), 16) >> (4 - (x % 6)) & 1) == 1;
    }
}
