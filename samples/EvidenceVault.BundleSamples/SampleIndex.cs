using System.Text;

namespace EvidenceVault.BundleSamples;

/// <summary>The page that an auditor reads first.</summary>
internal static class SampleIndex
{
    public static string Write(IReadOnlyList<Sample> samples)
    {
        var page = new StringBuilder("""
            # Sample bundles

            Disclosure bundles ([FORMAT.md](../../src/EvidenceVault.Proof/FORMAT.md) sections 10 and 11) that a checker must accept, and bundles that were tampered
            with, which it must refuse. Made by `scripts/make-bundle-samples`; each is committed, is only ever added to, and every later version of a checker must judge
            it as this one does.

            Each folder has the bundle as `bag/` or `bag.zip`, and `expected.json`: whether it `holds`; the `claim` (FORMAT.md section 11) that must be among those that fail; the
            `subject` that this finding must name (`null`: any); and `what` was done. Other claims may fail with it.

            **The keys are public.** All of them are made from sentences in `samples/EvidenceVault.BundleSamples/TestKeys.cs`, so that anybody makes the same samples, byte for
            byte. What they sign proves nothing outside this folder. "Everything made right again" means: with these keys, as an insider who holds the vault's would.

            The footage is six uncompressed frames. `verify.html`, `HOW-TO-VERIFY.txt` and the files in `data/report` are stand-ins, because the real ones change
            with versions of the program and these samples must not; only their bytes are judged.


            """.ReplaceLineEndings("\n"));
        page.Append("## Valid\n\n| Bundle | What it is |\n|---|---|\n");
        foreach (Sample sample in samples.Where(s => s.Claim is null)) page.Append($"| [{sample.Name}](valid/{sample.Name}) | {sample.What} |\n");
        page.Append("\n## Tampered\n\n| Bundle | What was done | Claim that fails | It names |\n|---|---|---|---|\n");
        foreach (Sample sample in samples.Where(s => s.Claim is not null))
            page.Append($"| [{sample.Name}](tampered/{sample.Name}) | {sample.What} | `{sample.Claim}` | {(sample.Subject is null ? "" : $"`{sample.Subject}`")} |\n");
        return page.ToString();
    }
}
