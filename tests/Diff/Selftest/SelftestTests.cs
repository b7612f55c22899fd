using Differ.Diff.Selftest;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Selftest;

public sealed class SelftestTests
{
    [Fact]
    public void Every_kind_of_fault_has_a_name_of_its_own()
    {
        Assert.Distinct(Faults.All.Select(fault => fault.Name));
        Assert.Distinct(Faults.All.Select(fault => fault.What));
    }

    [Fact]
    public void A_recording_without_divergence_is_tried_with_every_fault_that_fits()
    {
        CommandResult result = CommandLine.Run("selftest", Fixture.Capture("raw-clock"), "--samples", "1");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Golden.Matches(Fixture.Expected("raw-clock", "-selftest.txt"), result.Output);
    }

    [Fact]
    public void A_recording_that_diverges_by_itself_is_told_from_its_faults()
    {
        CommandResult result = CommandLine.Run("selftest", Fixture.Capture("svme-unchecked"), "--samples", "1");
        Assert.Equal((1, ""), (result.Status, result.Errors));
        Assert.StartsWith("as recorded: ", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("as recorded: 0 ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_fault_that_fits_a_recording_of_ours_is_found_in_one()
    {
        string[] captures = ["raw-clock", "reflected-cpuid", "refused-vmrun", "spurious-reflection", "svme-unchecked", "l2-vmmcall-not-intercepted-6.1"];
        string[] outputs = [.. captures.Select(name => CommandLine.Run("selftest", Fixture.Capture(name), "--samples", "1").Output)];
        string[] fit = [.. Faults.All.Select(fault => fault.Name).Where(name => outputs.Any(output => Row(output, name) is not null))];
        string[] missed = [.. fit.Where(name => outputs.All(output => Row(output, name) is null or ['0', '/', ..]))];

        // What is missed is named, so that a rule that goes blind fails here, and one that learns to see has to be told.
        Assert.Equal([], missed);
        Assert.Equal(41, fit.Length);
    }

    private static string? Row(string output, string name) =>
        output.Split('\n').FirstOrDefault(line => line.Contains($"  {name}: ", StringComparison.Ordinal))?.TrimStart();
}
