using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Statistics;

/// <summary>Counts and times the exits of a run as they come; nothing is allocated for an exit.</summary>
public sealed class ExitStatistics : IExitSink
{
    private const int Levels = 3;

    // Codes with an intercept, the four above them (APM2 appendix C: 400h to 403h), and all others.
    private const int Plain = (int)SvmExitCode.LastIntercept + 1;
    private const int Slots = Plain + 5;

    // 18 years of nanoseconds.
    private const ulong MostTime = 1UL << 59;

    private readonly LogHistogram?[] _handling = new LogHistogram?[Levels * Slots];
    private readonly ulong[] _exits = new ulong[Levels * Slots];
    private readonly ulong[] _reflected = new ulong[Levels * Slots];
    private readonly ulong[] _guest = new ulong[Levels];
    private readonly TopCounter _msrs = new();
    private readonly TopCounter _ports = new();
    private readonly TopCounter _hypercalls = new();
    private readonly StreamTable<StreamTimes> _streams = new(static () => new StreamTimes());
    private ulong _handled;
    private ulong _vmm;
    private ulong _vmruns;
    private ulong _shown;
    private ulong _sinceVmrun;
    private ulong _fromL2;

    /// <inheritdoc/>
    public void Take(in ExitRecord record)
    {
        StreamTimes stream = _streams[record.Stream];
        if (record.HasExit)
        {
            int slot = ((int)record.Level * Slots) + SlotOf(record.Exit.Code.Value);
            _exits[slot]++;
            AddTimes(record, stream, slot);
            stream.CountNested(record.Level, ref _sinceVmrun, ref _fromL2);
        }

        Look(record, stream);
        stream.LastEntry = record.HasEntry ? record.Entry.Time : null;
    }

    /// <summary>The statistics, once the run has ended.</summary>
    public StatsResult Finish(RunHeader header, RunSummary summary)
    {
        var reasons = new List<ReasonStats>();
        for (int slot = 0; slot < _exits.Length; slot++)
        {
            if (_exits[slot] > 0)
            {
                reasons.Add(new ReasonStats((GuestLevel)(slot / Slots), NameOf(slot % Slots), _exits[slot], _reflected[slot], TimesOf(_handling[slot])));
            }
        }

        return new StatsResult(
            header, summary, [.. reasons.OrderByDescending(reason => reason.Exits).ThenBy(reason => reason.Level).ThenBy(reason => reason.Name, StringComparer.Ordinal)],
            new LevelTimes(_handled, header.Listed.Has(KvmEventKind.KvmRun) ? _vmm : null, _guest[(int)GuestLevel.L1], _guest[(int)GuestLevel.L2], _guest[(int)GuestLevel.Unknown]),
            new Amplification(_sinceVmrun, _fromL2, _shown, _vmruns), _msrs.Top(), _ports.Top(), _hypercalls.Top());
    }

    private void AddTimes(in ExitRecord record, StreamTimes stream, int slot)
    {
        if (stream.LastEntry is { } entered && record.Exit.Time >= entered && (record.Flags & RecordFlags.LossBefore) == 0)
        {
            _guest[(int)record.Level] = Plus(_guest[(int)record.Level], record.Exit.Time.Value - entered.Value);
        }

        if (record is { HasEntry: true, HasHole: false } && record.Entry.Time >= record.Exit.Time)
        {
            ulong handling = record.Entry.Time.Value - record.Exit.Time.Value;
            (_handling[slot] ??= new LogHistogram()).Add(handling);
            _handled = Plus(_handled, handling);
        }

        if (record.Exit.Code == SvmExitCode.Ioio)
        {
            // EXITINFO1 of IOIO: the port in bits 31:16, bit 0 set for IN (APM2 15.10.2).
            _ports.Add((record.Exit.Info1 >> 16) & 0xffff, write: (record.Exit.Info1 & 1) == 0);
        }
    }

    private void Look(in ExitRecord record, StreamTimes stream)
    {
        bool shown = false;
        ClockTime? left = null;
        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            switch (kvmEvent.Kind)
            {
                case KvmEventKind.NestedVmenter:
                    _vmruns++;
                    stream.HasRunL2 = true;
                    break;
                case KvmEventKind.NestedVmexitInject:
                    _shown++;
                    shown = true;
                    break;
                case KvmEventKind.MsrAccess:
                    MsrAccess msr = MsrAccess.Of(kvmEvent);
                    _msrs.Add(msr.Index, msr.Write);
                    break;
                case KvmEventKind.Hypercall or KvmEventKind.HypervHypercall or KvmEventKind.XenHypercall:
                    _hypercalls.Add(kvmEvent.Values[0], write: false);
                    break;
                case KvmEventKind.KvmRun when kvmEvent.Values[0] == 0:
                    left = kvmEvent.Time;
                    break;
                case KvmEventKind.KvmRun when left is { } since && kvmEvent.Time >= since:
                    _vmm = Plus(_vmm, record.HasHole ? 0 : kvmEvent.Time.Value - since.Value);
                    left = null;
                    break;
                default:
                    break;
            }
        }

        if (shown && record.HasExit)
        {
            _reflected[((int)record.Level * Slots) + SlotOf(record.Exit.Code.Value)]++;
        }
    }

    // What a damaged clock says is cut, so that sums can be added up.
    private static ulong Plus(ulong sum, ulong duration) => Math.Min(sum, MostTime) + Math.Min(duration, MostTime);

    private static HandlingTimes? TimesOf(LogHistogram? histogram) => histogram is null ? null
        : new HandlingTimes(histogram.Count, histogram.Sum, histogram.Min, histogram.Mean, histogram.Quantile(0.5), histogram.Quantile(0.99), histogram.Max);

    private static int SlotOf(ulong code) => code < Plain ? (int)code
        : code >= SvmExitCode.Npf.Value && code <= SvmExitCode.Vmgexit.Value ? Plain + (int)(code - SvmExitCode.Npf.Value)
        : Slots - 1;

    private static string NameOf(int slot) => slot < Plain ? SvmExitTable.NameOf((ulong)slot)
        : slot < Slots - 1 ? SvmExitTable.NameOf(SvmExitCode.Npf.Value + (ulong)(slot - Plain))
        : "other";

    private sealed class StreamTimes
    {
        public ClockTime? LastEntry { get; set; }

        public bool HasRunL2 { get; set; }

        // What comes before the first VMRUN has nothing to do with L2.
        public void CountNested(GuestLevel level, ref ulong all, ref ulong fromL2)
        {
            if (HasRunL2)
            {
                all++;
                fromL2 += level == GuestLevel.L2 ? 1UL : 0;
            }
        }
    }
}
