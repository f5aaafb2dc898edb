namespace EvidenceVault.Proof;

/// <summary>The findings of one claim: failures and remarks as they come, and one sentence at the end where there was no failure.</summary>
internal sealed class Tally(string claim)
{
    // Past this many of one kind they are only counted: a ruined log or bag must not fill the memory of its checker.
    public const int MostListed = 1000;

    private readonly List<Finding> _findings = [];
    private int _unlisted;

    public bool Failed { get; private set; }

    public void Fail(string sentence, ulong? entry = null, string? subject = null)
    {
        Failed = true;
        Add(Finding.Bad(claim, sentence, entry) with { Subject = subject is null ? null : Printable.Of(subject) });
    }

    public void Remark(string sentence, ulong? entry = null) => Add(Finding.Remark(claim, sentence, entry));

    public IEnumerable<Finding> Conclude(string holds)
    {
        if (_unlisted > 0) _findings.Add(Finding.Remark(claim, $"{_unlisted} more findings of this kind are not listed."));
        return Failed ? _findings : [.. _findings, Finding.Good(claim, holds)];
    }

    private void Add(Finding finding)
    {
        if (_findings.Count < MostListed) _findings.Add(finding);
        else _unlisted++;
    }
}
