using System.Diagnostics;
using System.Globalization;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Sealing;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Storage.Azure;

namespace EvidenceVault.Benchmarks;

/// <summary>One measure in a process of its own, so that memory is that of this way alone. Prints seconds, those of them
/// until the file was written, peak resident bytes and seconds of processor time.</summary>
internal static class IngestMeasure
{
    public static async Task<int> RunAsync(string what, string file, string connection, string home)
    {
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan written = what switch
        {
            "bare" => await BareAsync(file, connection, watch),
            "ingest" => await IngestAsync(file, connection, home, watch),
            _ => throw new FormatException($"There is no measure '{what}'."),
        };
        watch.Stop();
        double processor = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{watch.Elapsed.TotalSeconds:F3} {written.TotalSeconds:F3} {PeakResidentBytes()} {processor:F3}"));
        return 0;
    }

    /// <summary>What anybody would write with the SDK: upload the file, read it back. Nothing is hashed or encrypted.</summary>
    private static async Task<TimeSpan> BareAsync(string file, string connection, Stopwatch watch)
    {
        BlobContainerClient container = new BlobServiceClient(connection).GetBlobContainerClient("bare");
        await container.CreateIfNotExistsAsync();
        BlobClient blob = container.GetBlobClient(Guid.NewGuid().ToString("N"));
        await blob.UploadAsync(file);
        TimeSpan written = watch.Elapsed;
        using BlobDownloadStreamingResult stored = await blob.DownloadStreamingAsync();
        await stored.Content.CopyToAsync(Stream.Null);
        return written;
    }

    /// <summary>The vault's way: hash twice, encrypt and upload in one pass, place, read back with decryption, hash twice again.</summary>
    private static async Task<TimeSpan> IngestAsync(string file, string connection, string home, Stopwatch watch)
    {
        using KeyRing ring = KeyRing.OpenOrCreate(home, TimeProvider.System);
        AzureEvidenceStore store = new(new AzureStorageOptions { ConnectionString = connection }, ring.Wrapper, ring.Log.Origin, TimeProvider.System);
        await store.CheckAsync(CancellationToken.None);

        string id = Guid.NewGuid().ToString("N");
        await using FileStream source = new(file, new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 0 });
        await using MasterReading reading = new(source);
        await store.StageAsync(id, reading, CancellationToken.None);
        ContentAddress address = ContentAddress.Master(reading.Digests.Sha256);
        await store.PlaceAsync(id, address, CancellationToken.None);
        await store.ProtectAsync(address, CancellationToken.None);
        TimeSpan written = watch.Elapsed;

        await using Stream stored = await store.OpenReadAsync(address, CancellationToken.None);
        FileDigests back = await ReadBack.DigestAsync(stored, null, CancellationToken.None);
        if (back != reading.Digests) throw new InvalidOperationException("The stored bytes differ from the file: the measure is void.");
        return written;
    }

    /// <summary>VmHWM of this process (proc(5)), bytes.</summary>
    private static long PeakResidentBytes() => File.ReadLines("/proc/self/status")
        .Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.AsSpan(6).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture) * 1024)
        .Single();
}
