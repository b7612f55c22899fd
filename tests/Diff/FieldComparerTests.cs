using Differ.Diff.Compare;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Tests.Diff;

public sealed class FieldComparerTests
{
    private static readonly TracepointSet
        Everything = new(ulong.MaxValue),
        Inject = TracepointSet.Of(KvmEventKind.NestedVmexitInject),
        Raise = TracepointSet.Of(KvmEventKind.InjectException);

    // The exit is CPUID (0x72) of L2; L1 is shown EXITINFO1 0x1234; no exception is raised.
    [Theory]
    [InlineData(ComparedField.ExitCode, Relation.Equal, 0x72UL, ulong.MaxValue, true)]
    [InlineData(ComparedField.ExitCode, Relation.Equal, 0x73UL, ulong.MaxValue, false)]
    [InlineData(ComparedField.ReflectedInfo1, Relation.Equal, 0xff34UL, 0xffUL, true)]
    [InlineData(ComparedField.ReflectedInfo1, Relation.Equal, 0xff35UL, 0xffUL, false)]
    [InlineData(ComparedField.Exception, Relation.Equal, 0UL, ulong.MaxValue, false)]
    [InlineData(ComparedField.ExitCode, Relation.NotEqual, 0x72UL, ulong.MaxValue, false)]
    [InlineData(ComparedField.ExitCode, Relation.NotEqual, 0x73UL, ulong.MaxValue, true)]
    [InlineData(ComparedField.ReflectedInfo1, Relation.NotEqual, 0xff34UL, 0xffUL, false)]
    [InlineData(ComparedField.ReflectedInfo1, Relation.NotEqual, 0xff34UL, 0xffffUL, true)]
    [InlineData(ComparedField.Exception, Relation.NotEqual, 6UL, ulong.MaxValue, true)]
    [InlineData(ComparedField.ReflectedCode, Relation.Happened, 0UL, 0UL, true)]
    [InlineData(ComparedField.Exception, Relation.Happened, 0UL, 0UL, false)]
    [InlineData(ComparedField.ReflectedCode, Relation.DidNotHappen, 0UL, 0UL, false)]
    [InlineData(ComparedField.Exception, Relation.DidNotHappen, 0UL, 0UL, true)]
    [InlineData(ComparedField.ReflectedInfo1, Relation.AtMost, 0x1234UL, ulong.MaxValue, true)]
    [InlineData(ComparedField.ReflectedInfo1, Relation.AtMost, 0x1233UL, ulong.MaxValue, false)]
    [InlineData(ComparedField.Exception, Relation.AtMost, 0UL, ulong.MaxValue, true)]
    [InlineData(ComparedField.ExitCode, Relation.OneOf, 0x70UL, 0b100UL, true)]
    [InlineData(ComparedField.ExitCode, Relation.OneOf, 0x70UL, 0b1011UL, false)]
    [InlineData(ComparedField.ExitCode, Relation.OneOf, 0x73UL, ulong.MaxValue, false)]
    [InlineData(ComparedField.ExitCode, Relation.OneOf, 0x32UL, ulong.MaxValue, false)]
    [InlineData(ComparedField.Exception, Relation.OneOf, 0UL, ulong.MaxValue, false)]
    public void A_relation_holds_or_not(ComparedField field, Relation relation, ulong value, ulong mask, bool holds)
    {
        RecordedExit exit = new RecordedExit().With(KvmEventKind.NestedVmexitInject, 0x72, 0x1234, 0, 0, 0);
        Assert.Equal(Truth.Of(holds), Holds(exit, new Constraint(field, relation, value, mask), Everything, out _));
    }

    [Theory]
    [InlineData(0x0000_03f1u, true)]
    [InlineData(0x8000_0030u, true)]
    [InlineData(0x8000_0b0eu, true)]
    [InlineData(0x8000_03f1u, false)]
    [InlineData(0x8000_0100u, false)]
    public void An_event_is_legal_by_its_type_and_vector(uint info, bool legal) => Assert.Equal(
        Truth.Of(legal), Holds(Exit(exit => exit with { IntInfo = Observed<uint>.Of(info) }), IsLegalEvent(ComparedField.ExitIntInfo), Everything, out _));

    [Theory]
    [InlineData(0x60UL, true)]
    [InlineData(0x4eUL, true)]
    [InlineData(0x7fUL, true)]
    [InlineData(0x72UL, false)]
    [InlineData(0x400UL, false)]
    public void An_exit_is_caused_by_an_event_or_not(ulong code, bool byEvent) => Assert.Equal(
        Truth.Of(byEvent), Holds(Exit(exit => exit with { Code = new SvmExitCode(code) }), IsCausedByEvent(ComparedField.ExitCode), Everything, out _));

    [Fact]
    public void Every_relation_is_tested_here() => Assert.Equal(8, Enum.GetValues<Relation>().Length);

    [Fact]
    public void Silence_decides_where_the_tracepoint_is_listed()
    {
        Assert.True(Holds(new RecordedExit(), HappensNot(ComparedField.Exception), Raise, out TracepointSet silent).IsYes);
        Assert.Equal(Raise, silent);
        Assert.True(Holds(new RecordedExit(), Happens(ComparedField.Exception), Raise, out _).IsNo);
    }

    [Fact]
    public void Silence_decides_nothing_where_the_tracepoint_is_not_listed() =>
        Assert.True(Holds(new RecordedExit(), HappensNot(ComparedField.Exception), Everything - Raise, out _).IsUnknown);

    [Theory]
    [InlineData(RecordFlags.LossInside)]
    [InlineData(RecordFlags.NoEntry)]
    public void Silence_decides_nothing_in_a_record_that_is_not_whole(RecordFlags flags)
    {
        var holed = new RecordedExit { Flags = flags };
        Assert.True(Holds(holed, HappensNot(ComparedField.Exception), Everything, out _).IsUnknown);
        Assert.True(Holds(holed, Is(ComparedField.StagedEvents, 0), Everything, out _).IsUnknown);
        holed.With(KvmEventKind.InjectException, 6, 0, 0, 0);
        Assert.True(Holds(holed, HappensNot(ComparedField.Exception), Everything, out _).IsNo);
    }

    [Fact]
    public void What_a_kernel_does_not_record_decides_nothing()
    {
        RecordedExit old = Exit(exit => exit with { IntInfo = Observed<uint>.Unseen });
        Assert.True(Holds(old, Is(ComparedField.ExitIntInfo, 0), Everything, out _).IsUnknown);
        Assert.True(Holds(old, HappensNot(ComparedField.ExitIntInfo), Everything, out _).IsUnknown);
    }

    [Fact]
    public void One_outcome_that_is_seen_is_enough()
    {
        ComputedParts computed = new ComputedParts().Add(0, [Is(ComparedField.ExitCode, 0x99)], [Is(ComparedField.ExitCode, 0x72)]);
        Assert.True(IsMet(new RecordedExit(), computed, out _).IsYes);
    }

    [Fact]
    public void An_outcome_needs_all_of_its_constraints()
    {
        ComputedParts computed = new ComputedParts().Add(0, [Is(ComparedField.ExitCode, 0x72), Happens(ComparedField.Exception)]);
        Assert.True(IsMet(new RecordedExit(), computed, out TracepointSet missed).IsNo);
        Assert.Equal(Raise, missed);
    }

    [Fact]
    public void An_outcome_that_cannot_be_seen_keeps_a_rule_from_being_broken()
    {
        RecordedExit old = Exit(exit => exit with { IntInfo = Observed<uint>.Unseen });
        ComputedParts computed = new ComputedParts().Add(0, [Is(ComparedField.ExitCode, 0x99)], [Is(ComparedField.ExitIntInfo, 5)]);
        Assert.True(IsMet(old, computed, out _).IsUnknown);
    }

    [Fact]
    public void An_outcome_that_is_contradicted_by_something_seen_rests_on_no_silence()
    {
        ComputedParts computed = new ComputedParts().Add(0, [Is(ComparedField.ExitCode, 0x99), Happens(ComparedField.Exception)], [Is(ComparedField.ReflectedCode, 0x72)]);
        Assert.True(IsMet(new RecordedExit(), computed, out TracepointSet missed).IsNo);
        Assert.Equal(Inject, missed);
    }

    private static Truth Holds(RecordedExit exit, Constraint constraint, TracepointSet listed, out TracepointSet silent) =>
        new FieldComparer(listed).Holds(exit.Record, exit.Digest(), constraint, out silent);

    private static Truth IsMet(RecordedExit exit, ComputedParts computed, out TracepointSet missed) =>
        new FieldComparer(Everything).IsMet(exit.Record, exit.Digest(), computed.View, computed.View.Expectations[0], out missed);

    private static RecordedExit Exit(Func<HardwareExit, HardwareExit> change)
    {
        var record = new RecordedExit();
        record.Exit = change(record.Exit);
        return record;
    }
}
