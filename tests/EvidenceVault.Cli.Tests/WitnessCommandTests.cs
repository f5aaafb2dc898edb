using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using EvidenceVault.Proof;
using EvidenceVault.Testing;

namespace EvidenceVault.Cli.Tests;

/// <summary>The witness as its keeper runs it: a process of its own, with no vault and no store.</summary>
public sealed partial class WitnessCommandTests : IDisposable
{
    private readonly Workplace _work = new();

    [Fact]
    public async Task A_witness_that_is_killed_while_it_cosigns_never_goes_back_behind_what_it_answered()
    {
        OwnLog log = new OwnLog().Grow(200);
        ulong answered = 0;
        for (int round = 0; round < 3; round++)
        {
            using Process witness = await StartAsync("--name", "w.example/1", "--log", log.Signer.VerifierKey);
            using HttpClient http = new() { BaseAddress = new(_address) };
            // Killed beside the requests that go on: the last one may or may not have been answered.
            ulong killAt = answered + 15;
            Task killed = Task.CompletedTask;
            try
            {
                for (ulong size = answered + 1; size <= 200; size++)
                {
                    using HttpResponseMessage answer = await http.PostAsync("add-checkpoint", new ByteArrayContent(log.Request(size - 1, size).ToBytes()));
                    if (answer.StatusCode == HttpStatusCode.OK) answered = size;
                    else if (answer.StatusCode == HttpStatusCode.Conflict) Assert.True(ulong.Parse((await answer.Content.ReadAsStringAsync()).Trim()) >= answered);
                    else Assert.Fail(answer.StatusCode.ToString());
                    if (size == killAt) killed = Task.Run(witness.Kill);
                }
            }
            catch (HttpRequestException)
            {
                // It is dead.
            }
            await killed;
            if (!witness.HasExited) witness.Kill();
            await witness.WaitForExitAsync();
        }
        using Process last = await StartAsync("--log", log.Signer.VerifierKey);
        using HttpClient again = new() { BaseAddress = new(_address) };
        using HttpResponseMessage remembered = await again.PostAsync("add-checkpoint", new ByteArrayContent(log.Request(0, 200).ToBytes()));
        ulong memory = remembered.StatusCode == HttpStatusCode.Conflict ? ulong.Parse((await remembered.Content.ReadAsStringAsync()).Trim()) : 0;
        Assert.True(memory >= answered, $"It remembers {memory} and had cosigned {answered}.");
        Assert.True(answered > 0);
        last.Kill();
        await last.WaitForExitAsync();
    }

    [Fact]
    public async Task Its_key_is_printed_beside_a_running_one_and_two_never_run_on_one_folder()
    {
        using Process witness = await StartAsync("--name", "w.example/1");
        Ran key = await _work.RunAsync("witness", "--data", _work.File("w"), "--vkey");
        Assert.Equal(_vkey, key.Out.Trim());
        Assert.Equal(KeyKind.Cosignature, VerifierKey.Parse(_vkey).Kind);
        Ran second = await _work.RunAsync("witness", "--data", _work.File("w"), "--listen", "127.0.0.1:0");
        Assert.Equal(2, second.Code);
        Assert.Contains("Another witness is running", second.Error, StringComparison.Ordinal);
        using (Process term = Process.Start("kill", ["-TERM", witness.Id.ToString()])) await term.WaitForExitAsync();
        await witness.WaitForExitAsync();
        Assert.Equal(0, witness.ExitCode);
    }

    [Theory]
    [InlineData("no witness in", "--vkey")]
    [InlineData("has no name", "--listen", "127.0.0.1:0")]
    [InlineData("not an address of this machine alone", "--listen", "0.0.0.0:0", "--name", "w.example/1")]
    [InlineData("cannot be a witness's name", "--name", "two words", "--listen", "127.0.0.1:0")]
    [InlineData("--log nonsense", "--name", "w.example/1", "--log", "nonsense")]
    public async Task Wrong_use_is_told(string told, params string[] words)
    {
        Ran ran = await _work.RunAsync(["witness", "--data", _work.File("w"), .. words]);
        Assert.Equal(2, ran.Code);
        Assert.Contains(told, ran.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _work.Dispose();

    private string _address = "", _vkey = "";

    private async Task<Process> StartAsync(params string[] words)
    {
        ProcessStartInfo start = new(Workplace.Built, ["witness", "--data", _work.File("w"), "--listen", "127.0.0.1:0", .. words]) { RedirectStandardError = true, RedirectStandardOutput = true };
        Process witness = Process.Start(start)!;
        _vkey = await witness.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await witness.StandardError.ReadToEndAsync());
        _address = Address().Match(await witness.StandardError.ReadLineAsync() ?? "").Value + "/";
        return witness;
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Address();
}
