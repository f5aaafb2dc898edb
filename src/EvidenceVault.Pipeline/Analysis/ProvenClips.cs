using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>Cuts clips of files, each with its packet proof beside it.</summary>
public interface IProvenClips
{
    /// <summary>Cuts a clip (<see cref="IClipCutter.CutAsync"/>) and writes its packet proof (Proof's FORMAT.md section 13) beside it, checked as anybody would.</summary>
    /// <param name="video">The video; it is only read.</param>
    /// <param name="from">Start, container PTS in seconds.</param>
    /// <param name="to">End.</param>
    /// <param name="outputFile">Where the clip goes; neither it nor a proof of its name may be there.</param>
    /// <param name="cancel">Ends the work.</param>
    /// <returns>What was cut, and the proof's name in the clip's folder; where none could be made, null and why, a sentence or two.</returns>
    /// <exception cref="RefusedException">The bounds are not in the footage, or an output exists.</exception>
    /// <exception cref="EvidenceException">The file is no footage, or no container keeps its packets unaltered.</exception>
    /// <exception cref="UnreachableException">ffmpeg is not installed, or an output cannot be written.</exception>
    Task<(ClipReport Clip, string? Proof, string? Problem)> CutAsync(string video, double from, double to, string outputFile, CancellationToken cancel);
}

internal sealed class ProvenClips(IClipCutter cutter) : IProvenClips
{
    public async Task<(ClipReport Clip, string? Proof, string? Problem)> CutAsync(string video, double from, double to, string outputFile, CancellationToken cancel)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(outputFile))!;
        using Scratch scratch = Scratch.New(folder, ".evidencevault-clip-");
        // Both are made in the scratch folder: what stands under their names is whole, and neither stands over another file.
        ClipReport clip = await cutter.CutAsync(video, from, to, Path.Combine(scratch.Path, Path.GetFileName(outputFile)), cancel);
        string? index = await PacketIndexing.WriteAsync(video, scratch.Path, cancel);
        AnalysisReport proved = await PacketEvidence.ProveAsync(new() { Clips = [clip] }, index, scratch.Path, cancel);
        string proof = ClipProving.FileName(clip.File);
        string? problem = File.Exists(Path.Combine(scratch.Path, proof)) ? null : string.Join(' ', proved.Notes);
        string[] names = problem is null ? [clip.File, proof] : [clip.File];
        if (names.FirstOrDefault(n => Path.Exists(Path.Combine(folder, n))) is { } there) throw Exists(there, null);
        foreach (string name in names)
        {
            try { File.Move(Path.Combine(scratch.Path, name), Path.Combine(folder, name), overwrite: false); }
            catch (IOException cause) when (Path.Exists(Path.Combine(folder, name))) { throw Exists(name, cause); }
        }
        return (clip, problem is null ? proof : null, problem);
    }

    private static RefusedException Exists(string name, Exception? cause) =>
        new($"The clip was not written, because '{Names.Printable(name)}' is there already.", "Neither the video nor that file was touched.", "Choose another name with -o.", cause);
}
