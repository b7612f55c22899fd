using Differ.Diff.Changes;
using Differ.Diff.Compare;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Tests.Diff;

public sealed class KeptCounterTests
{
    private static readonly IReadOnlyList<RuleInfo> Rules = [Compared.Rule("A"), Compared.Rule("B")];
    private static readonly Constraint[] Kept = [Is(ComparedField.ExitCode, 0x72)], Broken = [Is(ComparedField.ExitCode, 0x99)];

    [Fact]
    public void Only_rules_that_were_kept_at_exits_of_the_kind_count()
    {
        CheckedRun run = Run(
            (new RecordedExit(), new ComputedParts().Add(0, Broken)), (new RecordedExit(), new ComputedParts().Add(0, Kept)),
            (new RecordedExit { Level = GuestLevel.L1 }, new ComputedParts().Add(0, Kept)), (new RecordedExit(), new ComputedParts().Add(1, Kept)),
            (new RecordedExit(), new ComputedParts { Instruction = 0x81 }.Add(0, Kept)),
            (new RecordedExit(), new ComputedParts().Add(0, Standing.Undecided, Evidence.Level, Culprit.Hypervisor)));
        DivergenceClass found = Assert.Single(run.Result.Divergences);
        Assert.Equal((1UL, 2UL), (run.Kept.Of(found), run.ChancesOf(found)));
        Assert.Equal("exits of L2 for CPUID", KeptCounter.WordsOf(found));
    }

    [Fact]
    public void What_lacks_evidence_is_no_chance()
    {
        CheckedRun broken = Run((new RecordedExit(), new ComputedParts().Add(0, Broken)));
        RecordedExit hole = new() { Flags = RecordFlags.LossInside };
        CheckedRun blind = Run((hole, new ComputedParts().Add(0, [Happens(ComparedField.Exception)])));
        Assert.Equal(0UL, blind.ChancesOf(Assert.Single(broken.Result.Divergences)));
    }

    [Fact]
    public void An_instruction_is_of_its_kind_however_it_was_met()
    {
        RecordedExit asException = new(), asItself = new();
        asException.Exit = asException.Exit with { Code = SvmExitCode.OfException(ExceptionVector.UD) };
        asItself.Exit = asItself.Exit with { Code = SvmExitCode.Vmmcall };
        Constraint[] kept = [Is(ComparedField.ExitCode, 0x81)];
        CheckedRun run = Run((asException, new ComputedParts { Instruction = 0x81 }.Add(0, Broken)), (asItself, new ComputedParts { Instruction = 0x81 }.Add(0, kept)));
        Assert.Equal(1UL, run.Kept.Of(Assert.Single(run.Result.Divergences)));
    }

    private static CheckedRun Run(params (RecordedExit Exit, ComputedParts Computed)[] exits)
    {
        var kept = new KeptCounter(Rules);
        var compared = new Compared(Rules, kept: kept);
        foreach ((RecordedExit exit, ComputedParts computed) in exits)
        {
            compared.Take(exit, computed);
        }

        return new CheckedRun(compared.Finish(), kept);
    }
}
