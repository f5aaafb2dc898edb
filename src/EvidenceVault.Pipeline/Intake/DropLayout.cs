namespace EvidenceVault.Pipeline.Intake;

/// <summary>One thing found in a source: a file, or something that stands in the way of one.</summary>
/// <param name="Path">Path below the source's root, '/' between parts.</param>
/// <param name="Version">What the file looks like; null for an obstacle.</param>
/// <param name="Obstacle">What is in the way, as a kind and a sentence: a link, a pipe, an unreadable folder. Null for a file.</param>
public sealed record SeenEntry(string Path, FileVersion? Version, (string Kind, string Sentence)? Obstacle = null);

/// <summary>A drop's folder and what lies in it.</summary>
/// <param name="Folder">Its path below the source's root; empty for what lies in no drop.</param>
/// <param name="Case">The case by the layout; null where the layout gives none.</param>
/// <param name="Camera">The camera, likewise.</param>
internal sealed record FoundDrop(string Folder, string? Case, string? Camera)
{
    /// <summary>Files that are footage, whatever they hold.</summary>
    public List<SeenEntry> Files { get; } = [];

    /// <summary>What is in the way.</summary>
    public List<SeenEntry> Obstacles { get; } = [];

    /// <summary>Its <c>drop.json</c>.</summary>
    public SeenEntry? Manifest { get; set; }

    /// <summary>Whether its <c>.done</c> is there.</summary>
    public bool Done { get; set; }

    /// <summary>Whether its <c>.arriving</c> is there.</summary>
    public bool Arriving { get; set; }

    /// <summary>True while nothing of it may be taken: its manifest is still to come.</summary>
    public bool IsHeld => Arriving && !Done && Manifest is null;

    /// <summary>True for the gathering of what lies in no drop.</summary>
    public bool IsNone => Folder.Length == 0;

    /// <summary>A path of the source as seen from the drop.</summary>
    public string Below(string path) => IsNone ? path : path[(Folder.Length + 1)..];
}

/// <summary>
/// Sorts what lies in a source into drops. A drop is a folder on the third level, <c>&lt;case&gt;/&lt;camera&gt;/&lt;drop&gt;</c>, or one on the
/// first or second with a <c>drop.json</c> directly in it, which then gives case and camera. Pure.
/// </summary>
internal static class DropLayout
{
    /// <summary>The drops among these entries, and last, where there is any, what lies in none.</summary>
    public static IReadOnlyList<FoundDrop> Find(IReadOnlyList<SeenEntry> entries)
    {
        HashSet<string> declared = [.. entries
            .Where(e => e.Version is not null && e.Path.EndsWith("/" + NameInDrop.Manifest, StringComparison.Ordinal))
            .Select(e => e.Path[..^(NameInDrop.Manifest.Length + 1)])
            .Where(folder => folder.Count(c => c == '/') < 2)];
        var drops = new Dictionary<string, FoundDrop>(StringComparer.Ordinal);
        foreach (SeenEntry entry in entries)
        {
            FoundDrop drop = DropOf(entry.Path, declared, drops);
            string below = drop.Below(entry.Path);
            if (entry.Obstacle is not null) drop.Obstacles.Add(entry);
            else if (!drop.IsNone && below == NameInDrop.Manifest) drop.Manifest = entry;
            else if (!drop.IsNone && below == NameInDrop.DoneMarker) drop.Done = true;
            else if (!drop.IsNone && below == NameInDrop.ArrivingMarker) drop.Arriving = true;
            else drop.Files.Add(entry);
        }
        return [.. drops.Values.OrderBy(d => d.IsNone).ThenBy(d => d.Folder, StringComparer.Ordinal)];
    }

    private static FoundDrop DropOf(string path, HashSet<string> declared, Dictionary<string, FoundDrop> drops)
    {
        // Level by level: the first folder that is a drop has all below it.
        int first = path.IndexOf('/');
        int second = first < 0 ? -1 : path.IndexOf('/', first + 1);
        int third = second < 0 ? -1 : path.IndexOf('/', second + 1);
        string folder = first >= 0 && declared.Contains(path[..first]) ? path[..first]
            : second >= 0 && declared.Contains(path[..second]) ? path[..second]
            : third >= 0 ? path[..third]
            : "";
        if (drops.TryGetValue(folder, out FoundDrop? known)) return known;
        string[] parts = folder.Split('/');
        return drops[folder] = parts.Length == 3 ? new(folder, parts[0], parts[1]) : new(folder, null, null);
    }
}
