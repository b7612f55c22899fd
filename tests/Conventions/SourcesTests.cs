using System.Text.RegularExpressions;
using Differ.Tests.Support;

namespace Differ.Tests.Conventions;

public sealed partial class SourcesTests
{
    private static readonly HashSet<string> MadeByTools = [".git", ".vs", "bin", "obj", "artifacts", "BenchmarkDotNet.Artifacts", "TestResults", "node_modules"];

    [Fact]
    public void Nothing_is_left_unfinished() => Assert.Empty(Matches(UnfinishedMark()));

    [Fact]
    public void No_file_knows_a_machine() => Assert.Empty(Matches(MachinePath()));

    [Fact]
    public void No_test_is_skipped_by_hand() => Assert.Empty(Matches(SkippedTest()));

    [Fact]
    public void No_file_of_the_product_has_statics_that_change() => Assert.Empty(
        from file in Repository.Sources("Capture", "Replay", "Diff", "Schemas")
        from line in File.ReadLines(Path.Combine(Repository.Root, file))
        where MutableStatic().IsMatch(line)
        select $"{file}: {line.Trim()}");

    private static IEnumerable<string> Matches(Regex pattern) =>
        from file in Texts()
        from line in File.ReadLines(Path.Combine(Repository.Root, file)).Select((text, i) => (Text: text, Number: i + 1))
        where pattern.IsMatch(line.Text)
        select $"{file}:{line.Number}: {line.Text.Trim()}";

    // Everything a person wrote; this file names what it looks for.
    private static IEnumerable<string> Texts() =>
        from file in Directory.EnumerateFiles(Repository.Root, "*", SearchOption.AllDirectories)
        let relative = Path.GetRelativePath(Repository.Root, file)
        where !relative.Split(Path.DirectorySeparatorChar).Any(part => MadeByTools.Contains(part)) && Path.GetFileName(file) != "SourcesTests.cs"
        where Path.GetExtension(file) is ".cs" or ".csproj" or ".props" or ".proto" or ".md" or ".sh" or ".json" or ".yml" or ".txt" or ".sln"
            || Path.GetFileName(file) is "run" or ".editorconfig" or ".gitignore"
        select relative;

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|NotImplementedException)\b")]
    private static partial Regex UnfinishedMark();

    [GeneratedRegex(@"(^|[^\w.])/(work|home|root|Users)/\w|(^|[^\w.])/tmp/[\w]|[A-Z]:\\Users")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\[(Fact|Theory)\(.*\bSkip\b")]
    private static partial Regex SkippedTest();

    [GeneratedRegex(@"^\s*(public|internal|private|protected)\s+static\s+(?!readonly\b|partial\b|extern\b)[\w<>\[\]?., ]+\s+_?\w+\s*(=[^>]|;)")]
    private static partial Regex MutableStatic();
}
