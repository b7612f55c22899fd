using Differ.Schemas.Run;

namespace Differ.Diff.Align;

/// <summary>Follows one vCPU of two runs: all its exits while the guests go together, and L2 by itself once L1 goes its own way.</summary>
/// <remarks>
/// <code>
///   L1 and L2 together ──▶ they part ──▶ L2 of one run with L2 of the other
/// </code>
/// L1 may be another kernel while L2 is the same. What such an L1 asks for is not the same, and part of that is never recorded
/// (permission maps, nested page tables), so who owns an exit of L2 is then not held against L0.
/// </remarks>
internal sealed class StreamAligner
{
    private readonly ActTally _acts;
    private readonly int _pair;
    private readonly ExitAligner _together;
    private ExitAligner? _inL2;
    private bool _baseEnded;
    private bool _testEnded;

    /// <summary>An alignment.</summary>
    /// <param name="acts">Counts what L0 did at the pairs.</param>
    /// <param name="pair">Which pair of streams this is.</param>
    /// <param name="baseEnded">The base run has ended before.</param>
    /// <param name="testEnded">The test run has ended before.</param>
    public StreamAligner(ActTally acts, int pair, bool baseEnded, bool testEnded)
    {
        _acts = acts;
        _pair = pair;
        _together = new ExitAligner(acts, pair);
        _baseEnded = baseEnded;
        _testEnded = testEnded;
        EndSides(_together);
    }

    /// <summary>The alignment of all exits.</summary>
    public ExitAligner Together => _together;

    /// <summary>The alignment of L2 after the guests parted; null while they have not, or where L2 has nothing in common either.</summary>
    public ExitAligner? InL2 => _inL2 is { Pairs: > 0 } ? _inL2 : null;

    /// <summary>Exits that wait for the other run.</summary>
    public (int Base, int Test) Waiting => (_inL2 ?? _together).Waiting;

    public void Add(in ExitMark mark, bool isBase)
    {
        if (_inL2 is null)
        {
            AddTo(_together, mark, isBase);
        }
        else
        {
            AddToL2(mark, isBase);
        }
    }

    /// <summary>No further exit of a run comes.</summary>
    public void End(bool ofBase)
    {
        _baseEnded |= ofBase;
        _testEnded |= !ofBase;
        EndSides(_inL2 ?? _together);
    }

    /// <summary>Goes on as far as what has been added allows.</summary>
    public void Advance()
    {
        _together.Advance();
        if (_inL2 is null && _together.End == AlignmentEnd.Parted)
        {
            _inL2 = new ExitAligner(_acts, _pair);
            _together.TakeWaiting(AddToL2);
            EndSides(_inL2);
        }

        _inL2?.Advance();
    }

    private static void AddTo(ExitAligner aligner, in ExitMark mark, bool isBase)
    {
        if (isBase)
        {
            aligner.AddBase(mark);
        }
        else
        {
            aligner.AddTest(mark);
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

    private void AddToL2(in ExitMark mark, bool isBase)
    {
        if (mark.Level == GuestLevel.L2)
        {
            AddTo(_inL2!, mark with { IsOfAnotherL1 = mark.IsShownToL1 }, isBase);
        }
    }
}
