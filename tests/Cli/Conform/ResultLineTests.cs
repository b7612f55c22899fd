using Differ.Cli.Conform;
using Differ.Diff.Conform;
using Differ.Replay.Scenarios;

namespace Differ.Tests.Cli.Conform;

public sealed class ResultLineTests
{
    public static TheoryData<ScenarioVerdict> Verdicts => [.. Enum.GetValues<ScenarioVerdict>()];

    [Theory]
    [MemberData(nameof(Verdicts))]
    public void What_a_worker_says_is_read_as_it_was(ScenarioVerdict verdict)
    {
        var asked = new PlacedScenario("one.txt", new Scenario("a title", 7) { Rules = ["SVM-15.4-SVME-UD-CLGI"] });
        ScenarioResult said = asked.Result(verdict, "a \"note\"\nin two lines", [new StateDifference("rip", "0x1", "0x2"), new StateDifference("end", "waits", "shuts down")]);
        string line = ResultLine.Of(said);
        Assert.DoesNotContain('\n', line);
        ScenarioResult read = ResultLine.Read(line, asked);
        Assert.Equal((said.Verdict, said.Note, said.Title, said.Source, said.Line), (read.Verdict, read.Note, read.Title, read.Source, read.Line));
        Assert.Equal(said.Differences, read.Differences);
    }
}
