using Differ.Diff;
using Differ.Diff.Conform;
using Differ.Diff.Writing;
using Differ.Replay;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Conform;

public sealed class ConformFormatTests
{
    private static readonly StateDifference[] Executed = [new("rip", "0x61061", "0x10003"), new("gif", "0x1", "0x0"), new("memory 0x47fd8", "0x10000", "0x0")];

    private static readonly ConformReport Report = new(
        "6.12.0-test", "A processor", Quirks: false,
        [
            new("CLGI without EFER.SVME raises #UD", "A.txt", 3, ["SVM-15.4-SVME-UD-CLGI"], ScenarioVerdict.Departs, "", Executed),
            new("CLGI of a user program", "A.txt", 30, ["SVM-15.4-SVME-UD-CLGI"], ScenarioVerdict.Departs, "", [Executed[0] with { Seen = "0x10004" }, Executed[2], Executed[1]]),
            new("VMRUN shuts down", "A.txt", 40, ["SVM-15.5-VMRUN-CPL"], ScenarioVerdict.Departs, "", [new("end", "waits", "shuts down")]),
            new("VMMCALL", "B.txt", 3, ["SVM-15.18-VMMCALL-UNINT-UD"], ScenarioVerdict.Agrees, "", []),
            new("nRIP", "B.txt", 13, ["SVM-15.7-NRIP-INSN"], ScenarioVerdict.NotApplicable, "the host lacks NRIPS", []),
            new("LBR", "B.txt", 23, ["SVM-15.23-DBGCTL-RESERVED"], ScenarioVerdict.CannotSetUp, "KVM refuses 0x2222 for register 0x1db", []),
            new("CR4", "B.txt", 33, ["SVM-15.5-VMRUN-CR4-MBZ"], ScenarioVerdict.Undefined, "whether VMRUN refuses this state is not said", []),
            new("hangs", "B.txt", 43, ["SVM-15.5-VMRUN-CPL"], ScenarioVerdict.Lost, "no answer in 30 seconds", []),
        ],
        RuleBook.Statements.ToDictionary(static rule => rule.Id));

    public static TheoryData<string> Formats => [.. ConformFormats.All.Select(static format => format.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_same_results_give_the_stored_report(string name)
    {
        string accepted = Report.Classes()[^1].Fingerprint;
        using var output = new StringWriter { NewLine = "\n" };
        ConformFormats.All.Single(format => format.Name == name)
            .Write(Report with { Accepted = new Dictionary<string, string> { [accepted] = "the emulated processor's fault" } }, output, Ink.None);
        Golden.Matches(Path.Combine("Diff", "Conform", "Expected", $"report.{name}"), output.ToString());
    }

    [Fact]
    public void Departures_from_one_rule_in_the_same_places_are_one_class_whatever_the_values()
    {
        Assert.Equal([2, 1], Report.Classes().Select(static one => one.Scenarios.Count).OrderDescending());
        ConformReport elsewhere = Report with
        {
            Results = [.. Report.Results.Select(static one => one with { Differences = [.. one.Differences.Select(static part => part.Place == "end" ? part : part with { Seen = "0x77" })] })],
        };
        Assert.Equal(Report.Classes().Select(static one => one.Fingerprint), elsewhere.Classes().Select(static one => one.Fingerprint));
    }

    [Theory]
    [InlineData("conforms: none of 1 scenarios diverges from the manual; 1 agree", ScenarioVerdict.Agrees)]
    [InlineData("inconclusive: none of 2 scenarios diverges from the manual, 1 lost; 1 agree", ScenarioVerdict.Agrees, ScenarioVerdict.Lost)]
    [InlineData("inconclusive: nothing could be decided of 2 scenarios; 0 agree", ScenarioVerdict.Undefined, ScenarioVerdict.NotApplicable)]
    [InlineData("conforms: none of 2 scenarios diverges from the manual, 1 class accepted; 1 agree", ScenarioVerdict.Agrees, ScenarioVerdict.Departs)]
    public void A_host_of_which_nothing_speaks_against_conforms(string line, params ScenarioVerdict[] verdicts)
    {
        ConformReport report = Report with { Results = [.. verdicts.Select(static verdict => Report.Results[0] with { Verdict = verdict })] };
        using var output = new StringWriter();
        ConformFormats.All[0].Write(report with { Accepted = report.Classes().ToDictionary(static one => one.Fingerprint, static _ => "known") }, output, Ink.None);
        Assert.Equal(line, output.ToString().Split('\n')[0]);
    }

    [Fact]
    public void What_says_nothing_of_the_kernel_decides_no_rule() =>
        Assert.Equal(["SVM-15.18-VMMCALL-UNINT-UD", "SVM-15.4-SVME-UD-CLGI", "SVM-15.5-VMRUN-CPL"], Report.Decided().Order(StringComparer.Ordinal));
}
