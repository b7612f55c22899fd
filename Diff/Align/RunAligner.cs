using Differ.Diff.Compare;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Align;

/// <summary>An exit of each run that are the same step.</summary>
/// <param name="Base">Where it is in the base run.</param>
/// <param name="Test">Where it is in the test run.</param>
public sealed record StepPair(ExitPlace Base, ExitPlace Test);

/// <summary>How far two streams of the same vCPU go together.</summary>
/// <param name="Base">The stream of the base run.</param>
/// <param name="Test">The stream of the test run.</param>
/// <param name="Pairs">Exits that are the same step.</param>
/// <param name="Differences">Pairs at which L0 did different things.</param>
/// <param name="OnlyBase">Exits that only the base run has, before the end.</param>
/// <param name="OnlyTest">Exits that only the test run has, before the end.</param>
/// <param name="End">How the alignment ended.</param>
/// <param name="First">The first pair at which L0 did different things; null where there is none.</param>
/// <param name="BaseDid">What L0 did there in the base run, as far as it differs.</param>
/// <param name="TestDid">What L0 did there in the test run.</param>
/// <param name="LastCommon">The last pair; null where there is none.</param>
public sealed record StreamAlignment(
    StreamId Base, StreamId Test, ulong Pairs, ulong Differences, ulong OnlyBase, ulong OnlyTest, AlignmentEnd End, StepPair? First,
    IReadOnlyList<FieldText> BaseDid, IReadOnlyList<FieldText> TestDid, StepPair? LastCommon);

/// <summary>Two runs side by side: each is read on a thread of its own, and their vCPUs are aligned as they come.</summary>
public sealed class RunAligner : IDisposable
{
    private readonly StreamPairs _pairs;
    private readonly RunSide _base;
    private readonly RunSide _test;
    private readonly SortedDictionary<int, ExitAligner> _aligners = [];
    private readonly HashSet<int> _touched = [];
    private bool _baseEnded;
    private bool _testEnded;

    /// <summary>An alignment.</summary>
    /// <param name="listed">Tracepoints that both captures describe.</param>
    /// <param name="pairs">Which stream belongs to which.</param>
    /// <param name="baseSink">Takes every exit of the base run too.</param>
    /// <param name="testSink">Takes every exit of the test run too.</param>
    /// <param name="cancel">Ends it.</param>
    public RunAligner(TracepointSet listed, StreamPairs pairs, IComputedSink baseSink, IComputedSink testSink, CancellationToken cancel)
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
    public IReadOnlyList<StreamAlignment> Follow()
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

        return [.. _aligners.Select(item => Describe(item.Key, item.Value))];
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
        foreach (ExitAligner aligner in _aligners.Values)
        {
            (int inBase, int inTest) = aligner.Waiting;
            lead += inBase - inTest;
        }

        return lead <= 0;
    }

    private void Add(MarkBatch batch, bool toBase)
    {
        _touched.Clear();
        for (int i = 0; i < batch.Count; i++)
        {
            int pair = toBase ? batch.StreamOf(i) : _pairs.OfTest(batch.StreamOf(i));
            ExitAligner aligner = AlignerOf(pair);
            if (toBase)
            {
                aligner.AddBase(batch[i]);
            }
            else
            {
                aligner.AddTest(batch[i]);
            }

            _touched.Add(pair);
        }

        foreach (int pair in _touched)
        {
            _aligners[pair].Advance();
        }
    }

    private ExitAligner AlignerOf(int pair)
    {
        if (!_aligners.TryGetValue(pair, out ExitAligner? aligner))
        {
            aligner = new ExitAligner();
            EndSides(aligner);
            _aligners.Add(pair, aligner);
        }

        return aligner;
    }

    private void End(bool ofBase)
    {
        _baseEnded |= ofBase;
        _testEnded |= !ofBase;
        foreach (ExitAligner aligner in _aligners.Values)
        {
            EndSides(aligner);
            aligner.Advance();
        }
    }

    private void EndSides(ExitAligner aligner)
    {
        if (_baseEnded)
        {
            aligner.EndBase();
        }

        if (_testEnded)
        {
            aligner.EndTest();
        }
    }

    private StreamAlignment Describe(int pair, ExitAligner aligner)
    {
        StreamId inBase = StreamPairs.BaseOf(pair), inTest = _pairs.TestOf(pair);
        (IReadOnlyList<FieldText> baseDid, IReadOnlyList<FieldText> testDid) =
            aligner.First is { } first ? StepWords.Differing(first.Base, first.Test) : ([], []);
        return new StreamAlignment(
            inBase, inTest, aligner.Pairs, aligner.Differences, aligner.OnlyBase, aligner.OnlyTest, aligner.End ?? AlignmentEnd.Complete,
            PairOf(aligner.First), baseDid, testDid, PairOf(aligner.LastCommon));

        StepPair? PairOf((ExitMark Base, ExitMark Test)? marks) =>
            marks is { } both ? new StepPair(new ExitPlace(inBase, both.Base.Index), new ExitPlace(inTest, both.Test.Index)) : null;
    }
}
