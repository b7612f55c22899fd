using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.View;

/// <summary>Hands the exits that are asked for to a view, each with as many neighbours on its vCPU as are wanted.</summary>
/// <param name="filter">What is asked for.</param>
/// <param name="context">Neighbours before and after.</param>
/// <param name="withStates">Whether each comes with what probes saw of VMCBs and registers.</param>
/// <param name="streams">The vCPUs; null where they are known at the end only.</param>
/// <param name="standing">Fingerprints that stand at the end of the recording; null where that is not known. What does not stand is undecided.</param>
/// <param name="view">Shows them.</param>
public sealed class ExitSelection(
    ExitFilter filter, ulong context, bool withStates, IReadOnlyDictionary<StreamId, VcpuStream>? streams, IReadOnlySet<string>? standing, IExitView view) : IJudgedSink
{
    private readonly Dictionary<StreamId, Neighbours> _around = [];

    /// <summary>How many exits matched; neighbours do not count.</summary>
    public ulong Matched { get; private set; }

    /// <inheritdoc/>
    public void Take(in ExitRecord recorded, Verdict verdict, Departure? departure)
    {
        VcpuStream? stream = streams?.GetValueOrDefault(recorded.Stream);
        if (!filter.HasStream(stream))
        {
            return;
        }

        if (departure is not null && standing?.Contains(departure.Fingerprint) == false)
        {
            (verdict, departure) = (Verdict.Undecided, null);
        }

        bool matches = filter.Has(recorded, verdict);
        Matched += matches ? 1UL : 0;
        if (context == 0 || filter.IsOfIndexAlone)
        {
            if (matches || (filter.IsOfIndexAlone && Distance(recorded.Index, filter.Index!.Value) <= context))
            {
                view.Write(Viewed(recorded, stream, verdict, departure, !matches));
            }

            return;
        }

        if (!_around.TryGetValue(recorded.Stream, out Neighbours? around))
        {
            _around.Add(recorded.Stream, around = new Neighbours());
        }

        ViewedExit one = Viewed(recorded, stream, verdict, departure, !matches);
        if (matches)
        {
            while (around.Before.TryDequeue(out ViewedExit? before))
            {
                view.Write(before);
            }

            view.Write(one);
            around.StillAfter = context;
        }
        else if (around.StillAfter > 0)
        {
            around.StillAfter--;
            view.Write(one);
        }
        else
        {
            around.Before.Enqueue(one);
            if ((ulong)around.Before.Count > context)
            {
                around.Before.Dequeue();
            }
        }
    }

    // A neighbour may never be shown: its values are kept, and no text is made of them before it is.
    private ViewedExit Viewed(in ExitRecord recorded, VcpuStream? stream, Verdict verdict, Departure? departure, bool isContext) =>
        new(KeptExit.Of(recorded), stream, verdict, departure, isContext) { States = withStates ? recorded.States.Copy() : MachineStates.None };

    private static ulong Distance(ulong one, ulong other) => one > other ? one - other : other - one;

    private sealed class Neighbours
    {
        public Queue<ViewedExit> Before { get; } = [];

        public ulong StillAfter { get; set; }
    }
}
