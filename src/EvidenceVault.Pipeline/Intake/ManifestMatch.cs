namespace EvidenceVault.Pipeline.Intake;

/// <summary>Which file that is there is which of the manifest's. Pure.</summary>
internal static class ManifestMatch
{
    /// <summary>
    /// The manifest's file for each name that has one: the one of that very name, or else the only one that differs from it in
    /// nothing but letter case or Unicode form, as names do that have been on a card or a Mac.
    /// </summary>
    public static IReadOnlyDictionary<string, ManifestFile> ByName(DropManifest? manifest, IEnumerable<string> names)
    {
        var matched = new Dictionary<string, ManifestFile>(StringComparer.Ordinal);
        if (manifest is null) return matched;
        HashSet<string> unmatched = new(names, StringComparer.Ordinal);
        var absent = new List<ManifestFile>();
        foreach (ManifestFile file in manifest.Files)
        {
            if (unmatched.Remove(file.Name)) matched[file.Name] = file;
            else absent.Add(file);
        }
        if (absent.Count == 0 || unmatched.Count == 0) return matched;

        ILookup<string, string> byKey = unmatched.ToLookup(NameInDrop.Key, StringComparer.Ordinal);
        foreach (ManifestFile file in absent)
            if (byKey[NameInDrop.Key(file.Name)].ToArray() is [var only]) matched[only] = file;
        return matched;
    }
}
