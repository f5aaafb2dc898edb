using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Portal.Tests;

/// <summary>The search as a browser without scripts sees it. What it finds at all is asked by ExhibitSearchTests.</summary>
public class SearchTests(PortalBench bench)
{
    private static List<string> Found(string html) => [.. Regex.Matches(html, "<th scope=\"row\"[^>]*><a class=\"govuk-link\" href=\"/exhibits/([^\"]+)\"").Select(m => m.Groups[1].Value)];

    [Fact]
    public async Task An_exhibit_is_found_by_reference_name_hash_camera_and_motion_and_the_search_is_in_the_log()
    {
        using HttpClient officer = await bench.SignedInAsync("officer");
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(bench.Master)), clip = bench.Vault.Exhibits.Derivatives(ExhibitReference.Parse("AB/1")).First(d => d.Role == "clip").Sha256!;
        string today = TimeZoneInfo.ConvertTime(DateTimeOffset.UtcNow, TimeZoneInfo.Local).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        foreach (string query in (string[])["reference=ab/1", "name=" + Uri.EscapeDataString("'OWNED'<_script>"), $"hash={sha256[..8].ToUpperInvariant()}", $"hash={sha256}", "camera=CAM-7&motion=yes&case=OP-HERON&reference=AB/1", $"from={today}&to={today}&reference=AB/1"])
            Assert.Contains("AB/1", Found(await officer.GetStringAsync("/search?" + query)));
        Assert.Equal(Acts.Searched, bench.Newest().Action);
        Assert.Equal("AB/1", bench.Entries(1)[0].Personal["asked-reference"]!.GetValue<string>());
        Assert.DoesNotContain("AB/1", Found(await officer.GetStringAsync("/search?motion=no")));
        Assert.StartsWith("AB/1/", Assert.Single(Found(await officer.GetStringAsync($"/search?hash={clip}"))), StringComparison.Ordinal);
        Assert.Contains("No exhibit that you may see is like this", await officer.GetStringAsync("/search?reference=QQ"));
        Assert.Contains("Fill in one field or more", await officer.GetStringAsync("/search"));
        foreach (string wrong in (string[])["hash=xyz", "from=never", "case=<b>", "reference=A'B", "motion=maybe"])
        {
            Assert.Contains("There is a problem", await officer.GetStringAsync("/search?" + wrong));
            Assert.Equal(HttpStatusCode.Forbidden, (await officer.GetAsync("/api/exhibits?" + wrong)).StatusCode);
        }
    }

    [Fact]
    public async Task An_exhibit_of_another_case_is_found_by_nothing()
    {
        string sha256 = Convert.ToHexStringLower(SHA256.HashData([1, 2, 3]));
        using HttpClient officer = await bench.SignedInAsync("officer"), theirs = await bench.SignedInAsync("stranger-officer");
        foreach (string query in (string[])["reference=XY/1", "name=other.bin", $"hash={sha256}", "camera=CAM-9"])
        {
            Assert.DoesNotContain("XY/1", Found(await officer.GetStringAsync("/search?" + query)));
            Assert.DoesNotContain("XY/1", await officer.GetStringAsync("/api/exhibits?" + query));
            Assert.Contains("XY/1", Found(await theirs.GetStringAsync("/search?" + query)));
        }
        Assert.Equal(HttpStatusCode.Forbidden, (await officer.GetAsync("/search?case=OP-EGRET")).StatusCode);
    }
}
