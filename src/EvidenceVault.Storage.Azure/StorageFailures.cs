using System.Security.Cryptography;
using System.Text.Json;
using Azure;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Storage.Azure;

/// <summary>Says what a failure of the blob service or of decryption means for the evidence.</summary>
internal static class StorageFailures
{
    /// <summary>True for what the SDK and the network throw while talking to the service. A cancellation the caller did not ask for
    /// is the SDK's way to say that time ran out.</summary>
    public static bool IsOfService(Exception e, CancellationToken cancel) => e switch
    {
        OperationCanceledException => !cancel.IsCancellationRequested,
        RequestFailedException or IOException or HttpRequestException or TimeoutException => true,
        AggregateException all => all.InnerExceptions.All(inner => IsOfService(inner, cancel)),
        _ => false,
    };

    /// <summary>True for what decryption throws when a blob's bytes or its encryption metadata are not as they were written:
    /// a wrong tag, a wrong order of regions, a wrapped key that does not unwrap, metadata that cannot be read.</summary>
    public static bool IsOfIntegrity(Exception e) => e is CryptographicException or KeyNotFoundException or JsonException or FormatException
        or ArgumentException or InvalidOperationException or NotSupportedException or NullReferenceException or InvalidDataException;

    public static UnreachableException Unreachable(string doing, Exception cause) => new(
        $"The blob service failed while {doing}: {Reason(cause)}.",
        "Nothing placed before was changed, and what was not confirmed counts as not stored.",
        "It is tried again from the last step that was recorded; if it goes on, check the service and run: evidencevault doctor",
        cause);

    public static EvidenceException Altered(string path, Exception cause) => new(
        $"The stored bytes at '{path}' do not decrypt: {FirstLine(cause.Message)}",
        "They are not the bytes that were sealed, or the key they were stored under is not in this key ring.",
        "Do not use this copy; check that the key ring is this vault's own, then compare with the backup and report it as a finding.",
        cause);

    public static EvidenceException NotEncrypted(string path) => new(
        $"The blob at '{path}' carries no encryption metadata.",
        "The vault stores nothing unencrypted: somebody removed the metadata or put other bytes there.",
        "Do not use this copy; compare with the backup and report it as a finding.");

    public static EvidenceException Missing(string path, Exception? cause) => new(
        $"There are no bytes at '{path}' in the store.",
        "A sealed file's stored copy is missing.",
        "Check that the vault is on the right storage account, then bring the copy back from the backup and report it as a finding.",
        cause);

    private static string Reason(Exception e) => e switch
    {
        AggregateException { InnerExceptions: [var first, ..] } => Reason(first),
        RequestFailedException { Status: > 0 } answered => $"it answered {answered.Status} {answered.ErrorCode}".TrimEnd(),
        OperationCanceledException => "it did not answer in time",
        _ => FirstLine(e.Message).TrimEnd('.'),
    };

    private static string FirstLine(string message) => message.Split('\n')[0].TrimEnd('\r');
}
