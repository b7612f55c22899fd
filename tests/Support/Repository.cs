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
