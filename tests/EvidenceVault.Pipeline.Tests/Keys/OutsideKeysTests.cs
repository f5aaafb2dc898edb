using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using EvidenceVault.Storage.Azure;
using EvidenceVault.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Pipeline.Tests.Keys;

/// <summary>A second implementation of the signers, whose keys this process never sees: openssl holds them in files and signs in a process of its own.</summary>
public sealed class OutsideKeysTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("evidencevault-outside-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Seals_and_checkpoints_are_signed_by_keys_in_another_process_and_nothing_takes_the_rings()
    {
        OutsideKeys outside = new() { Seal = new OpensslSealSigner(folder), Log = new OpensslLogSigner(folder) };
        string home = Path.Combine(folder, "vault");
        await using Vault vault = await Vault.OpenAsync(home, TimeProvider.System, outside);
        await using ServiceProvider services = new ServiceCollection().AddSingleton(TimeProvider.System).AddLogging()
            .AddAzureStorage(azurite.Options).AddFootageAnalysis().AddEvidenceVault(vault, new FlowOptions { Analyse = false }, new Caller(Environment.UserName)).BuildServiceProvider();
        await services.GetRequiredService<EvidenceFlow>().ReadyTheStoreAsync(CancellationToken.None);
        string file = Path.Combine(folder, "quay.bin");
        await File.WriteAllBytesAsync(file, RandomNumberGenerator.GetBytes(50_000));
        ExhibitRow row = await services.GetRequiredService<Mediator.IMediator>().Send(new IngestFile(file, "OP-HERON", "CAM-7", ExhibitReference.Parse("AB/1"), null));

        string ownCa = File.ReadAllText(Path.Combine(folder, "seal.pem"));
        Assert.True(SealCheck.Check(row.Seal, row.SealCms, ownCa).Holds, string.Join('\n', SealCheck.Check(row.Seal, row.SealCms, ownCa).Findings.Select(f => f.Sentence)));
        VerificationReport report = vault.CheckLog(null, CancellationToken.None);
        Assert.True(report.Holds);
        // Every checkpoint, from the first on, is the outside key's; none is the ring's.
        VerifierKey ring = VerifierKey.Parse(new Ed25519LogSigner(vault.Keys.File.LogKeys[0]).VerifierKey);
        Assert.True(SignedNote.TryParse(vault.Log.NewestCheckpoint()!, out SignedNote? note, out _));
        Assert.False(note.Verify(ring).Holds);
        Assert.True(note.Verify(VerifierKey.Parse(outside.Log.VerifierKey)).Holds);
        Assert.Equal(2, vault.Keys.List().Count(k => k.State == "outside"));
        await Assert.ThrowsAsync<RefusedException>(() => Requests.SendAsync(vault, new RotateKey(KeyUse.Seal, "not here")));
    }

    [Fact]
    public void No_room_but_Keys_knows_a_key()
    {
        string[] secret = [nameof(KeyRingFile), nameof(LogKey), nameof(SealKeys), nameof(KeyEncryptionKey)];
        var architecture = new ArchUnitNET.Loader.ArchLoader().LoadAssemblies(typeof(Vault).Assembly).Build();
        // The use case of a rotation hands a ring from one function of Keys to another; nobody else so much as names one.
        string[] mayHand = ["RingChange", "RotateKey", "RetireLogKey", "BackUpKeysHandler", "VaultRestore"];
        var arrows = from type in architecture.Types
                     where type.Namespace?.FullName != "EvidenceVault.Pipeline.Keys" && !mayHand.Any(m => type.FullName.Contains(m, StringComparison.Ordinal))
                     from target in type.Dependencies.Select(d => d.Target)
                     where target.Namespace?.FullName == "EvidenceVault.Pipeline.Keys" && secret.Contains(target.Name)
                     select $"{type.FullName} knows {target.Name}";
        Assert.Empty(arrows.Distinct());
    }

    private static byte[] Openssl(byte[] input, params string[] arguments)
    {
        ProcessStartInfo start = new("openssl") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        using MemoryStream output = new();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        return process.ExitCode == 0 ? output.ToArray() : throw new InvalidOperationException($"openssl {arguments[0]}: {error.Result}");
    }

    private sealed class OpensslSealSigner : ISealSigner
    {
        private readonly string key, certificate;

        public OpensslSealSigner(string folder)
        {
            (key, certificate) = (Path.Combine(folder, "seal.key"), Path.Combine(folder, "seal.pem"));
            Openssl([], "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", key, "-out", certificate, "-days", "30", "-subj", "/CN=Outside Seal",
                "-addext", "keyUsage=critical,digitalSignature,keyCertSign", "-addext", "extendedKeyUsage=emailProtection");
            CaPem = File.ReadAllText(certificate);
            using X509Certificate2 read = X509Certificate2.CreateFromPem(CaPem);
            CertificateSha256 = Convert.ToHexStringLower(SHA256.HashData(read.RawData));
        }

        public string CaPem { get; }

        public string CertificateSha256 { get; }

        public byte[] SignDetached(ReadOnlySpan<byte> content) => Openssl(content.ToArray(), "cms", "-sign", "-binary", "-md", "sha256", "-signer", certificate, "-inkey", key, "-outform", "DER");
    }

    private sealed class OpensslLogSigner : ILogSigner
    {
        private readonly string folder, key;
        private readonly VerifierKey verifier;

        public OpensslLogSigner(string folder)
        {
            this.folder = folder;
            key = Path.Combine(folder, "log.key");
            Openssl([], "genpkey", "-algorithm", "ed25519", "-out", key);
            // SubjectPublicKeyInfo of Ed25519 (RFC 8410): the raw key is its last 32 bytes.
            verifier = Proof.VerifierKey.Of("outside.example/log", Openssl([], "pkey", "-in", key, "-pubout", "-outform", "DER").AsSpan()[^32..]);
        }

        public string Origin => verifier.Name;

        public string VerifierKey => verifier.ToString();

        public byte[] Sign(ReadOnlySpan<byte> text)
        {
            string file = Path.Combine(folder, "text"); // openssl 3.0 reads what Ed25519 signs from a file only
            File.WriteAllBytes(file, text.ToArray());
            return Openssl([], "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file);
        }
    }
}
