using System.Text;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class BisectVerbTests : IDisposable
{
    private const string Rule = "SVM-15.18-VMMCALL-UNINT-UD";

    private readonly Scratch _scratch = new();

    private string Bad => _scratch.Write("bad.dat", Story(right: false));

    private string Good => _scratch.Write("good.dat", Story(right: true));

    private string Broken => _scratch.Write("broken.dat", "no capture"u8);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_broken_rule_is_bad_and_a_kept_one_is_good()
    {
        AssertSays(1, "bad: ", "--rule", Rule, Bad);
        AssertSays(0, "good: ", "--rule", Rule, Good);
        AssertSays(1, "bad: ");
        AssertSays(0, "good: ", Good);
    }

    [Fact]
    public void A_rule_that_was_never_asked_cannot_be_judged() => AssertSays(125, "cannot judge: ", "--rule", "SVM-15.27-SKINIT-ABSENT", Good);

    [Fact]
    public void A_capture_that_cannot_be_used_cannot_be_judged()
    {
        AssertSays(125, "cannot judge: ", Broken);
        Directory.CreateDirectory(_scratch["empty"]);
        AssertSays(125, "cannot judge: ", _scratch["empty"]);
    }

    [Fact]
    public void A_capture_with_many_holes_says_bad_but_not_good()
    {
        string holes = WithHoles("holes.dat", enablesSvm: false);
        AssertSays(125, "cannot judge: too much was lost where it matters", holes);
        AssertSays(0, "good: ", holes, "--most-loss", "100");
        AssertSays(1, "bad: ", "--fingerprint", FingerprintOf(Bad), "--most-loss", "0", Bad);
    }

    [Fact]
    public void What_was_lost_before_L1_enables_svm_does_not_matter() =>
        AssertSays(0, "good: ", WithHoles("early.dat", enablesSvm: true), "--most-loss", "0");

    [Fact]
    public void A_fingerprint_chooses_one_class()
    {
        string fingerprint = FingerprintOf(Bad);
        AssertSays(1, "bad: ", "--fingerprint", fingerprint, Bad);
        AssertSays(125, "cannot judge: no divergence with fingerprint 000000000000, but whether it could have shown is not known", "--fingerprint", "000000000000", Bad);
        AssertSays(125, "cannot judge: no divergence with fingerprint", "--fingerprint", fingerprint, Good);
    }

    [Fact]
    public void A_capture_that_does_not_show_the_way_to_L2_and_back_cannot_say_good()
    {
        string without = _scratch.Write("without.txt", Encoding.ASCII.GetBytes(string.Concat(
            Encoding.ASCII.GetString(StoryFiles.Text("6.12", static story => Stories.Vmmcall(story, right: true))).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => !line.Contains("kvm_nested_vmexit_inject", StringComparison.Ordinal)).Select(line => line + "\n"))));
        AssertSays(125, "cannot judge: kvm_nested_vmexit_inject was not recorded", without);
    }

    [Fact]
    public void What_is_accepted_or_ignored_is_not_bad_unless_it_is_asked_for_by_name()
    {
        string known = _scratch["known.json"], config = _scratch["own.toml"], fingerprint = FingerprintOf(Bad);
        Assert.Equal(0, CommandLine.Run("baseline", "update", Bad, "-o", known).Status);
        File.WriteAllText(config, $"[[ignore]]\nrule = '{Rule}'\nreason = 'known'\n");
        foreach (string[] words in (string[][])[["--baseline", known], ["--config", config]])
        {
            AssertSays(0, "good: ", [Bad, .. words]);
            AssertSays(1, $"bad: {Rule} is broken", [Bad, "--rule", Rule, .. words]);
            AssertSays(1, $"bad: {Rule} is broken", [Bad, "--fingerprint", fingerprint, .. words]);
        }
    }

    [Fact]
    public void Where_the_class_is_known_good_needs_its_rule_at_its_exits()
    {
        string fingerprint = FingerprintOf(Bad), report = _scratch["report.json"], several = _scratch["reports.json"], baseline = _scratch["known.json"];
        File.WriteAllText(report, CommandLine.Run("check", Bad, "--format", "json").Output);
        File.WriteAllText(several, CommandLine.Run("check", Good, Bad, "--format", "json").Output);
        Assert.Equal(0, CommandLine.Run("baseline", "update", Bad, "-o", baseline).Status);
        foreach (string source in (string[])[Bad, report, several, baseline])
        {
            AssertSays(0, $"good: no divergence with fingerprint {fingerprint}; {Rule} is kept", "--fingerprint", fingerprint, "--in", source, Good);
            AssertSays(125, $"cannot judge: {Rule}, the rule of {fingerprint}, was never exercised", "--fingerprint", fingerprint, "--in", source, Fixture.Capture("reflected-cpuid"));
        }

        AssertSays(0, "good: ", "--fingerprint", fingerprint, "--new-since", Bad, Good);
        AssertSays(1, "bad: ", "--fingerprint", fingerprint, "--new-since", Bad, Bad);
    }

    [Fact]
    public void A_capture_without_nested_virtualization_cannot_say_good()
    {
        string plain = _scratch["plain.dat"];
        var builder = new TraceDatBuilder();
        var layouts = KernelLayouts.Of("6.12");
        KvmStory.Capture(layouts, builder);
        new KvmStory(builder.Top, layouts).Entry(Stories.L1Rip).Exit(0x72, Stories.L1Rip).Entry(Stories.L1Rip + 2).Exit(0x72, Stories.L1Rip).Entry(Stories.L1Rip + 2);
        File.WriteAllBytes(plain, builder.File);
        AssertSays(125, "cannot judge: nothing was examined", plain);
    }

    [Fact]
    public void Other_acts_of_L0_are_bad_though_no_rule_names_them()
    {
        string shown = Msr("shown.dat", isShown: true), handled = Msr("handled.dat", isShown: false);
        AssertSays(0, "good: ", handled);
        AssertSays(1, "bad: L0 behaves differently at 1 exit, first at exit 4 (exit 4 of base): entry into L2, L1 is shown no #VMEXIT", "--acts-otherwise", shown, handled);
        AssertSays(0, "good: L0 acts as in base at 4 of 4 exits of L2 and SVM instructions", "--acts-otherwise", shown, shown);
    }

    [Fact]
    public void Where_too_little_was_compared_the_acts_of_L0_cannot_be_judged()
    {
        string shown = Msr("shown.dat", isShown: true);
        AssertSays(125, "cannot judge: too little in common: 0 of ", "--acts-otherwise", Fixture.Capture("reflected-cpuid"), shown);
        AssertSays(125, "cannot judge: ", "--acts-otherwise", shown, Broken);
    }

    [Fact]
    public void A_departure_of_one_capture_only_is_another_act_where_both_could_have_shown_it()
    {
        AssertSays(1, "bad: L0 behaves differently at 1 exit", "--acts-otherwise", Bad, Good);
        AssertSays(1, "bad: L0 behaves differently at 1 exit", "--acts-otherwise", Good, Bad);
    }

    [Fact]
    public void What_a_base_has_too_is_not_bad()
    {
        AssertSays(0, "good: no divergence that the base lacks", "--new-since", Bad, Bad);
        AssertSays(0, $"good: no divergence from {Rule} that the base lacks", "--rule", Rule, "--new-since", Bad, Bad);
        AssertSays(1, "bad: ", "--new-since", Good, Bad);
        AssertSays(125, "cannot judge: ", "--new-since", Good, Fixture.Capture("two-cpus"));
    }

    [Theory]
    [InlineData(1, "bad: 2 bad, 1 good, 0 cannot judge", "bad", "good", "bad")]
    [InlineData(0, "good: 1 bad, 2 good, 0 cannot judge", "good", "good", "bad")]
    [InlineData(125, "cannot judge: 1 bad, 1 good, 1 cannot judge: a tie", "bad", "good", "broken")]
    [InlineData(125, "cannot judge: 1 bad, 0 good, 2 cannot judge; 2 votes are asked for", "bad", "broken", "broken")]
    public void The_majority_decides(int status, string says, params string[] captures)
    {
        string[] paths = [.. captures.Select(name => name == "bad" ? Bad : name == "good" ? Good : Broken)];
        AssertSays(status, says, ["--votes", "2", .. paths]);
    }

    [Theory]
    [InlineData("bisect")]
    [InlineData("bisect", "--rule", "SVM-0", "a.dat")]
    [InlineData("bisect", "--no-such-option", "a.dat")]
    [InlineData("bisect", "missing.dat")]
    [InlineData("bisect", "--new-since", "missing.dat", "{good}")]
    [InlineData("bisect", "--new-since", "{broken}", "{good}")]
    [InlineData("bisect", "--acts-otherwise", "missing.dat", "{good}")]
    [InlineData("bisect", "--acts-otherwise", "{broken}", "{good}")]
    [InlineData("bisect", "--acts-otherwise", "{plain}", "{good}")]
    [InlineData("bisect", "--acts-otherwise", "{good}", "-")]
    [InlineData("bisect", "--acts-otherwise", "{good}", "{good}", "--rule", Rule)]
    [InlineData("bisect", "--acts-otherwise", "{good}", "{good}", "--least-common", "101")]
    [InlineData("bisect", "--fingerprint", "a093e73e0576", "{good}", "--in", "{good}")]
    [InlineData("bisect", "--fingerprint", "a093e73e0576", "{good}", "--in", "{json}")]
    [InlineData("bisect", "--fingerprint", "a093e73e0576", "{good}", "--in", "missing.json")]
    [InlineData("bisect", "--fingerprint", "a093e73e0576", "{good}", "--rule", Rule)]
    [InlineData("bisect", "--in", "{good}", "{good}")]
    [InlineData("bisect", "a.dat", "--votes", "many")]
    [InlineData("bisect", "a.dat", "--votes", "0")]
    [InlineData("bisect", "a.dat", "--most-loss", "-1")]
    [InlineData("bisect", "a.dat", "--fingerprint", "VMMCALL")]
    public void A_wrong_command_stops_the_bisection(params string[] words)
    {
        _scratch.Write("some.json", "{ \"schemaVersion\": 1 }"u8);
        CommandResult result = CommandLine.Run(
            [.. words.Select(word => word switch { "{good}" => Good, "{broken}" => Broken, "{json}" => _scratch["some.json"], "{plain}" => Fixture.Capture("two-cpus"), "a.dat" => Good, _ => word })]);
        Assert.Equal((255, ""), (result.Status, result.Output));
        Assert.StartsWith("differ: ", result.Errors, StringComparison.Ordinal);
    }

    // Three exits of L2, between which events of the CPU are missing; before them, where L1 is seen to enable SVM.
    private string WithHoles(string name, bool enablesSvm)
    {
        var builder = new TraceDatBuilder();
        var layouts = KernelLayouts.Of("6.12");
        KvmStory.Capture(layouts, builder);
        var story = new KvmStory(builder.Top, layouts);
        for (int i = 0; i < 20; i++)
        {
            story.Entry(Stories.L1Rip).Exit(SvmExitCode.Cpuid.Value, Stories.L1Rip);
        }

        if (enablesSvm)
        {
            story.Entry(Stories.L1Rip + 2);
            builder.Top.Cpu(0).Lost(1);
            story.Exit(SvmExitCode.Msr.Value, Stories.L1Rip, info1: 1).Msr(write: true, 0xc000_0080, 0x1d01);
        }

        Stories.Vmmcall(story, right: true);
        if (!enablesSvm)
        {
            builder.Top.Cpu(0).Lost(1);
        }

        story.ExitFromL2(SvmExitCode.Intr.Value, Stories.L2Rip + 0x40).Entry(Stories.L2Rip + 0x40).ExitFromL2(SvmExitCode.Intr.Value, Stories.L2Rip + 0x40).Entry(Stories.L2Rip + 0x40);
        return _scratch.Write(name, builder.File);
    }

    private static string FingerprintOf(string capture) => CommandLine.Run("bisect", capture).Output.Split("fingerprint ")[1][..12];

    private string Msr(string name, bool isShown) => _scratch.Write(name, Stories.MsrOfL2(isShown, new TraceDatBuilder()));

    private static byte[] Story(bool right) => Stories.Vmmcall("6.12", right, new TraceDatBuilder());

    private void AssertSays(int status, string start, params string[] words)
    {
        CommandResult result = CommandLine.Run(["bisect", .. words.Length == 0 ? [Bad] : words]);
        Assert.Equal((status, ""), (result.Status, result.Errors));
        Assert.StartsWith(start, result.Output, StringComparison.Ordinal);
        Assert.Equal(result.Output.Length - 1, result.Output.IndexOf('\n', StringComparison.Ordinal));
    }
}
