using Differ.Diff;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Tests.Diff.Report;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Changes;

/// <summary>The formats that tell of changes in full, over a pair in which L0 behaves differently and everything has a hostile name.</summary>
public sealed class ChangeFormatTests
{
    public static TheoryData<string> Formats => [.. ChangeFormats.All.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Behaviour_is_written_as_stored(string format) =>
        Golden.Matches($"Diff/Changes/Expected/behaviour.{format}", Write(format, SampleFindings.Behaviour(FailOn.Diverges | FailOn.Behaviour)));

    [Fact]
    public void Json_keeps_the_schema() => Assert.Empty(
        new JsonSchema(File.ReadAllText(Path.Combine(Repository.Root, "docs", "compare.schema.json"))).Check(Write("json", SampleFindings.Behaviour(FailOn.Diverges))));

    [Fact]
    public void A_page_takes_nothing_from_a_name_and_nothing_from_elsewhere()
    {
        string page = Write("html", SampleFindings.Behaviour(FailOn.Diverges));
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\u001b', page);
        Assert.Contains("L0 behaves differently</span>, and no rule names it: L2 #VMEXIT MSR", page, StringComparison.Ordinal);
    }

    private static string Write(string format, ChangeSet changes)
    {
        using var output = new StringWriter();
        ChangeFormats.All.First(one => one.Name == format).Write(changes, output, Ink.None);
        return output.ToString();
    }
}
