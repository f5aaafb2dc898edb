using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Tests;

public sealed class ScratchTests : IDisposable
{
    private const string Prefix = ".evidencevault-draft-";

    private readonly string _folder = Directory.CreateTempSubdirectory("evidencevault-scratch-").FullName;

    [Fact]
    public void A_draft_that_a_killed_process_left_in_somebodys_folder_is_swept_by_the_next_one()
    {
        string left = Directory.CreateDirectory(Path.Combine(_folder, Prefix + "1-abandoned")).FullName;
        File.WriteAllText(Path.Combine(left, ".held"), Environment.MachineName);
        File.WriteAllText(Path.Combine(left, "part"), "evidence in clear");
        string theirs = Directory.CreateDirectory(Path.Combine(_folder, Prefix + "of-somebody")).FullName;
        File.WriteAllText(Path.Combine(theirs, "letter"), "not the vault's");

        string elsewhere = Directory.CreateDirectory(Path.Combine(_folder, Prefix + "1-elsewhere")).FullName;
        File.WriteAllText(Path.Combine(elsewhere, ".held"), "another-machine");

        using Scratch next = Scratch.New(_folder, Prefix);
        Assert.False(Directory.Exists(left));
        Assert.True(File.Exists(Path.Combine(theirs, "letter")));
        Assert.True(Directory.Exists(elsewhere));
    }

    [Fact]
    public void A_draft_that_is_being_written_is_left_alone()
    {
        using Scratch first = Scratch.New(_folder, Prefix);
        File.WriteAllText(Path.Combine(first.Path, "part"), "half");
        using (Scratch.New(_folder, Prefix)) Assert.True(File.Exists(Path.Combine(first.Path, "part")));
        Assert.True(File.Exists(Path.Combine(first.Path, "part")));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
