using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using EvidenceVault.Pipeline.Words;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace EvidenceVault.Portal.Watching;

/// <summary>What a ticket lets its holder ask for.</summary>
internal enum TicketFor
{
    /// <summary>Parts of the exhibit's bytes.</summary>
    Bytes,

    /// <summary>The times of its frames.</summary>
    Frames,
}

/// <summary>A ticket that holds.</summary>
/// <param name="Exhibit">The exhibit.</param>
/// <param name="MediaType">What its bytes are.</param>
internal sealed record Ticket(ExhibitReference Exhibit, string MediaType);

/// <summary>Tickets by which a player asks for what was entered in the custody log when its page was opened. One is worth nothing to another account, to the same account once it has signed out, for another exhibit, or after an hour.</summary>
internal sealed class PlaybackTickets(IDataProtectionProvider protection, IOptions<IdentityOptions> identity, TimeProvider clock)
{
    /// <summary>How long one holds: longer than anybody's session without a request; who watches for longer is asked to load the page again, which is another entry.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly IDataProtector _protector = protection.CreateProtector("EvidenceVault.Portal.Playback");

    /// <summary>A ticket for whoever is signed in.</summary>
    public string Issue(ClaimsPrincipal who, ExhibitReference exhibit, TicketFor what, string mediaType, TimeSpan? lifetime = null) => _protector.Protect(string.Join('\n',
        what, who.Identity!.Name, Session(who), exhibit.Text, mediaType, (clock.GetUtcNow() + (lifetime ?? Lifetime)).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)));

    /// <summary>Reads a ticket; null with a word that says why, where it does not hold.</summary>
    public Ticket? Read(ClaimsPrincipal who, string text, TicketFor what, out string why)
    {
        try
        {
            why = "not-this-one";
            if (_protector.Unprotect(text).Split('\n') is not [var purpose, var account, var session, var exhibit, var mediaType, var until] || purpose != what.ToString()) return null;
            why = "not-yours";
            if (account != who.Identity!.Name || session != Session(who)) return null;
            why = "too-old";
            return clock.GetUtcNow().ToUnixTimeMilliseconds() < long.Parse(until, CultureInfo.InvariantCulture) ? new(ExhibitReference.Parse(exhibit), mediaType) : null;
        }
        catch (CryptographicException)
        {
            why = "no-ticket";
            return null;
        }
    }

    // Changes when the account signs out, wherever it does, or is given a new password.
    private string Session(ClaimsPrincipal who) => who.FindFirstValue(identity.Value.ClaimsIdentity.SecurityStampClaimType) ?? throw new InvalidOperationException("The session has no stamp.");
}
