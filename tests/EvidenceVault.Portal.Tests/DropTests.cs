using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Portal.Tests;

/// <summary>Drops through the portal, without a browser: what an address to send to is good for, and what is refused.</summary>
public class DropTests(PortalBench bench)
{
    private readonly byte[] _film = RandomNumberGenerator.GetBytes(3_000_000), _other = RandomNumberGenerator.GetBytes(2_000);

    private BlobContainerClient Container(string name) => new BlobServiceClient(bench.Azurite.ConnectionString).GetBlobContainerClient(name);

    private UploadRow Row(string drop) => bench.Vault.Uploads.Find(drop)!;

    private async Task<bool> IsInDropAsync(string path) => await Container("drops").GetBlobClient(path).ExistsAsync();

    private static async Task<JsonObject> ToldAsync(HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject();

    [Fact]
    public async Task A_drop_is_begun_sent_completed_and_taken_with_its_names_hashes_clock_and_authority()
    {
        DropBench technician = await DropBench.SignedInAsync(bench);
        string drop = await technician.BeginAsync(clock:
            [("shown", "2026-03-01 20:00:00"), ("true", "2026-03-01 20:00:42"), ("within", "0.5"), ("shown-again", "2026-03-01 21:00:00"), ("true-again", "2026-03-01 21:00:43"), ("within-again", "0.5"), ("reference", "speaking clock"), ("urn", "URN/2026/17")]);
        EntryShown begun = bench.Entries().Last(e => e.Action == "drop-begun");
        Assert.Equal(("technician", "OP-HERON", drop, "URN/2026/17"), (begun.Actor, begun.Case, (string?)begun.Detail!["drop"], (string?)begun.Personal["authorityUrn"]));

        await technician.ListAsync(drop, ("DCIM/100TRAIL/one.mov", _film), ("DCIM/two.bin", _other), ("DCIM/empty.bin", []));
        await technician.SendAsync(drop, 1, _film);
        await technician.SendAsync(drop, 2, _other);
        // Whole files lie in the drop; nothing is taken of it before its manifest does.
        await Task.Delay(RestRules.Default.QuietPeriod + TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        await DropBench.WorkAsync(bench, analyse: false);
        Assert.Null(bench.Vault.Drops.Find("container:drops", Row(drop).Folder));
        HttpResponseMessage early = await technician.PostAsync($"/api/drops/{drop}/completion");
        Assert.Equal(HttpStatusCode.Forbidden, early.StatusCode);
        Assert.Contains("DCIM/empty.bin", (string?)(await ToldAsync(early))["detail"]);
        Assert.False(await IsInDropAsync(Row(drop).Folder + "/drop.json"));

        await technician.SendAsync(drop, 3, []);
        await technician.MustPostAsync($"/api/drops/{drop}/completion");
        // An answer that was lost is asked for again.
        await technician.MustPostAsync($"/api/drops/{drop}/completion");
        EntryShown sent = Assert.Single(bench.Entries(), e => e.Action == "drop-sent" && (string?)e.Detail!["drop"] == drop);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData((await Container("drops").GetBlobClient(Row(drop).Folder + "/drop.json").DownloadContentAsync()).Value.Content.ToArray())), sent.Sha256);

        await DropBench.WorkAsync(bench, analyse: false);
        DropRow taken = bench.Vault.Drops.Find("container:drops", Row(drop).Folder)!;
        IReadOnlyList<ExhibitRow> exhibits = bench.Vault.Exhibits.OfDrop(taken.Id);
        Assert.Equal(["DCIM/100TRAIL/one.mov", "DCIM/empty.bin", "DCIM/two.bin"], exhibits.Select(e => e.RelativePath));
        Assert.All(exhibits, e => Assert.Equal((ExhibitState.Stored, e.ExpectedSha256, "TD"), (e.State, e.Sha256, e.Reference.Split('/')[0])));
        Assert.Contains(exhibits, e => e.Sha256 == Convert.ToHexStringLower(SHA256.HashData(_film)));
        DropManifest manifest = System.Text.Json.JsonSerializer.Deserialize<DropManifest>(taken.Manifest!)!;
        Assert.Equal(("URN/2026/17", "technician", new ClockOffset(42.5, 1)), (manifest.AuthorityUrn, manifest.Technician, ClockOffset.From(manifest.Clock!, manifest.ClockAgain)));
        JsonObject receipt = JsonNode.Parse(await technician.Technician.GetByteArrayAsync($"/api/drops/{drop}/receipt.json"))!.AsObject();
        Assert.Equal((3, "OP-HERON/CAM-7/" + drop), ((int)receipt["counts"]!["present"]!, (string?)receipt["drop"]));
        Assert.Equal("drop-receipt", (string?)bench.Entries().Last(e => e.Action == "viewed").Detail!["what"]);
    }

    [Fact]
    public async Task An_address_to_send_to_reads_lists_and_deletes_nothing_and_reaches_nothing_that_was_delivered()
    {
        DropBench technician = await DropBench.SignedInAsync(bench);
        string drop = await technician.BeginAsync();
        await technician.ListAsync(drop, ("a.mov", _film), ("b.mov", _other));
        string url = await technician.AddressAsync(drop, 1), query = url[url.IndexOf('?')..];
        await technician.SendAsync(drop, 1, _film);
        BlobClient delivered = Container("drops").GetBlobClient(Row(drop).Folder + "/files/00001");
        string before = (await delivered.GetPropertiesAsync()).Value.ETag.ToString();
        using HttpClient thief = new();
        async Task<HttpStatusCode> TryAsync(HttpMethod method, string address, byte[]? content = null)
        {
            using HttpRequestMessage request = new(method, address);
            request.Headers.Add("x-ms-version", "2025-01-05");
            request.Headers.Add("x-ms-blob-type", "BlockBlob");
            if (content is not null) request.Content = new ByteArrayContent(content);
            return (await thief.SendAsync(request)).StatusCode;
        }
        string incoming = url[..url.IndexOf('?')], drops = incoming.Replace("drops-incoming", "drops"), container = incoming[..(incoming.IndexOf("drops-incoming", StringComparison.Ordinal) + "drops-incoming".Length)];
        // Of its own blob while it is on its way: neither the bytes nor which blocks there are.
        Assert.True((await DropBench.StageAsync(url, DropBench.BlockId(0), _other)).IsSuccessStatusCode);
        (HttpMethod, string, byte[]?)[] tries =
        [
            (HttpMethod.Get, url, null), (HttpMethod.Get, url + "&comp=blocklist", null), (HttpMethod.Head, url, null), (HttpMethod.Delete, url, null),
            (HttpMethod.Get, container + query + "&restype=container&comp=list", null),
            // What was delivered, another file of the drop, the manifest, and what is altered in the address.
            (HttpMethod.Put, drops + query, _other), (HttpMethod.Put, drops + query + "&comp=block&blockid=AAAA", _other), (HttpMethod.Get, drops + query, null), (HttpMethod.Delete, drops + query, null),
            (HttpMethod.Put, incoming.Replace("00001", "00002") + query + "&comp=block&blockid=AAAA", _other), (HttpMethod.Put, drops.Replace("files/00001", "drop.json") + query, _other),
            (HttpMethod.Get, incoming + query.Replace("sp=w", "sp=rwdl"), null), (HttpMethod.Put, incoming + query.Replace("se=2", "se=3") + "&comp=block&blockid=AAAA", _other),
        ];
        Assert.Contains("sp=w", query);
        foreach (var (method, address, content) in tries) Assert.Equal((HttpStatusCode.Forbidden, method, address), (await TryAsync(method, address, content), method, address));

        // Used again after the delivery, it makes something that nobody looks at: what was delivered stays as it was.
        await TryAsync(HttpMethod.Put, url, _other);
        await technician.MustPostAsync($"/api/drops/{drop}/files/1/delivery", new { blocks = Array.Empty<string>(), sha256 = Convert.ToHexStringLower(SHA256.HashData(_film)) });
        Assert.Equal(before, (await delivered.GetPropertiesAsync()).Value.ETag.ToString());
        Assert.Equal(_film, (await delivered.DownloadContentAsync()).Value.Content.ToArray());
        // And none is given any more for what lies there.
        Assert.Null((await technician.MustPostAsync($"/api/drops/{drop}/files/1/address"))["url"]);
    }

    [Fact]
    public async Task An_address_runs_out()
    {
        IUploadPlace place = bench.App.Services.GetRequiredService<IUploadPlace>();
        UploadAddress address = place.AddressOf("OP-HERON/CAM-7/none/files/00001", DateTimeOffset.UtcNow.AddSeconds(3));
        Assert.True((await DropBench.StageAsync(address.Url, DropBench.BlockId(0), _other)).IsSuccessStatusCode);
        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, (await DropBench.StageAsync(address.Url, DropBench.BlockId(1), _other)).StatusCode);
    }

    [Fact]
    public async Task A_block_that_arrives_other_than_it_was_sent_is_refused()
    {
        DropBench technician = await DropBench.SignedInAsync(bench);
        string drop = await technician.BeginAsync();
        await technician.ListAsync(drop, ("a.mov", _film));
        HttpResponseMessage answer = await DropBench.StageAsync(await technician.AddressAsync(drop, 1), DropBench.BlockId(0), _film, MD5.HashData(_other));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty((await technician.MustPostAsync($"/api/drops/{drop}/files/1/address"))["blocks"]!.AsArray());
    }

    [Fact]
    public async Task A_file_that_is_not_there_whole_is_not_delivered_and_what_is_there_is_told_for_a_resume()
    {
        DropBench technician = await DropBench.SignedInAsync(bench);
        string drop = await technician.BeginAsync(), sha256 = Convert.ToHexStringLower(SHA256.HashData(_film));
        await technician.ListAsync(drop, ("a.mov", _film));
        string url = await technician.AddressAsync(drop, 1);
        await DropBench.StageAsync(url, DropBench.BlockId(0), _film[..1_000_000]);
        foreach (string[] blocks in (string[][])[[DropBench.BlockId(0)], [DropBench.BlockId(0), DropBench.BlockId(1)], []])
        {
            HttpResponseMessage answer = await technician.PostAsync($"/api/drops/{drop}/files/1/delivery", new { blocks, sha256 });
            Assert.Equal((HttpStatusCode.Forbidden, "Not all of the file is there."), (answer.StatusCode, (string?)(await ToldAsync(answer))["detail"]));
        }
        Assert.Equal([DropBench.BlockId(0)], (await technician.MustPostAsync($"/api/drops/{drop}/files/1/address"))["blocks"]!.AsArray().Select(b => (string?)b));
        Assert.False(await IsInDropAsync(Row(drop).Folder + "/files/00001"));
        // The same files again keep their numbers; another length under the same name is another file.
        Assert.Equal(1, (long)(await technician.ListAsync(drop, ("a.mov", _film)))[0]!["number"]!);
        Assert.Equal(HttpStatusCode.Forbidden, (await technician.PostAsync($"/api/drops/{drop}/files", new { files = new[] { new { name = "A.MOV", bytes = 3 } } })).StatusCode);
        await DropBench.StageAsync(url, DropBench.BlockId(1), _film[1_000_000..]);
        await technician.MustPostAsync($"/api/drops/{drop}/files/1/delivery", new { blocks = new[] { DropBench.BlockId(0), DropBench.BlockId(1) }, sha256 });
        Assert.True(await IsInDropAsync(Row(drop).Folder + "/files/00001"));
    }

    [Fact]
    public async Task A_hash_that_is_not_that_of_the_file_is_told_on_the_exhibit_and_in_the_receipt()
    {
        DropBench technician = await DropBench.SignedInAsync(bench);
        string drop = await technician.BeginAsync("CAM-WRONG");
        await technician.ListAsync(drop, ("a.mov", _other));
        await technician.SendAsync(drop, 1, _other, sha256: new string('0', 64));
        await technician.MustPostAsync($"/api/drops/{drop}/completion");
        await DropBench.WorkAsync(bench, analyse: false);
        string receipt = await technician.Technician.GetStringAsync($"/drops/{drop}/receipt");
        Assert.Contains("Received with another hash than was declared", receipt);
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(_other)), receipt);
        Assert.Contains("send it again in another drop", await technician.Technician.GetStringAsync($"/drops/{drop}"));
    }

    [Fact]
    public async Task Names_are_kept_as_they_are_become_no_path_and_are_refused_where_a_manifest_cannot_hold_them()
    {
        DropBench technician = await DropBench.SignedInAsync(bench);
        string drop = await technician.BeginAsync("CAM-HOSTILE");
        string[] good = ["<script>document.title='owned'</script>'\"&.mp4", "Ünïcode 🚤/ﬁlm?.mp4", "%2e%2e%2fescape#.mov", "drop.json.mov", "sub/drop.json"];
        await technician.ListAsync(drop, [.. good.Select(n => (n, _other))]);
        foreach (string bad in (string[])["../../etc/passwd", "/absolute", "a\\b", "a\nb", "drop.json", ".done", ".arriving", "", new string('x', 300), "a//b", "."])
        {
            HttpResponseMessage answer = await technician.PostAsync($"/api/drops/{drop}/files", new { files = new[] { new { name = bad, bytes = 1 } } });
            Assert.Equal((HttpStatusCode.Forbidden, bad), (answer.StatusCode, bad));
        }
        Assert.Equal(good.Length, Row(drop).Files);
        for (int i = 1; i <= good.Length; i++) await technician.SendAsync(drop, i, _other);
        await technician.MustPostAsync($"/api/drops/{drop}/completion");
        await DropBench.WorkAsync(bench, analyse: false);
        List<string> blobs = [];
        await foreach (Azure.Storage.Blobs.Models.BlobItem blob in Container("drops").GetBlobsAsync(new Azure.Storage.Blobs.Models.GetBlobsOptions { Prefix = Row(drop).Folder }, TestContext.Current.CancellationToken)) blobs.Add(blob.Name[(Row(drop).Folder.Length + 1)..]);
        Assert.Equal([".arriving", "drop.json", "files/00001", "files/00002", "files/00003", "files/00004", "files/00005"], blobs.Order(StringComparer.Ordinal));
        DropRow taken = bench.Vault.Drops.Find("container:drops", Row(drop).Folder)!;
        Assert.Equal(good.Order(StringComparer.Ordinal), bench.Vault.Exhibits.OfDrop(taken.Id).Select(e => e.RelativePath!).Order(StringComparer.Ordinal));
        foreach (string page in (string[])[$"/drops/{drop}", $"/drops/{drop}/receipt", $"/drops/{drop}/labels"])
        {
            string html = await technician.Technician.GetStringAsync(page);
            Assert.DoesNotContain("<script>document", html);
            Assert.Contains("&lt;script&gt;document.title=", html);
        }
    }

    [Fact]
    public async Task Whoever_is_no_technician_of_the_case_can_do_nothing_with_a_drop_and_each_refusal_is_in_the_log()
    {
        DropBench technician = await DropBench.SignedInAsync(bench);
        string drop = await technician.BeginAsync();
        await technician.ListAsync(drop, ("a.mov", _film));
        foreach (string who in (string[])["stranger-technician", "officer", "reviewer", "auditor", "administrator"])
        {
            DropBench other = await DropBench.SignedInAsync(bench, who);
            foreach (string address in (string[])["files", "files/1/address", "files/1/delivery", "completion"])
            {
                ulong size = bench.Vault.Log.Size();
                object body = address switch { "files" => new { files = new[] { new { name = "x", bytes = 1 } } }, "files/1/delivery" => new { blocks = Array.Empty<string>(), sha256 = new string('0', 64) }, _ => new { } };
                HttpResponseMessage answer = await other.PostAsync($"/api/drops/{drop}/{address}", body);
                Assert.Equal((HttpStatusCode.Forbidden, who, address), (answer.StatusCode, who, address));
                Assert.True(bench.Vault.Log.Size() > size);
                Assert.Equal(Proof.Outcome.Refused, bench.Newest().Outcome);
            }
            Assert.Equal(HttpStatusCode.Forbidden, (await other.Technician.GetAsync($"/drops/{drop}")).StatusCode);
        }
        // A drop of another case is not told apart from one that there is not.
        DropBench stranger = await DropBench.SignedInAsync(bench, "stranger-technician");
        JsonObject there = await ToldAsync(await stranger.PostAsync($"/api/drops/{drop}/completion")), nowhere = await ToldAsync(await stranger.PostAsync("/api/drops/20260101-000000-00000000/completion"));
        Assert.Equal(there.ToJsonString(), nowhere.ToJsonString());
        // Nor may a technician begin one for another case, whatever the form says.
        HttpResponseMessage begin = await PortalBench.PostAsync(technician.Technician, "/drops/new/clock?case=OP-EGRET&camera=CAM-9", ("do", "begin"), ("zone", "utc"));
        Assert.Equal(HttpStatusCode.Forbidden, begin.StatusCode);
        Assert.Equal(("drop-begun", "refused", "OP-EGRET"), (bench.Entries()[^1].Action, bench.Entries()[^1].Outcome, bench.Entries()[^1].Case));
    }

    [Fact]
    public async Task More_than_may_be_sent_is_refused_before_it_is_sent()
    {
        DropBench technician = await DropBench.SignedInAsync(bench);
        string drop = await technician.BeginAsync();
        HttpResponseMessage answer = await technician.PostAsync($"/api/drops/{drop}/files", new { files = new[] { new { name = "huge.mov", bytes = 3L << 40 } } });
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal("Divide them into several drops.", (string?)(await ToldAsync(answer))["next"]);
        Assert.Equal(0, Row(drop).Files);
    }

    [Fact]
    public async Task A_drop_that_is_withdrawn_is_taken_by_nobody_and_why_is_in_the_log()
    {
        DropBench technician = await DropBench.SignedInAsync(bench);
        string drop = await technician.BeginAsync();
        await technician.ListAsync(drop, ("a.mov", _other), ("b.mov", _film));
        await technician.SendAsync(drop, 1, _other);
        await DropBench.StageAsync(await technician.AddressAsync(drop, 2), DropBench.BlockId(0), _film);
        Assert.Contains("Enter why you withdraw it", await (await PortalBench.PostAsync(technician.Technician, $"/drops/{drop}/withdraw", ("reason", " "))).Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Redirect, (await PortalBench.PostAsync(technician.Technician, $"/drops/{drop}/withdraw", ("reason", "The wrong card"))).StatusCode);
        EntryShown entry = bench.Entries().Last(e => e.Action == "drop-withdrawn");
        Assert.Equal(("The wrong card", drop, "technician"), (entry.Reason, (string?)entry.Detail!["drop"], entry.Actor));
        foreach (string address in (string[])["files/2/address", "completion"]) Assert.Equal(HttpStatusCode.Forbidden, (await technician.PostAsync($"/api/drops/{drop}/{address}")).StatusCode);
        await Task.Delay(RestRules.Default.QuietPeriod + TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        await DropBench.WorkAsync(bench, analyse: false);
        Assert.Null(bench.Vault.Drops.Find("container:drops", Row(drop).Folder));
        Assert.Contains("\"finished\":true", await technician.Technician.GetStringAsync($"/api/drops/{drop}/events"));
    }

    [Fact]
    public async Task Only_the_page_that_sends_may_connect_to_the_store_and_to_nothing_there_but_the_gathering()
    {
        DropBench technician = await DropBench.SignedInAsync(bench);
        string drop = await technician.BeginAsync();
        async Task<string> PolicyAsync(string page) => string.Join(' ', (await technician.Technician.GetAsync(page)).Headers.GetValues("Content-Security-Policy"));
        Assert.Contains($"connect-src 'self' http://127.0.0.1:{bench.Azurite.Port}/devstoreaccount1/drops-incoming/;", await PolicyAsync("/drops/" + drop));
        foreach (string page in (string[])["/drops", "/drops/new", $"/drops/{drop}/withdraw", "/"]) Assert.Contains("connect-src 'self';", await PolicyAsync(page));
        // WebAssembly is for the worker that hashes, and for no page.
        Assert.Contains("'wasm-unsafe-eval'", await PolicyAsync(Assets.Address(Assets.HashWorker)));
        Assert.DoesNotContain("wasm", await PolicyAsync("/drops/" + drop));
    }
}
