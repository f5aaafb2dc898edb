using EvidenceVault.Proof;

namespace EvidenceVault.Testing;

/// <summary>A log in memory with its key, to ask witnesses with: honest, or forked at a size.</summary>
public sealed class OwnLog
{
    private readonly List<byte[]> _leaves = [];

    public OwnLog(string origin = "log.example/heron", byte[]? seed = null) => Signer = new(origin, seed ?? NoteSigner.NewSeed());

    public NoteSigner Signer { get; }

    public ulong Size => (ulong)_leaves.Count;

    /// <summary>Appends entries that differ by their text.</summary>
    public OwnLog Grow(int entries, string text = "entry")
    {
        for (int i = 0; i < entries; i++) _leaves.Add(MerkleTree.LeafHash(System.Text.Encoding.UTF8.GetBytes($"{text} {_leaves.Count}")));
        return this;
    }

    public SignedNote NoteAt(ulong size, string? origin = null) => Signer.SignNote(new Checkpoint(origin ?? Signer.Name, size, MerkleTree.Root(size, Read)).ToText());

    /// <summary>An honest request from one size to another.</summary>
    public WitnessRequest Request(ulong old, ulong size) => WitnessRequest.Of(old, old <= size ? MerkleTree.ConsistencyProof(old, size, Read) : [], NoteAt(size));

    public byte[] Read(int level, ulong index) => level == 0
        ? _leaves[(int)index]
        : MerkleTree.NodeHash(Read(level - 1, 2 * index), Read(level - 1, 2 * index + 1));
}
