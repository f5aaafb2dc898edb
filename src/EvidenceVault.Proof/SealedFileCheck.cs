namespace EvidenceVault.Proof;

/// <summary>What belongs to one sealed file, where it is checked by itself.</summary>
public sealed record SealedFile
{
    /// <summary>The seal manifest's bytes.</summary>
    public required ReadOnlyMemory<byte> Seal { get; init; }

    /// <summary>The detached signature over them, DER.</summary>
    public required ReadOnlyMemory<byte> Signature { get; init; }

    /// <summary>The CA certificate, PEM.</summary>
    public required string CaPem { get; init; }

    /// <summary>The time stamp over the signature, DER; null where there is none.</summary>
    public byte[]? Timestamp { get; init; }

    /// <summary>The certificate of the time-stamping authority or of its CA, PEM.</summary>
    public string? TsaPem { get; init; }
}

/// <summary>Checks one file against its seal, without a bundle. Nothing is said of its custody, which is in the log.</summary>
public static class SealedFileCheck
{
    /// <summary>Reads the file once and judges it: the claims of FORMAT.md sections 5 and 9, and <c>seal-binds</c>. It never throws for what the files hold.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="given">What belongs to it.</param>
    /// <param name="now">When the check is made.</param>
    /// <param name="progress">Told how many bytes have been read.</param>
    /// <param name="cancel">Ends the check.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static VerificationReport Run(Stream file, long bytes, SealedFile given, DateTimeOffset now, IProgress<BagProgress>? progress = null, CancellationToken cancel = default)
    {
        long done = 0;
        StreamHash hash = StreamHash.Of(file, long.MaxValue, withSha512: true, StreamHash.NewBlocks(), read => progress?.Report(new(done += read, bytes)), cancel);
        TimestampVerdict? timestamp = given.Timestamp is { } token
            ? given.TsaPem is { } tsa ? TimestampCheck.Check(given.Signature, token, tsa) : new(Finding.Bad("timestamp", "The certificate of the time-stamping authority was not given."), null)
            : null;
        Finding binds = SealManifest.TryParse(given.Seal, out SealManifest? seal, out string problem)
            ? Binds(seal, new("", hash.Bytes, hash.Sha256, hash.Sha512, null))
            : Finding.Bad("seal-binds", $"What was sealed cannot be told. {problem}");
        string? subject = seal?.Exhibit;
        Finding[] findings = [.. SealCheck.Check(given.Seal, given.Signature, given.CaPem, now, timestamp).Findings, .. timestamp is null ? [] : new[] { timestamp.Finding }, binds];
        return new([.. findings.Select(f => f with { Subject = subject })]);
    }

    /// <summary>Claim <c>seal-binds</c>, as far as it is about bytes.</summary>
    internal static Finding Binds(SealManifest seal, ReadFile? file)
    {
        const string claim = "seal-binds";
        if (file?.Sha256 is null) return Finding.Bad(claim, $"The exhibit's bytes cannot be compared with its seal. {file?.Problem ?? "The file is missing."}");
        if (file.Bytes != seal.Bytes) return Finding.Bad(claim, $"The exhibit has {Printable.Count((ulong)file.Bytes)} bytes; {Printable.Count((ulong)seal.Bytes)} were sealed. It is not what was sealed.");
        return file.Sha256 == seal.Sha256 && file.Sha512 == seal.Sha512
            ? Finding.Good(claim, $"The exhibit's bytes are those that were sealed at {Moment.Text(seal.SealedAt)}: their SHA-256, SHA-512 and length are the seal's.")
            : Finding.Bad(claim, $"The exhibit is not what was sealed: its SHA-256 is {file.Sha256}, where the seal says {seal.Sha256}.");
    }
}
