using Differ.Replay.Scenarios;
using Differ.Tests.Support;

namespace Differ.Tests.Cli.Conform;

/// <summary>What needs no KVM; tests/Lab runs the rest on hosts that have it.</summary>
public sealed class ConformVerbTests
{
    [Fact]
    public void A_host_without_nested_SVM_is_told_so_in_one_line()
    {
        if (File.Exists("/dev/kvm"))
        {
            // It may well have it.
            return;
        }

        CommandResult result = CommandLine.Run("conform");
        Assert.Equal((2, "", "differ: there is no /dev/kvm: load kvm_amd (nested=1) on an AMD host\n"), (result.Status, result.Output, result.Errors));
    }

    [Fact]
    public void A_scenario_that_is_not_understood_is_told_with_its_line()
    {
        using var scratch = new Scratch();
        string path = scratch.Write("one.txt", "scenario one\nfrobnicate\n"u8.ToArray());
        CommandResult result = CommandLine.Run("conform", path);
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.StartsWith($"differ: {path}: line 2: ", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("frobnicate eax")]
    [InlineData("cmpxchg rbx, rcx")]
    public void An_instruction_that_the_reference_does_not_know_is_told_with_its_file(string instruction)
    {
        using var scratch = new Scratch();
        string path = scratch.Write("one.txt", System.Text.Encoding.UTF8.GetBytes($"scenario one\nrule SVM-15.20-INJ-TYPE\nL1:\n  {instruction}\n"));
        CommandResult result = CommandLine.Run("conform", path, "--export", scratch["images"]);
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.StartsWith($"differ: {path}: line ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rule_that_does_not_exist_is_told_with_the_nearest()
    {
        CommandResult result = CommandLine.Run("conform", "--rule", "SVM-15.4-SVME-UD-CLGY");
        Assert.Equal(64, result.Status);
        Assert.Contains("SVM-15.4-SVME-UD-CLGI", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_scenarios_that_come_with_the_program_are_those_of_its_folder()
    {
        string folder = Path.Combine(Repository.Root, "Replay", "Scenarios", "Suite");
        Assert.Equal(Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal), ScenarioSuite.Names);
        Assert.All(ScenarioSuite.Names, static name => Assert.NotEmpty(ScenarioSuite.Read(name)));
    }
}
