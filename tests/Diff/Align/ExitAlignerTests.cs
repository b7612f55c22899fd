using Differ.Diff.Align;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Diff.Align;

public sealed class ExitAlignerTests
{
    private const ulong Vmmcall = 0x81;

    [Fact]
    public void Equal_runs_go_together_to_their_end()
    {
        ExitAligner aligner = Align(Places(1000), Places(1000));
        Assert.Equal((AlignmentEnd.Complete, 1000UL, 0UL, 0UL, 0UL), (aligner.End, aligner.Pairs, aligner.Differences, aligner.OnlyBase, aligner.OnlyTest));
    }

    [Fact]
    public void What_only_one_run_has_is_a_gap()
    {
        List<ExitMark> longer = [.. Places(500), .. Places(40, from: 2000), .. Places(500, from: 500)];
        ExitAligner aligner = Align(Places(1000), Numbered(longer));
        Assert.Equal((AlignmentEnd.Complete, 1000UL, 0UL, 40UL), (aligner.End, aligner.Pairs, aligner.OnlyBase, aligner.OnlyTest));
        aligner = Align(Numbered(longer), Places(1000));
        Assert.Equal((AlignmentEnd.Complete, 1000UL, 40UL, 0UL), (aligner.End, aligner.Pairs, aligner.OnlyBase, aligner.OnlyTest));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Insertions_anywhere_do_not_lose_the_rest(int seed)
    {
        var random = new Random(seed);
        var test = new List<ExitMark>();
        ulong inserted = 0;
        foreach (ExitMark mark in Places(3000))
        {
            // An interrupt's handler now and then, each with places of its own, and never in sight of another.
            if (test.Count % 37 == 36)
            {
                int length = random.Next(1, 20);
                test.AddRange(Places(length, from: 5000 + random.Next(1000)));
                inserted += (ulong)length;
            }

            test.Add(mark);
        }

        ExitAligner aligner = Align(Places(3000), Numbered(test));
        Assert.Equal((AlignmentEnd.Complete, 3000UL, 0UL, inserted), (aligner.End, aligner.Pairs, aligner.OnlyBase, aligner.OnlyTest));
    }

    [Fact]
    public void A_loop_that_runs_longer_is_a_gap()
    {
        List<ExitMark> turns(int count) => Numbered([.. Places(100), .. Enumerable.Range(0, count).SelectMany(_ => Places(3, from: 300)), .. Places(100, from: 400)]);
        ExitAligner aligner = Align(turns(50), turns(60));
        Assert.Equal((AlignmentEnd.Complete, 350UL, 0UL, 30UL), (aligner.End, aligner.Pairs, aligner.OnlyBase, aligner.OnlyTest));
    }

    [Fact]
    public void The_first_pair_at_which_L0_acts_otherwise_is_kept()
    {
        List<ExitMark> test = Places(100);
        for (int i = 60; i < 64; i++)
        {
            ExitMark mark = test[i];
            mark.Set(1, Observed<ulong>.Of(0x72));
            test[i] = mark;
        }

        ExitAligner aligner = Align(Places(100), test);
        Assert.Equal((100UL, 4UL), (aligner.Pairs, aligner.Differences));
        Assert.Equal((60UL, 60UL), (aligner.First!.Value.Base.Index, aligner.First.Value.Test.Index));
    }

    [Fact]
    public void What_one_run_does_not_show_is_no_difference()
    {
        ExitMark unseen = Mark(0, 5), none = Mark(0, 5), some = Mark(0, 5);
        none.Set(1, Observed<ulong>.Absent);
        some.Set(1, Observed<ulong>.Of(0x72));
        Assert.NotEqual(Acts.Otherwise, ExitMark.Compare(unseen, some));
        Assert.NotEqual(Acts.Otherwise, ExitMark.Compare(unseen, none));
        Assert.Equal(Acts.Otherwise, ExitMark.Compare(none, some));
    }

    [Fact]
    public void An_instruction_met_as_itself_or_as_its_exception_is_the_same_step()
    {
        ExitMark asItself = Mark(0, 5) with { Code = Vmmcall, Instruction = Vmmcall };
        ExitMark asException = Mark(0, 5) with { Code = 0x46, Instruction = Vmmcall };
        Assert.True(ExitMark.AreSame(asItself, asException));
        Assert.False(ExitMark.AreSame(asItself, asException with { Instruction = ExitMark.NotKnown }));
        Assert.False(ExitMark.AreSame(asItself, asException with { Place = 6 }));
    }

    [Fact]
    public void Exits_at_one_place_that_access_different_registers_are_different_steps()
    {
        ExitMark one = Mark(0, 5) with { Detail = 0x174 };
        Assert.False(ExitMark.AreSame(one, Mark(0, 5) with { Detail = 0x175 }));
        Assert.True(ExitMark.AreSame(one, Mark(0, 5)));
    }

    [Fact]
    public void What_is_alike_counts_where_both_show_which_guest_is_entered()
    {
        ExitMark mark = Mark(0, 5), shown = Mark(0, 5);
        shown.Set(AlignedFields.EntryLevel, Observed<ulong>.Of(2));
        Assert.Equal(Acts.NotComparable, ExitMark.Compare(mark, shown));
        Assert.Equal(Acts.Alike, ExitMark.Compare(shown, shown));
        Assert.Equal(Acts.NotComparable, ExitMark.Compare(shown, shown with { Comparable = false }));
    }

    [Fact]
    public void Under_another_L1_only_what_is_alike_counts()
    {
        ExitMark left = Mark(0, 5), right = Mark(0, 5);
        left.Set(AlignedFields.EntryLevel, Observed<ulong>.Of(1));
        right.Set(AlignedFields.EntryLevel, Observed<ulong>.Of(2));
        Assert.Equal(Acts.Otherwise, ExitMark.Compare(left, right));
        Assert.Equal(Acts.NotComparable, ExitMark.Compare(left with { IsOfAnotherL1 = true }, right));
        Assert.Equal(Acts.Alike, ExitMark.Compare(left with { IsOfAnotherL1 = true }, left));
    }

    [Fact]
    public void Guests_that_never_meet_again_part()
    {
        ExitAligner aligner = Align([.. Places(200), .. Places(800, from: 2000)], [.. Places(200), .. Places(800, from: 3000)]);
        Assert.Equal((AlignmentEnd.Parted, 200UL), (aligner.End, aligner.Pairs));
        Assert.Equal(199UL, aligner.LastCommon!.Value.Base);
    }

    [Fact]
    public void What_L1_asks_otherwise_is_told_and_not_held_against_L0()
    {
        List<ExitMark> test = Places(100);
        ExitMark asked = test[60];
        asked.Set(AlignedFields.FirstAsked, Observed<ulong>.Of(0x443));
        asked.Set(1, Observed<ulong>.Of(0x72));
        test[60] = asked;
        List<ExitMark> before = Places(100);
        asked = before[60];
        asked.Set(AlignedFields.FirstAsked, Observed<ulong>.Of(0xcc8));
        before[60] = asked;
        ExitAligner aligner = Align(before, test);
        Assert.Equal((0UL, 60UL), (aligner.Differences, aligner.FirstAsked!.Value.Test.Index));
    }

    [Fact]
    public void Exits_of_L2_under_other_intercepts_are_not_compared()
    {
        ExitMark left = Mark(0, 5), right = Mark(0, 5);
        left.Set(1, Observed<ulong>.Absent);
        right.Set(1, Observed<ulong>.Of(0x72));
        Assert.Equal(Acts.Otherwise, ExitMark.Compare(left with { Request = 1 }, right with { Request = 1 }));
        Assert.Equal(Acts.NotComparable, ExitMark.Compare(left with { Request = 1 }, right with { Request = 2 }));
        Assert.Equal(Acts.Otherwise, ExitMark.Compare(left with { Request = 1 }, right));
    }

    [Fact]
    public void L2_is_followed_by_itself_where_L1_goes_its_own_way()
    {
        var aligner = new StreamAligner(new ActTally(), 0, baseEnded: false, testEnded: false);
        foreach (bool isBase in (bool[])[true, false])
        {
            for (uint i = 0; i < 400; i++)
            {
                ExitMark inL1 = Mark((i * 2) + 1, (isBase ? 0U : 1000U) + i), inL2 = Mark(i * 2, 3000 + i) with { Level = GuestLevel.L2 };
                inL2.Set(1, i == 300 && isBase ? Observed<ulong>.Of(6) : Observed<ulong>.Absent);
                aligner.Add(inL2 with { IsShownToL1 = i == 200 && isBase, Step = i == 200 && isBase ? 0UL : 2 }, isBase);
                aligner.Add(inL1, isBase);
            }
        }

        aligner.End(ofBase: true);
        aligner.End(ofBase: false);
        aligner.Advance();
        Assert.Equal((AlignmentEnd.Parted, 1UL, 399UL, 1UL), (aligner.Together.End, aligner.Together.Pairs, aligner.InL2!.Pairs, aligner.InL2.Differences));
        Assert.Equal(600UL, aligner.InL2.First!.Value.Base.Index);
    }

    [Fact]
    public void A_run_that_is_too_far_ahead_is_told_and_not_kept()
    {
        var aligner = new ExitAligner(new ActTally(), 0);
        aligner.AddTest(Mark(0, 9));
        for (ulong i = 0; aligner.End is null; i++)
        {
            aligner.AddBase(Mark(i, (uint)(i % 4096)));
            Assert.InRange(i, 0UL, 1UL << 17);
        }

        Assert.Equal(AlignmentEnd.OutOfReach, aligner.End);
        Assert.Equal((0, 0), aligner.Waiting);
    }

    [Fact]
    public void A_run_with_nothing_is_the_end()
    {
        ExitAligner aligner = Align(Places(10), []);
        Assert.Equal((AlignmentEnd.Complete, 0UL, 10UL, 0UL), (aligner.End, aligner.Pairs, aligner.OnlyBase, aligner.OnlyTest));
    }

    private static ExitAligner Align(List<ExitMark> inBase, List<ExitMark> inTest)
    {
        var aligner = new ExitAligner(new ActTally(), 0);
        for (int i = 0; i < Math.Max(inBase.Count, inTest.Count); i++)
        {
            if (i < inBase.Count)
            {
                aligner.AddBase(inBase[i]);
            }

            if (i < inTest.Count)
            {
                aligner.AddTest(inTest[i]);
            }

            aligner.Advance();
        }

        aligner.EndBase();
        aligner.EndTest();
        aligner.Advance();
        return aligner;
    }

    private static ExitMark Mark(ulong index, uint place) =>
        new() { Index = index, Place = place, Code = 0x72, Instruction = ExitMark.NotKnown, Step = 2, Comparable = true };

    // Marks with a place of their own each, and a field that says that nothing happened.
    private static List<ExitMark> Places(int count, int from = 0) =>
    [
        .. Enumerable.Range(0, count).Select(i =>
        {
            ExitMark mark = Mark((ulong)i, (uint)(from + i));
            mark.Set(1, Observed<ulong>.Absent);
            return mark;
        }),
    ];

    private static List<ExitMark> Numbered(List<ExitMark> marks) => [.. marks.Select((mark, i) => mark with { Index = (ulong)i })];
}
