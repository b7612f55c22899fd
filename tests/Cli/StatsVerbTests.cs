using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class StatsVerbTests
{
    [Theory]
    [InlineData("text", "txt")]
    [InlineData("json", "json")]
    [InlineData("csv", "csv")]
    public void One_capture_is_counted_and_timed(string format, string ending)
    {
        CommandResult result = CommandLine.Run("stats", Fixture.Capture("l2-vmmcall-not-intercepted-6.1"), "--format", format);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Golden.Matches($"Cli/Expected/stats.{ending}", result.Output);
        AssertKeepsSchema(format, result.Output);
    }

    [Theory]
    [InlineData("text", "txt")]
    [InlineData("json", "json")]
    [InlineData("csv", "csv")]
    public void Two_captures_are_shown_side_by_side(string format, string ending)
    {
        CommandResult result = CommandLine.Run("stats", Fixture.Capture("reflected-cpuid"), Fixture.Capture("raw-clock"), "--format", format);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Golden.Matches($"Cli/Expected/stats-two.{ending}", result.Output);
        AssertKeepsSchema(format, result.Output);
    }

    [Fact]
    public void Every_exit_is_counted_once()
    {
        string[] rows = CommandLine.Run("stats", Fixture.Capture("two-cpus"), "--format", "csv").Output.TrimEnd('\n').Split('\n')[1..];
        ulong counted = rows.Aggregate(0UL, (sum, row) => sum + ulong.Parse(row.Split(',')[3], System.Globalization.CultureInfo.InvariantCulture));
        string recorded = CommandLine.Run("show", Fixture.Capture("two-cpus"), "--counts").Output.Split('\n').Single(line => line.StartsWith("kvm_exit\t", StringComparison.Ordinal));
        Assert.Equal(recorded, $"kvm_exit\t{counted}");
    }

    private static void AssertKeepsSchema(string format, string output)
    {
        if (format == "json")
        {
            Assert.Empty(new JsonSchema(File.ReadAllText(Path.Combine(Repository.Root, "docs", "stats.schema.json"))).Check(output));
        }
    }
}
