using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Disclosure.Report;

/// <summary>What the continuity report says: made for a courtroom, of nothing but what is in the bundle. It speaks of integrity, never of
/// admissibility.</summary>
internal static class ContinuityReport
{
    public static ReportPage Of(BundleContents contents) => new(
        "Continuity report", $"Case {contents.Case}", contents.MadeAt,
        [.. WhatThisIs(contents), .. Exhibits(contents), .. Timeline(contents), .. Withheld(contents), .. Record(contents), .. HowToCheck(), .. Limits()]);

    private static IEnumerable<ReportBlock> WhatThisIs(BundleContents contents)
    {
        yield return new Heading(2, "What this is");
        yield return new Paragraph("This report belongs to a disclosure bundle. It says what each exhibit is, who did what with it and why, and how anyone can check both without trusting the system that made them.");
        yield return new Paragraph("It shows whether an exhibit is still, byte for byte, what was sealed. It does not show what a camera saw, or what happened to a file before it was sealed, and whether evidence is admitted is for the court alone.");
        yield return new Facts(
        [
            new("Bundle", contents.Id, Fixed: true),
            new("Case", contents.Case),
            new("Made", ReportText.Both(contents.MadeAt, contents.Zone)),
            new("Exhibits", string.Join(", ", contents.InOrder.Select(e => e.Reference.Text))),
            new("Times are given in", ReportText.Zone(contents.Zone)),
        ]);
    }

    private static IEnumerable<ReportBlock> Exhibits(BundleContents contents)
    {
        yield return new Heading(2, contents.Exhibits.Count == 1 ? "The exhibit" : "The exhibits");
        foreach (DisclosedExhibit exhibit in contents.InOrder)
        {
            SealManifest seal = exhibit.Manifest;
            yield return new Heading(3, $"Exhibit {exhibit.Reference}");
            yield return new Facts([.. Label(contents, exhibit, seal)], Framed: true);
            if (exhibit.Segments.Count > 0)
            {
                yield return new Paragraph("Motion was found in these parts of it. Motion detection can miss some and report others: the footage itself is the evidence.");
                yield return new Table($"Segments of motion in {exhibit.Reference}, by the container's time stamps (minutes:seconds)", [("Segment", 1), ("From", 1), ("To", 1)],
                    [.. exhibit.Segments.Select(s => (IReadOnlyList<string>)[s.Number.ToString(CultureInfo.InvariantCulture), ReportText.Pts(s.Start), ReportText.Pts(s.End)])]);
            }
        }
    }

    private static IEnumerable<Fact> Label(BundleContents contents, DisclosedExhibit exhibit, SealManifest seal)
    {
        yield return new("Exhibit", exhibit.Reference.Text);
        yield return new("Case", seal.Case);
        yield return new("Camera", seal.Camera);
        yield return new("What it is", WhatItIs(seal));
        if (seal.Derivation is { } derivation) yield return new($"SHA-256 of {derivation.Parent}", derivation.ParentSha256, Fixed: true);
        if (NameOf(contents, exhibit) is { } name) yield return new("Name as delivered", name);
        string[] made = [.. contents.InOrder.Where(e => e.Manifest.Derivation?.Parent == exhibit.Reference.Text).Select(e => $"{e.Reference} ({e.Manifest.Derivation!.Role})")];
        if (made.Length > 0) yield return new("Made from it, in this bundle", string.Join(", ", made));
        yield return new("File in this bundle", exhibit.File, Fixed: true);
        yield return new("Length", ReportText.Bytes(seal.Bytes));
        yield return new("SHA-256", seal.Sha256, Fixed: true);
        yield return new("SHA-512", seal.Sha512, Fixed: true);
        yield return new("Sealed", ReportText.Both(seal.SealedAt, contents.Zone));
        foreach (Fact fact in Certificate(exhibit)) yield return fact;
        if (exhibit.TimeStamp is not null) yield return new("Time stamp", $"From an outside authority (RFC 3161), in {exhibit.TimeStampFile}. How to check it is in HOW-TO-VERIFY.txt.");
    }

    private static string WhatItIs(SealManifest seal) => seal.Derivation is not { } made
        ? "Master: the file as it was delivered, never altered and never re-encoded"
        : $"Derivative ({made.Role}), made from exhibit {made.Parent}";

    /// <summary>The name as delivered, where the bundle shows the field that holds it; that it is withheld, where it does not.</summary>
    private static string? NameOf(BundleContents contents, DisclosedExhibit exhibit)
    {
        DisclosedEntry? received = contents.Entries.FirstOrDefault(e => e.Entry.Exhibit == exhibit.Reference.Text && (e.Field("sourceName") is not null || e.Withheld.Contains("sourceName")));
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

    private static IEnumerable<ReportBlock> Timeline(BundleContents contents)
    {
        yield return new Heading(2, "Who did what, when and why");
        yield return new Paragraph("Every act on an exhibit is an entry in a log that can only be added to. The entries of each exhibit are numbered 1, 2, 3 and so on: a number that is missing is an entry that was withheld or lost. The times are by the vault's clock; the order is fixed by the log itself.");
        yield return new Table("Timeline, in the order of the log", [("When", 26), ("Exhibit and number", 11), ("What", 22), ("Who", 12), ("Why", 21), ("Log index", 8)],
            [.. contents.Entries.Select(e => TimelineRow(contents, e))]);
    }

    private static IReadOnlyList<string> TimelineRow(BundleContents contents, DisclosedEntry entry)
    {
        CustodyEntry read = entry.Entry;
        string result = read.Outcome switch { Outcome.Refused => "\nRefused", Outcome.Failed => "\nFailed", _ => "" };
        string problem = entry.Field("problem") is { } text ? $"\n{text}" : "";
        return
        [
            ReportText.Both(read.Time, contents.Zone),
            read.Exhibit is null ? "This bundle" : $"{read.Exhibit}\nno. {read.Seq}",
            Words(read, contents.Id) + result + problem,
            FieldOr(entry, "actor"), FieldOr(entry, "reason"),
            entry.Index.ToString(CultureInfo.InvariantCulture),
        ];
    }

    private static string FieldOr(DisclosedEntry entry, string name) => entry.Field(name) ?? (entry.Withheld.Contains(name) ? "Withheld" : "–");

    private static string Words(CustodyEntry entry, string bundle) => entry.Action switch
    {
        "received" => "Delivered file noted and given its reference",
        "sealed" => "Hashed, encrypted and sealed",
        "read-back" => "Read back from the store and hashed again",
        "stored" => "Confirmed as stored, with the sealed hashes",
        "analysed" => "Searched for motion",
        "reproduced" => "Decrypted within the vault, to be searched for motion again",
        "analysis-compared" => "Compared with what the search gives when it is done again",
        "derived" => $"Made from {ReportText.Of(entry.Detail?["parent"])} ({ReportText.Of(entry.Detail?["role"])}), sealed and stored",
        "in-series" => $"Looked at with other stills, as the series {ReportText.Of(entry.Detail?["series"])}",
        "viewed" => ReportText.Of(entry.Detail?["what"]) switch
        {
            "playback" => "Footage watched",
            "picture" => "Picture looked at",
            "clip-bounds" => "Times of frames looked up, for a clip",
            _ => "Record looked at",
        },
        "noted" => $"Note {ReportText.Of(entry.Detail?["note"])} written, version {ReportText.Of(entry.Detail?["version"])}",
        "retrieved" => "Bytes given out",
        "copy-asked" => "Viewing copy asked for",
        "clip-asked" => $"Clip asked for, from {ReportText.Of(entry.Detail?["from"])} s to {ReportText.Of(entry.Detail?["to"])} s",
        "moved-aside" => "Delivered file moved aside in its source",
        "log-read" => "Log entries looked at",
        "exported" when entry.Exhibit is null => "Bundle recorded, with each exhibit's last number",
        "exported" => ReportText.Of(entry.Detail?["bundle"]) == bundle ? "Given out in this bundle" : "Given out in another bundle",
        "clip-made" => "Clip cut",
        _ => entry.Action,
    };

    private static IEnumerable<ReportBlock> Withheld(BundleContents contents)
    {
        yield return new Heading(2, "What is withheld");
        int withheld = contents.Entries.Sum(e => e.Withheld.Count);
        if (withheld == 0)
        {
            yield return new Paragraph("Nothing: every field of every entry in this bundle is shown.");
        }
        else
        {
            yield return new Paragraph($"{withheld} {(withheld == 1 ? "value is" : "values are")} withheld, in the {(contents.Redacted.Count == 1 ? "field" : "fields")}: {string.Join(", ", contents.Redacted)}. Each is fixed in the log by a salted hash, so that it can be shown later and proved to be the one recorded then. It cannot be changed meanwhile, or guessed from the hash.");
        }
        yield return new Paragraph("No entry of these exhibits is withheld. The last entry of the bundle states the last number of each exhibit, and it was written before the first byte left the vault, so that an entry left out would show as a gap. Exhibits and cases that were not asked for are not in the bundle.");
    }

    private static IEnumerable<ReportBlock> Record(BundleContents contents)
    {
        Checkpoint checkpoint = BundleComposition.Read(contents.Checkpoint);
        PolicyVerdict standing = contents.Standing;
        yield return new Heading(2, "The log and its witnesses");
        yield return new Paragraph("All entries of the log hash to one value, its root. The vault signed the root below, and each entry in this bundle comes with a proof that leads to it. Nobody can change, remove or add an entry under that root.");
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
        if (!standing.Quorum.Holds)
            yield return new Inset("This bundle was made without the cosignatures that the vault's policy asks for. Its check fails at 'witness-quorum', and rightly so.");
    }

    private static IEnumerable<ReportBlock> HowToCheck()
    {
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
