using CsCheck;
using EvidenceVault.Pipeline.Intake;

namespace EvidenceVault.Pipeline.Tests.Intake;

public sealed class DropAssemblyTests
{
    private static readonly string[] NotTakenKinds = ["bad-name", "temporary-name"];

    [Fact]
    public void Every_file_of_a_drop_is_ready_or_arriving_or_not_taken_for_a_told_reason_and_every_declared_one_is_there_awaited_or_missing()
    {
        Gen<string> name = Gen.OneOf("a.mp4", "A.MP4", "b.mp4", "sub/c.mp4", "x.part", ".x.mp4.abcdef", "e\u0301", "é", "y~", "../d.mp4", "sub//e.mp4", "two\nlines");
        var file = Gen.Select(name, Gen.Long[0, 3], Gen.OneOf(0, 5, 10, 59, 60, 100), Gen.Bool);
        var declared = Gen.Select(Gen.OneOf("a.mp4", "b.mp4", "sub/c.mp4", "x.part", "é", "never.mp4", "aside.mp4"), Gen.Long[0, 3]);
        Gen.Select(file.Array[0, 8], declared.Array[0, 5], Gen.Bool, Gen.Bool, Gen.OneOf(0, 10, 60)).Sample((files, declarations, hasManifest, done, manifestQuiet) =>
        {
            var drop = new FoundDrop("OP/CAM/d", "OP", "CAM") { Done = done };
            var steadiness = new Dictionary<string, Steadiness>();
            foreach (var (n, bytes, quiet, changed) in files.DistinctBy(f => f.Item1))
            {
                drop.Files.Add(new($"OP/CAM/d/{n}", new(bytes, "v")));
                steadiness[$"OP/CAM/d/{n}"] = new(TimeSpan.FromSeconds(quiet), changed);
            }
            ManifestReading? reading = null;
            if (hasManifest)
            {
                drop.Manifest = new("OP/CAM/d/drop.json", new(1, "v"));
                steadiness["OP/CAM/d/drop.json"] = new(TimeSpan.FromSeconds(manifestQuiet), false);
                reading = new(new("OP", "CAM", null, null, null, null, null,
                    [.. declarations.DistinctBy(d => d.Item1).Select(d => new ManifestFile(d.Item1, d.Item2, "h"))]), "hash", []);
            }

            DropSighting? sighting = DropAssembly.Assemble(drop, reading, p => steadiness[p], new HashSet<string> { "aside.mp4" }, RestRules.Default);

            string[] names = [.. drop.Files.Select(f => drop.Below(f.Path))];
            string[] ready = [.. (sighting?.Ready ?? []).Select(f => f.RelativePath)];
            string[] notTaken = [.. (sighting?.Problems ?? []).Where(p => NotTakenKinds.Contains(p.Kind)).Select(p => p.RelativePath)];
            var present = ManifestMatch.ByName(reading?.Manifest, names);
            int absent = reading?.Manifest?.Files.Count(f => !present.Values.Contains(f) && f.Name != "aside.mp4") ?? 0;
            int missing = sighting?.Missing.Count ?? 0;
            Assert.Empty(ready.Intersect(notTaken));
            Assert.Equal(ready.Length, ready.Distinct().Count());
            Assert.Equal(notTaken.Length, notTaken.Distinct().Count());
            Assert.All(ready.Concat(notTaken), n => Assert.Contains(n, names));
            Assert.True(missing == 0 || missing == absent);
            Assert.Equal(names.Length + absent, ready.Length + notTaken.Length + missing + (sighting?.StillArriving ?? 0));
            Assert.DoesNotContain(ready, n => n.Split('/').Any(p => p is "" or "." or ".."));
        }, iter: 20_000);
    }

    [Fact]
    public void Every_thing_found_in_a_source_is_sorted_into_exactly_one_drop()
    {
        Gen<string> part = Gen.OneOf("a", "b", "drop.json", ".done", "..", "");
        part.Array[1, 6].Select(parts => string.Join('/', parts)).Array[0, 20].Sample(paths =>
        {
            SeenEntry[] entries = [.. paths.Distinct().Select((p, i) => i % 5 == 4 ? new SeenEntry(p, null, ("unreadable", "x")) : new SeenEntry(p, new(1, "v")))];
            IReadOnlyList<FoundDrop> drops = DropLayout.Find(entries);
            Assert.Equal(entries.Length, drops.Sum(d => d.Files.Count + d.Obstacles.Count + (d.Manifest is null ? 0 : 1) + (d.Done ? 1 : 0)));
            Assert.Equal(drops.Count, drops.Select(d => d.Folder).Distinct().Count());
        }, iter: 10_000);
    }

    [Theory]
    [InlineData(ManifestState.None, false, null, 0, false, false)]
    [InlineData(ManifestState.None, false, null, 10, false, true)]
    [InlineData(ManifestState.None, true, null, 0, false, true)]
    [InlineData(ManifestState.None, true, null, 0, true, false)]
    [InlineData(ManifestState.None, true, null, 10, true, true)]
    [InlineData(ManifestState.Arriving, true, null, 1000, false, false)]
    [InlineData(ManifestState.Complete, false, 5L, 0, true, true)]
    [InlineData(ManifestState.Complete, false, null, 9, false, false)] // an extra file has its own quiet period
    [InlineData(ManifestState.Incomplete, false, 5L, 0, false, false)]
    [InlineData(ManifestState.Incomplete, false, 5L, 10, false, true)]
    [InlineData(ManifestState.Incomplete, false, 6L, 59, false, false)]
    [InlineData(ManifestState.Incomplete, false, 6L, 60, false, true)]
    [InlineData(ManifestState.Incomplete, true, 6L, 0, false, true)]
    [InlineData(ManifestState.Incomplete, true, 6L, 10, true, true)]
    internal void A_file_of_5_bytes_is_at_rest(ManifestState manifest, bool done, long? declaredBytes, int quietSeconds, bool changed, bool atRest)
    {
        ManifestFile? declared = declaredBytes is { } bytes ? new("a", bytes, "h") : null;
        Assert.Equal(atRest, AtRest.IsReached(manifest, done, declared, 5, new(TimeSpan.FromSeconds(quietSeconds), changed), RestRules.Default));
    }
}
