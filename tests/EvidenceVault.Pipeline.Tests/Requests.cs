using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Storage.Azure;
using Mediator;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Pipeline.Tests;

/// <summary>Sends a use case as a host does, through its behaviours.</summary>
internal static class Requests
{
    public static async Task<T> SendAsync<T>(Vault vault, IRequest<T> request, string? account = null)
    {
        // The vault is an instance of the test's: the container does not dispose it. The store is named and not asked.
        await using ServiceProvider services = new ServiceCollection().AddLogging().AddAzureStorage(new() { ConnectionString = "UseDevelopmentStorage=true" }).AddFootageAnalysis().AddEvidenceVault(vault, new(), new Caller(account ?? Environment.UserName)).BuildServiceProvider();
        return await services.GetRequiredService<IMediator>().Send(request);
    }
}
