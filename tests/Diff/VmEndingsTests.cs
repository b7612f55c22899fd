using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Diff;

public sealed class VmEndingsTests
{
    [Theory]
    [InlineData(8, "KVM_EXIT_SHUTDOWN")]
    [InlineData(9, "KVM_EXIT_FAIL_ENTRY")]
    [InlineData(17, "KVM_EXIT_INTERNAL_ERROR")]
    public void A_return_that_ends_the_guest_is_told_by_name_with_the_exit_that_led_there(uint reason, string name)
    {
        VmEnding ending = Assert.Single(Endings(new RecordedExit(), Returning(reason)));
        Assert.Equal((name, 1UL, 1UL, SvmExitCode.Cpuid), (ending.Name, ending.Exit.Index, ending.Count, ending.Exit.Exit.Code));
    }

    [Fact]
    public void Other_returns_end_nothing() => Assert.Empty(Endings(Returning(2), Returning(UserspaceExit.InterruptedReason), new RecordedExit()));

    [Fact]
    public void Equal_endings_are_counted()
    {
        RecordedExit other = Returning(8);
        other.Exit = other.Exit with { Code = SvmExitCode.Npf };
        IReadOnlyList<VmEnding> endings = Endings(Returning(8), Returning(8), other);
        Assert.Equal([(2UL, 0UL), (1UL, 2UL)], endings.Select(ending => (ending.Count, ending.Exit.Index)));
    }

    [Fact]
    public void A_hostile_run_has_a_bounded_number_of_them()
    {
        RecordedExit[] exits = [.. Enumerable.Range(0, 200).Select(i =>
        {
            RecordedExit exit = Returning(8);
            exit.Exit = exit.Exit with { Code = new SvmExitCode(0x1000 + (ulong)i) };
            return exit;
        })];
        IReadOnlyList<VmEnding> endings = Endings(exits);
        Assert.InRange(endings.Count, 1, 70);
        Assert.Equal(200UL, endings.Aggregate(0UL, (sum, ending) => sum + ending.Count));
    }

    private static RecordedExit Returning(uint reason) => new RecordedExit().With(KvmEventKind.UserspaceExit, reason, 0);

    private static IReadOnlyList<VmEnding> Endings(params RecordedExit[] exits)
    {
        var compared = new Compared([]);
        foreach (RecordedExit exit in exits)
        {
            compared.Take(exit, new ComputedParts());
        }

        return compared.Finish().Endings;
    }
}
