using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Testing;

namespace EvidenceVault.Pipeline.Tests.Publishing;

public sealed class FolderLogStoreTests : LogStoreCompliance, IDisposable
{
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("evidencevault-log-").FullName, "log");

    protected override Task<ILogStore> StoreAsync() => Task.FromResult<ILogStore>(new FolderLogStore(_folder));

    protected override ILogStore Again(ILogStore store) => new FolderLogStore(_folder);

    protected override Task AlterAsync(ILogStore store, string name, byte[] content) => File.WriteAllBytesAsync(Path.Combine(_folder, name), content);

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);
}
