using System.Text.RegularExpressions;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.CaseOfficer, Role.CpsReviewer)]
[EnableRateLimiting(PortalApp.Tries)]
internal sealed partial class RetrieveModel(IMediator mediator, SigningIn signing) : FormPage
{
    [BindProperty(Name = "reason", SupportsGet = false)]
    public string? Reason { get; set; }

    [BindProperty(Name = "password", SupportsGet = false)]
    public string? Password { get; set; }

    public ExhibitReference Reference { get; private set; }

    public IActionResult OnGet(string reference) => Take(reference) ? Page() : NotFound();

    public async Task<IActionResult> OnPostAsync(string reference, CancellationToken cancel)
    {
        if (!Take(reference)) return NotFound();
        if (string.IsNullOrWhiteSpace(Reason)) Wrong("reason", "Enter why you need it");
        if (Reason is { Length: > 2000 }) Wrong("reason", "The reason must be 2,000 characters or fewer");
        if (await NotConfirmedAsync(signing, Password) is { } why) Wrong("password", why);
        if (Errors.Count > 0) return Page();
        return new OpenedResult(await mediator.Send(new OpenExhibit(Reference, Reason!.Trim()), cancel), asPicture: false);
    }

    private bool Take(string text)
    {
        bool good = ExhibitReference.TryParse(text, out ExhibitReference reference);
        if (good) Reference = reference;
        return good;
    }
}

/// <summary>Sends an exhibit's bytes. The name of the file is made from the reference: what the delivered file was called is not used, but for the letters after its last dot.</summary>
internal sealed partial class OpenedResult(OpenedExhibit opened, bool asPicture) : IActionResult
{
    private const int BlockBytes = 1 << 16;

    public async Task ExecuteResultAsync(ActionContext context)
    {
        await using OpenedExhibit owned = opened;
        HttpResponse response = context.HttpContext.Response;
        CancellationToken cancel = context.HttpContext.RequestAborted;
        byte[] block = new byte[BlockBytes];
        // The first bytes before anything is said: what cannot be given out at all is told on a page.
        int got = await opened.Content.ReadAtLeastAsync(block, BlockBytes, throwOnEndOfStream: false, cancel);
        response.ContentType = asPicture ? PictureType(block) : "application/octet-stream";
        response.ContentLength = opened.Exhibit.Bytes;
        if (!asPicture) response.Headers.ContentDisposition = $"attachment; filename=\"{FileName(opened.Exhibit)}\"";
        try
        {
            while (got > 0)
            {
                await response.Body.WriteAsync(block.AsMemory(0, got), cancel);
                got = await opened.Content.ReadAsync(block, cancel);
            }
        }
        catch (EvidenceException)
        {
            // It is in the log. The browser has been told a length, and sees that it did not get it.
            context.HttpContext.Abort();
        }
    }

    /// <summary>For example <c>AB-1.mp4</c>. Pure.</summary>
    public static string FileName(ExhibitRow row) => ExhibitReference.Parse(row.Reference).FileSafe + (Ending().Match(row.RelativePath ?? "") is { Success: true } ending ? ending.Value.ToLowerInvariant() : "");

    private static string PictureType(byte[] start) => start.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "image/jpeg"
        : start.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']) ? "image/png"
        : "application/octet-stream";

    [GeneratedRegex(@"\.[A-Za-z0-9]{1,8}$", RegexOptions.CultureInvariant)]
    private static partial Regex Ending();
}
