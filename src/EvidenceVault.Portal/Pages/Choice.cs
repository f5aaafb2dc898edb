namespace EvidenceVault.Portal.Pages;

/// <summary>A field of which one of a few values is chosen.</summary>
/// <param name="Field">The field; its value is the one that is chosen.</param>
/// <param name="Options">Values and what they are called.</param>
public sealed record Choice(Field Field, IReadOnlyList<(string Value, string Text)> Options);
