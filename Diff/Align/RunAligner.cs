using Differ.Diff.Compare;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Align;

/// <summary>An exit of each run that are the same step.</summary>
/// <param name="Base">Where it is in the base run.</param>
/// <param name="Test">Where it is in the test run.</param>
public sealed record StepPair(ExitPlace Base, ExitPlace Test);

/// <summary>What happens where two runs are no longer alike.</summary>
public enum PartingKind : byte
{
    /// <summary>L1 asks VMRUN for something else. What L0 did before is alike as far as it was recorded.</summary>
    L1AsksOtherwise,

    /// <summary>L0 behaves differently.</summary>
    L0ActsOtherwise,

    /// <summary>The guests go different ways and do not meet again.</summary>
    GuestsPart,
}

/// <summary>A place where two runs are no longer alike.</summary>
/// <param name="What">What happens there.</param>
/// <param name="At">The exits; of guests that part, the last common ones.</param>
/// <param name="Base">What differs, in the base run; empty where guests part.</param>
/// <param name="Test">The same in the test run.</param>
public sealed record Parting(PartingKind What, StepPair At, IReadOnlyList<FieldText> Base, IReadOnlyList<FieldText> Test);

/// <summary>How far two streams of the same vCPU go together.</summary>
/// <param name="Base">The stream of the base run.</param>
/// <param name="Test">The stream of the test run.</param>
/// <param name="Pairs">Exits that are the same step.</param>
/// <param name="Differences">Pairs at which L0 did different things.</param>
/// <param name="OnlyBase">Exits that only the base run has, before the end.</param>
/// <param name="OnlyTest">Exits that only the test run has, before the end.</param>
/// <param name="End">How the alignment ended.</param>
/// <param name="PairsInL2">Exits of L2 that are the same step after the guests parted.</param>
/// <param name="Partings">Where they are no longer alike, in order, up to where the first behavioural difference in L0.</param>
public sealed record StreamAlignment(
    StreamId Base, StreamId Test, ulong Pairs, ulong Differences, ulong OnlyBase, ulong OnlyTest, AlignmentEnd End, ulong PairsInL2,
    IReadOnlyList<Parting> Partings);

/// <summary>What two runs of the same guest have in common, and what they have not.</summary>
/// <param name="Streams">Each vCPU.</param>
/// <param name="Acts">In which ways L0 behaves differently.</param>
/// <param name="Common">How much of nested virtualization could be compared.</param>
public sealed record RunAlignment(IReadOnlyList<StreamAlignment> Streams, IReadOnlyList<ActChange> Acts, CommonExits Common);

/// <summary>Two runs side by side: each is read on a thread of its own, and their vCPUs are aligned as they come.</summary>
public sealed class RunAligner : IDisposable
{
    private readonly StreamPairs _pairs;
    private readonly RunSide _base;
    private readonly RunSide _test;
    private readonly ActTally _acts = new();
    private readonly SortedDictionary<int, StreamAligner> _aligners = [];
    private readonly HashSet<StreamAligner> _touched = [];
    private bool _baseEnded;
    private bool _testEnded;

    /// <summary>An alignment.</summary>
    /// <param name="listed">Tracepoints that both captures describe.</param>
    /// <param name="pairs">Which stream belongs to which.</param>
    /// <param name="baseSink">Takes every exit of the base run too.</param>
    /// <param name="testSink">Takes every exit of the test run too.</param>
    /// <param name="cancel">Ends it.</param>
    public RunAligner(TracepointSet listed, StreamPairs pairs, INamingSink baseSink, INamingSink testSink, CancellationToken cancel)
    {
        _pairs = pairs;
        _base = new RunSide(baseSink, listed, cancel);
        _test = new RunSide(testSink, listed, cancel);
    }

    /// <summary>Takes the base run, on any one thread.</summary>
    public IComputedSink Base => _base;

    /// <summary>Takes the test run, on any one thread.</summary>
    public IComputedSink Test => _test;

    /// <summary>The base run has ended.</summary>
    public void EndBase() => _base.End();

    /// <summary>The test run has ended.</summary>
    public void EndTest() => _test.End();

    /// <summary>Aligns until both runs have ended.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public RunAlignment Follow()
    {
        while (!_baseEnded || !_testEnded)
        {
            bool fromBase = _testEnded || (!_baseEnded && BaseIsBehind());
            RunSide side = fromBase ? _base : _test;
            if (side.Next() is { } batch)
            {
                Add(batch, fromBase);
                side.Recycle(batch);
            }
            else
            {
                End(fromBase);
            }
        }

        return new RunAlignment(
            [.. _aligners.Select(item => Describe(item.Key, item.Value))], _acts.Changes(_pairs), ExitKinds.Common(_base.Kinds, _test.Kinds, _acts));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _base.Dispose();
        _test.Dispose();
    }

    private bool BaseIsBehind()
    {
        long lead = 0;
        foreach (StreamAligner aligner in _aligners.Values)
        {
            (int inBase, int inTest) = aligner.Waiting;
            lead += inBase - inTest;
        }

        return lead <= 0;
    }

    private void Add(MarkBatch batch, bool toBase)
    {
        _touched.Clear();
        (int stream, StreamAligner? aligner) = (-1, null);
        for (int i = 0; i < batch.Count; i++)
        {
            if (aligner is null || batch.StreamOf(i) != stream)
            {
                stream = batch.StreamOf(i);
                aligner = AlignerOf(toBase ? stream : _pairs.OfTest(stream));
                _touched.Add(aligner);
            }

            aligner.Add(batch[i], toBase);
        }

        foreach (StreamAligner one in _touched)
        {
            one.Advance();
        }
    }

    private StreamAligner AlignerOf(int pair)
    {
        if (!_aligners.TryGetValue(pair, out StreamAligner? aligner))
        {
            aligner = new StreamAligner(_acts, pair, _baseEnded, _testEnded);
            _aligners.Add(pair, aligner);
        }

        return aligner;
    }

    private void End(bool ofBase)
    {
        _baseEnded |= ofBase;
        _testEnded |= !ofBase;
        foreach (StreamAligner aligner in _aligners.Values)
        {
            aligner.End(ofBase);
            aligner.Advance();
        }
    }

    private StreamAlignment Describe(int pair, StreamAligner aligner)
    {
        StreamId inBase = StreamPairs.BaseOf(pair), inTest = _pairs.TestOf(pair);
        ExitAligner all = aligner.Together;
        return new StreamAlignment(
            inBase, inTest, all.Pairs, all.Differences + (aligner.InL2?.Differences ?? 0), all.OnlyBase, all.OnlyTest,
            all.End ?? AlignmentEnd.Complete, aligner.InL2?.Pairs ?? 0, [.. Partings(aligner, inBase, inTest)]);
    }

    // What follows from an earlier parting is not told: only where L0 behaves differently, and what came before.
    private static IEnumerable<Parting> Partings(StreamAligner aligner, StreamId inBase, StreamId inTest)
    {
        ExitAligner all = aligner.Together;
        if (all.FirstAsked is { } asked && (all.First is not { } act || asked.Base.Index < act.Base.Index))
        {
            yield return Make(PartingKind.L1AsksOtherwise, (asked.Base.Index, asked.Test.Index), StepWords.Asked(asked.Base, asked.Test));
        }

        if (all.First is null && all is { End: AlignmentEnd.Parted, LastCommon: { } last })
        {
            yield return Make(PartingKind.GuestsPart, last, ([], []));
        }

        if ((all.First ?? aligner.InL2?.First) is { } first)
        {
            yield return Make(PartingKind.L0ActsOtherwise, (first.Base.Index, first.Test.Index), StepWords.Done(first.Base, first.Test));
        }

        Parting Make(PartingKind what, (ulong Base, ulong Test) at, (IReadOnlyList<FieldText> Base, IReadOnlyList<FieldText> Test) words) =>
            new(what, new StepPair(new ExitPlace(inBase, at.Base), new ExitPlace(inTest, at.Test)), words.Base, words.Test);
    }
}
