using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Publishing;

/// <summary>
/// A witness's key and memory, in a folder that one process at a time holds. What it remembers of a log is a file of its own, written
/// beside and renamed over the old one, both flushed: after a kill or a power cut it is the old memory or the new one, whole. No
/// cosignature leaves before its memory is durable, so that the witness never says again anything older.
/// </summary>
public sealed class WitnessFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int WouldBlock = 11; // EAGAIN: .NET takes FileShare.None as flock(LOCK_EX | LOCK_NB)

    private readonly string _folder;
    private readonly FileStream _lock;

    private WitnessFolder(string folder, FileStream only, WitnessKey key) => (_folder, _lock, Key) = (folder, only, key);

    /// <summary>Its key.</summary>
    internal WitnessKey Key { get; }

    /// <summary>Opens the folder, making it and a key the first time.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The witness's name; null for the one that it has.</param>
    /// <exception cref="RefusedException">Another process holds it, it has another name, or it has none and none is given.</exception>
    /// <exception cref="UnreachableException">It cannot be read or written.</exception>
    public static WitnessFolder Open(string folder, string? name)
    {
        folder = Path.GetFullPath(folder);
        FileStream? only = null;
        try
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
            only = Lock(folder);
            return new(folder, only, KeyOf(folder, name));
        }
        catch (Exception e)
        {
            only?.Dispose();
            if (e is not (IOException or UnauthorizedAccessException)) throw;
            throw new UnreachableException($"The witness's folder '{Names.Printable(folder)}' cannot be used ({e.Message}).", "Nothing was cosigned.", "Check that the folder is yours and has space, then start again.", e);
        }
    }

    /// <summary>True where a witness has been made in the folder.</summary>
    public static bool HasKey(string folder) => File.Exists(PathOfKey(folder));

    /// <summary>The verifier key of a folder that has one, whether or not a witness is running on it.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public static string VerifierKeyOf(string folder) => File.Exists(PathOfKey(folder))
        ? WitnessKey.Read(PathOfKey(folder)).VerifierKey.ToString()
        : throw new RefusedException($"There is no witness in '{Names.Printable(folder)}' yet.", "Nothing was made.", "Start it once with --name, or give --name here too: then its key is made now.");

    /// <summary>What the witness remembers of a log. A memory that cannot be read is never taken for none.</summary>
    /// <exception cref="EvidenceException">It cannot be read.</exception>
    internal WitnessMemory Remembered(string origin)
    {
        string path = PathOf(origin);
        if (!File.Exists(path)) return WitnessMemory.Nothing;
        // The same four lines as a checkpoint's text: origin, size, root.
        return Checkpoint.TryParse(File.ReadAllText(path), out Checkpoint? seen, out string problem) && seen.Origin == origin
            ? new(seen.Size, seen.Root)
            : throw new EvidenceException(
                $"What the witness remembers of a log cannot be read: '{path}' is damaged. {problem}",
                "It cosigns nothing of that log: without its memory it could vouch for a rewritten history.",
                "Put the file back from backup. If there is none, take the size and root from the newest checkpoint that it cosigned.");
    }

    /// <summary>Remembers, durably, before it returns.</summary>
    internal void Remember(string origin, WitnessMemory memory)
    {
        using Scratch scratch = Scratch.New(Path.Combine(_folder, "drafts"));
        string draft = Path.Combine(scratch.Path, "memory");
        WriteDurably(draft, Encoding.UTF8.GetBytes(new Checkpoint(origin, memory.Size, memory.Root).ToText()));
        // The moment at which it remembers. Before it the old memory stands, and nothing was cosigned.
        File.Move(draft, PathOf(origin), overwrite: true);
        DurableFolder.Flush(_folder);
    }

    /// <summary>Lets another process have the folder.</summary>
    public void Dispose() => _lock.Dispose();

    private string PathOf(string origin) => Path.Combine(_folder, $"log-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)))}");

    internal static string PathOfKey(string folder) => Path.Combine(folder, "key.json");

    private static FileStream Lock(string folder)
    {
        try
        {
            return new(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            throw new RefusedException(
                $"Another witness is running on '{Names.Printable(folder)}'.",
                "This one did not start: two witnesses with one memory could cosign two histories.",
                "Stop the other one, or give this one a folder of its own.", e);
        }
    }

    private static WitnessKey KeyOf(string folder, string? name)
    {
        string path = PathOfKey(folder);
        if (!File.Exists(path)) Make(folder, name ?? throw new RefusedException("The witness has no name yet.", "Nothing was made.", "Name it with --name, for example --name witness.cps.example/1."));
        WitnessKey key = WitnessKey.Read(path);
        return name is null || name == key.Name ? key
            : throw new RefusedException($"The witness in this folder is named '{key.Name}'.", "It did not start: its name is part of its key.", "Leave --name out, or name a new folder.");
    }

    private static void Make(string folder, string name)
    {
        using Scratch scratch = Scratch.New(Path.Combine(folder, "drafts"));
        string draft = Path.Combine(scratch.Path, "key");
        WriteDurably(draft, WitnessKey.New(name).ToJson());
        // False where another process was first: its key is read then.
        DurableFile.TryLink(draft, PathOfKey(folder));
    }

    private static void WriteDurably(string path, byte[] content)
    {
        using FileStream file = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        file.Write(content);
        file.Flush(flushToDisk: true);
    }
}

/// <summary>A witness's key file.</summary>
/// <param name="Format">Always <see cref="FormatName"/>.</param>
/// <param name="Name">The witness's name.</param>
/// <param name="Seed">The 32-byte private seed (RFC 8032).</param>
internal sealed record WitnessKey(string Format, string Name, byte[] Seed)
{
    public const string FormatName = "evidencevault/witness-key/1";

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public VerifierKey VerifierKey => new CosignatureSigner(Name, Seed, TimeProvider.System).Key;

    /// <exception cref="RefusedException">The name cannot be a key's.</exception>
    public static WitnessKey New(string name)
    {
        var key = new WitnessKey(FormatName, name, NoteSigner.NewSeed());
        try
        {
            _ = key.VerifierKey;
            return key;
        }
        catch (FormatException e)
        {
            throw new RefusedException($"'{Names.Printable(name)}' cannot be a witness's name. {e.Message}", "Nothing was made.", "Choose one such as witness.cps.example/1.", e);
        }
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Form);

    /// <exception cref="RefusedException">Others can read it, or it is damaged.</exception>
    public static WitnessKey Read(string path)
    {
        UnixFileMode mode = File.GetUnixFileMode(path);
        if ((mode & Others) != 0)
        {
            throw new RefusedException(
                $"Other users of this machine can reach '{path}' (mode {Convert.ToString((int)mode, 8)}).", "The witness did not start: whoever has its key can vouch in its name.",
                $"Find out who could read it; if the key is still good, run: chmod go= '{path}'");
        }
        try
        {
            return JsonSerializer.Deserialize<WitnessKey>(File.ReadAllBytes(path), Form) is { Format: FormatName, Name.Length: > 0, Seed.Length: NoteSigner.SeedSize } key ? key : throw new JsonException($"It is not of the format {FormatName}.");
        }
        catch (JsonException e)
        {
            throw new RefusedException($"The witness's key '{path}' is damaged: {e.Message}", "The witness did not start.", "Put the file back from backup; do not remove it, or the witness gets a new key that nobody knows.", e);
        }
    }
}
