using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using EvidenceVault.Testing;

namespace EvidenceVault.Pipeline.Tests.Publishing;

public sealed partial class WitnessServerTests : IDisposable
{
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("evidencevault-witness-").FullName, "witness");
    private readonly HttpClient _http = new();

    [Fact]
    public async Task The_nine_cases_of_torchwood_are_answered_as_they_ask()
    {
        const string origin = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562";
        string cases = Path.Combine(Shared, "torchwood", "add-checkpoint-http-cases.hurl");
        if (!File.Exists(cases)) Assert.Skip($"NOT CHECKED: {cases} is not there. Put shared/vectors beside the repository to run this test.");
        VerifierKey log = VerifierKey.Of(origin, Convert.FromHexString("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f"));
        await using WitnessServer witness = await StartAsync([log], "example.com/witness");

        MatchCollection all = HurlCase().Matches(await File.ReadAllTextAsync(cases));
        Assert.Equal(9, all.Count);
        foreach (Match one in all)
        {
            (HttpStatusCode status, string body, _) = await PostAsync(witness, Encoding.UTF8.GetBytes(one.Groups["body"].Value));
            string wanted = Regex.Unescape(one.Groups["wanted"].Value);
            // For an unknown log the file has 403; the standard says "MUST respond with a 404 Not Found".
            int code = wanted == "unknown log" ? 404 : int.Parse(one.Groups["status"].Value);
            Assert.Equal(code, (int)status);
            if (one.Groups["how"].Value == "==") Assert.Equal(wanted, body);
            else Assert.Contains(wanted, body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_status_of_the_standard_is_given_where_it_says()
    {
        OwnLog log = new OwnLog().Grow(10), stranger = new OwnLog("log.example/stranger").Grow(5), forged = new OwnLog(log.Signer.Name).Grow(10);
        await using WitnessServer witness = await StartAsync([log.Signer.Key]);

        Assert.Equal(404, await StatusAsync(stranger.Request(0, 5)));
        Assert.Equal(403, await StatusAsync(forged.Request(0, 10)));
        Assert.Equal(400, (int)(await PostAsync(witness, "old x\n\n"u8.ToArray())).Status);
        Assert.Equal(400, (int)(await PostAsync(witness, [])).Status);
        Assert.Equal(200, await StatusAsync(log.Request(0, 4)));
        (HttpStatusCode conflict, string size, string? type) = await PostAsync(witness, log.Request(2, 10).ToBytes());
        Assert.Equal((HttpStatusCode.Conflict, "4\n", "text/x.tlog.size"), (conflict, size, type));
        Assert.Equal(400, await StatusAsync(log.Request(9, 8)));
        Assert.Equal(422, await StatusAsync(WitnessRequest.Of(4, [.. log.Request(4, 10).Proof.Reverse()], log.NoteAt(10))));

        (HttpStatusCode ok, string line, type) = await PostAsync(witness, log.Request(4, 10).ToBytes());
        Assert.Equal((HttpStatusCode.OK, "text/plain; charset=utf-8"), (ok, type));
        Assert.True(log.Request(4, 10).TryReadCosignatures(Encoding.UTF8.GetBytes(line), [VerifierKey.Parse(witness.VerifierKey)], out _, out string problem), problem);
        Assert.Equal(200, await StatusAsync(log.Request(10, 10))); // an answer that was lost is given again

        async Task<int> StatusAsync(WitnessRequest request) => (int)(await PostAsync(witness, request.ToBytes())).Status;
    }

    [Fact]
    public async Task A_fork_signed_with_the_logs_own_key_is_refused_at_every_size()
    {
        byte[] seed = NoteSigner.NewSeed();
        OwnLog log = new OwnLog(seed: seed).Grow(10), fork = new OwnLog(seed: seed).Grow(5).Grow(10, "rewritten");
        await using WitnessServer witness = await StartAsync([log.Signer.Key]);
        await PostAsync(witness, log.Request(0, 10).ToBytes());
        Assert.Equal((HttpStatusCode.Conflict, "10\n", "text/x.tlog.size"), await PostAsync(witness, fork.Request(10, 10).ToBytes()));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync(witness, fork.Request(10, 15).ToBytes())).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(witness, fork.Request(5, 15).ToBytes())).Status);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(witness, log.Grow(1).Request(10, 11).ToBytes())).Status);
    }

    [Fact]
    public async Task Nothing_but_add_checkpoint_is_served_and_no_body_is_too_large_for_it()
    {
        OwnLog log = new OwnLog().Grow(3);
        await using WitnessServer witness = await StartAsync([log.Signer.Key]);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync(witness.Address + "/")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.PostAsync(witness.Address + "/add-checkpoints", null)).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _http.GetAsync(witness.Address + "/add-checkpoint")).StatusCode);
        try
        {
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync(witness, new byte[WitnessRequest.MostBytes + 1])).Status);
        }
        catch (HttpRequestException)
        {
            // The server may close the connection before all of the body is sent.
        }
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(witness, log.Request(0, 3).ToBytes())).Status);
    }

    [Fact]
    public async Task A_thousand_requests_at_once_never_take_its_memory_back()
    {
        OwnLog log = new OwnLog().Grow(60);
        await using WitnessServer witness = await StartAsync([log.Signer.Key]);
        ulong largest = 0;
        object one = new();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            Random random = new(worker);
            for (int i = 0; i < 125; i++)
            {
                ulong old, size = (ulong)random.Next(1, 61), before;
                lock (one) (old, before) = (Math.Min(largest, size), largest);
                (HttpStatusCode status, _, _) = await PostAsync(witness, log.Request(old, size).ToBytes());
                if (status != HttpStatusCode.OK) continue;
                // Whatever was acknowledged before this request was sent is not above what it cosigned.
                Assert.True(size >= before, $"It cosigned {size} after it had cosigned {before}.");
                lock (one) largest = Math.Max(largest, size);
            }
        })));
        Assert.True(largest > 0);
        (_, string remembered, _) = await PostAsync(witness, log.Request(0, 60).ToBytes());
        Assert.Equal($"{largest}\n", remembered);
    }

    [Fact]
    public async Task What_it_remembers_outlives_it_and_a_damaged_memory_is_not_taken_for_none()
    {
        OwnLog log = new OwnLog().Grow(9);
        string key;
        await using (WitnessServer witness = await StartAsync([log.Signer.Key]))
        {
            await PostAsync(witness, log.Request(0, 9).ToBytes());
            key = witness.VerifierKey;
        }
        await using (WitnessServer witness = await StartAsync([log.Signer.Key], name: null))
        {
            Assert.Equal(key, witness.VerifierKey);
            Assert.Equal("9\n", (await PostAsync(witness, log.Request(0, 9).ToBytes())).Body);
        }
        string memory = Assert.Single(Directory.EnumerateFiles(_folder, "log-*"));
        await File.WriteAllTextAsync(memory, "");
        await using (WitnessServer witness = await StartAsync([log.Signer.Key], name: null))
            Assert.Equal(HttpStatusCode.InternalServerError, (await PostAsync(witness, log.Request(0, 9).ToBytes())).Status);
    }

    [Fact]
    public async Task Two_witnesses_never_run_on_one_folder_and_the_key_is_for_its_owner_alone()
    {
        await using WitnessServer witness = await StartAsync([]);
        RefusedException told = await Assert.ThrowsAsync<RefusedException>(() => StartAsync([]));
        Assert.Contains("Another witness is running", told.What, StringComparison.Ordinal);
        string key = Path.Combine(_folder, "key.json");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        Assert.Equal(witness.VerifierKey, WitnessFolder.VerifierKeyOf(_folder));
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Throws<RefusedException>(() => WitnessFolder.VerifierKeyOf(_folder));
    }

    [Fact]
    public async Task It_listens_on_this_machine_alone()
    {
        await Assert.ThrowsAsync<RefusedException>(() => WitnessServer.StartAsync(_folder, "w.example/1", [], new(IPAddress.Any, 0), TimeProvider.System));
    }

    public void Dispose()
    {
        _http.Dispose();
        Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);
    }

    private Task<WitnessServer> StartAsync(IReadOnlyList<VerifierKey> logs, string? name = "w.example/1") => WitnessServer.StartAsync(_folder, name, logs, new(IPAddress.Loopback, 0), TimeProvider.System);

    private async Task<(HttpStatusCode Status, string Body, string? Type)> PostAsync(WitnessServer witness, byte[] body)
    {
        using HttpResponseMessage answer = await _http.PostAsync(witness.Address + "/add-checkpoint", new ByteArrayContent(body));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Content.Headers.ContentType?.ToString());
    }

    // POST, a body between lines of three backquotes, a status, and one assertion about the answer's body.
    [GeneratedRegex("^POST \\S+/add-checkpoint\\n```\\n(?<body>.*?)```\\nHTTP (?<status>\\d+)\\n\\[Asserts\\]\\nbody (?<how>contains|==) \"(?<wanted>.*?)\"$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex HurlCase();

    private static string Shared
    {
        get
        {
            for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
            {
                if (File.Exists(Path.Combine(at.FullName, "EvidenceVault.sln"))) return Path.Combine(at.FullName, "..", "shared", "vectors");
            }
            throw new InvalidOperationException("The folder with EvidenceVault.sln was not found above the test program.");
        }
    }
}
