using Differ.Cli;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class ExitStatusTests
{
    private static string Clean => Fixture.Capture("reflected-cpuid");

    private static string Diverging => Fixture.Capture("svme-unchecked");

    [Fact]
    public void A_clean_capture_ends_with_0() => Assert.Equal(0, CommandLine.Run("check", Clean).Status);

    [Fact]
    public void A_divergence_ends_with_1() => Assert.Equal(1, CommandLine.Run("check", Diverging).Status);

    [Fact]
    public void A_fault_of_the_processor_is_a_divergence() => Assert.Equal(1, CommandLine.Run("check", Fixture.Capture("processor-fault")).Status);

    [Fact]
    public void What_is_undecided_is_no_divergence() => Assert.Equal(0, CommandLine.Run("check", Fixture.Capture("unseen-stgi")).Status);

    [Fact]
    public void A_recording_of_hypercalls_alone_says_nothing_of_nested_virtualization_and_ends_with_4()
    {
        CommandResult result = CommandLine.Run("check", Fixture.Capture("two-cpus"));
        Assert.Equal(4, result.Status);
        Assert.Contains("Documented divergences of KVM", result.Output, StringComparison.Ordinal);
        Assert.StartsWith("inconclusive: nothing was examined: the recording has no exit of L2 and no SVM instruction; ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recording_of_which_half_was_lost_ends_with_4_and_names_the_vcpu()
    {
        CommandResult result = CommandLine.Run("check", Fixture.Capture("reader-stopped"));
        Assert.Equal(4, result.Status);
        Assert.Contains("% of the events of vCPU 0 were lost, and 10 % may be", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, CommandLine.Run("check", Fixture.Capture("reader-stopped"), "--max-lost", "60").Status);
        Assert.Equal(1, CommandLine.Run("check", Fixture.Capture("reader-stopped"), "--fail-on", "inconclusive").Status);
    }

    [Fact]
    public void A_finding_goes_before_a_capture_that_cannot_be_used_and_that_before_an_inconclusive_one()
    {
        using var scratch = new Scratch();
        string broken = scratch.Write("broken", "no capture"u8), lost = Fixture.Capture("reader-stopped");
        Assert.Equal(1, CommandLine.Run("check", broken, lost, Diverging).Status);
        Assert.Equal(2, CommandLine.Run("check", broken, lost, Clean).Status);
        Assert.Equal(4, CommandLine.Run("check", lost, Clean).Status);
    }

    [Fact]
    public void The_stages_one_by_one_end_as_all_at_once()
    {
        using var scratch = new Scratch();
        foreach (string capture in (string[])[Clean, Diverging, Fixture.Capture("reader-stopped")])
        {
            CommandLine.Run("convert", capture, "-o", scratch["run"]);
            CommandLine.Run("replay", scratch["run"], "-o", scratch["model"]);
            Assert.Equal(CommandLine.Run("check", capture).Status, CommandLine.Run("diff", scratch["run"], scratch["model"]).Status);
            Assert.Equal(CommandLine.Run("check", capture).Status, CommandLine.Run("selftest", capture, "--samples", "1").Status);
        }
    }

    [Fact]
    public void A_comparison_with_a_recording_that_says_too_little_ends_with_4() =>
        Assert.Equal(4, CommandLine.Run("compare", Clean, Fixture.Capture("reader-stopped")).Status);

    [Fact]
    public void Showing_a_capture_that_diverges_is_no_divergence() =>
        Assert.Equal(0, CommandLine.Run("show", Diverging, "--exit", "0").Status);

    [Theory]
    [InlineData("check")]
    [InlineData("no-such-verb")]
    [InlineData("check", "a", "--no-such-option")]
    [InlineData("convert", "a", "b")]
    [InlineData("check", "a", "--format", "no-such-format")]
    [InlineData("check", "a", "--color", "blue")]
    [InlineData("show", "a", "--exit", "first")]
    [InlineData("show", "a", "--vcpu", "-1")]
    [InlineData("diff", "a")]
    [InlineData("rules", "a", "b")]
    [InlineData("check", "a", "--fail-on")]
    public void Words_that_make_no_sense_end_with_64(params string[] words)
    {
        CommandResult result = CommandLine.Run(words);
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.Matches("^differ: [^\n]+; see differ( [a-z]+)? --help\n$", result.Errors);
    }

    [Fact]
    public void A_verb_that_is_misspelt_is_answered_with_the_nearest() =>
        Assert.StartsWith("differ: there is no command comparee; nearest are compare, ", CommandLine.Run("comparee", "a", "b").Errors, StringComparison.Ordinal);

    [Theory]
    [InlineData("check")]
    [InlineData("convert")]
    [InlineData("replay")]
    [InlineData("show")]
    [InlineData("corpus")]
    public void A_missing_file_ends_with_2_and_one_line(string verb)
    {
        using var scratch = new Scratch();
        AssertRefused(CommandLine.Run(verb, scratch["missing"]), scratch["missing"]);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("convert")]
    [InlineData("show")]
    public void A_file_that_is_no_capture_ends_with_2_and_one_line(string verb)
    {
        using var scratch = new Scratch();
        AssertRefused(CommandLine.Run(verb, scratch.Write("letter", "Dear reader,\n"u8)), "DIF0102");
        AssertRefused(CommandLine.Run(verb, scratch.Write("nothing", [])), "DIF0102");
    }

    [Fact]
    public void A_folder_without_a_capture_ends_with_2()
    {
        using var scratch = new Scratch();
        Directory.CreateDirectory(Path.Combine(scratch["empty"], "empty too"));
        AssertRefused(CommandLine.Run("check", scratch["empty"]), "is a folder without a capture");
        AssertRefused(CommandLine.Run("show", scratch["empty"]), "without a capture");
    }

    [Fact]
    public void A_capture_is_no_run()
    {
        AssertRefused(CommandLine.Run("replay", Clean), "DIF02");
        AssertRefused(CommandLine.Run("diff", Clean, Clean), "DIF02");
    }

    [Fact]
    public void A_run_is_not_converted_again()
    {
        using var scratch = new Scratch();
        CommandLine.Run("convert", Clean, "-o", scratch["run"]);
        AssertRefused(CommandLine.Run("convert", scratch["run"], "-o", scratch["again"]), "is a run already");
    }

    [Fact]
    public void A_run_and_the_model_of_another_one_are_not_compared()
    {
        using var scratch = new Scratch();
        CommandLine.Run("convert", Clean, "-o", scratch["run"]);
        CommandLine.Run("convert", Diverging, "-o", scratch["other"]);
        CommandLine.Run("replay", scratch["other"], "-o", scratch["model"]);
        AssertRefused(CommandLine.Run("diff", scratch["run"], scratch["model"]), "DIF02");
        AssertRefused(CommandLine.Run("diff", scratch["run"], scratch["run"]), "DIF02");
    }

    [Fact]
    public void A_fault_in_Differ_ends_with_3_and_asks_for_a_report()
    {
        using var broken = new Unusable();
        using var errors = new StringWriter();
        int status = Program.Run(["rules"], new Terminal(broken, errors, Stream.Null, Stream.Null, outputIsTerminal: false, errorIsTerminal: false));
        Assert.Equal(3, status);
        Assert.StartsWith("differ: internal error; please report it with the command, the version and what DIFFER_TRACE=1 adds\n", errors.ToString(), StringComparison.Ordinal);
    }

    private static void AssertRefused(CommandResult result, string because)
    {
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.StartsWith("differ: ", result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors.TrimEnd('\n').Split('\n'));
        Assert.Contains(because, result.Errors, StringComparison.Ordinal);
    }

    private sealed class Unusable : StringWriter
    {
        public override void Write(ReadOnlySpan<char> buffer) => throw new InvalidOperationException("broken on purpose");
    }
}
