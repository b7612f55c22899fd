using Differ.Diff;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Replay.Manual.Tables;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli.Browse;

/// <summary>What one rule says of an exit.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Verdict">What it says.</param>
/// <param name="Missing">The evidence that would decide it, or that is assumed; none where there is nothing to decide.</param>
internal sealed record SpokenRule(RuleInfo Rule, Verdict Verdict, Evidence Missing);

/// <summary>What the replay knew at an exit and what every rule said of it: the recording is replayed up to there.</summary>
/// <param name="Known">The state, with where each bit came from.</param>
/// <param name="Rules">The rules that had something to say, the gravest verdict first.</param>
/// <param name="Departure">What the exit departs in; null unless it does.</param>
internal sealed record ExitStory(IReadOnlyList<KnownItem> Known, IReadOnlyList<SpokenRule> Rules, Departure? Departure)
{
    /// <summary>Replays.</summary>
    /// <param name="run">The recording.</param>
    /// <param name="row">The exit.</param>
    /// <param name="place">Its stream and number.</param>
    /// <param name="cpu">What the user says of the virtual CPU; null for nothing.</param>
    /// <param name="cancel">Ends it.</param>
    public static ExitStory Of(BrowsedRun run, long row, ExitPlace place, CpuDescription? cpu, CancellationToken cancel)
    {
        var texts = new TextTable();
        var listener = new Listener(place);
        var trail = new StateTrail(place.Stream, place.Index);
        var comparison = new Comparison(run.Header, RuleBook.Statements, texts, exits: listener)
        {
            KnownOn = run.IsStream ? run.Header.Listed : default,
            Alone = new LoneReplay(run.Header, texts, cpu),
            Rules = listener,
        };
        run.Kept.Read(0, row + 1, new Replayer(run.Header, texts, comparison, cpu) { Trail = trail }, texts, cancel);
        return new ExitStory(trail.Known, [.. listener.Rules.OrderByDescending(static one => one.Verdict)], listener.Departure);
    }

    private sealed class Listener(ExitPlace place) : IRuleWatcher, IJudgedSink
    {
        public List<SpokenRule> Rules { get; } = [];

        public Departure? Departure { get; private set; }

        public void Take(in ExitRecord recorded, RuleInfo rule, Verdict verdict, Evidence missing)
        {
            if (IsAsked(recorded))
            {
                Rules.Add(new SpokenRule(rule, verdict, missing));
            }
        }

        public void Take(in ExitRecord recorded, Verdict verdict, Departure? departure)
        {
            if (IsAsked(recorded))
            {
                Departure = departure;
            }
        }

        private bool IsAsked(in ExitRecord recorded) => recorded.Index == place.Index && recorded.Stream == place.Stream;
    }
}
