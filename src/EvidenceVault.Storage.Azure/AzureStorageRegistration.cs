using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Storage.Azure.Drops;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Storage.Azure;

/// <summary>Brings Azure Blob storage into a host.</summary>
public static class AzureStorageRegistration
{
    /// <summary>Registers <see cref="IEvidenceStore"/> and <see cref="ILogStore"/> on Azure Blob storage, <see cref="IUploadPlace"/> for files from browsers, and a <see cref="global::Azure.Storage.Blobs.BlobServiceClient"/>
    /// for drop containers. Needs an <see cref="IKeyWrapper"/>, an <see cref="ILogSigner"/>, and a <see cref="TimeProvider"/> among the services.</summary>
    public static IServiceCollection AddAzureStorage(this IServiceCollection services, AzureStorageOptions options) => services
        .AddSingleton(options)
        .AddSingleton(s => AzureBlobService.Create(s.GetRequiredService<AzureStorageOptions>()))
        .AddSingleton<IEvidenceStore>(s => new AzureEvidenceStore(
            s.GetRequiredService<AzureStorageOptions>(), s.GetRequiredService<IKeyWrapper>(), s.GetRequiredService<ILogSigner>().Origin, s.GetRequiredService<TimeProvider>()))
        .AddSingleton<IUploadPlace>(s => new BrowserUploads(s.GetRequiredService<global::Azure.Storage.Blobs.BlobServiceClient>(), s.GetRequiredService<AzureStorageOptions>().UploadContainer))
        .AddSingleton<ILogStore>(s => new AzureLogStore(s.GetRequiredService<AzureStorageOptions>(), s.GetRequiredService<ILogSigner>().Origin));
}
