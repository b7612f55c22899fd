using System.Runtime.InteropServices;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>Looks, beside the comparison, at how much there is to judge and how much is missing.</summary>
internal sealed class Examination
{
    // Not a table by number: a damaged run may have one stream of a high number.
    private readonly Dictionary<StreamId, StreamEvents> _streams = [];
    private (StreamId Id, StreamEvents Events)? _last;
    private ulong _ofL2;
    private ulong _ofSvmInstructions;
    private ulong _decided;

    /// <summary>What was examined so far.</summary>
    public ExaminedExits Examined => new(_ofL2, _ofSvmInstructions, _decided);

    /// <summary>Takes an exit.</summary>
    /// <param name="record">The exit.</param>
    /// <param name="computed">What the rules say of it.</param>
    /// <param name="isDecided">Whether a rule was kept or broken and none is undecided.</param>
    public void Take(in ExitRecord record, in ComputedExit computed, bool isDecided)
    {
        bool isOfL2 = record.HasExit && record.Level == GuestLevel.L2;
        bool isSvm = record.HasExit && record.Level == GuestLevel.L1 && (IsSvmInstruction(record.Exit.Code.Value) || IsSvmInstruction(computed.Instruction));
        EventsOf(record.Stream).Add(record, isOfL2 || isSvm);
        _ofL2 += isOfL2 ? 1UL : 0;
        _ofSvmInstructions += isSvm ? 1UL : 0;
        _decided += (isOfL2 || isSvm) && isDecided ? 1UL : 0;
    }

    /// <summary>Exits that seemed decided are not.</summary>
    public void TakeBack(ulong exits) => _decided -= Math.Min(_decided, exits);

    /// <summary>How much of each vCPU was lost, the worst first.</summary>
    public IReadOnlyList<StreamLoss> Losses(RunSummary summary)
    {
        var missing = new MissingEvents(_streams.Values, summary, LostOn);
        var shares = new List<StreamLoss>();
        foreach (VcpuStream stream in summary.Streams)
        {
            StreamEvents seen = EventsOf(stream.Id);
            double lost = missing.Of(seen);
            double byCount = lost > 0 ? lost / (lost + seen.Events) : 0;

            // One exit is no rate: a vCPU that a recording hardly shows would count as lost.
            bool isRate = seen.Records > 1 && !IsCounted(summary, seen);
            double byHoles = isRate ? (double)seen.Holes / seen.Records : 0;
            if (Math.Max(byCount, byHoles) is > 0 and var share)
            {
                shares.Add(new StreamLoss(stream.Id, share));
            }
        }

        return [.. shares.OrderByDescending(loss => loss.Share).ThenBy(loss => loss.Stream.Value)];
    }

    /// <summary>How much was lost of each vCPU that has something of nested virtualization, where that could have happened; the worst first.</summary>
    public IReadOnlyList<NestedLoss> NestedLosses(RunSummary summary)
    {
        MissingEvents inHoles = new(_streams.Values, summary, static loss => loss.Events), before = new(_streams.Values, summary, static loss => LostOn(loss) - loss.Events);
        return
        [
            .. summary.Streams.Where(stream => EventsOf(stream.Id).Nested.IsNested)
                .Select(stream => (stream.Id, Seen: EventsOf(stream.Id)))
                .Select(one => one.Seen.Nested.Loss(one.Id, one.Seen.Events, inHoles.Of(one.Seen), before.Of(one.Seen), IsCounted(summary, one.Seen)))
                .Where(loss => loss.Lost > 0).OrderByDescending(loss => loss.Share).ThenBy(loss => loss.Stream.Value),
        ];
    }

    private StreamEvents EventsOf(StreamId stream)
    {
        if (_last is not { } last || last.Id != stream)
        {
            ref StreamEvents? events = ref CollectionsMarshal.GetValueRefOrAddDefault(_streams, stream, out _);
            last = (stream, events ??= new StreamEvents());
            _last = last;
        }

        return last.Events;
    }

    // A mark counts what was lost behind it; the recorder's statistics may know of more.
    private static double LostOn(CpuLoss loss) => Math.Max(loss.Events, loss.Overrun);

    private static bool IsCounted(RunSummary summary, StreamEvents seen) => summary.Losses.All(loss => loss.Uncounted == 0)
        && seen.Holes <= summary.Losses.Aggregate(0UL, (sum, loss) => sum + loss.Marks);

    /// <summary>Whether an exit code is that of an SVM instruction other than VMMCALL.</summary>
    internal static bool IsSvmInstruction(ulong code) => new SvmExitCode(code) is var exit
        && (exit == SvmExitCode.Vmrun || exit == SvmExitCode.Vmload || exit == SvmExitCode.Vmsave || exit == SvmExitCode.Stgi || exit == SvmExitCode.Clgi
            || exit == SvmExitCode.Skinit || exit == SvmExitCode.Invlpga);

    // Events that CPUs lost, shared out among the vCPUs that ran there.
    private sealed class MissingEvents
    {
        private readonly Dictionary<int, double> _lost;
        private readonly double _anywhere;

        public MissingEvents(IEnumerable<StreamEvents> streams, RunSummary summary, Func<CpuLoss, double> count)
        {
            var onCpu = new Dictionary<int, double>();
            foreach ((int cpu, ulong events) in streams.SelectMany(stream => stream.ByCpu))
            {
                onCpu[cpu] = onCpu.GetValueOrDefault(cpu) + events;
            }

            // Events of other groups are lost as often as those of kvm. What was lost where no vCPU was seen may be of any.
            double all = Math.Max(1, onCpu.Values.Sum()), others = Math.Max(1, summary.Events / all);
            _anywhere = summary.Losses.Where(loss => !onCpu.ContainsKey(loss.Cpu)).Sum(count) / (all * others);
            _lost = summary.Losses.Where(loss => onCpu.ContainsKey(loss.Cpu)).ToDictionary(
                loss => loss.Cpu, loss => (count(loss) / (onCpu[loss.Cpu] * others)) + _anywhere);
        }

        public double Of(StreamEvents seen) => seen.ByCpu.Sum(share => share.Value * _lost.GetValueOrDefault(share.Key, _anywhere));
    }

    private sealed class StreamEvents
    {
        // No host has more; a hostile run may pretend to.
        private const int MostCpus = 8192;
        private const int Elsewhere = -1;

        public Dictionary<int, ulong> ByCpu { get; } = [];

        public ulong Records { get; private set; }

        public ulong Holes { get; private set; }

        public NestedStretch Nested { get; } = new();

        public double Events => ByCpu.Values.Sum(static count => (double)count);

        public void Add(in ExitRecord record, bool isNested)
        {
            Nested.Add(record, isNested);
            Records++;
            Holes += (record.Flags & (RecordFlags.LossBefore | RecordFlags.LossInside)) != 0 ? 1UL : 0;
            int cpu = record.HasExit ? record.Exit.HostCpu : record.Entry.HostCpu;
            CollectionsMarshal.GetValueRefOrAddDefault(ByCpu, ByCpu.Count < MostCpus || ByCpu.ContainsKey(cpu) ? cpu : Elsewhere, out _) +=
                (ulong)record.Events.Length + (record.HasExit ? 1UL : 0) + (record.HasEntry ? 1UL : 0);
        }
    }
}
