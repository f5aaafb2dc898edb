using System.Net;
using System.Security.Cryptography;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Sealing;
using EvidenceVault.Pipeline.Timestamps;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EvidenceVault.Pipeline.Tests.Timestamps;

/// <summary>Time stamps by a real <c>openssl ts</c>, over HTTP.</summary>
public sealed class TimestampTests : IAsyncLifetime
{
    private OpensslTsa tsa = null!;
    private TempVault temp = null!;

    public async ValueTask InitializeAsync() => (tsa, temp) = (await OpensslTsa.StartAsync(), await TempVault.NewAsync());

    public async ValueTask DisposeAsync()
    {
        await temp.DisposeAsync();
        await tsa.DisposeAsync();
    }

    private TimestampOptions Options(TimeSpan? patience = null) => TimestampOptions.From(tsa.Address.ToString(), tsa.CaFile)! with
    {
        RetryAfter = TimeSpan.FromSeconds(10),
        Patience = patience ?? TimeSpan.FromSeconds(60),
    };

    private async Task<TimestampRound> RoundAsync(TimeProvider? clock = null, TimestampOptions? options = null)
    {
        options ??= Options();
        using TimestampAuthority authority = new(options);
        return await new TimestampRounds(temp.Vault, authority, options, clock ?? TimeProvider.System, NullLogger<TimestampRounds>.Instance).RoundAsync(CancellationToken.None);
    }

    /// <summary>A sealed exhibit, with a seal that the vault really signed.</summary>
    private async Task<ExhibitRow> SealAsync(string reference)
    {
        ExhibitReference exhibit = ExhibitReference.Parse(reference);
        byte[] content = RandomNumberGenerator.GetBytes(100);
        FileDigests digests = new(Convert.ToHexStringLower(SHA256.HashData(content)), Convert.ToHexStringLower(SHA512.HashData(content)), content.Length);
        await temp.Vault.Sequencer.CommitAsync(change =>
        {
            change.Receive(new("test", reference, reference, 100, "1", "OP-HERON", "CAM-7", exhibit.Prefix, exhibit, null, null, null));
            change.Record(TempVault.Act(reference));
        });
        ExhibitRow row = temp.Vault.Exhibits.Find(exhibit)!;
        await temp.Vault.Sequencer.CommitAsync(change =>
        {
            Seal seal = new SealWriter(b => temp.Vault.Keys.Seal.SignDetached(b.Span)).Write(new()
            {
                Exhibit = reference,
                Case = "OP-HERON",
                Camera = "CAM-7",
                Sha256 = digests.Sha256,
                Sha512 = digests.Sha512,
                Bytes = digests.Bytes,
                SealedAt = change.Now,
                Store = new("masters/sha256/ab/" + digests.Sha256, "none", "application", "application", "a test"),
            });
            change.Seal(row, digests, "masters/sha256/ab/" + digests.Sha256, seal.ManifestBytes, seal.CmsDer, null, null);
            change.Record(new(Acts.Sealed, "tester") { Exhibit = exhibit, Sha256 = digests.Sha256 });
        });
        return temp.Vault.Exhibits.Find(exhibit)!;
    }

    [Fact]
    public async Task Every_seal_gets_a_token_that_openssl_verifies_and_an_entry_that_names_it()
    {
        ExhibitRow[] rows = [await SealAsync("AB/1"), await SealAsync("AB/2")];
        Assert.Equal(2, temp.Vault.Timestamps.Standing().Waiting);
        TimestampRound round = await RoundAsync();

        Assert.Equal(3, round.Stamped); // and the checkpoint
        foreach (ExhibitRow row in rows)
        {
            KeptTimestamp kept = temp.Vault.Timestamps.Of(row.Ref)!;
            tsa.Write("seal.cms", row.SealCms!);
            tsa.Write("seal.tst", kept.Token);
            Assert.Contains("OK", tsa.Openssl("ts", "-verify", "-data", "seal.cms", "-in", "seal.tst", "-token_in", "-CAfile", "ca.pem"));
            Assert.True(TimestampCheck.Check(row.SealCms, kept.Token, File.ReadAllText(tsa.CaFile)).Finding.Holds);
            CustodyEntry entry = temp.Entries(row.Reference)[^1];
            Assert.Equal((Acts.Timestamped, kept.Sha256, kept.Serial, kept.Time), (entry.Action, (string?)entry.Detail!["tokenSha256"], (string?)entry.Detail!["serial"], (string?)entry.Detail!["time"]));
            Assert.Equal(kept.Sha256, Convert.ToHexStringLower(SHA256.HashData(kept.Token)));
        }
        Assert.Equal((0L, null), (temp.Vault.Timestamps.Standing().Waiting, temp.Vault.Timestamps.Standing().Since));
        int asked = tsa.Asked;
        await RoundAsync();
        Assert.Equal(asked, tsa.Asked);
        temp.MustHold();
    }

    [Fact]
    public async Task Checkpoints_are_stamped_now_and_then_and_a_quiet_log_is_left_in_peace()
    {
        FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());
        await temp.DisposeAsync();
        temp = await TempVault.NewAsync(clock);
        byte[] note = temp.Vault.Log.NewestCheckpoint()!;
        ulong size = temp.Vault.Log.Size();
        Assert.Equal(1, (await RoundAsync(clock)).Stamped);
        KeptTimestamp kept = temp.Vault.Timestamps.OfCheckpoint(size)!;
        tsa.Write("note", note);
        tsa.Write("note.tst", kept.Token);
        Assert.Contains("OK", tsa.Openssl("ts", "-verify", "-data", "note", "-in", "note.tst", "-token_in", "-CAfile", "ca.pem"));
        // The entry of the time stamp itself is no reason for another one, however long it is ago.
        clock.Advance(TimeSpan.FromHours(5));
        Assert.Equal(0, (await RoundAsync(clock)).Stamped);
        await temp.Vault.Sequencer.RecordAsync(TempVault.Act());
        Assert.Equal(1, (await RoundAsync(clock)).Stamped);
        await temp.Vault.Sequencer.RecordAsync(TempVault.Act());
        Assert.Equal(0, (await RoundAsync(clock)).Stamped); // not yet an hour
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, (await RoundAsync(clock)).Stamped);
        temp.MustHold();
    }

    [Fact]
    public async Task An_authority_that_is_down_holds_up_nobody_and_is_asked_again_when_it_is_back()
    {
        await tsa.DownAsync();
        await SealAsync("AB/1");
        TimestampRound round = await RoundAsync();
        Assert.NotNull(round.OutOfReach);
        Assert.Equal(0, round.Stamped);
        await SealAsync("AB/2"); // sealing goes on
        TimestampStanding standing = temp.Vault.Timestamps.Standing();
        Assert.Equal(2, standing.Waiting);
        Assert.Equal(temp.Vault.Exhibits.Find(ExhibitReference.Parse("AB/1"))!.SealedAt, standing.Since);

        await temp.ReopenAsync(); // what waits is not in any memory
        await tsa.UpAsync();
        Assert.Equal(3, (await RoundAsync()).Stamped);
        Assert.Equal(0, temp.Vault.Timestamps.Standing().Waiting);
    }

    [Fact]
    public async Task The_loop_gets_a_stamp_by_itself_once_the_authority_is_back()
    {
        await tsa.DownAsync();
        await SealAsync("AB/1");
        TimestampOptions options = Options() with { RetryAfter = TimeSpan.FromMilliseconds(50), RetryAtMost = TimeSpan.FromMilliseconds(200) };
        using TimestampAuthority authority = new(options);
        using CancellationTokenSource stop = new();
        Task running = new TimestampRounds(temp.Vault, authority, options, TimeProvider.System, NullLogger<TimestampRounds>.Instance).RunAsync(stop.Token);
        await tsa.UpAsync();
        while (temp.Vault.Timestamps.Standing().Waiting > 0 && !running.IsCompleted) await Task.Delay(50);
        await stop.CancelAsync();
        await running;
        Assert.NotNull(temp.Vault.Timestamps.Of(ExhibitReference.Parse("AB/1")));
    }

    [Fact]
    public async Task A_slow_authority_is_given_up_on_and_one_of_five_hundred_is_out_of_reach()
    {
        await SealAsync("AB/1");
        tsa.Instead = async (_, context) =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return [];
        };
        Assert.Contains("no answer", (await RoundAsync(options: Options(TimeSpan.FromMilliseconds(300)))).OutOfReach!.What);
        tsa.Instead = (_, context) =>
        {
            context.Response.StatusCode = (int)HttpStatusCode.ServiceUnavailable;
            return Task.FromResult<byte[]>([]);
        };
        Assert.Contains("503", (await RoundAsync()).OutOfReach!.What);
        tsa.Instead = null;
        Assert.Equal(2, (await RoundAsync()).Stamped);
    }

    public static TheoryData<string> Wrong => ["garbage", "empty", "html", "too-long", "of-other-bytes", "another-nonce", "refused", "another-authority", "flipped", "bytes-after", "no-certificate", "redirect"];

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_reply_is_not_kept_is_told_and_is_tried_again(string kind)
    {
        FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());
        await temp.DisposeAsync();
        temp = await TempVault.NewAsync(clock);
        await SealAsync("AB/1");
        tsa.Instead = (request, context) => WrongAsync(kind, request, context);
        TimestampRound round = await RoundAsync(clock);
        Assert.Null(round.OutOfReach);
        Assert.Equal((0, 2), (round.Stamped, round.Refused));
        Assert.Null(temp.Vault.Timestamps.Of(ExhibitReference.Parse("AB/1")));
        Assert.DoesNotContain(temp.Entries(), e => e.Action == Acts.Timestamped);
        Assert.NotEmpty(temp.Vault.Timestamps.Standing().Problem!);

        tsa.Instead = null;
        int asked = tsa.Asked;
        await RoundAsync(clock);
        Assert.Equal(asked, tsa.Asked); // not yet
        clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(2, (await RoundAsync(clock)).Stamped);
        Assert.Null(temp.Vault.Timestamps.Standing().Problem);
        temp.MustHold();
    }

    private async Task<byte[]> WrongAsync(string kind, byte[] request, HttpContext context)
    {
        byte[] other = tsa.Write("other", RandomNumberGenerator.GetBytes(20)) is var name ? Query(name, "-cert") : [];
        switch (kind)
        {
            case "garbage": return RandomNumberGenerator.GetBytes(3000);
            case "empty": return [];
            case "html": return "<html>Welcome to this network: please log in</html>"u8.ToArray();
            case "too-long": return new byte[1 << 20];
            case "of-other-bytes": return await tsa.ReplyAsync(other);
            case "another-nonce": return await tsa.ReplyAsync(SameImprint(request, certificate: true));
            case "refused": return await tsa.ReplyAsync(Query(tsa.Write("other", [1]), "-cert", "-sha1")); // a digest that it does not take
            case "another-authority": return await tsa.ReplyAsync(request, "tsa2");
            case "no-certificate": return await tsa.ReplyAsync(SameImprint(request, certificate: false));
            case "bytes-after": return [.. await tsa.ReplyAsync(request), 0];
            case "flipped":
                byte[] reply = await tsa.ReplyAsync(request);
                reply[^5] ^= 1; // in the signature, which comes last
                return reply;
            default:
                context.Response.StatusCode = 302;
                context.Response.Headers.Location = tsa.Address.ToString();
                return [];
        }
    }

    private byte[] Query(string file, params string[] more)
    {
        tsa.Openssl(["ts", "-query", "-data", file, .. more, "-out", "other.tsq"]);
        return File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(tsa.CaFile)!, "other.tsq"));
    }

    // The same bytes asked for by somebody else: what an old answer, played again, looks like.
    private byte[] SameImprint(byte[] request, bool certificate)
    {
        Assert.True(System.Security.Cryptography.Pkcs.Rfc3161TimestampRequest.TryDecode(request, out var asked, out _));
        tsa.Openssl(["ts", "-query", "-digest", Convert.ToHexStringLower(asked.GetMessageHash().Span), "-sha256", .. certificate ? new[] { "-cert" } : [], "-out", "other.tsq"]);
        return File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(tsa.CaFile)!, "other.tsq"));
    }

    [Theory]
    [InlineData("http://127.0.0.1:9/", null)]
    [InlineData(null, "ca.pem")]
    [InlineData("ftp://127.0.0.1/", "ca.pem")]
    [InlineData("http://127.0.0.1:9/", "nowhere.pem")]
    public void An_authority_that_is_set_by_half_is_refused(string? address, string? file) =>
        Assert.Throws<RefusedException>(() => TimestampOptions.From(address, file is null ? null : Path.Combine(Path.GetDirectoryName(tsa.CaFile)!, file)));
}
