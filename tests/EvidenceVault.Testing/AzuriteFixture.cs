using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using EvidenceVault.Storage.Azure;
using Xunit;

namespace EvidenceVault.Testing;

/// <summary>A real Azurite on a free loopback port with a folder of its own. Start it again after <see cref="StopAsync"/> or
/// <see cref="KillAsync"/> and it has the same port and, as far as it had written it, the same content: Azurite writes its index
/// every few seconds and when told to stop, so a kill may lose the last blobs.</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    // The account name and key that every Azurite has (Azurite README, "Default Storage Account"): public, and no secret.
    private const string Account = "devstoreaccount1";
    private const string AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly string folder = Directory.CreateTempSubdirectory("evidencevault-azurite-").FullName;
    private readonly StringBuilder said = new();
    private Process? process;

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; } = FreePort();

    /// <summary>For <see cref="AzureStorageOptions.ConnectionString"/>.</summary>
    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={AccountKey};BlobEndpoint=http://127.0.0.1:{Port}/{Account};";

    /// <summary>Options for a store on it, impatient enough for tests.</summary>
    public AzureStorageOptions Options => new()
    {
        ConnectionString = ConnectionString,
        Retries = 2,
        RetryDelay = TimeSpan.FromMilliseconds(50),
        NetworkTimeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>Where Azurite keeps its data.</summary>
    public string Folder => folder;

    /// <summary>The process id while it runs.</summary>
    public int? ProcessId => process?.Id;

    /// <summary>The first start.</summary>
    public async ValueTask InitializeAsync() => await StartAsync();

    /// <summary>Starts it and waits until it answers.</summary>
    public async Task StartAsync()
    {
        if (process is not null) throw new InvalidOperationException("Azurite is running already.");
        string program = Program();
        lock (said) said.Clear();
        ProcessStartInfo start = new("node")
        {
            ArgumentList =
            {
                program, "--blobHost", "127.0.0.1", "--blobPort", Port.ToString(), "--location", folder,
                "--silent", "--skipApiVersionCheck", "--disableTelemetry",
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        process = Process.Start(start)!;
        process.OutputDataReceived += Note;
        process.ErrorDataReceived += Note;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await UntilItAnswersAsync(process);
    }

    /// <summary>Ends it the orderly way (SIGTERM): its content is written.</summary>
    public async Task StopAsync()
    {
        if (process is null) return;
        using (Process term = Process.Start("kill", ["-TERM", process.Id.ToString()])) await term.WaitForExitAsync();
        await EndedAsync();
    }

    /// <summary>Ends it at once (SIGKILL): what it had not written is lost.</summary>
    public async Task KillAsync()
    {
        if (process is null) return;
        process.Kill();
        await EndedAsync();
    }

    /// <summary>Ends it and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task EndedAsync()
    {
        await process!.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    private void Note(object sender, DataReceivedEventArgs line)
    {
        lock (said) said.AppendLine(line.Data);
    }

    private async Task UntilItAnswersAsync(Process started)
    {
        using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
        for (Stopwatch waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(60); await Task.Delay(100))
        {
            if (started.HasExited) break;
            try
            {
                using HttpResponseMessage answer = await http.GetAsync($"http://127.0.0.1:{Port}/{Account}?comp=list");
                return; // any answer will do: 403 without a signature
            }
            catch (HttpRequestException)
            {
                // not listening yet
            }
        }
        await KillAsync();
        lock (said) throw new InvalidOperationException($"Azurite did not answer on port {Port} within a minute. It said: {said}");
    }

    private static string Program()
    {
        string program = Path.Combine(Root.Folder, "scripts", "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js");
        return File.Exists(program) ? program : throw new InvalidOperationException("Azurite is not installed: run ./scripts/test, or `npm ci` in scripts/azurite.");
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
