using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace EvidenceVault.Pipeline.Tests.Timestamps;

/// <summary>A real time-stamping authority: each request over HTTP goes through <c>openssl ts -reply</c>. It can be told to misbehave, and to be down.</summary>
internal sealed class OpensslTsa : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("evidencevault-tsa-").FullName;
    private readonly SemaphoreSlim _one = new(1); // openssl's serial file has no lock
    private WebApplication? _app;
    private int _port;

    private OpensslTsa()
    {
    }

    /// <summary>What is sent in place of the reply; null sends it.</summary>
    public Func<byte[], HttpContext, Task<byte[]>>? Instead { get; set; }

    public int Asked { get; private set; }

    public Uri Address => new($"http://127.0.0.1:{_port}/tsa");

    public string CaFile => Path.Combine(_folder, "ca.pem");

    public static async Task<OpensslTsa> StartAsync()
    {
        OpensslTsa tsa = new();
        tsa.Make();
        await tsa.UpAsync();
        return tsa;
    }

    public async Task UpAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(o => o.Listen(IPAddress.Loopback, _port));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync();
        _port = new Uri(_app.Urls.First()).Port;
    }

    public async Task DownAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>The reply that openssl makes to a request, DER.</summary>
    public async Task<byte[]> ReplyAsync(byte[] request, string section = "tsa")
    {
        await _one.WaitAsync();
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(_folder, "request.tsq"), request);
            Openssl("ts", "-reply", "-config", "tsa.cnf", "-section", section, "-queryfile", "request.tsq", "-out", "reply.tsr");
            return await File.ReadAllBytesAsync(Path.Combine(_folder, "reply.tsr"));
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Runs openssl in the authority's folder; what it said.</summary>
    public string Openssl(params string[] arguments)
    {
        ProcessStartInfo start = new("openssl") { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? said + error.Result : throw new InvalidOperationException($"openssl {string.Join(' ', arguments)}: {error.Result}");
    }

    public string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(Path.Combine(_folder, name), bytes);
        return name;
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await DownAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Asked++;
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        byte[] request = body.ToArray();
        byte[] reply = Instead is { } instead ? await instead(request, context) : await ReplyAsync(request);
        context.Response.ContentType = "application/timestamp-reply";
        await context.Response.Body.WriteAsync(reply);
    }

    private void Make()
    {
        Openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-subj", "/CN=Test TSA CA");
        // The second one is of an authority that nobody trusts.
        Openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", "ca2.key", "-out", "ca2.pem", "-days", "3650", "-subj", "/CN=Another CA");
        File.WriteAllText(Path.Combine(_folder, "tsa.ext"), "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n");
        foreach (string n in new[] { "", "2" })
        {
            Openssl("req", "-newkey", "rsa:2048", "-noenc", "-keyout", $"tsa{n}.key", "-out", $"tsa{n}.csr", "-subj", $"/CN=Test TSA{n}");
            Openssl("x509", "-req", "-in", $"tsa{n}.csr", "-CA", $"ca{n}.pem", "-CAkey", $"ca{n}.key", "-CAcreateserial", "-days", "3650", "-extfile", "tsa.ext", "-out", $"tsa{n}.pem");
        }
        File.WriteAllText(Path.Combine(_folder, "tsa.cnf"), string.Concat(new[] { "", "2" }.Select(n => $"""
            [tsa{n}]
            serial = {_folder}/serial
            signer_cert = {_folder}/tsa{n}.pem
            certs = {_folder}/ca{n}.pem
            signer_key = {_folder}/tsa{n}.key
            signer_digest = sha256
            default_policy = 1.2.3.4.1
            digests = sha256, sha384, sha512
            accuracy = secs:1
            ess_cert_id_chain = no
            ess_cert_id_alg = sha256

            """)));
        File.WriteAllText(Path.Combine(_folder, "serial"), "01\n");
    }
}
