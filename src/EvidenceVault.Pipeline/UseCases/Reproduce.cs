using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Analyses a Master once more with the settings that were recorded, and compares what comes out with what was sealed. Recorded before
/// the Master is decrypted, and again with the result. Nothing is given out, kept or changed.</summary>
/// <param name="Reference">The Master, or a series of stills.</param>
/// <param name="Why">The reason, where there is one to give.</param>
/// <param name="Progress">Fraction done.</param>
public sealed record ReproduceAnalysis(ExhibitReference Reference, string? Why, IProgress<double>? Progress) : IEvidenceAccess, IRequest<ReproducedAnalysis>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer, Role.CpsReviewer];

    /// <inheritdoc/>
    public string Action => Acts.Reproduced;

    /// <inheritdoc/>
    public ExhibitReference? Exhibit => Reference;

    /// <inheritdoc/>
    public string? Reason => Why;

    /// <inheritdoc/>
    public bool NeedsReason => false;
}

/// <summary>A program that is not the one that took part when the exhibit was analysed.</summary>
/// <param name="Program">Its name.</param>
/// <param name="Recorded">Its version then; null where none was recorded.</param>
/// <param name="Now">Its version now; null where it takes no part any more.</param>
public sealed record ChangedVersion(string Program, string? Recorded, string? Now);

/// <summary>What a comparison came to.</summary>
/// <param name="Exhibit">The Master.</param>
/// <param name="Files">How many derivatives were compared.</param>
/// <param name="Differences">What differs, a sentence each; empty where analysis.json and every derivative are the same, byte for byte.</param>
/// <param name="Versions">Programs that have changed since.</param>
public sealed record ReproducedAnalysis(ExhibitReference Exhibit, int Files, IReadOnlyList<string> Differences, IReadOnlyList<ChangedVersion> Versions)
{
    /// <summary>True where nothing differs.</summary>
    public bool Same => Differences.Count == 0;

    /// <summary>Of a still that was also looked at in a series: the series, whose analysis was not done again here.</summary>
    public string? Series { get; init; }
}

internal sealed class ReproduceAnalysisHandler(Vault vault, IEvidenceStore store, IFootageAnalyser analyser, FlowOptions options, Caller caller) : IRequestHandler<ReproduceAnalysis, ReproducedAnalysis>
{
    public async ValueTask<ReproducedAnalysis> Handle(ReproduceAnalysis request, CancellationToken cancellationToken)
    {
        ExhibitRow row = vault.Exhibits.Find(request.Reference)!;
        bool series = row.Role == StillList.Role;
        if (row.Parent is { } parent && !series)
            throw new RefusedException($"{row.Reference} was made from {parent} and was not analysed itself.", "Nothing was done.", $"Name the Master: evidencevault reproduce {parent}");
        if (row.Analysis is not { } recordedJson)
            throw new RefusedException($"Exhibit {row.Reference} is '{row.State}' and has no analysis to compare with.", "Nothing was done.", $"See 'evidencevault show {row.Reference}'.");
        AnalysisReport recorded;
        try { recorded = AnalysisJson.Read(recordedJson); }
        catch (JsonException e) { throw new EvidenceException($"The recorded analysis of {row.Reference} cannot be read ({e.Message})", "It was altered or harmed after it was recorded; the Master is not touched by that.", "Run 'evidencevault log fsck', and restore vault.db from backup beside it.", e); }

        if (SettingsCheck.Fault(recorded.Settings) is { } fault)
            throw new EvidenceException($"The settings in the recorded analysis of {row.Reference} are none that it can have been done with. {fault}", "It was altered or harmed after it was recorded; the Master is not touched by that.", "Run 'evidencevault log fsck', and restore vault.db from backup beside it.");

        using Scratch scratch = Scratch.New(vault.ScratchRoot);
        string working = Path.Combine(scratch.Path, WorkingCopy.NameOf(row)), footage = working, output = Path.Combine(scratch.Path, "out");
        Directory.CreateDirectory(output);
        AnalysisReport now;
        try
        {
            if (await WorkingCopy.WriteAsync(store, row, working, null, cancellationToken).ConfigureAwait(false) is { } damage)
                throw new EvidenceException(damage, "They are not what was sealed; nothing was compared.", "Compare the store with its backup and report it as a finding.");
            if (series) footage = await StillsAsync(working, Path.Combine(scratch.Path, "stills"), cancellationToken).ConfigureAwait(false);
            now = await analyser.AnalyseAsync(footage, output, recorded.Settings with { Threads = options.Analysis.Threads }, request.Progress, cancellationToken).ConfigureAwait(false);
        }
        catch (EvidenceException e)
        {
            await vault.Sequencer.RecordAsync(FailedAccess.Of(Acts.AnalysisCompared, row, caller, e.What)).ConfigureAwait(false);
            throw;
        }
        ReproducedAnalysis found = Compare(row, recordedJson, recorded, now, output) with { Series = vault.Stills.Of(row.Ref) };
        await RecordAsync(row, found).ConfigureAwait(false);
        return found;
    }

    /// <summary>The stills of a sealed list, in a folder, as they were when they were looked at.</summary>
    private async Task<string> StillsAsync(string list, string folder, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        StillList stills = StillList.Parse(await File.ReadAllBytesAsync(list, cancel).ConfigureAwait(false));
        return await WorkingCopy.StillsAsync(vault, store, stills, folder, null, cancel).ConfigureAwait(false) is { } damage
            ? throw new EvidenceException(damage, "A still of the series is not what was sealed; nothing was compared.", "Compare the store with its backup and report it as a finding.")
            : folder;
    }

    private ReproducedAnalysis Compare(ExhibitRow row, string recordedJson, AnalysisReport recorded, AnalysisReport now, string output)
    {
        var differences = new List<string>();
        if (LoggedHash(row.Ref) is { } logged && logged != Sha256(Encoding.UTF8.GetBytes(recordedJson)))
            differences.Add("The analysis.json in the vault's database is not the one whose SHA-256 the custody log holds: it was altered after it was recorded.");

        List<SealedFile> kept = [.. vault.Exhibits.Derivatives(row.Ref).Select(SealedFile.Of)];
        var made = DerivativePlan.Of(now).ToDictionary(m => m.File, m => Sha256(File.ReadAllBytes(Path.Combine(output, m.File))), StringComparer.Ordinal);
        differences.AddRange(Reproduction.OfReports(recordedJson, AnalysisJson.Write(now)));
        string[] planned = [.. DerivativePlan.Of(recorded).Select(m => m.File)];
        // What was made of the exhibit otherwise, such as a viewing copy asked for by hand, is no work of the analysis.
        kept.RemoveAll(k => !planned.Contains(k.File));
        differences.AddRange(Reproduction.OfFiles(planned, kept, made));
        var versions = Reproduction.Changed([recorded.Versions, .. kept.Select(k => k.Versions)], now.Versions);
        return new(row.Ref, planned.Length, differences, versions);
    }

    private string? LoggedHash(ExhibitReference reference) => vault.Log.Entries(reference)
        .Select(e => CustodyEntry.TryParse(e.Bytes, out CustodyEntry? entry, out _) ? entry : null)
        .LastOrDefault(e => e?.Action == Acts.Analysed && e.Detail?["analysisSha256"] is not null)?.Detail!["analysisSha256"]!.GetValue<string>();

    private Task RecordAsync(ExhibitRow row, ReproducedAnalysis found) => vault.Sequencer.RecordAsync(new CustodyAct(Acts.AnalysisCompared, caller.Account)
    {
        Outcome = found.Same ? Outcome.Done : Outcome.Failed,
        Case = row.Case,
        Camera = row.Camera,
        Exhibit = row.Ref,
        Sha256 = row.Sha256,
        Detail = new JsonObject
        {
            ["same"] = found.Same,
            ["derivatives"] = found.Files,
            ["differences"] = found.Differences.Count,
            ["versionsChanged"] = new JsonArray([.. found.Versions.Select(v => (JsonNode?)v.Program)]),
        },
    });

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

/// <summary>A derivative as its seal has it, not as the catalogue says.</summary>
internal sealed record SealedFile(string Exhibit, string File, string Role, string Sha256, IReadOnlyDictionary<string, string> Versions)
{
    public static SealedFile Of(ExhibitRow row)
    {
        SealManifest seal = SealManifest.Parse(row.Seal ?? throw new EvidenceException($"Derivative {row.Reference} has no seal.", "What it was when it was made cannot be shown.", "Run 'evidencevault log fsck', and restore vault.db from backup beside it."));
        return new(row.Reference, row.RelativePath ?? "", row.Role ?? "", seal.Sha256, seal.Derivation?.Versions ?? new Dictionary<string, string>());
    }
}

/// <summary>Says in words what differs. Pure.</summary>
internal static class Reproduction
{
    private const int TextMost = 120;

    /// <summary>Programs whose version is not what it was; each once.</summary>
    public static IReadOnlyList<ChangedVersion> Changed(IReadOnlyList<IReadOnlyDictionary<string, string>> recorded, IReadOnlyDictionary<string, string> now) =>
    [
        .. recorded.SelectMany(v => v).Where(v => now.GetValueOrDefault(v.Key) != v.Value).Select(v => new ChangedVersion(v.Key, v.Value, now.GetValueOrDefault(v.Key)))
            .Concat(now.Where(n => !recorded.Any(r => r.ContainsKey(n.Key))).Select(n => new ChangedVersion(n.Key, null, n.Value)))
            .Distinct().OrderBy(c => c.Program, StringComparer.Ordinal),
    ];

    /// <summary>What differs between two analysis.json; none where they are the same bytes.</summary>
    public static IReadOnlyList<string> OfReports(string recorded, string now)
    {
        if (recorded == now) return [];
        JsonObject before = JsonNode.Parse(recorded)!.AsObject(), after = JsonNode.Parse(now)!.AsObject();
        string[] names = [.. before.Select(p => p.Key).Union(after.Select(p => p.Key), StringComparer.Ordinal)];
        List<string> differ = [.. names.Where(n => !JsonNode.DeepEquals(before[n], after[n])).Select(n => $"analysis.json differs in '{n}': {Told(before[n], after[n])}.")];
        return differ.Count > 0 ? differ : ["analysis.json says the same in other bytes."];
    }

    /// <summary>What differs between derivatives as sealed and as made again.</summary>
    public static IReadOnlyList<string> OfFiles(IReadOnlyList<string> planned, IReadOnlyList<SealedFile> kept, IReadOnlyDictionary<string, string> made) =>
    [
        .. kept.Where(k => !made.ContainsKey(k.File)).Select(k => $"{k.Exhibit} ({k.Role} {k.File}) was sealed and was not made this time."),
        .. kept.Where(k => made.TryGetValue(k.File, out string? hash) && hash != k.Sha256).Select(k => $"{k.Exhibit} ({k.Role} {k.File}) differs: sealed with SHA-256 {k.Sha256}, now {made[k.File]}."),
        .. planned.Where(p => kept.All(k => k.File != p)).Select(p => $"analysis.json names {p}, and no derivative of that name is sealed."),
        .. made.Keys.Where(m => !planned.Contains(m)).Select(m => $"{m} was made this time and not when the exhibit was analysed."),
    ];

    private static string Told(JsonNode? before, JsonNode? after) => (before, after) switch
    {
        (JsonArray b, JsonArray a) when b.Count != a.Count => $"{b.Count} recorded, {a.Count} now",
        (JsonArray b, JsonArray a) => $"of {b.Count}, those that differ are number {string.Join(", ", Enumerable.Range(0, b.Count).Where(i => !JsonNode.DeepEquals(b[i], a[i])).Take(10).Select(i => i + 1))}",
        (JsonObject b, JsonObject a) => string.Join("; ", b.Select(p => p.Key).Union(a.Select(p => p.Key)).Where(n => !JsonNode.DeepEquals(b[n], a[n])).Take(10).Select(n => $"{n} was {Short(b[n])} and is {Short(a[n])}")),
        _ => $"it was {Short(before)} and is {Short(after)}",
    };

    private static string Short(JsonNode? value)
    {
        string text = value is null ? "not there" : value is JsonValue v && v.TryGetValue(out string? s) ? s : value.ToJsonString();
        return Names.Printable(text.Length > TextMost ? text[..TextMost] + "…" : text);
    }
}
