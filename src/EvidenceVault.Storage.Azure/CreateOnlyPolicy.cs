using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Storage.Azure;

/// <summary>
/// The vault's own write-once rule. It sits in the pipeline of every client and looks at each request on its way out: towards the
/// container of placed evidence, only reading, placing what is not there yet, and adding protection may leave this process. A
/// mistake anywhere else in the program cannot overwrite or delete evidence.
/// </summary>
internal sealed class CreateOnlyPolicy : HttpPipelineSynchronousPolicy
{
    public override void OnSendingRequest(HttpMessage message)
    {
        BlobUriBuilder target = new(message.Request.Uri.ToUri());
        if (target.BlobContainerName switch
        {
            AzureEvidenceStore.EvidenceContainer => IsAllowed(message.Request, target),
            AzureLogStore.LogContainer => IsPublishing(message.Request, target),
            _ => true,
        }) return;
        throw new RefusedException(
            $"A request to {message.Request.Method} '{target.BlobName}' in the container '{target.BlobContainerName}' was stopped before it was sent.",
            "Placed evidence and the published log are only ever read, added to and protected; nothing was changed.",
            "This is a defect of the program: report it with the step that led here.");
    }

    /// <summary>Only what the store needs and no more (REST API of the Blob service: Get Blob, Copy Blob, Set Blob Immutability
    /// Policy, Set Blob Legal Hold, Create Container).</summary>
    private static bool IsAllowed(Request request, BlobUriBuilder target)
    {
        if (request.Method == RequestMethod.Get || request.Method == RequestMethod.Head) return true;
        if (request.Method != RequestMethod.Put) return false;
        return Operation(target.Query) switch
        {
            "restype=container" => true, // creates; a container that is there answers 409
            "comp=immutabilityPolicies" => true,
            "comp=legalhold" => Header(request, "x-ms-legal-hold") == "true",
            "" => Header(request, "x-ms-copy-source").Length > 0 && Header(request, "If-None-Match") == "*",
            _ => false,
        };
    }

    /// <summary>The published log: what is there stays, but for the checkpoint, which only whoever has seen the one that is there replaces.</summary>
    private static bool IsPublishing(Request request, BlobUriBuilder target)
    {
        if (request.Method == RequestMethod.Get || request.Method == RequestMethod.Head) return true;
        if (request.Method != RequestMethod.Put) return false;
        return Operation(target.Query) switch
        {
            "restype=container" => true,
            "" => Header(request, "If-None-Match") == "*" || (target.BlobName.EndsWith("/" + PublishedHead.Name, StringComparison.Ordinal) && Header(request, "If-Match").Length > 0),
            _ => false,
        };
    }

    /// <summary>The parts of the query that choose the operation, apart from signatures and time limits.</summary>
    private static string Operation(string query) => string.Join('&', query.TrimStart('?').Split('&')
        .Where(part => part.StartsWith("comp=", StringComparison.Ordinal) || part.StartsWith("restype=", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal));

    private static string Header(Request request, string name) => request.Headers.TryGetValue(name, out string? value) ? value : "";
}
