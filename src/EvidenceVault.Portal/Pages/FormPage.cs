using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

/// <summary>A page with a form: what is wrong in it is told above the form and beside each field (GOV.UK error summary).</summary>
public abstract class FormPage : PageModel
{
    private readonly List<(string Field, string Error)> _errors = [];

    /// <summary>What is wrong, by the id of the field.</summary>
    public IReadOnlyList<(string Field, string Error)> Errors => _errors;

    /// <summary>Tells what is wrong with a field.</summary>
    protected void Wrong(string field, string error) => _errors.Add((field, error));

    /// <summary>Why it is not sure that the form was sent by the account's owner; null where it is. A password is not tried where the form has another fault, so that nobody types it twice.</summary>
    private protected async Task<string?> NotConfirmedAsync(Accounts.SigningIn signing, string? password)
    {
        switch (await signing.HowToConfirmAsync())
        {
            case Accounts.Confirming.Done: return null;
            case Accounts.Confirming.Elsewhere: return "Confirm that it is you, then send the form again";
            default:
                if (string.IsNullOrEmpty(password)) return "Enter your password";
                return _errors.Count > 0 || await signing.ConfirmAsync(User.Identity!.Name!, password) ? null : "The password is not right, or too many tries have locked your account for 15 minutes";
        }
    }

    /// <summary>The same address where it is one of our own, else another.</summary>
    public string LocalOr(string? address, string other) => Url.IsLocalUrl(address) ? address : other;

    /// <summary>A field as it is shown, with what is wrong with it.</summary>
    public Field Field(string name, string label, string? value = null, string type = "text", string? hint = null, string autocomplete = "off", int rows = 0) =>
        new(name, label, value, type, hint, autocomplete, rows, _errors.Where(e => e.Field == name).Select(e => e.Error).FirstOrDefault());
}

/// <summary>A field of a form.</summary>
/// <param name="Name">Its name and id.</param>
/// <param name="Label">What it is.</param>
/// <param name="Value">What stands in it; never a password.</param>
/// <param name="Type">Type of the input.</param>
/// <param name="Hint">What helps to fill it in.</param>
/// <param name="Autocomplete">What a browser may fill in (WCAG 1.3.5).</param>
/// <param name="Rows">Lines, where it is a text area.</param>
/// <param name="Error">What is wrong with it.</param>
public sealed record Field(string Name, string Label, string? Value, string Type, string? Hint, string Autocomplete, int Rows, string? Error);
