using System.Runtime.ExceptionServices;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff;
using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Compare;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Replay.Manual.Tables;
using Differ.Schemas.Model;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary>Checks two captures at once, each on a thread of its own, and aligns them as they are read.</summary>
internal static class TwoRuns
{
    /// <summary>Compares two captures.</summary>
    /// <param name="name">What the pair is called.</param>
    /// <param name="inBase">The base capture.</param>
    /// <param name="inTest">The test capture.</param>
    /// <param name="how">What both are judged by.</param>
    /// <param name="terminal">Where remarks go.</param>
    /// <param name="cancel">Ends it.</param>
    public static RunChanges Compare(
        string name, string inBase, string inTest, Judging how, Terminal terminal, CancellationToken cancel)
    {
        terminal = terminal.Quiet();
        TwoChecks found = Check(inBase, inTest, StreamPairs.ByNumber, how, terminal, cancel);
        var pairs = StreamPairs.ByVcpu(found.Base.Result.Summary.Streams, found.Test.Result.Summary.Streams);
        if (!pairs.AreByNumber)
        {
            found = Check(inBase, inTest, pairs, how, terminal, cancel);
        }

        CheckedRun checkedBase = Apart(found.Base), checkedTest = Apart(found.Test);
        IReadOnlyList<BehaviourChange> behaviour = BehaviourChange.Of(found.Aligned.Acts, checkedBase.Result, checkedTest.Result);
        StepPair[] places = [.. found.Aligned.Streams.SelectMany(one => one.Partings).Select(parting => parting.At), .. behaviour.Select(change => change.First)];
        ExitContexts aroundBase = new(places.Select(place => place.Base)), aroundTest = new(places.Select(place => place.Test));
        InParallel(() => Read(inBase, aroundBase, terminal, cancel), () => Read(inTest, aroundTest, terminal, cancel));
        return new RunChanges(
            name, checkedBase.Result, checkedTest.Result, RunChanges.ClassesOf(checkedBase, checkedTest),
            [.. found.Aligned.Streams.Select(one => new VcpuAlignment(
                Label(one, checkedBase.Result, checkedTest.Result), one,
                [.. one.Partings.Select(parting => new PartingContext(parting, aroundBase.Around(parting.At.Base), aroundTest.Around(parting.At.Test)))]))])
        {
            TestFile = inTest,
            Behaviour = [.. behaviour.Select(change => change with { AroundBase = aroundBase.Around(change.First.Base), AroundTest = aroundTest.Around(change.First.Test) })],
            Common = found.Aligned.Common,
        };

        CheckedRun Apart(CheckedRun one) => one with { Result = how.Accepted.Apply(one.Result, terminal.Today) };
    }

    private static TwoChecks Check(string inBase, string inTest, StreamPairs pairs, Judging how, Terminal terminal, CancellationToken cancel)
    {
        using RunInput baseInput = InputException.Naming(inBase, () => RunInput.Open(inBase, terminal));
        using RunInput testInput = InputException.Naming(inTest, () => RunInput.Open(inTest, terminal));
        KeptCounter keptInBase = new(RuleBook.Statements), keptInTest = new(RuleBook.Statements);
        Comparison baseComparison = new(baseInput.Header, RuleBook.Statements, baseInput.Texts, how.Policy, kept: keptInBase) { Alone = new LoneReplay(baseInput.Header, baseInput.Texts, how.Cpu) };
        Comparison testComparison = new(testInput.Header, RuleBook.Statements, testInput.Texts, how.Policy, kept: keptInTest) { Alone = new LoneReplay(testInput.Header, testInput.Texts, how.Cpu) };
        (RunSummary baseSummary, RunSummary testSummary, RunAlignment aligned) = Read(
            (inBase, baseInput), (inTest, testInput), pairs, how.Cpu, baseComparison, testComparison, cancel);
        return new TwoChecks(new CheckedRun(baseComparison.Finish(baseSummary), keptInBase), new CheckedRun(testComparison.Finish(testSummary), keptInTest), aligned);
    }

    private static (RunSummary Base, RunSummary Test, RunAlignment Aligned) Read(
        (string Path, RunInput Input) inBase, (string Path, RunInput Input) inTest, StreamPairs pairs, CpuDescription? cpu, INamingSink baseSink, INamingSink testSink,
        CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var aligner = new RunAligner(inBase.Input.Header.Listed & inTest.Input.Header.Listed, pairs, baseSink, testSink, stop.Token);
        RunSummary? baseSummary = null, testSummary = null;
        RunAlignment? aligned = null;
        InParallel(
            Stopping(() => baseSummary = Replay(inBase, aligner.Base, cpu, stop.Token), aligner.EndBase, stop),
            Stopping(() => testSummary = Replay(inTest, aligner.Test, cpu, stop.Token), aligner.EndTest, stop),
            Stopping(() => aligned = aligner.Follow(), static () => { }, stop));
        return (baseSummary!, testSummary!, aligned!);
    }

    private static RunSummary Replay((string Path, RunInput Input) one, IComputedSink sink, CpuDescription? cpu, CancellationToken cancel)
    {
        var replayer = new Replayer(one.Input.Header, one.Input.Texts, sink, cpu);
        RunSummary summary = InputException.Naming(one.Path, () => one.Input.Read(replayer, cancel));
        return summary with { Notes = [.. summary.Notes, .. replayer.Notes] };
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

    private static void Read(string path, ExitContexts contexts, Terminal terminal, CancellationToken cancel)
    {
        if (contexts.AreComplete)
        {
            return;
        }

        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        contexts.Completed += done.Cancel;
        using RunInput input = RunInput.Open(path, terminal);
        try
        {
            input.Read(contexts, done.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Everything that was wanted has come.
        }
    }

    private sealed record TwoChecks(CheckedRun Base, CheckedRun Test, RunAlignment Aligned);
}
