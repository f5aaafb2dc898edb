using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Intake;

/// <summary>A place where drops land: a landing folder or a blob container. It is only ever read; <see cref="MoveAsideAsync"/>
/// runs only where the operator asked for it, after read-back.</summary>
public interface IDropSource
{
    /// <summary>A stable id for the source, recorded with every file taken from it: <c>folder:/srv/drops</c>, <c>container:drops</c>.</summary>
    string Id { get; }

    /// <summary>All drops there now that hold something at rest or something to report, oldest first.
    /// Throws <see cref="UnreachableException"/> when the place cannot be read.</summary>
    Task<IReadOnlyList<DropSighting>> ScanAsync(CancellationToken cancel);

    /// <summary>Opens a file for one read from the start. Never follows a symbolic link.
    /// Throws <see cref="DropFileException"/> when it has vanished, cannot be read or is no longer the version that was sighted; reading
    /// the stream throws it likewise, also when the file turns out shorter or longer than it was sighted.</summary>
    Task<Stream> OpenAsync(DropFile file, CancellationToken cancel);

    /// <summary>The file's length and version now: compared with those at sighting after reading, to catch one that changed meanwhile.
    /// Null when it is gone.</summary>
    Task<FileVersion?> VersionAsync(DropFile file, CancellationToken cancel);

    /// <summary>Moves a taken file below the source's <c>.taken/</c>, never over another. Only after read-back, only with <c>--move-after</c>.
    /// Calling it again after a crash is safe. Throws <see cref="DropFileException"/> when the file has changed or vanished,
    /// <see cref="UnreachableException"/> when the source does not let it.</summary>
    Task MoveAsideAsync(DropFile file, CancellationToken cancel);

    /// <summary>Returns when something may have changed, or after the polling interval.</summary>
    Task WaitForChangeAsync(CancellationToken cancel);
}

/// <summary>What a file looked like when seen: a change in either means other bytes.</summary>
/// <param name="Bytes">Length in bytes.</param>
/// <param name="Stamp">Modification time in UTC ticks of 100 ns, or the blob's ETag.</param>
public sealed record FileVersion(long Bytes, string Stamp);

/// <summary>One file of a drop.</summary>
/// <param name="Path">Path inside the source as it really is, hostile or not; used only to open the file again.</param>
/// <param name="RelativePath">Path below the drop, with '/' between parts.</param>
/// <param name="Version">What it looked like when seen.</param>
/// <param name="Expected">What the manifest says of it, if there is a manifest.</param>
public sealed record DropFile(string Path, string RelativePath, FileVersion Version, ManifestFile? Expected);

/// <summary>A drop as it stands in its source at one look.</summary>
/// <param name="Name">The drop's name: the path of its folder in the source. Empty for the gathering of what lies in no drop.</param>
/// <param name="Case">The case, by the manifest or else by the layout <c>&lt;case&gt;/&lt;camera&gt;/&lt;drop&gt;</c>. A good name wherever
/// <paramref name="Ready"/> holds a file; empty where nothing in the drop can be taken.</param>
/// <param name="Camera">The camera, likewise.</param>
/// <param name="Manifest">The manifest, if one was found and could be read.</param>
/// <param name="ManifestSha256">SHA-256 of the manifest file's bytes, if there is one.</param>
/// <param name="Ready">Files at rest, to be taken now.</param>
/// <param name="StillArriving">How many files have not come to rest or, though the manifest names them, not come at all and are still
/// awaited. When it is 0, nothing more will happen in the drop by waiting.</param>
/// <param name="Missing">Files the manifest names that are not there, once they are no longer awaited. Not those moved aside before.</param>
/// <param name="Problems">What is wrong, each a sentence for the technician: a bad manifest, a link not followed, an unreadable file, an extra file.</param>
public sealed record DropSighting(
    string Name, string Case, string Camera, DropManifest? Manifest, string? ManifestSha256,
    IReadOnlyList<DropFile> Ready, int StillArriving, IReadOnlyList<ManifestFile> Missing, IReadOnlyList<DropProblem> Problems);

/// <summary>Something wrong in a drop, told to the technician and recorded once.</summary>
/// <param name="Kind">A stable word, listed in docs/drop-manifest.md: <c>manifest-not-json</c>, <c>manifest-names-outside</c>, <c>link-not-followed</c>,
/// <c>unreadable</c>, <c>extra</c>, <c>bad-name</c> …</param>
/// <param name="RelativePath">The file it is about, below the drop; empty where it is about the drop's folder.</param>
/// <param name="Sentence">What happened, what it means for the evidence, what to do next.</param>
public sealed record DropProblem(string Kind, string RelativePath, string Sentence);

/// <summary>A drop file that cannot be read: it vanished, may not be read, or changed while it was read. The rest of the drop goes on.</summary>
public sealed class DropFileException(string kind, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary><c>vanished</c>, <c>unreadable</c> or <c>changed</c>.</summary>
    public string Kind { get; } = kind;
}

/// <summary>What a technician declares of a drop in <c>drop.json</c> (schema: Intake/drop.schema.json).</summary>
public sealed record DropManifest(
    string Case, string Camera, string? ExhibitPrefix, string? AuthorityUrn, string? Technician, DateTimeOffset? RetrievedAt,
    ClockObservation? Clock, IReadOnlyList<ManifestFile> Files)
{
    /// <summary>A second reading of the clock, where one was taken.</summary>
    public ClockObservation? ClockAgain { get; init; }
}

/// <summary>What the camera's clock showed beside a reference clock, at one moment.</summary>
/// <param name="CameraTime">What the camera showed.</param>
/// <param name="ReferenceTime">What the reference showed.</param>
/// <param name="UncertaintySeconds">Half-width of the interval the reading is good to, in seconds.</param>
/// <param name="Reference">What the reference was, for example "speaking clock" or "NTP".</param>
public sealed record ClockObservation(DateTimeOffset CameraTime, DateTimeOffset ReferenceTime, double UncertaintySeconds, string? Reference);

/// <summary>A file that a manifest names.</summary>
/// <param name="Name">Path below the drop, '/' between parts; never absolute, never with '..'.</param>
/// <param name="Bytes">Length in bytes.</param>
/// <param name="Sha256">SHA-256, 64 lower-case hex digits.</param>
public sealed record ManifestFile(string Name, long Bytes, string Sha256)
{
    /// <summary>Where it lies below the drop, where that is not its name: no path need be made of a name.</summary>
    public string? StoredAs { get; init; }

    /// <summary>Where it lies below the drop.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string LiesAt => StoredAs ?? Name;
}
