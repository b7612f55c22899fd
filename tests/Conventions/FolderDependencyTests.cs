using System.Text.RegularExpressions;
using Differ.Tests.Support;

namespace Differ.Tests.Conventions;

/// <summary>A folder of the product never needs a folder that needs it, be it through others.</summary>
public sealed class FolderDependencyTests
{
    [Theory]
    [InlineData("Capture")]
    [InlineData("Diff")]
    [InlineData("Replay")]
    [InlineData("Schemas")]
    public void Dependencies_between_folders_run_one_way(string project)
    {
        var graph = FolderGraph.Of(Repository.Sources(project).Select(file => (file, File.ReadAllText(Path.Combine(Repository.Root, file)))));
        Assert.True(graph.Folders.Count > 1, $"{project} has no folders");
        Assert.True(graph.Cycle is null, $"{project}: {graph.Cycle}");
    }

    [Fact]
    public void A_cycle_is_told_with_the_types_and_files_that_make_it()
    {
        var graph = FolderGraph.Of(
        [
            ("P/Low/Low.cs", "using P.High;\nnamespace P.Low;\npublic sealed class Low\n{\n    private readonly High _high = new();\n}\n"),
            ("P/Middle/Middle.cs", "namespace P.Middle;\npublic sealed class Middle : Low.Low\n{\n}\n"),
            ("P/High/High.cs", "using P.Middle;\nnamespace P.High;\npublic sealed class High\n{\n    public static int Of(object one) => one is Middle ? 1 : 0;\n}\n"),
            ("P/Apart/Apart.cs", "using P.High;\nnamespace P.Apart;\npublic sealed class Apart : High\n{\n}\n"),
        ]);
        Assert.Equal("P/High needs P/Middle (High.cs: Middle), P/Middle needs P/Low (Middle.cs: Low), P/Low needs P/High (Low.cs: High)", graph.Cycle);
    }

    [Theory]
    [InlineData("// High is above.")]
    [InlineData("/// <summary>See <see cref=\"High\"/>.</summary>")]
    [InlineData("public string Text { get; } = \"High\";")]
    [InlineData("public int High { get; init; }")]
    [InlineData("public static Low Of() => new() { High = 1 };")]
    [InlineData("public static bool Is(Low one) => one is { High: 1 } || one.High == 2;")]
    public void A_name_that_is_no_type_is_no_dependency(string line)
    {
        var graph = FolderGraph.Of(
        [
            ("P/Low/Low.cs", $"using P.High;\nnamespace P.Low;\npublic sealed class Low\n{{\n    {line}\n}}\n"),
            ("P/High/High.cs", "using P.Low;\nnamespace P.High;\npublic sealed class High : Low\n{\n}\n"),
        ]);
        Assert.Null(graph.Cycle);
    }
}

/// <summary>Which folder uses types of which other, by the names in their sources.</summary>
/// <remarks>A name counts where a type of that name is declared in a namespace that the file has in sight. What no source names, as the type of a <c>var</c>, does not.</remarks>
internal sealed partial class FolderGraph
{
    private const int MostNamed = 8;

    private readonly SortedDictionary<string, SortedDictionary<string, SortedSet<string>>> _uses = new(StringComparer.Ordinal);

    /// <summary>All folders.</summary>
    public IReadOnlyCollection<string> Folders => _uses.Keys;

    /// <summary>A shortest cycle, with the files and types that make it; null where there is none.</summary>
    public string? Cycle => _uses.Keys.Select(CycleFrom).OfType<List<string>>().MinBy(cycle => cycle.Count) is { } folders
        ? string.Join(", ", folders.Zip([.. folders.Skip(1), folders[0]], (from, to) => $"{from} needs {to} ({Some(_uses[from][to])})"))
        : null;

    /// <summary>The graph of sources.</summary>
    /// <param name="files">Each with its path, folders separated by '/', and its text.</param>
    public static FolderGraph Of(IEnumerable<(string Path, string Text)> files)
    {
        List<Source> sources = [.. files.Select(file => new Source(file.Path, file.Text))];
        ILookup<string, Source> declared = sources.SelectMany(source => source.Declares.Select(name => (name, source))).ToLookup(pair => pair.name, pair => pair.source);
        var graph = new FolderGraph();
        foreach (Source source in sources)
        {
            SortedDictionary<string, SortedSet<string>> uses = At(graph._uses, source.Folder);
            foreach ((string name, Source home) in source.Uses(declared).Where(use => use.Home.Folder != source.Folder))
            {
                At(uses, home.Folder).Add($"{Path.GetFileName(source.Path)}: {name}");
            }
        }

        return graph;
    }

    private static string Some(SortedSet<string> names) =>
        string.Join("; ", names.Take(MostNamed)) + (names.Count > MostNamed ? $"; and {names.Count - MostNamed} more" : "");

    private static T At<T>(SortedDictionary<string, T> map, string key)
        where T : new()
    {
        if (!map.TryGetValue(key, out T? value))
        {
            map.Add(key, value = new T());
        }

        return value;
    }

    private List<string>? CycleFrom(string start)
    {
        var before = new Dictionary<string, string>(StringComparer.Ordinal);
        var next = new Queue<string>([start]);
        while (next.TryDequeue(out string? folder))
        {
            foreach (string to in _uses[folder].Keys)
            {
                if (to == start)
                {
                    var cycle = new List<string> { folder };
                    while (cycle[0] != start)
                    {
                        cycle.Insert(0, before[cycle[0]]);
                    }

                    return cycle;
                }

                if (before.TryAdd(to, folder))
                {
                    next.Enqueue(to);
                }
            }
        }

        return null;
    }

    private sealed class Source
    {
        private readonly string _code;
        private readonly string _namespace;
        private readonly HashSet<string> _inSight;

        public Source(string path, string text)
        {
            Path = path.Replace('\\', '/');
            _code = NoCode().Replace(text, " ");
            _namespace = Namespace().Match(_code).Groups[1].Value;
            _inSight = [.. Using().Matches(_code).Select(match => match.Groups[1].Value)];
            for (string outer = _namespace; outer.Length > 0; outer = outer[..Math.Max(0, outer.LastIndexOf('.'))])
            {
                _inSight.Add(outer);
            }

            _code = Heading().Replace(_code, "");
            Declares = [.. Declaration().Matches(_code).Select(match => match.Groups[1].Value)];
        }

        public string Path { get; }

        public string Folder => Path[..Path.LastIndexOf('/')];

        public IReadOnlyList<string> Declares { get; }

        public IEnumerable<(string Name, Source Home)> Uses(ILookup<string, Source> declared)
        {
            // A member of another type hides the type of its name.
            HashSet<string> members = [.. Member().Matches(_code).Where(match => match.Groups[1].Value != match.Groups[2].Value).Select(match => match.Groups[2].Value)];
            return
                from match in Name().Matches(_code)
                let parts = match.Value.Split('.')
                from at in Enumerable.Range(0, parts.Length)
                where at > 0 || !members.Contains(parts[0])
                from home in declared[parts[at]]
                where at == 0 ? _inSight.Contains(home._namespace) : $".{home._namespace}".EndsWith($".{string.Join('.', parts[..at])}", StringComparison.Ordinal)
                select (parts[at], home);
        }
    }

    // Comments, texts and letters.
    [GeneratedRegex("""//[^\n]*|/\*.*?\*/|"{3,}.*?"{3,}|@"(?:[^"]|"")*"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'""", RegexOptions.Singleline)]
    private static partial Regex NoCode();

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^(?:global )?using (?:static )?([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"^(?:using (?!static|\w+ =)|namespace )[^\n]*", RegexOptions.Multiline)]
    private static partial Regex Heading();

    // Types within types are used through these.
    [GeneratedRegex(@"^(?:\w+ )*(?:class|struct|interface|enum|record|record struct|delegate (?:ref )?(?:readonly )?[\w<>\[\]?.]+) (\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"(?<![\w.])(?!(?:return|new|is|not|and|or|as|in|case|throw|await|else)\b)([A-Za-z_][\w.]*)(?:<[^\n;(){}]*>)?(?:\[,*\])?\?? (\w+)(?= *(?:=>|=[^=]|;|,|\)|\{|\n))")]
    private static partial Regex Member();

    // A name that gives a member its value, or asks for it in a pattern, is none of a type.
    [GeneratedRegex(@"(?<![\w.])\w+(?:\.\w+)*\b(?! = | ?: )")]
    private static partial Regex Name();
}
