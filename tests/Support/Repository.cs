namespace Differ.Tests.Support;

/// <summary>Where the sources, the fixtures and the large captures are.</summary>
internal static class Repository
{
    /// <summary>The folder that holds Differ.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The captures that come with the sources.</summary>
    public static string Fixtures => Path.Combine(Root, "tests", "Fixtures");

    /// <summary>The large collection of captures: DIFFER_CORPUS, or shared/captures beside the checkout; null where there is none.</summary>
    public static string? Corpus { get; } = FindCorpus();

    /// <summary>The small recordings with their right verdicts, beside the large collection; null where there are none.</summary>
    public static string? Cases
    {
        get
        {
            string cases = Path.Combine(Corpus is null ? Path.Combine(Root, "..", "shared", "captures") : Corpus, "..", "cases");
            return File.Exists(Path.Combine(cases, "expected.tsv")) ? Path.GetFullPath(cases) : null;
        }
    }

    /// <summary>A document of the folder reference beside the large collection; null where there is none.</summary>
    public static string? Reference(string name)
    {
        string path = Path.Combine(Corpus is null ? Path.Combine(Root, "..", "shared", "captures") : Corpus, "..", "reference", name);
        return File.Exists(path) ? Path.GetFullPath(path) : null;
    }

    /// <summary>All source files of the product, as paths below <see cref="Root"/>.</summary>
    public static IEnumerable<string> Sources(params string[] folders) =>
        from folder in folders
        from file in Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        let relative = Path.GetRelativePath(Root, file)
        where !relative.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")
        orderby relative
        select relative;

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Differ.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("Differ.sln is in no folder above the test assembly");
    }

    private static string? FindCorpus()
    {
        string corpus = Environment.GetEnvironmentVariable("DIFFER_CORPUS") ?? Path.Combine(Root, "..", "shared", "captures");
        return File.Exists(Path.Combine(corpus, "expected.tsv")) ? Path.GetFullPath(corpus) : null;
    }
}

/// <summary>A test over the large collection of captures; skipped, and said so, where it is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CorpusFactAttribute : FactAttribute
{
    public CorpusFactAttribute()
    {
        if (Repository.Corpus is null)
        {
            Skip = "no collection of captures: set DIFFER_CORPUS to its folder";
        }
    }
}

/// <summary>A test over the small recordings with their right verdicts; skipped, and said so, where they are not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CasesFactAttribute : FactAttribute
{
    public CasesFactAttribute()
    {
        if (Repository.Cases is null)
        {
            Skip = "no folder cases beside the collection of captures";
        }
    }
}

/// <summary>A test that holds a table against the document it is made from; skipped, and said so, where it is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ReferenceFactAttribute : FactAttribute
{
    /// <summary>A test over one document.</summary>
    /// <param name="name">The file's name.</param>
    public ReferenceFactAttribute(string name)
    {
        Name = name;
        if (Repository.Reference(name) is null)
        {
            Skip = $"no {name} beside the checkout";
        }
    }

    /// <summary>The file's name.</summary>
    public string Name { get; }
}
