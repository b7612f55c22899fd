using Differ.Capture;
using Differ.Diff;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Replay.Manual.Tables;
using Differ.Replay.State;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Replay.State;

/// <summary>Of every bit that the replay knows it is remembered where it came from, and nothing else changes.</summary>
public sealed class StateTrailTests
{
    private const uint EferMsr = 0xc000_0080;

    public static TheoryData<string> Fixtures => [.. Fixture.Names];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Every_known_bit_has_one_source(string fixture)
    {
        foreach (ulong exit in (ulong[])[0, 1, 7, 50, 300, 2282])
        {
            Assert.All(Trail(Fixture.Capture(fixture), exit).Known, item =>
            {
                Assert.Equal(item.Value.Known, item.From.Aggregate(0UL, static (all, part) => all | part.Bits));
                Assert.Equal(item.From.Sum(static part => (decimal)ulong.PopCount(part.Bits)), ulong.PopCount(item.Value.Known));
                Assert.All(item.From, part => Assert.True(part.Since.Exit <= exit, $"{item.Name} comes from exit {part.Since.Exit}"));
                Assert.All(item.From, part => Assert.True(part.Since.By is not KnownBy.Event || !part.Since.Events.IsEmpty, $"{item.Name} comes from no event"));
            });
        }
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_replay_that_is_followed_says_what_any_other_says(string fixture)
    {
        static (IReadOnlyDictionary<Verdict, ulong>, string[]) Check(string path, StateTrail? trail)
        {
            using var session = CaptureSession.Open(path);
            var comparison = new Comparison(session.Header, RuleBook.Statements, session.Texts);
            DiffResult result = comparison.Finish(session.ReadExits(new Replayer(session.Header, session.Texts, comparison) { Trail = trail }));
            return (result.Verdicts, [.. result.Classes.Select(static found => $"{found.Fingerprint} {found.Count}")]);
        }

        Assert.Equivalent(Check(Fixture.Capture(fixture), null), Check(Fixture.Capture(fixture), new StateTrail(new StreamId(0), ulong.MaxValue)), strict: true);
    }

    [Fact]
    public void A_source_names_the_event_or_what_it_follows_from()
    {
        IReadOnlyList<KnownItem> known = TrailOf(
            static story => Stories.EnterL2(story.Exit(SvmExitCode.Msr.Value, 0x1000, 1).Msr(write: true, EferMsr, 0x1d01).Entry(0x1002)).ExitFromL2(SvmExitCode.Intr.Value, Stories.L2Rip).Entry(Stories.L2Rip), 2).Known;
        KnownBits efer = Assert.Single(Of(known, "L1", "EFER").From);
        Assert.Equal((ulong.MaxValue, KnownBy.Event, 0UL, TracepointSet.Of(KvmEventKind.MsrAccess)), (efer.Bits, efer.Since.By, efer.Since.Exit, efer.Since.Events));
        KnownBits words = Assert.Single(Of(known, "vmcb12", "Intercepts, word 4").From);
        Assert.Equal((KnownBy.Event, 1UL, TracepointSet.Of(KvmEventKind.NestedIntercepts)), (words.Since.By, words.Since.Exit, words.Since.Events));
        KnownBits rip = Assert.Single(Of(known, "vmcb12", "RIP").From);
        Assert.Equal((KnownBy.Event, TracepointSet.Of(KvmEventKind.NestedVmenter)), (rip.Since.By, rip.Since.Events));
        Assert.Equal((0xffff_ffffUL, 64), (Of(known, "vmcb12", "EVENTINJ").Value.Known, Of(known, "vmcb12", "EVENTINJ").Size));
        KnownBits gif = Assert.Single(Of(known, "L1", "GIF").From);
        Assert.Equal((KnownBy.Conclusion, TracepointSet.Of(KvmEventKind.NestedVmenter)), (gif.Since.By, gif.Since.Events));
    }

    [Fact]
    public void What_is_forgotten_has_no_source_any_more()
    {
        IReadOnlyList<KnownItem> known = TrailOf(static story => Stories.BackToL1(Stories.EnterL2(story)), 1).Known;
        Assert.Contains(known, item => item.Owner == "vmcb12");
        known = TrailOf(
            static story =>
            {
                Stories.BackToL1(Stories.EnterL2(story));
                story.Entry(0x2000).Exit(SvmExitCode.Cpuid.Value, 0x2000).Entry(0x2002);
            }, 2).Known;
        Assert.DoesNotContain(known, item => item.Owner == "vmcb12");
    }

    [Fact]
    public void What_the_user_says_is_told_apart_from_what_was_recorded()
    {
        using var words = new StringReader("SVM=1\nRDPRU=0\n");
        KnownItem[] told = [.. Trail(Fixture.Capture("svme-unchecked"), 1, CpuDescription.Read(words)).Known.Where(static item => item.From.Any(part => part.Since.By == KnownBy.User))];
        Assert.Contains(told, item => item is { Owner: "virtual CPU", Name: "RDPRU", Value.Value: 0 });
    }

    private static KnownItem Of(IReadOnlyList<KnownItem> known, string owner, string name) => Assert.Single(known, item => item.Owner == owner && item.Name == name);

    private static StateTrail Trail(string path, ulong exit, CpuDescription? cpu = null)
    {
        using var session = CaptureSession.Open(path);
        return Followed(session, exit, cpu);
    }

    private static StateTrail TrailOf(Action<KvmStory> tell, ulong exit)
    {
        using var session = CaptureSession.Open(new MemoryStream(StoryFiles.TraceDat("6.12", tell)));
        return Followed(session, exit, null);
    }

    private static StateTrail Followed(CaptureSession session, ulong exit, CpuDescription? cpu)
    {
        var trail = new StateTrail(new StreamId(0), exit);
        var comparison = new Comparison(session.Header, RuleBook.Statements, session.Texts);
        session.ReadExits(new Replayer(session.Header, session.Texts, comparison, cpu) { Trail = trail });
        return trail;
    }
}
