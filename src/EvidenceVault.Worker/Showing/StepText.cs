using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Worker.Showing;

/// <summary>The worker's lines for people. Pure; every name from outside is made printable.</summary>
internal static class StepText
{
    public static string Started(FlowStep step) => $"{step.Exhibit}  {step.Name}  {step.Step} …";

    public static string Reached(FlowStep step, ExhibitRow now, (int Segments, int Keyframes) counts) => $"{step.Exhibit}  {step.Name}  {now.State switch
    {
        ExhibitState.Sealed => $"sealed {SummaryTable.Size(now.Bytes ?? 0)}",
        ExhibitState.Analysed => $"analysed: {Count(counts.Segments, "segment")}, {Count(counts.Keyframes, "keyframe")}",
        ExhibitState.NotAnalysed or ExhibitState.Failed or ExhibitState.Damaged when now.Problem is { } problem => $"{now.State}: {Names.Printable(problem)}",
        _ => now.State,
    }}";

    public static string Problem(ToldProblem told) =>
        $"Problem in drop {(told.Drop.Length > 0 ? Names.Printable(told.Drop) : "(files in no drop)")}: {(told.Problem.RelativePath.Length > 0 ? Names.Printable(told.Problem.RelativePath) + ": " : "")}{Names.Printable(told.Problem.Sentence)}";

    public static string Problem(VaultException e) => $"Publishing the log: {Names.Printable(e.What)} {Names.Printable(e.Meaning)}";

    public static string Idle(int sources) => $"Watching {Count(sources, "source")}; nothing to do";

    public static string Count(int number, string thing) => $"{number} {thing}{(number == 1 ? "" : "s")}";
}
