using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Intake;

/// <summary>
/// What every drop source does alike: one listing, sorted into drops, their manifests read, each file judged. A kind of source
/// brings the reading and moving; it decides nothing.
/// </summary>
public abstract class DropSource(RestRules rules, TimeProvider time) : IDropSource
{
    /// <summary>The folder below the source's root that taken files are moved to, never looked into for drops.</summary>
    protected const string TakenFolder = NameInDrop.TakenFolder;

    private readonly Sightings _sightings = new(time);
    private readonly SemaphoreSlim _oneScan = new(1);
    private Dictionary<string, (FileVersion Version, ManifestReading Reading)> _manifests = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public abstract string Id { get; }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DropSighting>> ScanAsync(CancellationToken cancel)
    {
        await _oneScan.WaitAsync(cancel);
        try
        {
            IReadOnlyList<SeenEntry> entries = await ListAsync(cancel);
            _sightings.Begin();
            foreach (SeenEntry entry in entries)
                if (entry.Version is { } version) _sightings.See(entry.Path, version);
            _sightings.End();

            IReadOnlyList<FoundDrop> drops = DropLayout.Find(entries);
            await ReadManifestsAsync(drops, cancel);
            var sightings = new List<(long FirstSeen, DropSighting Sighting)>();
            foreach (FoundDrop drop in drops)
            {
                ManifestReading? manifest = drop.Manifest is null ? null : _manifests[drop.Manifest.Path].Reading;
                DropSighting? sighting = DropAssembly.Assemble(drop, manifest, _sightings.Of, await AsideAsync(drop, manifest?.Manifest, cancel), rules);
                if (sighting is not null) sightings.Add((FirstSeen(drop), sighting));
            }
            return [.. sightings.OrderBy(s => s.FirstSeen).ThenBy(s => s.Sighting.Name, StringComparer.Ordinal).Select(s => s.Sighting)];
        }
        finally { _oneScan.Release(); }
    }

    /// <inheritdoc/>
    public abstract Task<Stream> OpenAsync(DropFile file, CancellationToken cancel);

    /// <inheritdoc/>
    public abstract Task<FileVersion?> VersionAsync(DropFile file, CancellationToken cancel);

    /// <inheritdoc/>
    public abstract Task MoveAsideAsync(DropFile file, CancellationToken cancel);

    /// <inheritdoc/>
    public abstract Task WaitForChangeAsync(CancellationToken cancel);

    /// <summary>Everything in the source now but what lies in <c>.taken/</c>.</summary>
    /// <exception cref="UnreachableException">The source cannot be read.</exception>
    protected abstract Task<IReadOnlyList<SeenEntry>> ListAsync(CancellationToken cancel);

    /// <summary>Which of these files of a drop's manifest, by name, lie below <c>.taken/</c> with the length that the manifest gives.</summary>
    protected abstract Task<IReadOnlySet<string>> AsideAsync(string dropFolder, IReadOnlyList<ManifestFile> absent, CancellationToken cancel);

    private async Task<IReadOnlySet<string>> AsideAsync(FoundDrop drop, DropManifest? manifest, CancellationToken cancel)
    {
        if (manifest is null) return new HashSet<string>();
        var here = drop.Files.Select(f => drop.Below(f.Path)).ToHashSet(StringComparer.Ordinal);
        ManifestFile[] absent = [.. manifest.Files.Where(f => !here.Contains(f.LiesAt))];
        return absent.Length == 0 ? new HashSet<string>() : await AsideAsync(drop.Folder, absent, cancel);
    }

    /// <summary>Reads the manifests that are new or changed. One that cannot be read is tried again at every look.</summary>
    private async Task ReadManifestsAsync(IReadOnlyList<FoundDrop> drops, CancellationToken cancel)
    {
        var readings = new Dictionary<string, (FileVersion, ManifestReading)>(StringComparer.Ordinal);
        foreach (FoundDrop drop in drops)
        {
            if (drop.Manifest is not { Version: { } version } entry) continue;
            readings[entry.Path] = _manifests.TryGetValue(entry.Path, out var known) && known.Version == version && known.Reading.Sha256 is not null
                ? known
                : (version, await ReadManifestAsync(entry, version, cancel));
        }
        _manifests = readings;
    }

    private async Task<ManifestReading> ReadManifestAsync(SeenEntry entry, FileVersion version, CancellationToken cancel)
    {
        if (version.Bytes > DropManifestReader.MaxBytes) return DropManifestReader.TooLarge;
        try
        {
            await using Stream stream = await OpenAsync(new(entry.Path, NameInDrop.Manifest, version, null), cancel);
            return await DropManifestReader.ReadAsync(stream, cancel);
        }
        catch (DropFileException unread)
        {
            return new(null, null, [new("manifest-unreadable", NameInDrop.Manifest,
                $"{unread.Message} The manifest tells nothing; the files are taken without it, by the names of their folders. Make it readable or replace it.")]);
        }
    }

    private long FirstSeen(FoundDrop drop) =>
        drop.Files.Append(drop.Manifest).Where(e => e is not null).Select(e => _sightings.FirstSeen(e!.Path)).DefaultIfEmpty(long.MaxValue).Min();
}
