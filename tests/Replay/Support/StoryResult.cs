using Differ.Diff;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Support;

/// <summary>What a rule says of a story.</summary>
public enum Saying
{
    /// <summary>Nothing.</summary>
    Silent,

    /// <summary>It is kept.</summary>
    Kept,

    /// <summary>What is known does not decide it.</summary>
    Undecided,

    /// <summary>It is broken in a way KVM documents.</summary>
    Known,

    /// <summary>It is broken, be it under an assumption.</summary>
    Broken,
}

/// <summary>A story that was replayed and compared.</summary>
internal sealed class StoryResult
{
    private StoryResult(DiffResult whole, DiffResult last)
    {
        Whole = whole;
        Last = last;
    }

    /// <summary>The verdict on the whole story.</summary>
    public DiffResult Whole { get; }

    /// <summary>The verdict on its last record.</summary>
    public DiffResult Last { get; }

    /// <summary>Rules that the story breaks, be it under an assumption, in the order of their names.</summary>
    public IReadOnlyList<string> Broken => Rules(Whole.Divergences.Concat(Whole.Likely));

    /// <summary>Replays a story.</summary>
    public static StoryResult Of(RunStory story)
    {
        var whole = new Comparison(story.Header, RuleBook.Statements, story.Texts);
        var last = new Comparison(story.Header, RuleBook.Statements, story.Texts);
        var sink = new Both(whole, last, story.Records[^1].Index);
        Play(story, sink);
        return new StoryResult(whole.Finish(SummaryOf(story)), last.Finish(SummaryOf(story)));
    }

    /// <summary>Replays a story into any sink.</summary>
    /// <param name="story">The story.</param>
    /// <param name="sink">Takes the pairs.</param>
    /// <param name="looksAtEverything">Whether the short way for plain exits is closed.</param>
    public static void Play(RunStory story, IComputedSink sink, bool looksAtEverything = false)
    {
        var replayer = new Replayer(story.Header, story.Texts, sink) { LooksAtEverything = looksAtEverything };
        foreach (StoryRecord record in story.Records)
        {
            foreach (Action<Differ.Replay.State.Vcpu> learn in record.Known)
            {
                learn(replayer.VcpuOf(new StreamId(0)));
            }

            record.GiveTo(replayer);
        }
    }

    /// <summary>What a rule says of the last record.</summary>
    public Saying Says(string rule) =>
        Rules(Last.Divergences.Concat(Last.Likely)).Contains(rule) ? Saying.Broken
        : Rules(Last.KnownDepartures).Contains(rule) ? Saying.Known
        : Missing(rule).Count > 0 ? Saying.Undecided
        : Last.Rules.Any(count => count.Rule.Id == rule && count.Conforms > 0) ? Saying.Kept
        : Saying.Silent;

    /// <summary>What a rule lacks at the last record.</summary>
    public IReadOnlyList<Evidence> Missing(string rule) =>
        [.. Last.Undecided.Where(row => row.Rules.Any(share => share.Rule.Id == rule)).Select(row => row.Missing.Evidence)];

    private static List<string> Rules(IEnumerable<DivergenceClass> classes) =>
        [.. classes.SelectMany(found => found.AlsoBroken.Concat(found.AlsoLikely).Append(found.Rule)).Select(rule => rule.Id).Distinct().Order(StringComparer.Ordinal)];

    private static RunSummary SummaryOf(RunStory story) => new()
    {
        Exits = (ulong)story.Records.Count,
        Seen = story.Records.SelectMany(record => record.Events)
            .Aggregate(TracepointSet.Exit | TracepointSet.Entry, (set, kvmEvent) => set | TracepointSet.Of(kvmEvent.Kind)),
        ListIsSelective = story.SilenceMeans,
    };

    private sealed class Both(Comparison whole, Comparison last, ulong index) : IComputedSink
    {
        public void Take(in ExitRecord recorded, in ComputedExit computed)
        {
            whole.Take(recorded, computed);
            if (recorded.Index == index)
            {
                last.Take(recorded, computed);
            }
        }
    }
}
