using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>A backup's passphrase. It comes from a file, the environment or a prompt; it is never shown.</summary>
public sealed class Passphrase
{
    /// <summary>Characters it has at least. Whoever finds a backup can try passphrases at leisure.</summary>
    public const int Least = 12;

    /// <summary>A passphrase of this text.</summary>
    /// <exception cref="RefusedException">It is too short, or holds a character that openssl would not read in the same way.</exception>
    public Passphrase(string text)
    {
        if (text.Length < Least) throw Bad($"The passphrase has fewer than {Least} characters.");
        // PKCS #12 (RFC 7292, appendix B.1) and PBES2 spell other characters differently, and programs differ in how.
        if (!text.All(c => c is >= ' ' and <= '~')) throw Bad("The passphrase holds a character that is not plain ASCII: programs would read it in different ways.");
        Text = text;
    }

    internal string Text { get; }

    /// <summary>Says nothing of it.</summary>
    public override string ToString() => "(a passphrase)";

    private static RefusedException Bad(string what) => new(what, "Nothing was written.", $"Take {Least} or more letters, digits, blanks and signs, for example five words of a word list.");
}
