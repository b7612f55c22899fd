using System.Text.Json;
using Differ.Diff;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class CompareVerbTests : IDisposable
{
    private readonly Scratch _scratch = new();

    private string Wrong => Capture("wrong.dat", right: false);

    private string Right => Capture("right.dat", right: true);

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_capture_without_a_partner_leaves_the_comparison_inconclusive(bool isInBase)
    {
        using var scratch = new Scratch();
        byte[] bytes = File.ReadAllBytes(Fixture.Capture("reflected-cpuid"));
        foreach (string folder in (string[])["base", "test"])
        {
            Directory.CreateDirectory(scratch[folder]);
            scratch.Write($"{folder}/one.dat", bytes);
            scratch.Write($"{folder}/two.dat", bytes);
        }

        Assert.Equal(0, CommandLine.Run("compare", scratch["base"], scratch["test"]).Status);
        File.Delete(scratch[isInBase ? "test/two.dat" : "base/two.dat"]);
        scratch.Write(isInBase ? "test/three.dat" : "base/three.dat", bytes);
        Assert.Equal(4, CommandLine.Run("compare", scratch["base"], scratch["test"]).Status);
        Assert.Equal(1, CommandLine.Run("compare", scratch["base"], scratch["test"], "--fail-on", "inconclusive").Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_capture_that_cannot_be_used_is_named(bool isBase)
    {
        using var scratch = new Scratch();
        string broken = scratch.Write("broken.dat", "no capture"u8), whole = Fixture.Capture("few-events");
        CommandResult result = isBase ? CommandLine.Run("compare", broken, whole) : CommandLine.Run("compare", whole, broken);
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.StartsWith($"differ: {broken}: DIF", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_departure_that_is_gone_is_fixed_and_the_first_difference_is_its_exit()
    {
        CommandResult result = CommandLine.Run("compare", Wrong, Right);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Golden.Matches("Cli/Expected/compare-fixed.txt", result.Output);
    }

    [Fact]
    public void A_departure_that_came_is_new()
    {
        CommandResult result = CommandLine.Run("compare", Right, Wrong, "--format", "json");
        Assert.Equal((1, ""), (result.Status, result.Errors));
        Golden.Matches("Cli/Expected/compare-new.json", result.Output);
        AssertKeepsSchema(result.Output);
    }

    [Fact]
    public void A_capture_and_itself_are_the_same()
    {
        CommandResult result = CommandLine.Run("compare", Wrong, Wrong);
        Assert.Equal(0, result.Status);
        Assert.Contains("still there ", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("first behavioural difference in L0", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_departure_whose_situation_never_came_is_not_comparable()
    {
        CommandResult result = CommandLine.Run("compare", Wrong, Fixture.Capture("reflected-cpuid"));
        Assert.Equal(4, result.Status);
        Assert.Contains("not comparable  SVM-15.18-VMMCALL-UNINT-UD", result.Output, StringComparison.Ordinal);
        Assert.Contains("test not exercised", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_L0_does_otherwise_is_told_though_no_rule_names_it_and_fails_where_it_is_to()
    {
        string shown = Msr("shown.dat", isShown: true), handled = Msr("handled.dat", isShown: false);
        CommandResult result = CommandLine.Run("compare", shown, handled);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Golden.Matches("Cli/Expected/compare-behaviour.txt", result.Output);
        Assert.Equal(1, CommandLine.Run("compare", shown, handled, "--fail-on", "behaviour").Status);
        Assert.Equal(0, CommandLine.Run("compare", shown, shown, "--fail-on", "behaviour").Status);
        AssertKeepsSchema(CommandLine.Run("compare", shown, handled, "--format", "json").Output);
        Assert.All(ChangeFormats.Names, format => Assert.Matches("behaves differently|\"behaviour\"|^behaviour", CommandLine.Run("compare", shown, handled, "--report", format).Output));
    }

    [Fact]
    public void What_a_departure_names_is_no_behaviour_of_its_own_unless_its_rules_are_ignored()
    {
        CommandResult named = CommandLine.Run("compare", Right, Wrong, "--fail-on", "behaviour");
        Assert.Contains("\nnew ", named.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\nbehaviour ", named.Output, StringComparison.Ordinal);
        string[] rules = [.. JsonDocument.Parse(CommandLine.Run("check", Wrong, "--format", "json").Output).RootElement.GetProperty("divergences").EnumerateArray()
            .SelectMany(found => found.GetProperty("alsoBroken").EnumerateArray().Select(rule => rule.GetString()!).Prepend(found.GetProperty("rule").GetString()!))];
        File.WriteAllText(_scratch["ignore.toml"], string.Concat(rules.Select(rule => $"[[ignore]]\nrule = '{rule}'\nreason = 'we live with it'\n")));
        CommandResult ignored = CommandLine.Run("compare", Right, Wrong, "--config", _scratch["ignore.toml"]);
        Assert.Contains("\nbehaviour       L2 #VMEXIT VMMCALL\n", ignored.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_check_of_one_recording_cannot_fail_on_behaviour()
    {
        CommandResult result = CommandLine.Run("check", Right, "--fail-on", "behaviour");
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.StartsWith("differ: --fail-on behaviour is for differ compare", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_a_side_shows_nothing_or_nothing_is_in_common_the_end_is_4_and_says_so()
    {
        var builder = new TraceDatBuilder();
        var layouts = KernelLayouts.Of("6.12");
        KvmStory.Capture(layouts, builder);
        new KvmStory(builder.Top, layouts).Entry(Stories.L1Rip).Exit(0x72, Stories.L1Rip).Entry(Stories.L1Rip + 2).Exit(0x72, Stories.L1Rip).Entry(Stories.L1Rip + 2);
        string plain = _scratch.Write("plain.dat", builder.File);
        AssertInconclusive("base: nothing was examined: the recording has no exit of L2 and no SVM instruction", plain, Right);
        AssertInconclusive("test: nothing was examined: the recording has no exit of L2 and no SVM instruction", Right, plain);
        AssertInconclusive("the captures have no exit", Msr("shown.dat", isShown: true), Fixture.Capture("reflected-cpuid"));

        static void AssertInconclusive(string why, string inBase, string inTest)
        {
            CommandResult result = CommandLine.Run("compare", inBase, inTest);
            Assert.Equal((4, ""), (result.Status, result.Errors));
            Assert.Contains("\nverdict         inconclusive: ", result.Output, StringComparison.Ordinal);
            Assert.Contains(why, result.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_run_is_as_good_as_its_capture()
    {
        Assert.Equal(0, CommandLine.Run("convert", Wrong, "-o", _scratch["wrong.difr"]).Status);
        Assert.Equal(CommandLine.Run("compare", Wrong, Right).Output, CommandLine.Run("compare", _scratch["wrong.difr"], Right).Output);
    }

    [Fact]
    public void Folders_are_compared_by_name()
    {
        foreach ((string folder, string name, bool right) in (IEnumerable<(string, string, bool)>)
            [("old", "one", false), ("old", "two", true), ("old", "three", true), ("new", "one", true), ("new", "two", false), ("new", "four", true)])
        {
            Directory.CreateDirectory(Path.Combine(_scratch[folder], name));
            File.WriteAllBytes(Path.Combine(_scratch[folder], name, "trace.dat"), Story(right));
        }

        File.WriteAllBytes(Path.Combine(_scratch["old"], "five.dat"), Story(right: true));
        File.WriteAllBytes(Path.Combine(_scratch["new"], "five.dat"), Story(right: true).AsSpan(0, 64));
        CommandResult result = CommandLine.Run("compare", _scratch["old"], _scratch["new"]);
        Assert.Equal(1, result.Status);
        Golden.Matches("Cli/Expected/compare-folders.txt", result.Output);
        AssertKeepsSchema(CommandLine.Run("compare", _scratch["old"], _scratch["new"], "--format", "json").Output);
    }

    [Fact]
    public void What_is_accepted_is_not_new()
    {
        Assert.Equal(0, CommandLine.Run("baseline", "update", Wrong, "-o", _scratch["known.json"]).Status);
        Assert.Equal(0, CommandLine.Run("compare", Right, Wrong, "--baseline", _scratch["known.json"]).Status);
    }

    [Fact]
    public void What_cannot_be_compared_ends_with_2_and_one_line()
    {
        string broken = _scratch.Write("broken.dat", "no capture"u8);
        AssertRefused(CommandLine.Run("compare", Right, broken));
        AssertRefused(CommandLine.Run("compare", broken, Right));
        AssertRefused(CommandLine.Run("compare", Right, _scratch["missing"]));
        AssertRefused(CommandLine.Run("compare", "-", Right));
        Directory.CreateDirectory(_scratch["empty"]);
        CommandResult mixed = CommandLine.Run("compare", _scratch["empty"], Right);
        Assert.Equal((64, ""), (mixed.Status, mixed.Output));
        AssertRefused(CommandLine.Run("compare", _scratch["empty"], _scratch["empty"]));
    }

    [CorpusFact]
    public void The_same_guests_on_two_kernels_differ_where_the_kernels_do()
    {
        string old = Path.Combine(Repository.Corpus!, "6.1.0-56"), now = Path.Combine(Repository.Corpus!, "6.12.117");
        string[] names = [.. Directory.EnumerateDirectories(old).Select(path => Path.GetFileName(path)!)
            .Where(name => name.StartsWith("apm-l2_", StringComparison.Ordinal) && Directory.Exists(Path.Combine(now, name))).Order(StringComparer.Ordinal)];
        Assert.NotEmpty(names);
        Assert.All(names, name =>
        {
            CommandResult result = CommandLine.Run("compare", Path.Combine(old, name, "trace.dat"), Path.Combine(now, name, "trace.dat"));
            bool vmmcall = name is "apm-l2_nointercept_vmmcall" or "apm-l2_vmmcall_ud_icpt";
            Assert.Equal(0, result.Status);
            Assert.Equal(vmmcall, result.Output.Contains("\nfixed ", StringComparison.Ordinal));
            Assert.Equal(vmmcall, result.Output.Contains("first behavioural difference in L0", StringComparison.Ordinal));
            Assert.DoesNotContain("\nbehaviour ", result.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("take different paths", result.Output, StringComparison.Ordinal);
        });
    }

    [CorpusFact]
    public void A_fault_that_one_recording_does_not_prove_shows_beside_its_control() =>
        Assert.All(
            (IEnumerable<(string Kernel, string Name, string Told)>)
            [
                ("6.1.0-56", "mut-m03_virq_not_synced", "first behavioural difference in L1"),
                ("6.1.0-56", "mut-m08_msrpm_ignored", "\nbehaviour       L2 #VMEXIT MSR\n"),
                ("6.1.0-56", "mut-m15_asid0_accepted", "\nbehaviour       L1 #VMEXIT VMRUN\n"),
                ("6.12.117", "mut-m17_stale_rip_on_exit", "first behavioural difference in L1"),
            ],
            fault =>
            {
                string folder = Path.Combine(Repository.Corpus!, fault.Kernel);
                CommandResult result = CommandLine.Run("compare", Path.Combine(folder, "mut-m00_stock_rebuilt"), Path.Combine(folder, fault.Name));
                Assert.Equal(0, result.Status);
                Assert.Contains(fault.Told, result.Output, StringComparison.Ordinal);
            });

    private static void AssertRefused(CommandResult result)
    {
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.Matches("^differ: [^\n]+\n$", result.Errors);
    }

    private static void AssertKeepsSchema(string json) =>
        Assert.Empty(new JsonSchema(File.ReadAllText(Path.Combine(Repository.Root, "docs", "compare.schema.json"))).Check(json));

    private static byte[] Story(bool right) => Stories.Vmmcall("6.12", right, new TraceDatBuilder());

    private string Msr(string name, bool isShown) => _scratch.Write(name, Stories.MsrOfL2(isShown, new TraceDatBuilder()));

    private string Capture(string name, bool right) => _scratch.Write(name, Story(right));
}
