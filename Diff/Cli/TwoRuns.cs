using System.Runtime.ExceptionServices;
using Differ.Diff;
using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Compare;
using Differ.Diff.Verdicts;
using Differ.Replay;
using Differ.Replay.Svm;
using Differ.Schemas.Model;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary>Checks two captures at once, each on a thread of its own, and aligns them as they are read.</summary>
internal static class TwoRuns
{
    private const ulong Before = 3;
    private const ulong After = 2;

    /// <summary>Compares two captures.</summary>
    /// <param name="name">What the pair is called.</param>
    /// <param name="inBase">The base capture.</param>
    /// <param name="inTest">The test capture.</param>
    /// <param name="policy">What both are judged by.</param>
    /// <param name="judge">What is made of what a check found.</param>
    /// <param name="terminal">Where remarks go.</param>
    /// <param name="cancel">Ends it.</param>
    public static RunChanges Compare(
        string name, string inBase, string inTest, Policy policy, Func<DiffResult, DiffResult> judge, Terminal terminal, CancellationToken cancel)
    {
        terminal = terminal.Quiet();
        (CheckedRun checkedBase, CheckedRun checkedTest, IReadOnlyList<StreamAlignment> aligned) = Check(inBase, inTest, policy, terminal, cancel);
        var pairs = StreamPairs.ByVcpu(checkedBase.Result.Summary.Streams, checkedTest.Result.Summary.Streams);
        if (!pairs.AreByNumber)
        {
            aligned = Align(inBase, inTest, pairs, terminal, cancel);
        }

        checkedBase = checkedBase with { Result = judge(checkedBase.Result) };
        checkedTest = checkedTest with { Result = judge(checkedTest.Result) };
        List<Parting> partings = [.. aligned.SelectMany(one => one.Partings)];
        Dictionary<ExitPlace, ExitContext> aroundBase = [], aroundTest = [];
        InParallel(
            () => aroundBase = Contexts(inBase, partings.Select(one => one.At.Base), terminal, cancel),
            () => aroundTest = Contexts(inTest, partings.Select(one => one.At.Test), terminal, cancel));
        return new RunChanges(
            name, checkedBase.Result, checkedTest.Result, RunChanges.ClassesOf(checkedBase, checkedTest),
            [.. aligned.Select(one => new VcpuAlignment(
                Label(one, checkedBase.Result, checkedTest.Result), one,
                [.. one.Partings.Select(parting => new PartingContext(parting, aroundBase[parting.At.Base], aroundTest[parting.At.Test]))]))])
        {
            TestFile = inTest,
        };
    }

    private static (CheckedRun Base, CheckedRun Test, IReadOnlyList<StreamAlignment> Aligned) Check(
        string inBase, string inTest, Policy policy, Terminal terminal, CancellationToken cancel)
    {
        using RunInput baseInput = RunInput.Open(inBase, terminal), testInput = RunInput.Open(inTest, terminal);
        Comparison baseComparison = new(baseInput.Header, RuleBook.Statements, baseInput.Texts, policy);
        Comparison testComparison = new(testInput.Header, RuleBook.Statements, testInput.Texts, policy);
        ChanceCounter baseChances = new(RuleBook.Statements, baseComparison), testChances = new(RuleBook.Statements, testComparison);
        (RunSummary baseSummary, RunSummary testSummary, IReadOnlyList<StreamAlignment> aligned) =
            Read(baseInput, testInput, StreamPairs.ByNumber, baseChances, testChances, cancel);
        return (new CheckedRun(baseComparison.Finish(baseSummary), baseChances), new CheckedRun(testComparison.Finish(testSummary), testChances), aligned);
    }

    private static IReadOnlyList<StreamAlignment> Align(string inBase, string inTest, StreamPairs pairs, Terminal terminal, CancellationToken cancel)
    {
        using RunInput baseInput = RunInput.Open(inBase, terminal), testInput = RunInput.Open(inTest, terminal);
        return Read(baseInput, testInput, pairs, new Nowhere(), new Nowhere(), cancel).Aligned;
    }

    private static (RunSummary Base, RunSummary Test, IReadOnlyList<StreamAlignment> Aligned) Read(
        RunInput inBase, RunInput inTest, StreamPairs pairs, IComputedSink baseSink, IComputedSink testSink, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var aligner = new RunAligner(inBase.Header.Listed & inTest.Header.Listed, pairs, baseSink, testSink, stop.Token);
        RunSummary? baseSummary = null, testSummary = null;
        IReadOnlyList<StreamAlignment> aligned = [];
        InParallel(
            Stopping(() => baseSummary = inBase.Read(new Replayer(inBase.Header, inBase.Texts, aligner.Base), stop.Token), aligner.EndBase, stop),
            Stopping(() => testSummary = inTest.Read(new Replayer(inTest.Header, inTest.Texts, aligner.Test), stop.Token), aligner.EndTest, stop),
            Stopping(() => aligned = aligner.Follow(), static () => { }, stop));
        return (baseSummary!, testSummary!, aligned);
    }

    // Where one of them fails, the others must not wait for it.
    private static Action Stopping(Action work, Action end, CancellationTokenSource stop) => () =>
    {
        try
        {
            work();
            end();
        }
        catch
        {
            stop.Cancel();
            throw;
        }
    };

    private static void InParallel(params Action[] works)
    {
        var faults = new Exception?[works.Length];
        Thread[] threads = [.. works.Select((work, i) => new Thread(() => faults[i] = FaultOf(work)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        // That the others were stopped is not what went wrong.
        Exception? first = faults.FirstOrDefault(fault => fault is not null and not OperationCanceledException) ?? faults.FirstOrDefault(fault => fault is not null);
        if (first is not null)
        {
            ExceptionDispatchInfo.Throw(first);
        }
    }

    private static Exception? FaultOf(Action work)
    {
        try
        {
            work();
            return null;
        }
        catch (Exception fault)
        {
            return fault;
        }
    }

    private static string Label(StreamAlignment aligned, DiffResult inBase, DiffResult inTest) =>
        inBase.Summary.StreamOf(aligned.Base)?.Label
        ?? inTest.Summary.StreamOf(aligned.Test)!.Label;

    private static Dictionary<ExitPlace, ExitContext> Contexts(string path, IEnumerable<ExitPlace> places, Terminal terminal, CancellationToken cancel)
    {
        List<ExitPlace> wanted = [.. places.Distinct()];
        if (wanted.Count == 0)
        {
            return [];
        }

        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var collector = new Collector(wanted, done);
        using RunInput input = RunInput.Open(path, terminal);
        try
        {
            input.Read(collector, done.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Everything that was wanted has come.
        }

        return wanted.ToDictionary(place => place, place => new ExitContext(collector.Around(place), place.Index));
    }

    private sealed class Nowhere : IComputedSink
    {
        public void Take(in ExitRecord recorded, in ComputedExit computed)
        {
            // Only the alignment is wanted.
        }
    }

    // Keeps the neighbourhoods of some exits, and stops the reading behind the last of them.
    private sealed class Collector(List<ExitPlace> places, CancellationTokenSource done) : IExitSink
    {
        private readonly Dictionary<ExitPlace, List<KeptExit>> _kept = places.ToDictionary(place => place, _ => new List<KeptExit>());
        private int _open = places.Count;

        public List<KeptExit> Around(ExitPlace place) => _kept[place];

        public void Take(in ExitRecord record)
        {
            foreach (ExitPlace place in places)
            {
                if (place.Stream != record.Stream || record.Index + Before < place.Index || record.Index > place.Index + After)
                {
                    continue;
                }

                _kept[place].Add(KeptExit.Of(record));
                if (record.Index == place.Index + After && --_open == 0)
                {
                    done.Cancel();
                }
            }
        }
    }
}
