using System.Diagnostics;
using Xunit;

namespace EvidenceVault.Testing;

/// <summary>A time-stamping authority (RFC 3161) of its own: <c>openssl ts</c> with a certificate under a CA, made afresh. Its clock is the machine's.</summary>
public sealed class OpensslTsa : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("evidencevault-tsa-").FullName;

    /// <summary>An authority, or a skip that says that openssl is not here.</summary>
    /// <param name="purpose">The extended key usage of its certificate, in openssl's words.</param>
    /// <param name="digest">The digest of what is stamped and of the signing certificate's attribute.</param>
    public OpensslTsa(string purpose = "critical,timeStamping", string digest = "sha256")
    {
        Digest = digest;
        File.WriteAllText(At("ts.cnf"), $"""
            [tsa]
            serial = {At("serial")}
            signer_cert = {At("tsa.pem")}
            signer_key = {At("tsa.key")}
            certs = {At("ca.pem")}
            signer_digest = sha256
            default_policy = 1.2.3.4.1
            digests = sha256, sha384, sha512
            ess_cert_id_alg = {digest}
            [ca]
            basicConstraints = critical,CA:TRUE
            keyUsage = critical,keyCertSign
            [leaf]
            basicConstraints = critical,CA:FALSE
            keyUsage = critical,digitalSignature
            extendedKeyUsage = {purpose}
            [req]
            distinguished_name = dn
            [dn]
            """);
        File.WriteAllText(At("serial"), "01\n");
        Run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 3650 -config ts.cnf -extensions ca", "-subj", "/CN=OP-HERON test TSA CA");
        Run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key -out tsa.csr -config ts.cnf", "-subj", "/CN=OP-HERON test TSA");
        Run("x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 3650 -extfile ts.cnf -extensions leaf");
    }

    public string Digest { get; }

    /// <summary>The CA's certificate, PEM.</summary>
    public string CaPem => File.ReadAllText(At("ca.pem"));

    /// <summary>The authority's own certificate, PEM.</summary>
    public string Pem => File.ReadAllText(At("tsa.pem"));

    /// <summary>A token over bytes as of now.</summary>
    /// <param name="bytes">What to stamp.</param>
    /// <param name="withCertificate">True to put the authority's certificate in the token.</param>
    public byte[] Stamp(byte[] bytes, bool withCertificate = true)
    {
        File.WriteAllBytes(At("stamped"), bytes);
        Run($"ts -query -data stamped -{Digest} {(withCertificate ? "-cert" : "")} -out query.tsq");
        Run("ts -reply -config ts.cnf -section tsa -queryfile query.tsq -token_out -out token.tst");
        return File.ReadAllBytes(At("token.tst"));
    }

    /// <summary>Another certificate of the authority's key, by the same CA, PEM.</summary>
    /// <param name="purpose">Its extended key usage, in openssl's words.</param>
    public string Reissue(string purpose)
    {
        File.WriteAllText(At("other.cnf"), $"basicConstraints = critical,CA:FALSE\nextendedKeyUsage = {purpose}\n");
        Run("x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out other.pem -days 3650 -extfile other.cnf");
        return File.ReadAllText(At("other.pem"));
    }

    /// <summary>What openssl itself says of a token.</summary>
    public bool Accepts(byte[] bytes, byte[] token)
    {
        File.WriteAllBytes(At("stamped"), bytes);
        File.WriteAllBytes(At("token.tst"), token);
        return Try("ts -verify -data stamped -in token.tst -token_in -CAfile ca.pem -untrusted tsa.pem").Code == 0;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    private void Run(string arguments, params string[] more)
    {
        (int code, string error) = Try(arguments, more);
        if (code != 0) throw new InvalidOperationException($"openssl {arguments} ended with {code}: {error}");
    }

    private (int Code, string Error) Try(string arguments, params string[] more)
    {
        var start = new ProcessStartInfo("openssl", [.. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), .. more]) { WorkingDirectory = _folder, RedirectStandardError = true, RedirectStandardOutput = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, error.Result);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("NOT CHECKED: openssl is not on the PATH.");
            throw;
        }
    }
}
