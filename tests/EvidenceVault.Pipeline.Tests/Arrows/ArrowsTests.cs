using System.Reflection.Metadata;
using System.Text;
using System.Xml.Linq;
using ArchUnitNET.Loader;
using Architecture = ArchUnitNET.Domain.Architecture;

namespace EvidenceVault.Pipeline.Tests.Arrows;

/// <summary>Holds the arrows of ARCHITECTURE.md: who may know whom. An arrow is changed there, here, and in a decision record.</summary>
public class ArrowsTests
{
    private const string House = "EvidenceVault.Pipeline";

    // Rooms know Words and Proof, and nobody else but these.
    private static readonly Dictionary<string, string[]> MayKnow = new()
    {
        ["Records"] = ["Custody", "Keys"], // a state and its signed entry commit in one transaction
        ["Publishing"] = ["Records", "Custody", "Keys"], // it publishes what Records keeps, and a witness's refusal is an entry
    };

    // UseCases and the files of the house itself (EvidenceFlow, Registration, Vault …) put the rooms together.
    private const string KnowsAll = "UseCases";

    private static readonly Lazy<Architecture> Built = new(() => new ArchLoader().LoadAssemblies(typeof(EvidenceVault.Pipeline.Words.Names).Assembly).Build());

    [Fact]
    public void Projects_reference_exactly_what_the_house_allows()
    {
        var allowed = new Dictionary<string, string[]>
        {
            ["EvidenceVault.Proof"] = [],
            ["EvidenceVault.Pipeline"] = ["EvidenceVault.Proof"],
            ["EvidenceVault.Analysis.OpenCv"] = ["EvidenceVault.Pipeline"],
            ["EvidenceVault.Storage.Azure"] = ["EvidenceVault.Pipeline"],
            ["EvidenceVault.Verify"] = ["EvidenceVault.Proof"],
            ["EvidenceVault.Worker"] = ["EvidenceVault.Pipeline", "EvidenceVault.Storage.Azure"],
            ["EvidenceVault.Cli"] = ["EvidenceVault.Pipeline", "EvidenceVault.Storage.Azure"],
            ["EvidenceVault.Portal"] = ["EvidenceVault.Pipeline", "EvidenceVault.Storage.Azure"],
        };
        var found = Directory.EnumerateFiles(SourceFolder, "*.csproj", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetFileNameWithoutExtension(file), ProjectsKnownTo);

        Assert.Equal(Lines(allowed), Lines(found));
    }

    [Fact]
    public void Only_the_analysis_program_carries_OpenCV_only_the_driver_Azure_and_Proof_one_package()
    {
        var packages = Directory.EnumerateFiles(SourceFolder, "*.csproj", SearchOption.AllDirectories)
            .SelectMany(file => XDocument.Load(file).Descendants("PackageReference").Select(p => (Project: Path.GetFileNameWithoutExtension(file), Package: p.Attribute("Include")!.Value)))
            .ToList();

        Assert.Equal(["EvidenceVault.Analysis.OpenCv"], ProjectsWith("OpenCvSharp4"));
        Assert.Equal(["EvidenceVault.Storage.Azure"], ProjectsWith("Azure."));
        Assert.Equal(["BouncyCastle.Cryptography"], packages.Where(p => p.Project == "EvidenceVault.Proof").Select(p => p.Package));

        IEnumerable<string> ProjectsWith(string start) => packages.Where(p => p.Package.StartsWith(start, StringComparison.Ordinal)).Select(p => p.Project).Distinct();
    }

    [Fact]
    public void Rooms_do_not_know_each_other()
    {
        var arrows =
            from type in Built.Value.Types
            let room = RoomOf(type.Namespace?.FullName)
            where room is not null and not "" and not KnowsAll
            from target in type.Dependencies.Select(d => d.Target).Distinct()
            let other = RoomOf(target.Namespace?.FullName)
            where other is not null && other != room && other != "Words" && !MayKnow.GetValueOrDefault(room, []).Contains(other)
            select $"{type.FullName} knows {target.FullName}";

        Assert.Empty(arrows.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_rooms_were_really_looked_at()
    {
        // The rule above would hold for a house without rooms too.
        var rooms = Built.Value.Types.Select(t => RoomOf(t.Namespace?.FullName)).OfType<string>().ToHashSet();
        Assert.Superset(new HashSet<string> { "Words", "Intake", "Sealing", "Analysis", "Storage", "Keys", "Custody", "Records", "Retrieval", "Disclosure", "UseCases" }, rooms);
        Assert.Contains(Built.Value.Types.Where(t => RoomOf(t.Namespace?.FullName) == "Records").SelectMany(t => t.Dependencies), d => RoomOf(d.Target.Namespace?.FullName) == "Custody");
    }

    [Fact]
    public void Words_is_a_leaf()
    {
        var arrows = from type in Built.Value.Types
                     where RoomOf(type.Namespace?.FullName) == "Words"
                     from target in type.Dependencies.Select(d => d.Target)
                     let name = target.FullName
                     where name.StartsWith("EvidenceVault.", StringComparison.Ordinal) && !name.StartsWith(House + ".Words.", StringComparison.Ordinal)
                     select $"{type.FullName} knows {name}";

        Assert.Empty(arrows.Distinct());
    }

    [Fact]
    public void Only_Records_speaks_SQL()
    {
        string[] database = ["Microsoft.Data.Sqlite", "Dapper", "DbUp", "System.Data"];
        var arrows = from type in Built.Value.Types
                     where RoomOf(type.Namespace?.FullName) is not null and not "Records"
                     from target in type.Dependencies.Select(d => d.Target)
                     let space = target.Namespace?.FullName ?? ""
                     where database.Any(d => space == d || space.StartsWith(d + ".", StringComparison.Ordinal))
                     select $"{type.FullName} knows {target.FullName}";

        Assert.Empty(arrows.Distinct());
    }

    [Fact]
    public void No_name_says_Manager_Helper_Util_Common_Info_or_Data()
    {
        string[] empty = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Common", "Info", "Data"];
        var files = SourceFiles().Where(file => Path.GetFileNameWithoutExtension(file).Split('.').Any(Says)).Select(file => Path.GetRelativePath(SourceFolder, file));
        var types = Built.Value.Types.Where(t => t.FullName.StartsWith(House, StringComparison.Ordinal) && !t.IsCompilerGenerated && Says(t.Name.Split('`')[0])).Select(t => t.FullName);

        Assert.Empty(files.Concat(types));

        bool Says(string name) => empty.Any(e => name.EndsWith(e, StringComparison.Ordinal));
    }

    [Fact]
    public void No_binary_names_a_folder_of_the_machine_that_built_it()
    {
        string root = Repository + "/";
        string packages = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget");
        string configuration = Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)))!;
        var binaries = Directory.EnumerateDirectories(SourceFolder)
            .Select(project => Path.Combine(project, "bin", configuration, "net10.0"))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder))
            .Where(file => Path.GetFileName(file).StartsWith("EvidenceVault", StringComparison.OrdinalIgnoreCase) && Path.GetExtension(file) is ".dll" or ".pdb" or "")
            .ToList();

        Assert.Contains(binaries, b => Path.GetFileName(b) == "EvidenceVault.Pipeline.dll");
        Assert.Contains(binaries, b => Path.GetFileName(b) == "EvidenceVault.Pipeline.pdb");
        Assert.Empty(
            from file in binaries
            let bytes = File.ReadAllBytes(file)
            from path in new[] { root, packages }
            where bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(path)) >= 0
               || bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(path)) >= 0
               || DocumentsOf(file).Any(d => d.StartsWith(path, StringComparison.Ordinal))
            select $"{Path.GetRelativePath(Repository, file)} names {path}");
    }

    /// <summary>The source files a .pdb names. It keeps paths in pieces, so searching its bytes would not find one.</summary>
    private static List<string> DocumentsOf(string file)
    {
        if (!file.EndsWith(".pdb", StringComparison.Ordinal)) return [];
        using var provider = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(file));
        MetadataReader reader = provider.GetMetadataReader();
        return [.. reader.Documents.Select(d => reader.GetString(reader.GetDocument(d).Name))];
    }

    /// <summary>The room of a namespace: <c>Intake</c>; empty for the house itself; null for what is not of the house.</summary>
    private static string? RoomOf(string? name) => name is null ? null
        : name == House ? ""
        : name.StartsWith(House + ".", StringComparison.Ordinal) ? name[(House.Length + 1)..].Split('.')[0]
        : null;

    private static string[] ProjectsKnownTo(string csproj) =>
        [.. XDocument.Load(csproj).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))];

    private static string Lines(Dictionary<string, string[]> arrows) =>
        string.Join('\n', arrows.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key} -> {string.Join(", ", a.Value.Order(StringComparer.Ordinal))}"));

    private static IEnumerable<string> SourceFiles() => Directory.EnumerateFiles(SourceFolder, "*.cs", SearchOption.AllDirectories)
        .Where(file => !Path.GetRelativePath(SourceFolder, file).Split('/').Any(part => part is "bin" or "obj"));

    private static string SourceFolder => Path.Combine(Repository, "src");

    private static string Repository
    {
        get
        {
            for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "EvidenceVault.sln"))) return folder.FullName;
            }
            throw new InvalidOperationException("The tests do not run from within a checkout: no EvidenceVault.sln above them.");
        }
    }
}
