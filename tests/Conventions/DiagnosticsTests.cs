using System.Text.RegularExpressions;
using Differ.Tests.Support;

namespace Differ.Tests.Conventions;

public sealed partial class DiagnosticsTests
{
    private static readonly string[] Stages = ["Capture", "Replay", "Diff", "Schemas"];

    /// <summary>Every number a source file gives, as often as it gives it.</summary>
    private static IReadOnlyList<string> InCode => [.. Repository.Sources(Stages).SelectMany(path => Quoted().Matches(Read(path)).Select(match => match.Groups[1].Value))];

    private static IReadOnlyList<string> InTable => [.. Row().Matches(Read(Path.Combine("docs", "diagnostics.md"))).Select(match => match.Groups[1].Value)];

    [Fact]
    public void A_number_has_one_place_in_the_code() => Assert.Distinct(InCode);

    [Fact]
    public void A_number_has_one_row_in_the_table() => Assert.Distinct(InTable);

    [Fact]
    public void Every_number_of_the_code_is_in_the_table() => Assert.Empty(InCode.Except(InTable));

    [Fact]
    public void Every_number_of_the_table_is_in_the_code() => Assert.Empty(InTable.Except(InCode));

    [Fact]
    public void Every_number_is_provoked_by_a_test()
    {
        string tests = string.Concat(Repository.Sources("tests").Select(Read));
        Assert.All(InCode, code => Assert.Contains($"\"{code}\"", tests, StringComparison.Ordinal));
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));

    [GeneratedRegex("\"(DIF[0-9]{4})\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^\| (DIF[0-9]{4}) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
