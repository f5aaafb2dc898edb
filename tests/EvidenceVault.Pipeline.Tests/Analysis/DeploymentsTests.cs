using System.Text;
using System.Text.Json;
using CsCheck;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Tests.Analysis;

/// <summary>Which settings can be asked for, and those that a deployment has of its own.</summary>
public class DeploymentsTests
{
    private static Deployments Read(string json) => Deployments.Read(Encoding.UTF8.GetBytes(json));

    private static string Of(string settings) => $$"""{ "deployments": [ { "case": "OP-HERON", "camera": "CAM-7", {{settings}} } ] }""";

    [Fact]
    public void A_deployment_has_what_it_names_of_its_own_and_the_rest_as_any_other()
    {
        AnalysisSettings usual = new() { Threads = 3, PostRoll = 4 };
        Deployments all = Read("\uFEFF" + Of("""
            "region": [0, 300, 1920, 780], "ignore": [[0, 300, 400, 200], [1500, 900, 420, 180]], // the road
            "minimumSize": 24, "sensitivity": "low", "mergeGap": 10, "preRoll": 5, "storyboard": false
            """));
        AnalysisSettings own = all.For("OP-HERON", "CAM-7", usual);
        Assert.Equal([0, 300, 1920, 780], own.Region!);
        Assert.Equal([[0, 300, 400, 200], [1500, 900, 420, 180]], own.Ignore);
        Assert.Equal((24, Sensitivity.Low, 10, 5, false), (own.MinimumSize, own.Sensitivity, own.MergeGap, own.PreRoll, own.Storyboard));
        Assert.Equal((3, 4, true, "OP-HERON/CAM-7"), (own.Threads, own.PostRoll, own.Clips, own.Deployment));
        foreach ((string inCase, string camera) in new[] { ("OP-HERON", "CAM-8"), ("OP-EGRET", "CAM-7"), ("op-heron", "CAM-7") }) Assert.Same(usual, all.For(inCase, camera, usual));
        Assert.Same(usual, Deployments.None.For("OP-HERON", "CAM-7", usual));
    }

    [Theory]
    [InlineData("", "cannot be read")]
    [InlineData("null", "empty")]
    [InlineData("[]", "cannot be read")]
    [InlineData("{}", "cannot be read")]
    [InlineData("""{ "deployments": null }""", "cannot be read")]
    [InlineData("""{ "deployments": [ null ] }""", "1 of its list has no case")]
    [InlineData("""{ "deployments": [ { "camera": "CAM-7" } ] }""", "cannot be read")]
    [InlineData("""{ "deployments": [ { "case": "OP-HERON", "camera": "../x" } ] }""", "1 of its list has no case")]
    [InlineData("""{ "deployments": [ { "case": "OP-HERON", "camera": "CAM-7" }, { "case": "OP-HERON", "camera": "CAM-7" } ] }""", "OP-HERON/CAM-7 twice")]
    [InlineData("""{ "deployments": [ { "case": "OP-HERON", "camera": "CAM-7", "clips": false, "clips": true } ] }""", "cannot be read")]
    [InlineData("""{ "deployments": [ { "case": "OP-HERON", "camera": "CAM-7", "threads": 9 } ] }""", "cannot be read")]
    [InlineData("""{ "deployments": [ { "case": "OP-HERON", "camera": "CAM-7", "sensitivity": "shrill" } ] }""", "cannot be read")]
    [InlineData("""{ "deployments": [ { "case": "OP-HERON", "camera": "CAM-7", "sensitivity": 9 } ] }""", "sensitivity is none of")]
    [InlineData("""{ "deployments": [ { "case": "OP-HERON", "camera": "CAM-7", "region": [0, 0, 0, 5] } ] }""", "OP-HERON/CAM-7: The region of interest is not x,y,width,height")]
    [InlineData("""{ "deployments": [ { "case": "OP-HERON", "camera": "CAM-7", "ignore": [[1, 2, 3]] } ] }""", "A box to ignore is not x,y,width,height")]
    [InlineData("""{ "deployments": [ { "case": "OP-HERON", "camera": "CAM-7", "ignore": [null] } ] }""", "A box to ignore is not x,y,width,height")]
    [InlineData("""{ "deployments": [ { "case": "OP-HERON", "camera": "CAM-7", "mergeGap": -1 } ] }""", "gap up to which two events are one is no number of seconds")]
    public void A_list_that_is_wrong_in_one_place_is_not_believed_and_says_where(string json, string says) =>
        Assert.Contains(says, Assert.Throws<FormatException>(() => Read(json)).Message);

    [Fact]
    public void Whatever_the_bytes_are_they_are_a_list_or_are_refused_in_a_sentence()
    {
        byte[] good = Encoding.UTF8.GetBytes(Of("""
            "ignore": [[1, 2, 3, 4]], "sensitivity": "high", "mergeGap": 2.5
            """));
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length]).Sample((at, value, length) =>
        {
            byte[] bytes = [.. good];
            bytes[at] = value;
            try { Deployments.Read(bytes[..(length % 7 == 0 ? length : good.Length)]); }
            catch (FormatException e) { Assert.EndsWith(".", e.Message); }
        }, iter: 3000);
        Assert.Throws<FormatException>(() => Deployments.Read(new byte[(1 << 20) + 1]));
    }

    private static readonly AnalysisSettings[] Nonsense =
    [
        new() { Region = [1, 2, 3] }, new() { Region = [-1, 0, 5, 5] }, new() { Region = [0, 0, int.MaxValue, 5] }, new() { Ignore = [[0, 0, 5, 5], [0, 0, 5, 0]] },
        new() { Ignore = [.. Enumerable.Repeat<IReadOnlyList<int>>([0, 0, 1, 1], 65)] }, new() { MinimumSize = -1 }, new() { MinimumSize = int.MaxValue }, new() { Sensitivity = (Sensitivity)7 },
        new() { MergeGap = double.NaN }, new() { MergeGap = double.PositiveInfinity }, new() { BurstGap = -0.1 }, new() { PreRoll = 1e9 }, new() { PostRoll = double.NegativeInfinity },
    ];

    [Fact]
    public void Nonsense_is_refused_before_anything_is_looked_at()
    {
        Assert.Null(SettingsCheck.Fault(new()));
        Assert.All(Nonsense, settings => Assert.EndsWith(".", SettingsCheck.Fault(settings)));
        Assert.All(Nonsense, settings => Assert.Throws<RefusedException>(() => SettingsCheck.Require(settings)));
    }

    [Fact]
    public void Settings_come_back_from_a_report_as_they_went_in_and_an_older_report_has_the_usual_ones()
    {
        AnalysisSettings asked = new() { Ignore = [[1, 2, 3, 4]], MinimumSize = 9, Sensitivity = Sensitivity.High, MergeGap = 3, Deployment = "OP-HERON/CAM-7" };
        string json = AnalysisJson.Write(new AnalysisReport { Settings = asked, Segments = [new(1, 2, 1.5, 0.1, [1, 2, 3, 4], "a", "b") { Tracks = [new([new(1, [1, 2, 3, 4])])] }] });
        Assert.Contains("\"sensitivity\": \"high\"", json);
        Assert.Equal(json, AnalysisJson.Write(AnalysisJson.Read(json)));
        AnalysisReport older = AnalysisJson.Read("""{ "segments": [ { "start": 1, "end": 2, "peak": 1, "peakScore": 0, "box": [1, 2, 3, 4], "openedBecause": "a", "closedBecause": "b" } ], "settings": { "preRoll": 1 } }""");
        Assert.Empty(older.Segments[0].Tracks);
        Assert.Equal((Sensitivity.Normal, 1.5), (older.Settings.Sensitivity, older.Settings.MergeGap));
        Assert.Throws<JsonException>(() => AnalysisJson.Read("""{ "settings": { "ignore": null } }"""));
    }

    [Fact]
    public void A_report_with_a_track_that_no_honest_program_writes_is_not_believed()
    {
        static string? Fault(params TrackReport[] tracks) => MadeFolder.Fault(new() { Segments = [new(1, 2, 1, 0, [1, 2, 3, 4], "a", "b") { Tracks = tracks }] }, new HashSet<string>());
        Assert.Null(Fault(new TrackReport([new(1, [1, 2, 3, 4])])));
        Assert.NotNull(Fault(new TrackReport([new(1, [1, 2, 3])])));
        Assert.NotNull(Fault((TrackReport)null!));
        Assert.NotNull(Fault(new TrackReport([null!])));
        Assert.NotNull(Fault(new TrackReport([.. Enumerable.Repeat(new TrackPoint(1, [1, 2, 3, 4]), Trails.MostOfReport + 1)])));
    }
}
