using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.View;
using Differ.Schemas.Run;

namespace Differ.Diff.Export;

/// <summary>A row for each exit: the #VMEXIT, what is said of it, and the entry that followed.</summary>
internal sealed class ExitTable : ExportTable
{
    private readonly RequiredColumn<int> _capture, _stream, _events;
    private readonly OptionalColumn<int> _vm, _pid, _cpu, _entryCpu;
    private readonly OptionalColumn<long> _vcpu, _time, _intrInfo, _entryTime, _eventInj;
    private readonly OptionalColumn<ulong> _exitReason, _rip, _info1, _info2, _entryRip;
    private readonly RequiredColumn<long> _exit;
    private readonly RequiredColumn<bool> _reflected, _lostBefore, _lostInside;
    private readonly TextColumn _level, _verdict, _rule, _fingerprint, _reason, _entryLevel;

    public ExitTable()
        : base("exits")
    {
        (_capture, _stream, _vm, _vcpu, _pid, _exit) = (Required<int>("capture"), Required<int>("stream"), Optional<int>("vm"), Optional<long>("vcpu"), Optional<int>("pid"), Required<long>("exit"));
        (_level, _verdict, _rule, _fingerprint) = (Text("level"), Text("verdict"), Text("rule"), Text("fingerprint"));
        (_time, _cpu, _reason, _exitReason, _rip) = (Optional<long>("time"), Optional<int>("cpu"), Text("reason"), Optional<ulong>("exit_reason"), Optional<ulong>("guest_rip"));
        (_info1, _info2, _intrInfo) = (Optional<ulong>("info1"), Optional<ulong>("info2"), Optional<long>("intr_info"));
        (_events, _reflected) = (Required<int>("events"), Required<bool>("reflected"));
        (_entryTime, _entryCpu, _entryLevel, _entryRip, _eventInj) = (Optional<long>("entry_time"), Optional<int>("entry_cpu"), Text("entry_level"), Optional<ulong>("entry_rip"), Optional<long>("event_inj"));
        (_lostBefore, _lostInside) = (Required<bool>("lost_before"), Required<bool>("lost_inside"));
    }

    /// <summary>One exit.</summary>
    /// <param name="number">The number of its capture.</param>
    /// <param name="record">The exit.</param>
    /// <param name="stream">Its vCPU; null where the run's end does not name it.</param>
    /// <param name="verdict">What is said of it.</param>
    /// <param name="departure">What it diverges in; null unless it does, be it likely or accepted.</param>
    public void Add(int number, in ExitRecord record, VcpuStream? stream, Verdict verdict, Departure? departure)
    {
        (_capture[Row], _stream[Row], _exit[Row]) = (number, record.Stream.Value, (long)record.Index);
        (_vm[Row], _vcpu[Row], _pid[Row]) = (stream?.Machine, stream?.Vcpu?.Value, stream?.Thread?.Value);
        (_level[Row], _verdict[Row]) = (ExitPrinter.Level(record.Level), ViewedExit.WordOf(verdict));
        (_rule[Row], _fingerprint[Row]) = (departure?.Rule.Id, departure?.Fingerprint);
        (_events[Row], _reflected[Row]) = (record.Events.Length, record.Level == GuestLevel.L2 && record.Kinds.Covers(TracepointSet.Of(KvmEventKind.NestedVmexitInject)));
        _lostBefore[Row] = (record.Flags & RecordFlags.LossBefore) != 0;
        _lostInside[Row] = (record.Flags & RecordFlags.LossInside) != 0;
        AddExit(record);
        AddEntry(record);
        EndRow();
    }

    private void AddExit(in ExitRecord record)
    {
        if (!record.HasExit)
        {
            (_time[Row], _cpu[Row], _exitReason[Row], _rip[Row]) = (null, null, null, null);
            (_info1[Row], _info2[Row], _intrInfo[Row]) = (null, null, null);
            return;
        }

        ref readonly HardwareExit exit = ref record.Exit;
        (_time[Row], _cpu[Row], _reason[Row]) = (Signed(exit.Time.Value), exit.HostCpu, exit.Code.Name);
        (_exitReason[Row], _rip[Row], _info1[Row], _info2[Row]) = (exit.Code.Value, exit.Rip, exit.Info1, exit.Info2);
        _intrInfo[Row] = exit.IntInfo.IsKnown ? exit.IntInfo.Value : null;
    }

    private void AddEntry(in ExitRecord record)
    {
        if (!record.HasEntry)
        {
            (_entryTime[Row], _entryCpu[Row], _entryRip[Row], _eventInj[Row]) = (null, null, null, null);
            return;
        }

        ref readonly GuestEntry entry = ref record.Entry;
        GuestLevel level = record.Level;
        foreach (ref readonly KvmEvent one in record.Events)
        {
            level = ExitPrinter.LevelAfter(level, one.Kind);
        }

        (_entryTime[Row], _entryCpu[Row], _entryLevel[Row]) = (Signed(entry.Time.Value), entry.HostCpu, ExitPrinter.Level(level));
        _entryRip[Row] = entry.Rip.IsKnown ? entry.Rip.Value : null;
        _eventInj[Row] = entry.EventInj.IsKnown ? entry.EventInj.Value : null;
    }

    // Differences of times are asked for, and may be negative where a recording is odd.
    private static long Signed(ulong time) => unchecked((long)time);
}
