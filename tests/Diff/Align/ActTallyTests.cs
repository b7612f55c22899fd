using Differ.Diff.Align;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Diff.Align;

public sealed class ActTallyTests
{
    // Rows of AlignedFields.
    private const int EntryLevel = 0, ReflectedCode = 1, ReflectedInfo1 = 2, ReflectedIntInfo = 4, Exception = 5, ExceptionError = 6;

    private static readonly StreamPairs Pairs = StreamPairs.ByNumber;

    [Fact]
    public void Equal_changes_are_one_class_wherever_they_are()
    {
        ActChange change = Assert.Single(Changes(
            (Shown(0x72), Handled()), (Shown(0x72) with { Place = 77, Index = 40 }, Handled() with { Place = 77, Index = 50 })));
        Assert.Equal((GuestLevel.L2, "CPUID", "", 2UL), (change.Level, change.Exit, change.Instruction, change.Compared));
        ActShare share = Assert.Single(change.Shares);
        Assert.Equal((2UL, 1UL, 2UL), (share.Count, share.First.Base.Index, share.First.Test.Index));
        Assert.Equal(["entry into L1", "L1 is shown #VMEXIT CPUID"], share.Base.Select(field => field.Text));
        Assert.Equal(["entry into L2", "L1 is shown no #VMEXIT"], share.Test.Select(field => field.Text));
    }

    [Fact]
    public void Who_runs_which_exit_and_what_is_done_tell_classes_apart()
    {
        ExitMark atHlt = Shown(0x78) with { Code = 0x78 }, handledHlt = Handled() with { Code = 0x78 };
        ExitMark raises = Handled(), raisesGp = Handled();
        raises.Set(Exception, Observed<ulong>.Of(ExceptionVector.UD));
        raisesGp.Set(Exception, Observed<ulong>.Of(ExceptionVector.GP));
        IReadOnlyList<ActChange> changes = Changes(
            (Shown(0x72), Handled()), (Handled(), Shown(0x72)), (Shown(0x72), Shown(0x81)), (atHlt, handledHlt),
            (Shown(0x72) with { Level = GuestLevel.L1 }, Handled() with { Level = GuestLevel.L1 }), (Handled(), raises), (raisesGp, raises));
        Assert.Equal(7, changes.Select(change => change.Fingerprint).Distinct().Count());
    }

    [Fact]
    public void What_follows_from_a_difference_does_not_tell_classes_apart()
    {
        // One kernel shows what was in delivery and where the guest went on, another does not.
        ExitMark more = Shown(0x72), none = Handled();
        more.Set(ReflectedIntInfo, Observed<ulong>.Of(0));
        more.Set(ReflectedInfo1, Observed<ulong>.Of(5));
        none.Set(ReflectedIntInfo, Observed<ulong>.Absent);
        none.Set(ReflectedInfo1, Observed<ulong>.Absent);
        Assert.Equal(Fingerprint(Shown(0x72), Handled()), Fingerprint(more, none));
    }

    [Fact]
    public void Values_that_a_guest_chose_do_not_tell_classes_apart()
    {
        ExitMark Error(ulong code)
        {
            ExitMark mark = Handled();
            mark.Set(ExceptionError, Observed<ulong>.Of(code));
            return mark;
        }

        Assert.Equal(Fingerprint(Error(4), Error(8)), Fingerprint(Error(0x10), Error(0x18)));
        Assert.NotEqual(Fingerprint(Error(4), Error(8)), Fingerprint(Error(4), Error(0)));
    }

    [Fact]
    public void How_far_the_guest_went_tells_classes_apart_by_kind()
    {
        ExitMark same = Handled() with { Step = 0 }, next = Handled() with { Step = 2 }, longer = Handled() with { Step = 3 }, elsewhere = Handled() with { Step = 16 };
        Assert.Equal(Fingerprint(same, next), Fingerprint(same, longer));
        Assert.NotEqual(Fingerprint(same, next), Fingerprint(same, elsewhere));
        Assert.NotEqual(Fingerprint(same, next), Fingerprint(next, same));
    }

    [Fact]
    public void One_kernel_may_meet_the_instruction_as_an_exit_of_its_own()
    {
        ExitMark asException = Shown(0x46) with { Code = 0x46, Instruction = 0x81 }, asItself = Handled() with { Code = 0x81, Instruction = 0x81 };
        ActChange change = Assert.Single(Changes((asException, asItself)));
        Assert.Equal(("EXCP #UD in base, VMMCALL in test", "VMMCALL"), (change.Exit, change.Instruction));
    }

    [Fact]
    public void Pairs_of_which_rules_say_different_things_are_counted_apart()
    {
        ActChange change = Assert.Single(Changes(
            (Shown(0x72), Handled() with { Finding = "30f2703f1632" }), (Shown(0x72), Handled()), (Shown(0x72), Handled() with { Finding = "30f2703f1632" })));
        Assert.Equal([("30f2703f1632", 2UL), (null, 1UL)], change.Shares.Select(share => (share.TestFinding, share.Count)));
    }

    [Fact]
    public void A_run_that_differs_in_every_way_takes_no_more_memory()
    {
        var tally = new ActTally();
        for (uint i = 0; i < 5000; i++)
        {
            tally.Add(Shown(0x72) with { Code = i + 0x1000 }, Handled() with { Finding = $"{i}" }, Acts.Otherwise, 0);
            tally.Add(Shown(0x72), Handled() with { Finding = $"{i}" }, Acts.Otherwise, 0);
        }

        IReadOnlyList<ActChange> changes = tally.Changes(Pairs);
        Assert.Equal(1024, changes.Count);
        Assert.Equal(10_000UL, changes.SelectMany(change => change.Shares).Aggregate(0UL, (sum, share) => sum + share.Count));
        Assert.All(changes, change => Assert.InRange(change.Shares.Count, 1, 64));
    }

    [Fact]
    public void What_runs_have_in_common_is_counted_by_kind_of_exit()
    {
        ExitKinds inBase = new(), inTest = new();
        var tally = new ActTally();
        foreach (ExitMark mark in (ExitMark[])[Shown(0x72), Shown(0x72), Handled(), Handled() with { Level = GuestLevel.L1 }, Handled() with { Level = GuestLevel.L1, Code = 0x80 }])
        {
            inBase.Add(mark);
        }

        inTest.Add(Shown(0x72));
        inTest.Add(Handled() with { Code = ulong.MaxValue });
        tally.Add(Shown(0x72), Shown(0x72), Acts.Alike, 0);
        tally.Add(Handled(), Handled(), Acts.NotComparable, 0);
        CommonExits common = ExitKinds.Common(inBase, inTest, tally);
        Assert.Equal((4UL, 2UL, 1UL, 1UL), (common.InBase, common.InTest, common.Compared, common.ComparedInTest));
        Assert.Equal(["CPUID of L2 that L1 is shown", "VMRUN of L1", "CPUID of L2", "INVALID of L2"], common.Kinds.Select(kind => kind.Words).OrderBy(words => words.Length == 28 ? 0 : words[0] == 'V' ? 1 : words[0] == 'C' ? 2 : 3));
        Assert.Equal(["CPUID of L2", "INVALID of L2", "VMRUN of L1"], common.Missing.Select(kind => kind.Words).Order(StringComparer.Ordinal));
    }

    private static string Fingerprint(ExitMark inBase, ExitMark inTest) => Assert.Single(Changes((inBase, inTest))).Fingerprint;

    private static IReadOnlyList<ActChange> Changes(params (ExitMark Base, ExitMark Test)[] pairs)
    {
        var tally = new ActTally();
        foreach ((ExitMark inBase, ExitMark inTest) in pairs)
        {
            tally.Add(inBase, inTest, ExitMark.Compare(inBase, inTest), 0);
        }

        return tally.Changes(Pairs);
    }

    private static ExitMark Shown(ulong code)
    {
        ExitMark mark = Mark(1) with { IsShownToL1 = true };
        mark.Set(EntryLevel, Observed<ulong>.Of(1));
        mark.Set(ReflectedCode, Observed<ulong>.Of(code));
        return mark;
    }

    private static ExitMark Handled()
    {
        ExitMark mark = Mark(2);
        mark.Set(EntryLevel, Observed<ulong>.Of(2));
        mark.Set(ReflectedCode, Observed<ulong>.Absent);
        mark.Set(Exception, Observed<ulong>.Absent);
        return mark;
    }

    private static ExitMark Mark(ulong index) => new()
    {
        Index = index,
        Place = 5,
        Code = 0x72,
        Instruction = ExitMark.NotKnown,
        Step = ExitMark.NotKnown,
        Comparable = true,
        Level = GuestLevel.L2,
    };
}
