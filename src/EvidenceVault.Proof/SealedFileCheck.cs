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

    /// <summary>The packet proof of a clip; null where there is none.</summary>
    public byte[]? PacketProof { get; init; }
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

    /// <summary>The claims of FORMAT.md section 13, of a clip that is checked by itself; none for any other file. It reads the file again. It never throws for
    /// what the files hold.</summary>
    /// <param name="open">Opens the clip.</param>
    /// <param name="given">What belongs to it.</param>
    /// <param name="player">Asked what it finds in the clip; null where there is none.</param>
    /// <param name="cancel">Ends the check.</param>
    /// <exception cref="IOException">The clip cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<IReadOnlyList<Finding>> ClipAsync(Func<Stream> open, SealedFile given, ClipPlayer? player, CancellationToken cancel)
    {
        if (!SealManifest.TryParse(given.Seal, out SealManifest? seal, out _) || !ClipClaims.IsClip(seal)) return [];
        string? named = ClipClaims.ProofSha256(seal, out string problem);
        var findings = new List<Finding>();
        if (named is null) findings.Add(problem.Length == 0 ? ClipClaims.NoProof() : Finding.Bad(ClipCheck.Claim, problem));
        else if (given.PacketProof is not { } bytes) findings.Add(Finding.Remark(ClipCheck.Claim, $"The clip's seal names a packet proof (SHA-256 {named}), which was not given: whether its packets are the Master's was not asked."));
        else if (Bytes.Hex(System.Security.Cryptography.SHA256.HashData(bytes)) != named) findings.Add(Finding.Bad(ClipCheck.Claim, "The packet proof that was given is not the one that the clip's seal names."));
        else
        {
            findings.AddRange(ClipClaims.Judge(seal, bytes, null, open, out PacketProof? proof, cancel));
            if (proof is not null)
            {
                using Stream clip = open();
                findings.Add(ClipCheck.Judge(player is null ? null : await player(clip, cancel).ConfigureAwait(false), proof));
            }
        }
        return [.. findings.Select(f => f with { Subject = seal.Exhibit })];
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
