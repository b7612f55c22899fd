using Differ.Replay.Scenarios;

namespace Differ.Tests.Replay.Scenarios;

public sealed class ScenarioParserTests
{
    private const string Run = "\nL1:\n  vmrun\nL2:\n  vmmcall\nexpect enter\nexpect exit VMMCALL\n";

    // Each word in a machine that shows its effect.
    [Theory]
    [InlineData("cpu -np physbits=36\nvmcb12 nestedcontrol=1")]
    [InlineData("l1 rbx=5\nexpect l1 rbx=5")]
    [InlineData("l1 cr8=3\nvmcb12 rax=7\nexpect vmcb12 rax=7")]
    [InlineData("intercept #UD CPUID 0x78\nno-intercept #UD CPUID HLT")]
    [InlineData("port 0x80 1\nread 0x10\nwrite 0xc0000080")]
    [InlineData("nested-page 0x8000=0\nguest-page 0x9000=7\nmemory 0x6000 = 01 02")]
    [InlineData("# a remark\nmemory 0x6000 = 01  # behind a word")]
    public void A_word_is_understood_and_the_scenario_comes_out(string words)
    {
        string[] parts = words.Split("\nexpect ");
        string text = $"scenario words\nrule SVM-A SVM-B\nintercept VMMCALL\n{parts[0]}{Run}{string.Concat(parts.Skip(1).Select(static part => $"expect {part}\n"))}";
        Scenario scenario = Assert.Single(Parse(text));
        Assert.Equal(["SVM-A", "SVM-B"], scenario.Rules);
        Assert.Empty(ScenarioRun.Of(scenario).Surprises);
    }

    [Theory]
    [InlineData("arrives interrupt 0x31 before L2 1", "L2 interrupt 0x31")]
    [InlineData("arrives nmi before L2 1", "L2 nmi")]
    [InlineData("arrives machine-check before L2 1", "L2 raises #MC")]
    public void Something_arrives_before_the_instruction_that_is_named(string arrives, string expected)
    {
        Scenario scenario = Assert.Single(Parse(
            $"scenario arrival\nintercept HLT\nvmcb12 rflags=0x202 cr4=0x60\n{arrives}\nL1:\n  vmrun\nL2:\n  nop\n  nop\nexpect enter\nexpect {expected}\nexpect exit HLT\n"));
        Assert.Empty(ScenarioRun.Of(scenario).Surprises);
    }

    [Fact]
    public void Scenarios_of_one_text_do_not_share_their_words()
    {
        IReadOnlyList<Scenario> both = Parse($"scenario one\nrule SVM-A\nintercept VMMCALL{Run}scenario two\nL1:\n  nop\nexpect l1 rip=0x10002\n");
        Assert.Equal(["one", "two"], both.Select(static scenario => scenario.Title));
        Assert.Empty(both[1].Rules);
        Assert.Empty(both.SelectMany(static scenario => ScenarioRun.Of(scenario).Surprises));
    }

    [Theory]
    [InlineData("exit CPUID", "expected exit CPUID, got #VMEXIT VMMCALL")]
    [InlineData("exit VMMCALL\nexpect undefined vmcb12 rip", "expected undefined vmcb12 rip, but the manual defines it")]
    [InlineData("exit VMMCALL\nexpect undefined", "expected undefined, but the manual defines it")]
    [InlineData("exit VMMCALL info1=5", "expected exit VMMCALL info1=5, got #VMEXIT VMMCALL")]
    [InlineData("exit VMMCALL\nexpect shutdown", "expected shutdown, nothing more happened")]
    [InlineData("exit VMMCALL\nexpect l1 rax=1", "expected l1 rax=1, got 0x5000")]
    public void What_comes_out_otherwise_is_told(string expected, string surprise)
    {
        Scenario scenario = Assert.Single(Parse($"scenario other\nintercept VMMCALL\nL1:\n  vmrun\nL2:\n  vmmcall\nexpect enter\nexpect {expected}\n"));
        Assert.Contains(surprise, Assert.Single(ScenarioRun.Of(scenario).Surprises), StringComparison.Ordinal);
    }

    [Fact]
    public void What_happens_beyond_the_expectations_is_told()
    {
        Scenario scenario = Assert.Single(Parse("scenario more\nintercept VMMCALL\nL1:\n  vmrun\nL2:\n  vmmcall\nexpect enter\n"));
        Assert.StartsWith("not expected: #VMEXIT VMMCALL", Assert.Single(ScenarioRun.Of(scenario).Surprises), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 1, "start one with the word scenario")]
    [InlineData("rule SVM-A", 1, "a scenario starts with the word scenario")]
    [InlineData("scenario a\nfrobnicate", 2, "is not a word of scenarios; see docs/scenarios.md")]
    [InlineData("scenario a\ncpu +warp", 2, "is not a feature; write +name")]
    [InlineData("scenario a\ncpu physbits=60", 2, "physbits=40")]
    [InlineData("scenario a\nl1 banana=1", 2, "banana is not a register")]
    [InlineData("scenario a\nvmcb12 rbx=1", 2, "rbx is not a field of vmcb12")]
    [InlineData("scenario a\nl1 rax", 2, "needs a value: name=value")]
    [InlineData("scenario a\nl1 rax=ten", 2, "ten is not a number")]
    [InlineData("scenario a\nintercept BANANA", 2, "is not an exit code")]
    [InlineData("scenario a\nintercept NPF", 2, "has no intercept bit")]
    [InlineData("scenario a\nport 0x10000", 2, "ports end at 0xffff")]
    [InlineData("scenario a\nread 0x2000", 2, "outside the MSR permission map")]
    [InlineData("scenario a\nnested-page 0x200000=0", 2, "is not in a small page")]
    [InlineData("scenario a\nguest-page 0x1000", 2, "needs a value")]
    [InlineData("scenario a\nmemory 0x6000 01", 2, "is not a number")]
    [InlineData("scenario a\nmemory 0x6000 =", 2, "write memory 0x6000 = 01 02 03")]
    [InlineData("scenario a\narrives rain before L2 0", 2, "write arrives interrupt 0x30 before L2 1")]
    [InlineData("scenario a\narrives nmi before L3 0", 2, "write arrives interrupt 0x30 before L2 1")]
    [InlineData("scenario a\narrives interrupt 0x100 before L2 0", 2, "is not a vector; vectors end at 0xff")]
    [InlineData("scenario a\nL1: vmrun", 2, "starts on the next line")]
    [InlineData("scenario a\nexpect", 2, "is not understood; write enter, exit NAME")]
    [InlineData("scenario a\nexpect exit BANANA", 2, "is not an exit code")]
    [InlineData("scenario a\nexpect exit HLT info1", 2, "needs a value: name=value")]
    [InlineData("scenario a\nexpect L2 raises HLT", 2, "is not an exception; write #UD")]
    [InlineData("scenario a\nexpect vmcb12 rbx=1", 2, "is not a field of the VMCB or a register")]
    [InlineData("scenario a\nexpect l1 rax&=1", 2, "is not a number")]
    public void A_line_that_is_not_understood_is_named_with_what_to_write(string text, int line, string advice)
    {
        ScenarioException problem = Assert.Throws<ScenarioException>(() => Parse(text));
        Assert.StartsWith($"line {line}: ", problem.Message, StringComparison.Ordinal);
        Assert.Contains(advice, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scenario a\nL1:\n  vmfly\n", 3, "bytes can be written after db")]
    [InlineData("scenario a\nL1:\n  jmp 0x10000\n", 1, "does not end")]
    [InlineData("scenario a\nL1:\n  fninit\n", 1, "is not part of the model")]
    public void A_program_that_cannot_run_is_named(string text, int line, string advice)
    {
        Scenario scenario = Assert.Single(Parse(text));
        ScenarioException problem = Assert.Throws<ScenarioException>(() => ScenarioRun.Of(scenario));
        Assert.StartsWith($"line {line}: ", problem.Message, StringComparison.Ordinal);
        Assert.Contains(advice, problem.Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<Scenario> Parse(string text)
    {
        using var reader = new StringReader(text);
        return ScenarioParser.Parse(reader);
    }
}
