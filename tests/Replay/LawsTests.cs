using Differ.Diff.Compare;
using Differ.Replay;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using Differ.Tests.Support;

namespace Differ.Tests.Replay;

/// <summary>What must hold of every story, sensible or not.</summary>
public sealed class LawsTests
{
    private const int Stories = 400;

    // "A divergence is reported only if no value of the unseen state explains what was seen."
    [Fact]
    public void A_certain_divergence_stays_one_whatever_else_becomes_known() => Laws.HoldForChoices(Stories, static choices =>
    {
        Judged[] part = Judge(choices, complete: false), more = Judge(choices, complete: true);
        return First(part.Where(of => of.Certain && of.Met.IsNo && !more.Any(other => other.Rule == of.Rule && other.Met.IsNo)));
    });

    [Fact]
    public void What_is_kept_is_not_broken_by_knowing_more() => Laws.HoldForChoices(Stories, static choices =>
    {
        Judged[] part = Judge(choices, complete: false), more = Judge(choices, complete: true);
        IEnumerable<int> kept = part.Select(of => of.Rule).Where(rule => part.All(of => of.Rule != rule || of.Met.IsYes));
        return First(more.Where(of => of.Certain && of.Met.IsNo && kept.Contains(of.Rule) && !GivesBenefitOfDoubt(of.Rule)));
    });

    // Events that are lost take knowledge away, and knowing less never makes a certain divergence.
    [Fact]
    public void A_loss_never_makes_a_divergence() => Laws.HoldForChoices(Stories, static choices =>
    {
        Judged[] all = Judge(choices, complete: false), after = Judge(choices, complete: false, RecordFlags.LossBefore);
        return First(after.Where(of => of.Met.IsNo && !all.Any(other => other.Rule == of.Rule && other.Met.IsNo)));
    });

    [Fact]
    public void A_record_with_a_hole_is_not_judged() => Laws.HoldForChoices(Stories, static choices =>
        First(Judge(choices, complete: false, RecordFlags.LossInside)));

    [Fact]
    public void The_short_way_for_plain_exits_says_what_the_long_one_says() => Laws.HoldForChoices(Stories, static choices =>
    {
        var shortWay = new Written();
        var longWay = new Written();
        StoryResult.Play(new RandomStory(choices).Tell(), shortWay);
        StoryResult.Play(new RandomStory(choices).Tell(), longWay, looksAtEverything: true);
        return shortWay.Lines.Zip(longWay.Lines).Where(pair => pair.First != pair.Second).Select(pair => $"{pair.First} or {pair.Second}").FirstOrDefault();
    });

    [Fact]
    public void A_check_that_is_not_asked_would_have_said_undecided() => Laws.HoldForChoices(Stories, static choices =>
    {
        var random = new RandomStory(choices);
        var vcpu = new Vcpu();
        var run = new NestedVmenter(0, 0x5000, 0x2000, 0, default, random.Choose(2) == 0 ? Truth.Yes : Truth.No, Observed<ulong>.Unseen);
        vcpu.Vmcb12.Load(run, null);
        random.Complete(vcpu);
        RuleSet rules = RuleSet.Of(RuleBook.All, Situation.VmrunEntered, SvmExitCode.Vmrun, vcpu.Vmcb12.Known);
        foreach (Expectation skipped in rules.Undecided)
        {
            Expectation[] asked = Ask(skipped.Rule, vcpu);
            if (!asked.SequenceEqual([skipped]))
            {
                return $"{RuleBook.All[skipped.Rule].Info.Id}: {skipped} or {string.Join(", ", asked)}";
            }
        }

        return null;
    });

    // Where it is not known whether the virtual CPU has an instruction, its #UD is taken for right (table 15-7); so is a code
    // whose intercept is not known; and a rule that allows what another thing may have caused.
    private static bool GivesBenefitOfDoubt(int rule) => RuleBook.All[rule].Info.Id is
        "SVM-L-REFLECT-DEFAULT" or "SVM-L-REFLECT-IMMEDIATE" or "SVM-15.9-XSETBV-PRIO" or "SVM-15.9-INVLPGB-PRIO" or "SVM-15.18-VMMCALL-UNINT-UD"
        or "SVM-C1-CODE-BIT-MAP" or "SVM-15.12-EXC-CODE";

    private static Expectation[] Ask(int rule, Vcpu vcpu)
    {
        RunStory story = new RunStory().Vmrun();
        var digest = new RecordDigest();
        var seen = new Differ.Replay.Rules.Observations(digest, new InstructionDecoder(), story.Header.Listed);
        var builder = new ExpectationBuilder { Rule = rule };
        var reader = new Reader(digest, seen);
        story.Records[0].GiveTo(reader);
        HardwareExit exit = story.Records[0].Exit;
        RuleBook.All[rule].Judge(new Step(
            vcpu, GuestLevel.L1, true, in exit, Observed<uint>.Unseen, seen, story.Header, new FailedChecks(story.Texts), builder));
        return builder.View(0).Expectations.ToArray();
    }

    private static string? First(IEnumerable<Judged> judged) => judged.Select(of => $"{RuleBook.All[of.Rule].Info.Id} {of}").FirstOrDefault();

    // The verdicts on the last record of the story, before which something becomes known or is lost.
    private static Judged[] Judge(int[] choices, bool complete, RecordFlags flags = RecordFlags.None)
    {
        var random = new RandomStory(choices);
        RunStory story = random.Tell();
        StoryRecord last = story.Records[^1];
        var verdicts = new Verdicts(story.Header, last.Index);
        var replayer = new Differ.Replay.Replayer(story.Header, story.Texts, verdicts);
        var state = new RandomStory([.. choices.Reverse()]);
        foreach (StoryRecord record in story.Records)
        {
            if (record == last && complete)
            {
                state.Complete(replayer.VcpuOf(new StreamId(0)));
            }

            record.GiveTo(replayer, record == last ? flags : RecordFlags.None);
        }

        return [.. verdicts.All];
    }

    /// <summary>What came of one expectation.</summary>
    private sealed record Judged(int Rule, bool Certain, Truth Met);

    private sealed class Verdicts(RunHeader header, ulong index) : IComputedSink
    {
        private readonly FieldComparer _comparer = new(header.Listed);
        private readonly RecordDigest _digest = new();

        public List<Judged> All { get; } = [];

        public void Take(in ExitRecord recorded, in ComputedExit computed)
        {
            if (recorded.Index != index)
            {
                return;
            }

            _digest.Read(recorded);
            foreach (ref readonly Expectation expectation in computed.Expectations)
            {
                Truth met = expectation.Standing == Standing.Undecided
                    ? Truth.Unknown : _comparer.IsMet(recorded, _digest, computed, expectation, out _);
                All.Add(new Judged(expectation.Rule, expectation.Standing == Standing.Decided, met));
            }
        }
    }

    private sealed class Written : IComputedSink
    {
        public List<string> Lines { get; } = [];

        public void Take(in ExitRecord recorded, in ComputedExit computed) => Lines.Add(
            $"{recorded.Index} {computed.Instruction:x} {string.Join(", ", computed.Expectations.ToArray())} "
            + string.Join(", ", computed.Constraints.ToArray()));
    }

    private sealed class Reader(RecordDigest digest, Differ.Replay.Rules.Observations seen) : IExitSink
    {
        public void Take(in ExitRecord record)
        {
            digest.Read(record);
            seen.Read(record);
        }
    }
}
