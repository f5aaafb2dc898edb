namespace EvidenceVault.Portal.Pages.Help;

/// <summary>A picture of the portal on a page of help. scripts/make-help-pictures makes the files.</summary>
/// <param name="Name">Its file in assets/help, without ending.</param>
/// <param name="Seen">What is seen in it, for those who do not see it.</param>
/// <param name="Caption">What it is there for.</param>
internal sealed record HelpPicture(string Name, string Seen, string Caption)
{
    /// <summary>The file, as <see cref="Assets"/> calls it.</summary>
    public string File => $"help-{Name}.png";
}
