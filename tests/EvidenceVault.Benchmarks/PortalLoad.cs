using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Benchmarks;

/// <summary>A clock for years of work: how much of them has passed is said.</summary>
internal sealed class LoadClock : TimeProvider
{
    private static readonly TimeSpan Years = TimeSpan.FromDays(3 * 365);

    private readonly DateTimeOffset _end = System.GetUtcNow();

    /// <summary>From 0, three years ago, to 1, now.</summary>
    public double Passed { get; set; }

    public override DateTimeOffset GetUtcNow() => _end - (Years * (1 - Passed));
}

/// <summary>Fills a vault as years of work would: exhibits in many cases, of which one has a fifth of all; for each, its way from received to analysed with its segments, and looks at it by many people. All through the sequencer and the changes of state
/// that a worker makes, with entries and checkpoints that hold. Only the blobs are not there: nothing that is measured here reads one.</summary>
internal static class PortalLoad
{
    public const int Cases = 20, Cameras = 10;

    /// <summary>The case with a fifth of all exhibits.</summary>
    public const string BigCase = "OP-HERON";

    private const int InOneCommit = 2_000, Segments = 3;

    /// <summary>Adds exhibits and entries.</summary>
    /// <param name="vault">The vault, with one analysed exhibit in it, whose analysis all others are given.</param>
    /// <param name="like">That exhibit.</param>
    /// <param name="exhibits">How many Masters there are to be.</param>
    /// <param name="entries">How many entries at least.</param>
    /// <param name="clock">The vault's clock, which is moved on from three years ago to now.</param>
    public static async Task FillAsync(Vault vault, ExhibitRow like, int exhibits, long entries, LoadClock clock)
    {
        SegmentRow[] segments = [.. Enumerable.Range(1, Segments).Select(n => new SegmentRow(n, n * 4, (n * 4) + 2, (n * 4) + 1, 0.5, "[10,10,40,80]", "motion", "still"))];
        for (int from = 2; from <= exhibits; from += InOneCommit)
        {
            int first = from, last = Math.Min(exhibits, from + InOneCommit - 1);
            clock.Passed = 0.5 * first / exhibits;
            await vault.Sequencer.CommitAsync(change =>
            {
                for (int i = first; i <= last; i++) Add(change, like, i, segments);
            });
            Say($"exhibits {last}/{exhibits}");
        }
        long size = (long)vault.Log.Size();
        for (long made = size; made < entries; made += InOneCommit)
        {
            long first = made;
            clock.Passed = 0.5 + (0.5 * made / entries);
            await vault.Sequencer.CommitAsync(change =>
            {
                for (long i = first; i < Math.Min(entries, first + InOneCommit); i++) change.Record(Look(i, exhibits));
            });
            Say($"entries {Math.Min(entries, made + InOneCommit)}/{entries}");
        }
        Console.Error.WriteLine();
    }

    /// <summary>The case of an exhibit by its number.</summary>
    public static string CaseOf(long number) => number % 5 == 0 ? BigCase : string.Create(CultureInfo.InvariantCulture, $"OP-{number % Cases:D3}");

    private static string CameraOf(long number) => string.Create(CultureInfo.InvariantCulture, $"CAM-{number / 7 % Cameras}");

    private static void Add(Change change, ExhibitRow like, int number, IReadOnlyList<SegmentRow> segments)
    {
        (string caseName, string camera) = (CaseOf(number), CameraOf(number));
        var wanted = ExhibitReference.Of("AB", number);
        (ExhibitReference reference, _) = change.Receive(new("folder:load", $"{number}", $"night-{number / 50}/clip-{number}.mp4", 1_000_000 + number, "1", caseName, camera, "AB", wanted, null, null, null));
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(reference.Text))), sha512 = Convert.ToHexStringLower(SHA512.HashData(Encoding.ASCII.GetBytes(reference.Text)));
        change.Seal(new ExhibitRow { Reference = reference.Text, Case = caseName, Camera = camera, State = ExhibitState.Received, StagingId = "", ReceivedAt = "", SeenBytes = 1_000_000 + number, SeenStamp = "1" },
            new FileDigests(sha256, sha512, 1_000_000 + number), $"masters/sha256/{sha256[..2]}/{sha256}", like.Seal!, like.SealCms!, null, null);
        change.Store(reference);
        // One in a thousand could not be analysed.
        if (number % 1000 == 0) change.Analyse(reference, ExhibitState.NotAnalysed, "{}", "The container is not known.");
        else
        {
            change.Analyse(reference, ExhibitState.Analysed, like.Analysis!, null);
            foreach (SegmentRow segment in segments) change.AddSegment(reference, segment);
        }
        foreach (string act in (string[])[Acts.Received, Acts.Sealed, Acts.ReadBack, Acts.Stored, Acts.Analysed])
            change.Record(new CustodyAct(act, Vault.Program) { Case = caseName, Camera = camera, Exhibit = reference, Sha256 = sha256 });
    }

    private static CustodyAct Look(long i, int exhibits)
    {
        // Every hundredth look is at one and the same exhibit, so that it has a long record of its own.
        long number = i % 100 == 0 ? 5 : 2 + (i * 7919 % (exhibits - 1));
        return new CustodyAct(i % 50 == 0 ? Acts.Retrieved : Acts.Viewed, $"officer-{i % 40}")
        {
            Case = CaseOf(number),
            Camera = CameraOf(number),
            Exhibit = ExhibitReference.Of("AB", (int)number),
            Outcome = i % 500 == 0 ? Outcome.Refused : Outcome.Done,
            Reason = i % 50 == 0 ? "Viewing for the charging decision" : null,
            Detail = i % 3 == 0 ? new JsonObject { ["what"] = "picture" } : null,
        };
    }

    private static void Say(string what) => Console.Error.Write($"\rload: {what}          ");
}
