using System.Text.RegularExpressions;
using Differ.Replay;
using Differ.Tests.Support;

namespace Differ.Tests.Conventions;

/// <summary>A statement of the manual, and a fact of it, has one place in the product.</summary>
public sealed partial class OnePlaceTests
{
    // What KVM does to a statement: a bug breaks it, or a departure is documented.
    private static readonly string[] AboutKvm = ["Diff/Knowledge/KnownBugs.cs", "Diff/Compare/KvmDeviations.cs"];

    [Fact]
    public void A_statement_is_named_by_its_row_and_by_what_KVM_does_to_it()
    {
        ILookup<string, string> places = Repository.Sources("Capture", "Replay", "Diff", "Schemas")
            .SelectMany(static file => Id().Matches(Text(file)).Select(match => (Id: match.Groups[1].Value, File: file)))
            .ToLookup(static place => place.Id, static place => place.File);
        Assert.Equal(RuleBook.Statements.Select(static rule => rule.Id).Order(StringComparer.Ordinal), places.Select(static one => one.Key).Order(StringComparer.Ordinal));
        Assert.All(places, static one =>
        {
            string row = Assert.Single(one, static file => !AboutKvm.Contains(file));
            Assert.StartsWith("Replay/Manual/", row, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void The_documented_number_of_places_is_counted()
    {
        IEnumerable<int> counts = Repository.Sources("Replay").SelectMany(static file => Id().Matches(Text(file)).Select(static match => match.Groups[1].Value))
            .GroupBy(static id => id).Select(static one => one.Count());
        Assert.Contains($"| a statement of the manual | {counts.Max()} |", Text("docs/architecture.md"), StringComparison.Ordinal);
    }

    // SvmExitCode names the codes, ExitTable says what the manual says of each.
    [Fact]
    public void Exit_codes_are_named_and_not_numbered() => Assert.Empty(
        from file in Repository.Sources("Replay")
        where !file.EndsWith("/ExitTable.cs", StringComparison.Ordinal)
        from Match match in Number().Matches(Text(file))
        select $"{file}: {match.Value}");

    private static string Text(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    [GeneratedRegex("\"(SVM-[0-9A-Z.]+(?:-[A-Z0-9]+)+)\"")]
    private static partial Regex Id();

    [GeneratedRegex(@"\bnew\(0x0[0-9a-f]{2}\)|\bnew SvmExitCode\(0x")]
    private static partial Regex Number();
}
