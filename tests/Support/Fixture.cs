namespace Differ.Tests.Support;

/// <summary>The captures that come with the sources: a folder each, with one capture and files named expected*.</summary>
internal static class Fixture
{
    private const string Expectation = "expected";

    /// <summary>The folders, by name.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Directory.EnumerateDirectories(Repository.Fixtures).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    /// <summary>The capture of a folder.</summary>
    public static string Capture(string name) => Directory.EnumerateFiles(Path.Combine(Repository.Fixtures, name))
        .Single(file => !Path.GetFileName(file).StartsWith(Expectation, StringComparison.Ordinal));

    /// <summary>What a folder's capture gave, relative to tests, for <see cref="Golden"/>.</summary>
    /// <param name="name">The folder.</param>
    /// <param name="ending">What follows "expected" in the name of the file.</param>
    public static string Expected(string name, string ending) => Path.Combine("Fixtures", name, Expectation + ending);
}
