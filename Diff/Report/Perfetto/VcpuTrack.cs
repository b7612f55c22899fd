using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Diff.Report.Perfetto.TraceFields;

namespace Differ.Diff.Report.Perfetto;

/// <summary>The track of one vCPU: who has it when, how L0 handles each exit, and what the recording shows to depart.</summary>
/// <param name="sequence">Where it goes.</param>
/// <param name="words">The words that all vCPUs share.</param>
internal sealed class VcpuTrack(PacketSequence sequence, TrackWords words)
{
    private readonly GuestSlices _guests = new(sequence, words.Texts);
    private ulong _end;
    private bool _entered;
    private int? _cpu;

    public void Take(in ExitRecord record, Verdict verdict, Departure? departure)
    {
        var times = ExitTimes.Of(record, _end, _entered);
        if ((record.Flags & RecordFlags.LossBefore) != 0)
        {
            _guests.Close(Math.Max(_end, sequence.Time));
            WriteLoss(Math.Max(_end, sequence.Time));
        }

        _guests.Enter(record.HasExit ? record.Level : null, times.Start);
        WriteHandling(record, times, verdict, departure);
        _guests.Look(record);
        _end = times.End;
        _entered = record.HasEntry;
    }

    /// <summary>Ends what is still open.</summary>
    public void Finish() => _guests.Close(_end);

    private void WriteHandling(in ExitRecord record, in ExitTimes times, Verdict verdict, Departure? departure)
    {
        sequence.Open(Begin, times.Exit, words.Handling, record.HasExit ? words.NameOf(record.Exit.Code) : words.NoExit);
        sequence.Count(words.Exit, record.Index);
        if (record.HasExit)
        {
            WriteExit(record.Exit);
        }

        words.Acts.Write(record, sequence);
        WriteEntry(record);
        if (verdict is Verdict.Undecided or Verdict.KnownDeparture or Verdict.Ignored)
        {
            sequence.Words(words.Verdict, verdict == Verdict.Undecided ? words.Undecided : verdict == Verdict.Ignored ? words.Ignored : words.Known);
        }

        sequence.Close();
        if (departure is not null)
        {
            words.Findings.Write(record, departure, times.Exit, sequence);
        }

        if (record.HasHole)
        {
            WriteLoss(times.Exit);
        }

        WriteVmm(record, times);
        sequence.Open(End, times.End);
        sequence.Close();
    }

    private void WriteExit(in HardwareExit exit)
    {
        sequence.Hex(words.ExitCode, exit.Code.Value);
        sequence.Hex(words.Rip, exit.Rip);
        if (ExitInfoWords.Relevant(exit.Code, exit.Info1) is { } relevant)
        {
            sequence.Words(words.ExitInfo, words.InfoOf(exit.Code, relevant));
        }

        if (exit.Info1 != 0)
        {
            sequence.Hex(words.ExitInfo1, exit.Info1);
        }

        if (exit.Info2 != 0)
        {
            sequence.Hex(words.ExitInfo2, exit.Info2);
        }

        if (exit.Interrupted is { Valid: true } interrupted)
        {
            sequence.Words(words.ExitIntInfo, words.EventOf(interrupted));
        }

        WriteCpu(exit.HostCpu);
    }

    private void WriteEntry(in ExitRecord record)
    {
        if (!record.HasEntry)
        {
            sequence.Yes(words.NoEntry);
            return;
        }

        if (record.Entry.Rip.IsKnown)
        {
            sequence.Hex(words.EntryRip, record.Entry.Rip.Value);
        }

        if (new EventInfo(record.Entry.EventInj.Or(0)) is { Valid: true } injected)
        {
            sequence.Words(words.EventInj, words.EventOf(injected));
        }
    }

    // Only where it is another one: then the host's scheduler moved the vCPU.
    private void WriteCpu(int cpu)
    {
        if (cpu != _cpu)
        {
            sequence.Count(words.HostCpu, (ulong)Math.Max(cpu, 0));
            _cpu = cpu;
        }
    }

    private void WriteVmm(in ExitRecord record, in ExitTimes times)
    {
        if (!record.Kinds.Has(KvmEventKind.UserspaceExit))
        {
            return;
        }

        int next = 0;
        var span = default(VmmSpan);
        while (times.NextVmmSpan(record, ref next, ref span))
        {
            sequence.Open(Begin, span.From, words.Vmm, words.VmmSlice);
            sequence.Count(words.VmmReason, span.Reason);
            sequence.Close();
            sequence.Open(End, span.To);
            sequence.Close();
        }
    }

    private void WriteLoss(ulong time)
    {
        sequence.Open(Instant, time, words.Loss, words.EventsLost);
        sequence.Close();
    }
}
