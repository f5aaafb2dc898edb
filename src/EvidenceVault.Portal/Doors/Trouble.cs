using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Portal.Doors;

/// <summary>What went wrong, as it is told: on a page, or as problem details.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">In a few words.</param>
/// <param name="What">What happened.</param>
/// <param name="Meaning">What it means for the evidence.</param>
/// <param name="Next">What to do next.</param>
internal sealed record Trouble(int Status, string Title, string What, string Meaning, string Next)
{
    private const string Unchanged = "Nothing was changed.";

    /// <summary>What an exception comes to.</summary>
    public static Trouble Of(Exception error) => error switch
    {
        RefusedException e => new(StatusCodes.Status403Forbidden, "You cannot do this", e.What, e.Meaning, e.Next),
        EvidenceException e => new(StatusCodes.Status500InternalServerError, "The evidence is not as it should be", e.What, e.Meaning, e.Next),
        UnreachableException e => new(StatusCodes.Status503ServiceUnavailable, "Something needed is out of reach", e.What, e.Meaning, e.Next),
        BadHttpRequestException e => Of(e.StatusCode),
        _ => new(StatusCodes.Status500InternalServerError, "Sorry, there is a problem with the portal", "Something went wrong that was not foreseen.", "Nothing that is stored was changed; what you asked for was not given out.",
            "Try again. If it happens again, tell the vault’s administrator when it was: the portal’s own log says more."),
    };

    /// <summary>What a status comes to that was answered without a word.</summary>
    public static Trouble Of(int status) => status switch
    {
        StatusCodes.Status404NotFound => new(status, "Page not found", "There is no page at this address.", Unchanged, "If you typed the address, check that it is right."),
        StatusCodes.Status429TooManyRequests => new(status, "Too many tries", "There were too many tries from where you are.", Unchanged, "Wait for a minute and try again."),
        StatusCodes.Status401Unauthorized => new(status, "You are not signed in", "Your session has ended, or there was none.", Unchanged, "Sign in and do it again."),
        StatusCodes.Status400BadRequest => new(status, "The form cannot be used", "The form was sent twice, was too old, or did not come from this page.", Unchanged, "Go back, load the page again and fill it in anew."),
        StatusCodes.Status413PayloadTooLarge => new(status, "This is too much", "What was sent is larger than this form may be.", Unchanged, "Send less at once."),
        _ => new(status, "This cannot be done", $"The portal answered with status {status}.", Unchanged, "Go back and try it in another way."),
    };
}
