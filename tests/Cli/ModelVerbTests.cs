using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class ModelVerbTests
{
    private const string Program = "intercept VMMCALL\nL1:\n  vmrun\nL2:\n  vmmcall\n";

    [Fact]
    public void What_the_manual_leaves_open_is_told_with_its_reason()
    {
        using var scratch = new Scratch();
        string path = scratch.Write("one.txt", System.Text.Encoding.UTF8.GetBytes(
            $"scenario open\ncpu -smap\nvmcb12 cr4=0x200020\n{Program}expect undefined\nscenario defined\n{Program}expect enter\nexpect exit VMMCALL\n"));
        CommandResult result = CommandLine.Run("model", path);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.Equal("  UNDEFINED whether VMRUN refuses this state is not said (SVM-15.5-VMRUN-CR4-MBZ)",
            Assert.Single(result.Output.Split('\n'), static line => line.Contains("UNDEFINED", StringComparison.Ordinal)));
        Assert.EndsWith("2 scenarios, 2 as expected, 0 otherwise\n", result.Output, StringComparison.Ordinal);
    }
}
