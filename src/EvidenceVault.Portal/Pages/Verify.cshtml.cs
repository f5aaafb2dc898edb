using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages;

/// <summary>Is this file genuine? Of the file only its hash comes here; scripts, where they run, work it out in the browser and fill it in.</summary>
[OpenTo(Role.CpsReviewer, Role.CaseOfficer, Role.Auditor)]
internal sealed class VerifyModel(IMediator mediator) : FormPage
{
    [BindProperty(Name = "hash", SupportsGet = false)]
    public string? Hash { get; set; }

    [BindProperty(Name = "exhibit", SupportsGet = true)]
    public string? Exhibit { get; set; }

    /// <summary>Length of the file, where a script knows it.</summary>
    [BindProperty(Name = "bytes", SupportsGet = false)]
    public long? Bytes { get; set; }

    public LookedUp? Result { get; private set; }

    /// <summary>The exhibit that the file should be.</summary>
    public string? Expected { get; private set; }

    /// <summary>The hash as it was read.</summary>
    public string? Read { get; private set; }

    public void OnGet()
    {
        // Only what stands in the address is shown in the form; nothing is looked up.
    }

    public async Task OnPostAsync(CancellationToken cancel)
    {
        bool typed = !string.IsNullOrWhiteSpace(Hash), named = !string.IsNullOrWhiteSpace(Exhibit);
        string hash = "";
        ExhibitReference reference = default;
        if (!typed && !named) Wrong("hash", "Enter a hash or an exhibit reference");
        if (typed && !LookUp.TryReadHash(Hash, out hash)) Wrong("hash", "A SHA-256 has 64 characters and a SHA-512 has 128, of 0 to 9 and a to f");
        if (named && !ExhibitReference.TryParse(Exhibit!.Trim().ToUpperInvariant(), out reference)) Wrong("exhibit", "An exhibit reference is initials, a stroke and a number, such as AB/1 or AB/1/2");
        if (Errors.Count > 0) return;
        (Read, Expected) = (typed ? hash : null, named ? reference.Text : null);
        Result = await mediator.Send(new LookUp(Read, named ? reference : null), cancel);
    }

    public string Heading => Result?.Answer switch
    {
        LookUpAnswer.Genuine => "Genuine and unchanged",
        LookUpAnswer.AnotherExhibit => "Genuine, but another exhibit",
        LookUpAnswer.Altered => $"Not {Expected} as it was sealed",
        LookUpAnswer.Record => $"Exhibit {Expected} is known",
        LookUpAnswer.NotKnown => "Not known",
        LookUpAnswer.RecordInDoubt => "The vault’s record does not hold",
        _ => "Check a file or a bundle",
    };

    /// <summary>How the answer is framed.</summary>
    public string Frame => Result?.Answer switch { LookUpAnswer.Genuine => "good", LookUpAnswer.Altered or LookUpAnswer.RecordInDoubt => "bad", _ => "plain" };

    /// <summary>The answer: what it is, what it means, and what to do next.</summary>
    public IEnumerable<string> Sentences => Result is not { } result ? [] : result.Answer switch
    {
        LookUpAnswer.Genuine => [$"A file with this hash is, byte for byte, {Names(result)} as it was sealed{Sealed(result)}. Not one bit of it has changed since."],
        LookUpAnswer.AnotherExhibit =>
            [$"A file with this hash is, byte for byte, {Names(result)} as it was sealed{Sealed(result)}. It is not {Expected}, which you said it should be.", "Nothing shows that the file was changed. Check which exhibit you were meant to get."],
        LookUpAnswer.Altered =>
        [
            $"Exhibit {Expected} is known, and the file that you checked is not what was sealed: it was changed since, or it is another file.{Lengths(result)}",
            "Keep the file as it is, and do not rely on it. What the vault keeps is untouched by this. Ask for the exhibit again, and tell the person responsible for disclosure if the new copy fails too.",
        ],
        LookUpAnswer.Record => [$"{Expected} was sealed{Sealed(result)}. To find out whether a file is this exhibit, work out its SHA-256 and compare it with the one below, or enter it here."],
        LookUpAnswer.RecordInDoubt =>
            ["Something of what the vault keeps about this is not what was signed. Nothing can be said about the file until that is cleared up.", "What failed is marked below. Tell the vault’s administrator, and ask that the vault is kept as it is."],
        _ =>
        [
            $"Nothing in the cases that you may see has {(Read is not null && Expected is not null ? "this hash or this reference" : Read is not null ? "this hash" : "this reference")}.",
            "This does not show that a file is false. It may be of a case that you do not see, it may have been converted, cut or opened and saved, or it was never delivered to this vault. Check what you entered, and ask whoever gave you the file.",
        ],
    };

    private static string Names(LookedUp result) => string.Join(" and ", result.Exhibits.Select(k => $"exhibit {k.Row.Reference}"));

    private static string Sealed(LookedUp result) => result.Exhibits.Count == 1 ? $" on {Plain.Moment(result.Exhibits[0].Row.SealedAt)}" : "";

    private string Lengths(LookedUp result) => Bytes is not { } bytes || result.Exhibits is not [{ Row.Bytes: { } sealedBytes }] ? ""
        : bytes == sealedBytes ? " It is exactly as long as the exhibit: its content was changed."
        : $" It has {Plain.Bytes(bytes)} and the exhibit has {Plain.Bytes(sealedBytes)}: it was cut, added to or converted, or is another file.";
}
