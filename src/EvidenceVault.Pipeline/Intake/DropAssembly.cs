using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Intake;

/// <summary>
/// From what was seen in a drop to what can be said of it. Pure, and the same for every kind of source. Each file ends in
/// exactly one place: ready, still arriving, or not taken with a problem that says why.
/// </summary>
internal static class DropAssembly
{
    /// <summary>What can be said of a drop; null when that is nothing.</summary>
    /// <param name="drop">What was found.</param>
    /// <param name="manifest">What its manifest says; null when it has none.</param>
    /// <param name="steadiness">How steady each file and the manifest have been, by path.</param>
    /// <param name="movedAside">Names of the manifest that were taken and moved aside before.</param>
    /// <param name="rules">When a file is at rest.</param>
    public static DropSighting? Assemble(FoundDrop drop, ManifestReading? manifest, Func<string, Steadiness> steadiness,
        IReadOnlySet<string> movedAside, RestRules rules)
    {
        var problems = new List<DropProblem>();
        foreach (SeenEntry entry in drop.Obstacles)
            problems.Add(new(entry.Obstacle!.Value.Kind, drop.Below(entry.Path), entry.Obstacle.Value.Sentence));
        if (drop.IsNone) return Strays(drop, steadiness, rules, problems);
        // Whoever brings it in says that the manifest is still to come: without it, files would be taken whose names and hashes nobody has told yet.
        if (drop.IsHeld) return null;

        // A manifest that cannot be believed may be half written: it is told only once it has come to rest.
        bool arriving = manifest is { Manifest: null } && steadiness(drop.Manifest!.Path).UnchangedFor < rules.QuietPeriod;
        DropManifest? believed = manifest?.Manifest;
        if (!arriving && manifest is not null) problems.AddRange(manifest.Problems);

        string? inCase = believed?.Case ?? drop.Case, camera = believed?.Camera ?? drop.Camera;
        if (!arriving && drop.Files.Count > 0 && Misplacement(drop, inCase, camera) is { } misplaced)
        {
            problems.Add(misplaced);
            return new(drop.Folder, "", "", believed, manifest?.Sha256, [], 0, [], problems);
        }

        Dictionary<string, string> named = (believed?.Files ?? []).Where(f => f.StoredAs is not null).ToDictionary(f => f.StoredAs!, f => f.Name, StringComparer.Ordinal);
        IReadOnlyDictionary<string, ManifestFile> expected = ManifestMatch.ByName(believed, drop.Files.Select(NameOf));
        HashSet<ManifestFile> present = [.. expected.Values];
        ManifestFile[] absent = [.. (believed?.Files ?? []).Where(f => !present.Contains(f) && !movedAside.Contains(f.Name))];
        ManifestState state = arriving ? ManifestState.Arriving
            : believed is null ? ManifestState.None
            : absent.Length == 0 && drop.Files.All(f => !expected.TryGetValue(NameOf(f), out ManifestFile? e) || e.Bytes == f.Version!.Bytes) ? ManifestState.Complete
            : ManifestState.Incomplete;

        var ready = new List<DropFile>();
        int stillArriving = 0;
        foreach (SeenEntry file in drop.Files)
        {
            string name = NameOf(file);
            ManifestFile? declared = expected.GetValueOrDefault(name);
            if (NameInDrop.PartFault(name) is { } fault)
                problems.Add(NotTaken("bad-name", name, fault));
            else if (!AtRest.IsReached(state, drop.Done, declared, file.Version!.Bytes, steadiness(file.Path), rules))
                stillArriving++;
            else if (declared is null && NameInDrop.IsTemporary(name))
                problems.Add(NotTaken("temporary-name", name, "has the name of a file that is still being written, though nothing writes to it any more"));
            else
            {
                ready.Add(new(file.Path, name, file.Version, declared));
                if (Remark(believed, declared, file, name) is { } remark) problems.Add(remark);
            }
        }

        TimeSpan unchangedFor = drop.Files.Append(drop.Manifest).Where(e => e is not null).Min(e => (TimeSpan?)steadiness(e!.Path).UnchangedFor) ?? TimeSpan.Zero;
        bool givenUp = AtRest.IsGivenUp(drop.Done, unchangedFor, rules);
        if (!givenUp) stillArriving += absent.Length;
        bool nothing = ready.Count == 0 && stillArriving == 0 && problems.Count == 0 && absent.Length == 0 && !arriving;
        return nothing ? null : new(drop.Folder, Names.IsGood(inCase) ? inCase! : "", Names.IsGood(camera) ? camera! : "", believed, manifest?.Sha256, ready,
            arriving ? stillArriving + 1 : stillArriving, givenUp ? absent : [], problems);

        // The name that the manifest gives a file, or else the one that it has where it lies.
        string NameOf(SeenEntry file) => drop.Below(file.Path) is var below && named.TryGetValue(below, out string? name) ? name : below;
    }

    private static DropProblem? Remark(DropManifest? manifest, ManifestFile? declared, SeenEntry file, string name) =>
        manifest is null ? null
        : declared is null ? new("extra", name,
            $"The file '{Names.Printable(name)}' is not in the manifest. It is taken all the same and told as extra. Ask the technician where it comes from.")
        : declared.Bytes != file.Version!.Bytes ? new("size-mismatch", name,
            $"The file '{Names.Printable(name)}' has {file.Version.Bytes} bytes where the manifest says {declared.Bytes}. It is taken as it is and told as a mismatch. Copy it again from the camera if the camera still holds it.")
        : null;

    private static DropProblem? Misplacement(FoundDrop drop, string? inCase, string? camera) =>
        NameInDrop.PartFault(drop.Folder) is { } fault ? new("bad-name", "",
            $"The drop's folder '{Names.Printable(drop.Folder)}' {fault}. None of its files is taken; they stay where they are. Rename the folder.")
        : drop.Case is null && inCase is null ? new("not-placed", "",
            $"The folder '{Names.Printable(drop.Folder)}' has a manifest that cannot be believed and does not lie in <case>/<camera>/<drop>. None of its files is taken; they stay where they are. Mend the manifest, or move the folder below its case and camera.")
        : !Names.IsGood(inCase) ? BadFolder(drop, inCase!, "case")
        : !Names.IsGood(camera) ? BadFolder(drop, camera!, "camera")
        : null;

    private static DropProblem BadFolder(FoundDrop drop, string name, string what) => new("bad-name", "",
        $"The {what} folder '{Names.Printable(name)}' of the drop '{Names.Printable(drop.Folder)}' is not a good name for a {what}. None of the drop's files is taken; they stay where they are. Rename the folder to 1 to 64 letters, digits, '.', '-' or '_' starting with a letter or digit, or add a drop.json.");

    private static DropProblem NotTaken(string kind, string name, string fault) => new(kind, name,
        $"The file '{Names.Printable(name)}' {fault}. It is not taken; it stays where it is. Rename it, and it will be taken.");

    private static DropSighting? Strays(FoundDrop none, Func<string, Steadiness> steadiness, RestRules rules, List<DropProblem> problems)
    {
        int stillArriving = 0;
        foreach (SeenEntry file in none.Files)
        {
            if (steadiness(file.Path).UnchangedFor < rules.QuietPeriod) stillArriving++;
            else
                problems.Add(new("misplaced", file.Path,
                    $"The file '{Names.Printable(file.Path)}' lies in no drop. It is not taken; it stays where it is. Move it into <case>/<camera>/<drop>, or put a drop.json beside it that gives case and camera."));
        }
        return problems.Count + stillArriving == 0 ? null : new("", "", "", null, null, [], stillArriving, [], problems);
    }
}
