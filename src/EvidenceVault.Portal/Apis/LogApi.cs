using System.Globalization;
using System.Text;
using System.Text.Json;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using EvidenceVault.Portal.Pages;
using Mediator;

namespace EvidenceVault.Portal.Apis;

/// <summary>The custody log as data: pages, single entries with their proofs, checkpoints compared, and whole exports.</summary>
internal static class LogApi
{
    public static void MapLogApi(this IEndpointRouteBuilder app)
    {
        OpenToAttribute readers = new(Role.Auditor, Role.CpsReviewer, Role.CaseOfficer);
        app.MapGet("/api/log", async (HttpRequest request, IMediator mediator, ulong? before, ulong? after, CancellationToken cancel) =>
                await mediator.Send(new ExploreLog(Filter(request), before, before is null ? after : null), cancel))
            .WithName("ListEntries").WithSummary("A page of the custody log, the newest first; by person, exhibit, case, action, outcome, from, to, outside.").Produces<LogPage>().ProducesProblem(403).WithMetadata(readers);
        app.MapGet("/api/log/{index:long:min(0)}/proof", async (ulong index, IMediator mediator, CancellationToken cancel) =>
                Results.Bytes((await mediator.Send(new ShowEntry(index, "proof"), cancel)).Proof, "application/octet-stream", $"entry-{index.ToString(CultureInfo.InvariantCulture)}.tlog-proof"))
            .WithName("GetEntryProof").WithSummary("The proof that an entry is in the log: C2SP tlog-proof.").Produces<byte[]>(200, "application/octet-stream").ProducesProblem(403).WithMetadata(readers);
        app.MapGet("/api/log/{index:long:min(0)}/entry", async (ulong index, IMediator mediator, CancellationToken cancel) =>
                Results.Bytes((await mediator.Send(new ShowEntry(index, "json"), cancel)).Bytes, "application/json", $"entry-{index.ToString(CultureInfo.InvariantCulture)}.json"))
            .WithName("GetEntry").WithSummary("An entry's canonical JSON, byte for byte what the log commits to.").Produces<byte[]>(200, "application/json").ProducesProblem(403).WithMetadata(readers);
        app.MapGet("/api/log/consistency", async (ulong old, ulong? @new, IMediator mediator, CancellationToken cancel) =>
            {
                ComparedCheckpoints compared = await mediator.Send(new CompareCheckpoints(old, @new, null), cancel);
                return compared.Proof is { } proof
                    ? Results.Bytes(proof, "application/octet-stream", string.Create(CultureInfo.InvariantCulture, $"log-{compared.Old}-to-{compared.New}.add-checkpoint"))
                    : throw new EvidenceException(compared.Sentence, "What the log says cannot be relied on until an expert has looked.", "Keep the vault's whole folder as it is and tell whoever answers for the vault.");
            })
            .WithName("GetConsistency").WithSummary("The proof that the newer log continues the older: the body of C2SP tlog-witness add-checkpoint.").Produces<byte[]>(200, "application/octet-stream").ProducesProblem(403).WithMetadata(readers);
        app.MapGet("/api/log/export.csv", ExportAsync("csv", "text/csv; charset=utf-8", WriteCsvAsync)).WithName("ExportEntriesAsCsv").WithSummary("All entries that are asked for, for a spreadsheet. Asked as the pages are.")
            .Produces<string>(200, "text/csv").ProducesProblem(403).WithMetadata(readers);
        app.MapGet("/api/log/export.json", ExportAsync("json", "application/json", WriteJsonAsync)).WithName("ExportEntriesAsJson").WithSummary("All entries that are asked for, as the log holds them, with what opens their personal fields.")
            .Produces<string>(200, "application/json").ProducesProblem(403).WithMetadata(readers);
    }

    private static EntryFilter Filter(HttpRequest request)
    {
        string? at(string name) => request.Query[name].FirstOrDefault();
        LogAsked asked = new() { Person = at("person"), Exhibit = at("exhibit"), Case = at("case"), Action = at("action"), Outcome = at("outcome"), From = at("from"), To = at("to"), Outside = at("outside") };
        return asked.Wrong() is [var (_, error), ..] ? throw new RefusedException(error + ".", "Nothing was read.", "Mend what is asked.") : asked.Filter();
    }

    private static Func<HttpContext, IMediator, CancellationToken, Task> ExportAsync(string form, string type, Func<Stream, IAsyncEnumerable<RecordedEntry>, CancellationToken, Task> write) => async (context, mediator, cancel) =>
    {
        // The entry for it is committed before the first byte.
        IAsyncEnumerable<RecordedEntry> entries = await mediator.Send(new ExportEntries(Filter(context.Request), form), cancel);
        context.Response.ContentType = type;
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"custody-log.{form}\"";
        await write(context.Response.Body, entries, cancel);
    };

    private static async Task WriteCsvAsync(Stream output, IAsyncEnumerable<RecordedEntry> entries, CancellationToken cancel)
    {
        await using var text = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true), 1 << 16, leaveOpen: true) { NewLine = "\r\n" }; // RFC 4180
        await text.WriteLineAsync(Line("entry", "time", "who", "what", "outcome", "case", "camera", "exhibit", "number of the exhibit's entries", "sha256", "reason", "details", "problem"));
        await foreach (RecordedEntry recorded in entries.WithCancellation(cancel))
        {
            EntryShown e = EntryShown.Of(recorded);
            await text.WriteLineAsync(Line(e.Index.ToString(CultureInfo.InvariantCulture), e.Time, e.Actor, e.Action, e.Outcome, e.Case, e.Camera, e.Exhibit, e.Seq?.ToString(CultureInfo.InvariantCulture), e.Sha256, e.Reason, e.Detail?.ToJsonString(), e.Problem));
        }
    }

    private static string Line(params string?[] cells) => string.Join(',', cells.Select(Cell));

    /// <summary>A cell that is inert in a spreadsheet: quoted, and with an apostrophe before what would begin a formula, even behind spaces. Pure.</summary>
    internal static string Cell(string? text)
    {
        string value = text ?? "";
        bool begins = value.TrimStart() is [var first, ..] && first is '=' or '+' or '-' or '@' or '|' or '%';
        bool hidden = value is ['\t' or '\r' or '\n', ..];
        return $"\"{(begins || hidden ? "'" : "")}{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static async Task WriteJsonAsync(Stream output, IAsyncEnumerable<RecordedEntry> entries, CancellationToken cancel)
    {
        await using var json = new Utf8JsonWriter(output, new() { Indented = false });
        json.WriteStartArray();
        await foreach (RecordedEntry recorded in entries.WithCancellation(cancel))
        {
            json.WriteStartObject();
            json.WriteNumber("index", recorded.Index);
            json.WritePropertyName("entry");
            // Canonical JSON as it is in the log: hashing it again gives the leaf. One that was damaged is given as it is, in base64.
            if (EntryShown.Of(recorded) is { Action: null }) json.WriteBase64StringValue(recorded.Bytes);
            else json.WriteRawValue(recorded.Bytes);
            json.WriteStartArray("disclosures");
            foreach (var disclosure in recorded.Disclosures) json.WriteStringValue(disclosure.Encoded);
            json.WriteEndArray();
            json.WriteEndObject();
            if (json.BytesPending > 1 << 16) await json.FlushAsync(cancel);
        }
        json.WriteEndArray();
        await json.FlushAsync(cancel);
    }
}
