using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Intake;

/// <summary>An address to which a browser may send the blocks of one file, and nothing else, for a short while.</summary>
/// <param name="Url">The address, with its signature: a secret until it runs out.</param>
/// <param name="Until">When it runs out.</param>
public sealed record UploadAddress(string Url, DateTimeOffset Until);

/// <summary>Where files that a browser sends are gathered, and from where they are delivered into a drop source. A browser can reach the gathering alone, file by file; only the vault puts what is whole into the drop,
/// and never over what lies there.</summary>
public interface IUploadPlace
{
    /// <summary>The id of the drop source that is delivered to, such as <c>container:drops</c>.</summary>
    string Source { get; }

    /// <summary>What a browser must be allowed to connect to: the part that all addresses begin with, ending in a stroke.</summary>
    string Address { get; }

    /// <summary>Makes the place ready, and lets pages of this origin send to it. Calling it again is safe.</summary>
    /// <exception cref="UnreachableException">The place does not answer or does not let it.</exception>
    Task ReadyAsync(string origin, CancellationToken cancel);

    /// <summary>Puts the empty marker there that says that a drop's manifest is still to come. Calling it again is safe.</summary>
    Task BeginAsync(string path, CancellationToken cancel);

    /// <summary>An address for one file's blocks.</summary>
    UploadAddress AddressOf(string path, DateTimeOffset until);

    /// <summary>The ids of the blocks that were received whole and not delivered yet, with the length of each in bytes.</summary>
    Task<IReadOnlyDictionary<string, long>> BlocksAsync(string path, CancellationToken cancel);

    /// <summary>What was delivered whose path begins so, with the length of each in bytes.</summary>
    Task<IReadOnlyDictionary<string, long>> DeliveredAsync(string prefix, CancellationToken cancel);

    /// <summary>Puts a file together of its blocks, in this order, and delivers it; where it lies there already, nothing changes. A crash leaves the blocks, or the file in the gathering, or in both places: calling again goes on.</summary>
    /// <exception cref="RefusedException">A block is not there, or the blocks do not have this length.</exception>
    Task DeliverAsync(string path, IReadOnlyList<string> blocks, long bytes, CancellationToken cancel);

    /// <summary>Delivers the drop's manifest, the last of its files; where these very bytes lie there already, nothing changes.</summary>
    /// <exception cref="EvidenceException">Another manifest lies there.</exception>
    Task DeliverManifestAsync(string path, byte[] manifest, CancellationToken cancel);

    /// <summary>Throws away what was gathered below a folder and not delivered.</summary>
    Task DiscardAsync(string folder, CancellationToken cancel);
}
