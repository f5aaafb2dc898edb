using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Disclosure.Report;

/// <summary>What the continuity report says: made for a courtroom, of nothing but what is in the bundle, or of the record alone where there is none. It speaks of
/// integrity, never of admissibility.</summary>
internal static class ContinuityReport
{
    public static ReportPage Of(ContinuityFacts facts) => new(
        "Continuity report", $"Case {facts.Case}", facts.MadeAt,
        [.. WhatThisIs(facts), .. Exhibits(facts), .. Timeline(facts), .. Withheld(facts), .. Record(facts), .. HowToCheck(facts), .. Limits()]);

    private static IEnumerable<ReportBlock> WhatThisIs(ContinuityFacts facts)
    {
        yield return new Heading(2, "What this is");
        yield return new Paragraph(facts is BundleContents
            ? "This report belongs to a disclosure bundle. It says what each exhibit is, who did what with it and why, and how anyone can check both without trusting the system that made them."
            : "This report says what each exhibit is, and who did what with it and why. It was made from the vault’s record and is for reading. What shows the same to somebody who does not trust the vault is a disclosure bundle: it holds the exhibits, their seals, and every entry with its proof.");
        yield return new Paragraph("It shows whether an exhibit is still, byte for byte, what was sealed. It does not show what a camera saw, or what happened to a file before it was sealed, and whether evidence is admitted is for the court alone.");
        yield return new Facts(
        [
            .. facts is BundleContents bundle ? new[] { new Fact("Bundle", bundle.Id, Fixed: true) } : [],
            new("Case", facts.Case),
            new("Made", ReportText.Both(facts.MadeAt, facts.Zone)),
            new("Exhibits", string.Join(", ", facts.InOrder.Select(e => e.Reference.Text))),
            new("Times are given in", ReportText.Zone(facts.Zone)),
        ]);
    }

    private static IEnumerable<ReportBlock> Exhibits(ContinuityFacts facts)
    {
        yield return new Heading(2, facts.Exhibits.Count == 1 ? "The exhibit" : "The exhibits");
        foreach (DisclosedExhibit exhibit in facts.InOrder)
        {
            SealManifest seal = exhibit.Manifest;
            yield return new Heading(3, $"Exhibit {exhibit.Reference}");
            yield return new Facts([.. Label(facts, exhibit, seal)], Framed: true);
            if (exhibit.Segments.Count > 0)
            {
                yield return new Paragraph("Motion was found in these parts of it. Motion detection can miss some and report others: the footage itself is the evidence.");
                yield return new Table($"Segments of motion in {exhibit.Reference}, by the container's time stamps (minutes:seconds)", [("Segment", 1), ("From", 1), ("To", 1)],
                    [.. exhibit.Segments.Select(s => (IReadOnlyList<string>)[s.Number.ToString(CultureInfo.InvariantCulture), ReportText.Pts(s.Start), ReportText.Pts(s.End)])]);
            }
        }
    }

    private static IEnumerable<Fact> Label(ContinuityFacts facts, DisclosedExhibit exhibit, SealManifest seal)
    {
        yield return new("Exhibit", exhibit.Reference.Text);
        yield return new("Case", seal.Case);
        yield return new("Camera", seal.Camera);
        yield return new("What it is", WhatItIs(seal));
        if (seal.Derivation is { } derivation) yield return new($"SHA-256 of {derivation.Parent}", derivation.ParentSha256, Fixed: true);
        if (NameOf(facts, exhibit) is { } name) yield return new("Name as delivered", name);
        string[] made = [.. facts.InOrder.Where(e => e.Manifest.Derivation?.Parent == exhibit.Reference.Text).Select(e => $"{e.Reference} ({e.Manifest.Derivation!.Role})")];
        if (made.Length > 0) yield return new(facts is BundleContents ? "Made from it, in this bundle" : "Made from it, in this report", string.Join(", ", made));
        if (facts is BundleContents) yield return new("File in this bundle", exhibit.File, Fixed: true);
        yield return new("Length", ReportText.Bytes(seal.Bytes));
        yield return new("SHA-256", seal.Sha256, Fixed: true);
        yield return new("SHA-512", seal.Sha512, Fixed: true);
        yield return new("Sealed", ReportText.Both(seal.SealedAt, facts.Zone));
        foreach (Fact fact in Certificate(exhibit)) yield return fact;
        if (exhibit.TimeStamp is not null)
            yield return new("Time stamp", facts is BundleContents ? $"From an outside authority (RFC 3161), in {exhibit.TimeStampFile}. How to check it is in HOW-TO-VERIFY.txt." : "From an outside authority (RFC 3161); a disclosure bundle holds it");
    }

    private static string WhatItIs(SealManifest seal) => seal.Derivation is not { } made
        ? "Master: the file as it was delivered, never altered and never re-encoded"
        : $"Derivative ({made.Role}), made from exhibit {made.Parent}";

    /// <summary>The name as delivered, where the bundle shows the field that holds it; that it is withheld, where it does not.</summary>
    private static string? NameOf(ContinuityFacts facts, DisclosedExhibit exhibit)
    {
        DisclosedEntry? received = facts.Entries.FirstOrDefault(e => e.Entry.Exhibit == exhibit.Reference.Text && (e.Field("sourceName") is not null || e.Withheld.Contains("sourceName")));
        return received is null ? null : received.Field("sourceName") ?? "Withheld";
    }

    private static IEnumerable<Fact> Certificate(DisclosedExhibit exhibit)
    {
        var cms = new SignedCms();
        cms.Decode(exhibit.SealCms);
        using X509Certificate2? certificate = cms.SignerInfos.Count > 0 ? cms.SignerInfos[0].Certificate : null;
        if (certificate is null)
        {
            yield return new("Seal's certificate", "The seal carries none");
            yield break;
        }
        yield return new("Seal's certificate", $"{certificate.Subject}\nValid {ReportText.Utc(certificate.NotBefore.ToUniversalTime())} to {ReportText.Utc(certificate.NotAfter.ToUniversalTime())}");
        yield return new("Its SHA-256", Convert.ToHexStringLower(SHA256.HashData(certificate.RawData)), Fixed: true);
    }

    private static IEnumerable<ReportBlock> Timeline(ContinuityFacts facts)
    {
        yield return new Heading(2, "Who did what, when and why");
        yield return new Paragraph("Every act on an exhibit is an entry in a log that can only be added to. The entries of each exhibit are numbered 1, 2, 3 and so on: a number that is missing is an entry that was withheld or lost. The times are by the vault's clock; the order is fixed by the log itself.");
        yield return new Table("Timeline, in the order of the log", [("When", 26), ("Exhibit and number", 11), ("What", 22), ("Who", 12), ("Why", 21), ("Log index", 8)],
            [.. facts.Entries.Select(e => TimelineRow(facts, e))]);
    }

    private static IReadOnlyList<string> TimelineRow(ContinuityFacts facts, DisclosedEntry entry)
    {
        CustodyEntry read = entry.Entry;
        string result = read.Outcome switch { Outcome.Refused => "\nRefused", Outcome.Failed => "\nFailed", _ => "" };
        string problem = entry.Field("problem") is { } text ? $"\n{text}" : "";
        return
        [
            ReportText.Both(read.Time, facts.Zone),
            read.Exhibit is null ? "This bundle" : $"{read.Exhibit}\nno. {read.Seq}",
            ContinuityWords.Of(read, (facts as BundleContents)?.Id) + result + problem,
            FieldOr(entry, "actor"), FieldOr(entry, "reason"),
            entry.Index.ToString(CultureInfo.InvariantCulture),
        ];
    }

    private static string FieldOr(DisclosedEntry entry, string name) => entry.Field(name) ?? (entry.Withheld.Contains(name) ? "Withheld" : "–");

    private static IEnumerable<ReportBlock> Withheld(ContinuityFacts facts)
    {
        if (facts is not BundleContents)
        {
            foreach (ReportBlock block in Gaps(facts)) yield return block;
            yield break;
        }
        yield return new Heading(2, "What is withheld");
        int withheld = facts.Entries.Sum(e => e.Withheld.Count);
        if (withheld == 0)
        {
            yield return new Paragraph("Nothing: every field of every entry in this bundle is shown.");
        }
        else
        {
            yield return new Paragraph($"{withheld} {(withheld == 1 ? "value is" : "values are")} withheld, in the {(facts.Redacted.Count == 1 ? "field" : "fields")}: {string.Join(", ", facts.Redacted)}. Each is fixed in the log by a salted hash, so that it can be shown later and proved to be the one recorded then. It cannot be changed meanwhile, or guessed from the hash.");
        }
        yield return new Paragraph("No entry of these exhibits is withheld. The last entry of the bundle states the last number of each exhibit, and it was written before the first byte left the vault, so that an entry left out would show as a gap. Exhibits and cases that were not asked for are not in the bundle.");
    }

    // A bundle's reader counts for themselves, with a verifier. Whoever reads only this is told.
    private static IEnumerable<ReportBlock> Gaps(ContinuityFacts facts)
    {
        yield return new Heading(2, "Whether it is whole");
        List<string> gaps = [.. facts.InOrder.Where(e => !facts.Entries.Where(n => n.Entry.Exhibit == e.Reference.Text).Select(n => n.Entry.Seq).SequenceEqual(Enumerable.Range(1, facts.Entries.Count(n => n.Entry.Exhibit == e.Reference.Text)).Select(i => (long?)i))).Select(e => e.Reference.Text)];
        yield return gaps.Count == 0
            ? new Paragraph("The entries of each exhibit are numbered from 1 without a gap, up to the making of this report, which is an entry itself. None is left out.")
            : new Inset($"Numbers are missing among the entries of {string.Join(", ", gaps)}: entries were lost or taken out. Run 'evidencevault log fsck'.");
        int unshown = facts.Entries.Sum(e => e.Withheld.Count);
        if (unshown > 0) yield return new Inset($"{unshown} personal {(unshown == 1 ? "value" : "values")} cannot be shown: what is kept is not what the entry committed to, or is no longer kept. The entries themselves still prove.");
    }

    private static IEnumerable<ReportBlock> Record(ContinuityFacts facts)
    {
        Checkpoint checkpoint = BundleComposition.Read(facts.Checkpoint);
        PolicyVerdict standing = facts.Standing;
        yield return new Heading(2, "The log and its witnesses");
        yield return new Paragraph($"All entries of the log hash to one value, its root. The vault signed the root below, and each entry in {(facts is BundleContents ? "this bundle" : "a disclosure bundle")} comes with a proof that leads to it. Nobody can change, remove or add an entry under that root.");
        yield return new Facts(
        [
            new("Log", checkpoint.Origin),
            new("Entries in the log", string.Create(CultureInfo.InvariantCulture, $"{checkpoint.Size:N0}")),
            new("Root (SHA-256)", Convert.ToHexStringLower(checkpoint.Root), Fixed: true),
            .. standing.Cosigners.Select(c => new Fact(c.Witness.IsDemonstration ? "Demonstration witness" : "Witness",
                $"{c.Witness.Name}\nCosigned {c.First.TimeText}{(c.Witness.IsDemonstration ? "\nThe vault's own: it shows how witnesses work and vouches for nothing" : "")}")),
        ]);
        if (!standing.HasOutsideWitness)
            yield return new Inset("No outside witness cosigned this log. The entries cannot have been changed under the root above, but only somebody outside the vault who remembers an earlier root could show that the whole log was not written anew before it was signed.");
        if (!standing.Quorum.Holds && facts is not BundleContents)
            yield return new Inset("The witnesses that the vault’s policy asks for have not cosigned this root yet. They are asked again by themselves.");
        else if (!standing.Quorum.Holds)
            yield return new Inset("This bundle was made without the cosignatures that the vault's policy asks for. Its check fails at 'witness-quorum', and rightly so.");
    }

    private static IEnumerable<ReportBlock> HowToCheck(ContinuityFacts facts)
    {
        if (facts is not BundleContents)
        {
            yield return new Heading(2, "How to check it");
            yield return new Steps(
            [
                new("Work out the SHA-256 of the copy of the exhibit that you have, and compare it with the one above. One changed bit changes all of it. On Linux and macOS type the first command, on Windows the second:", "sha256sum FILE\ncertutil -hashfile FILE SHA256"),
                new("Ask for a disclosure bundle of the exhibit, open the verify.html in it in a browser, and drop the bundle on it. No network is needed. It checks the seal, each entry and its proof."),
                new("Keep the root above, or ask a witness which root it keeps. Whoever keeps it can show later whether the log was written anew."),
            ]);
            yield break;
        }
        yield return new Heading(2, "How to check it in five steps");
        yield return new Steps(
        [
            new("Take a copy of the bundle, as it was handed to you, to a computer of your own. No network is needed."),
            new("Open verify.html from the bundle in a browser and drop the whole bundle on it. Better still, use a copy of that page that you got from somebody you trust, or the program evidencevault-verify."),
            new("Read its answer: whether the bundle holds, and if not, what does not."),
            new("Compare the SHA-256 of keys/policy and keys/ca.pem, which the page shows, with those that the vault's owner has published. Without this you know that the bundle agrees with itself, and not whose it is."),
            new("To check with stock tools only, follow HOW-TO-VERIFY.txt. It begins with:", "sha256sum -c manifest-sha256.txt"),
        ]);
    }

    private static IEnumerable<ReportBlock> Limits()
    {
        yield return new Heading(2, "What no check can show");
        yield return new Bullets(
        [
            "That a camera saw the truth, or that its clock was right.",
            "What happened to a file before it was sealed, or that a file was delivered at all.",
            "Whose the keys are, unless they are compared with what their owner published.",
            "Without an outside witness: that the vault shows everybody the same log.",
        ]);
    }
}
