using System.Text;
using EvidenceVault.BundleSamples;

// Makes the sample bundles, valid and tampered, below a folder that must not hold any yet: the same bytes on every machine.
if (args is not ["--out", { Length: > 0 } folder])
{
    Console.Error.WriteLine("bundle-samples: say where with --out DIR; nothing was made.");
    return 2;
}
if (Directory.Exists(Path.Combine(folder, "valid")) || Directory.Exists(Path.Combine(folder, "tampered")))
{
    Console.Error.WriteLine($"bundle-samples: there are samples in {folder} already, and nothing is written over them. Name another folder.");
    return 2;
}
List<Sample> samples = [.. Samples.All()];
foreach (Sample sample in samples)
{
    string at = Path.Combine(folder, sample.Folder, sample.Name);
    Directory.CreateDirectory(at);
    File.WriteAllText(Path.Combine(at, "expected.json"), Samples.Expected(sample));
    if (sample.Bag.Zip is { } zip)
    {
        File.WriteAllBytes(Path.Combine(at, "bag.zip"), zip);
        continue;
    }
    foreach ((string path, byte[] content) in sample.Bag.Files)
    {
        string file = Path.Combine(at, "bag", path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
    }
    foreach ((string path, string target) in sample.Bag.Links) File.CreateSymbolicLink(Path.Combine(at, "bag", path), target);
}
File.WriteAllText(Path.Combine(folder, "README.md"), SampleIndex.Write(samples), new UTF8Encoding(false));
Console.WriteLine($"{samples.Count(s => s.Claim is null)} valid and {samples.Count(s => s.Claim is not null)} tampered bundles are in {folder}.");
return 0;
