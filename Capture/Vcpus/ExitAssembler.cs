using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Vcpus;

/// <summary>The events of one vCPU become records: exit, what happened while handling it, entry.</summary>
/// <remarks>
/// <code>
///   kvm_exit  events  kvm_entry | [events]  kvm_exit  events  kvm_entry
///   `------ one record -----------'   fast path: belong to the exit that follows
/// </code>
/// Up to 5.7 the kernel pretends a second entry and exit before it shows L1 an event of its own:
/// exit, kvm_nested_vmexit, entry, exit, kvm_nested_vmexit_inject, entry. The first exit may also be a VMRUN whose guest is
/// left before it runs. Such a pair is folded into the first record,
/// which is why a record of such a kernel is held back until the event behind the next exit is known.
///
/// Where the vCPU goes to another CPU, records wait until it is clear that the clocks of both agree (<see cref="CpuMoves"/>): what
/// stands where they do not may be in any order, and counts as having lost events.
/// Where events may come out of their order, every record is held back until the next event shows that nothing was behind it
/// that belongs into it.
/// </remarks>
internal sealed class ExitAssembler
{
    private readonly IExitSink _sink;
    private readonly RunHeader _header;
    private readonly CaptureNotes _notes;
    private readonly CpuMoves _moves;
    private readonly HeldRecords _waiting;
    private readonly LevelPairs _levels;
    private readonly ProbedStates _probed = new();

    private RecordBuffer _current;
    private RecordBuffer _held;
    private ClockTime _lastTime;
    private ClockTime _settledAfter;
    private bool _inGuest;
    private Truth _inKvmRun = Truth.Unknown;
    private bool _holding;
    private bool _perhapsPretended;
    private bool _isBounded;
    private ClockTime _lossUntil;
    private bool _lossOpen;

    public ExitAssembler(StreamId id, int thread, uint vcpu, IExitSink sink, RunHeader header, CaptureNotes notes, EventBudget room)
    {
        _current = new RecordBuffer(room);
        _held = new RecordBuffer(room);
        _waiting = new HeldRecords(room);
        _moves = new CpuMoves(header.ClockUnit);
        _levels = new LevelPairs(header.Listed);
        Id = id;
        Thread = thread;
        Vcpu = vcpu;
        _sink = sink;
        _header = header;
        _notes = notes;
    }

    public StreamId Id { get; }

    /// <summary>The thread that runs the vCPU.</summary>
    public int Thread { get; }

    /// <summary>KVM's number of the vCPU.</summary>
    public uint Vcpu { get; }

    /// <summary>Records handed on so far.</summary>
    public ulong Count { get; private set; }

    /// <summary>How many marks of loss it has been told of.</summary>
    public ulong MarksSeen { get; set; }

    /// <summary>Whether a record waits for the next event of its vCPU, whose time tells whether the record is whole.</summary>
    public bool WaitsForNext { get; init; }

    /// <summary>Whether an entry that is given up is recorded, so that a second exit without one shows a loss.</summary>
    public bool WaitsForCancel { get; init; }

    /// <summary>Whether events may be missing from every record.</summary>
    public bool IsLoose { get; init; }

    /// <summary>Which buffer of the capture the events of each tracepoint come from, plus one; 0 is not yet known.</summary>
    public byte[] InstanceOf { get; } = new byte[64];

    /// <summary>The next event of the vCPU is of a time, and on a CPU.</summary>
    public void Come(ClockTime time, int cpu)
    {
        bool back = time < _lastTime;
        if (back)
        {
            GoBack(time);
        }

        if (cpu != _moves.Cpu)
        {
            Move(time, cpu, back);
        }

        if (_holding && !_perhapsPretended)
        {
            Release();
        }

        _lastTime = time;
    }

    /// <summary>Events are missing up to a time.</summary>
    public void Lost(ClockTime until)
    {
        _current.Mark(RecordFlags.LossInside);
        if (_perhapsPretended)
        {
            _held.Mark(RecordFlags.LossInside);
        }

        _lossUntil = until.Value > _lossUntil.Value ? until : _lossUntil;
        _lossOpen = true;
    }

    /// <summary>Hands on what waits for what comes next, since nothing comes for a while.</summary>
    public void Settle()
    {
        if (_holding && !_perhapsPretended)
        {
            Release();
        }

        HandOnWaiting();
    }

    /// <summary>Takes a #VMEXIT.</summary>
    public void Exit(in HardwareExit exit)
    {
        if (!_inGuest && !_current.IsEmpty && (_current.Flags & RecordFlags.NoExit) == 0)
        {
            // The exit before has no entry.
            UnpairedIfRecorded(exit.Time);
            _probed.End();
            Close();
            _current.Mark(EntriesRecorded ? RecordFlags.LossBefore : RecordFlags.None);
        }

        MarkLoss(exit.Time);
        _isBounded = true;
        _current.SetExit(exit);
        if (!_probed.Begin(_current))
        {
            Unpaired(exit.Time);
        }

        _inGuest = false;
    }

    /// <summary>Takes an entry.</summary>
    public void Entry(in GuestEntry entry)
    {
        if (_inGuest)
        {
            // The entry before has no exit.
            UnpairedIfRecorded(entry.Time);
        }
        else if (_inKvmRun.IsNo)
        {
            Unpaired(entry.Time);
        }

        MarkLoss(entry.Time);
        _isBounded = true;
        _current.SetEntry(entry);
        _probed.End();
        Close();
        _inGuest = true;
    }

    /// <summary>Takes what a probe in KVM shows.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="payload">Its event, whole.</param>
    /// <param name="time">When.</param>
    public void Take(BoundProbe probe, ReadOnlySpan<byte> payload, ClockTime time)
    {
        if (probe.Role != ProbeRole.Entry)
        {
            if (!_probed.Take(probe, payload, _current) && WaitsForCancel)
            {
                Unpaired(time);
            }
        }

        // It stands behind kvm_entry: the record it belongs to is complete, and waits for it.
        else if (_holding && _inGuest && !_probed.Enter(probe, payload, _held))
        {
            Unpaired(time);
            _held.Mark(RecordFlags.LossInside);
            Unpaired(time);
        }
    }

    /// <summary>Takes anything else.</summary>
    public void Happen(in KvmEvent kvmEvent)
    {
        Pair(kvmEvent);
        if (_perhapsPretended && !_inGuest && !_current.Nested)
        {
            Resolve(kvmEvent.Kind);
        }

        if (!_current.Add(kvmEvent))
        {
            Overflows(kvmEvent.Time);
        }
    }

    /// <summary>Takes anything else as it is read, without a copy in between.</summary>
    /// <returns>False when the event is shorter than its layout.</returns>
    public bool Happen(BoundTracepoint binding, in RawEvent raw)
    {
        KvmEventKind kind = binding.Tracepoint.Kind;
        if (_perhapsPretended && !_inGuest && !_current.Nested)
        {
            Resolve(kind);
        }

        if (!_current.Reserve())
        {
            Overflows(raw.Time);
            return true;
        }

        ref KvmEvent kvmEvent = ref _current.Reserved;
        kvmEvent.Kind = kind;
        kvmEvent.Time = raw.Time;
        kvmEvent.NewerLength = 0;
        if (!binding.Decode(raw.Payload, ref kvmEvent.MutableValues))
        {
            return false;
        }

        Pair(kvmEvent);
        _current.Keep();
        return true;
    }

    /// <summary>Hands on what is left when the capture ends.</summary>
    public void End()
    {
        Release();
        if (!_current.IsEmpty)
        {
            Emit(_current);
        }

        HandOnWaiting();
    }

    // An event comes that was before the last one: what is not yet handed on may lack it, and others.
    private void GoBack(ClockTime to)
    {
        Lost(to);
        if (_holding && to >= _held.Start)
        {
            _held.Mark(RecordFlags.LossInside);
        }
    }

    private void Move(ClockTime time, int cpu, bool back)
    {
        if (_moves.Cpu < 0)
        {
            _moves.Start(cpu);
            return;
        }

        ClockTime settled = _moves.SettledAfter(time);
        if (_moves.Move(cpu, time) || back)
        {
            if (!_lossOpen || back)
            {
                _notes.Add(CaptureNotes.ClocksDiffer, $"time {time.Value}");
            }

            _waiting.Mark(RecordFlags.LossInside);
            _held.Mark(_holding ? RecordFlags.LossInside : RecordFlags.None);
            Lost(settled);
        }

        _settledAfter = settled;
    }

    private void Overflows(ClockTime time)
    {
        _notes.Add(CaptureNotes.LongRecord, $"time {time.Value}");
        _current.Mark(RecordFlags.LossInside);
    }

    private bool EntriesRecorded => _header.Listed.Covers(TracepointSet.Entry);

    private void UnpairedIfRecorded(ClockTime time)
    {
        if (EntriesRecorded)
        {
            Unpaired(time);
        }
    }

    private void Unpaired(ClockTime time)
    {
        // A loss that the data marks explains it already.
        if (!_lossOpen)
        {
            _notes.Add(CaptureNotes.Unpaired, $"time {time.Value}");
        }

        _current.Mark(RecordFlags.LossInside);
    }

    // What can only stand behind something else shows where that is missing.
    private void Pair(in KvmEvent kvmEvent)
    {
        if (kvmEvent.Kind == KvmEventKind.NestedVmexit)
        {
            PairNestedVmexit(kvmEvent);
        }
        else if (kvmEvent.Kind == KvmEventKind.NestedVmenter)
        {
            PairNestedVmenter(kvmEvent.Time);
        }
        else if (kvmEvent.Kind == KvmEventKind.EmulateInstruction)
        {
            PairEmulation(kvmEvent);
        }
        else if (kvmEvent.Kind == KvmEventKind.KvmRun)
        {
            // Each KVM_RUN starts and ends.
            var starts = Truth.Of(kvmEvent.Values[0] != 0);
            if (starts == _inKvmRun)
            {
                Unpaired(kvmEvent.Time);
            }

            _inKvmRun = starts;
        }
    }

    // It is recorded right behind kvm_exit, and of the same exit.
    private void PairNestedVmexit(in KvmEvent kvmEvent)
    {
        bool hasExit = (_current.Flags & RecordFlags.NoExit) == 0;
        if (hasExit ? _current.Nested || _current.ExitCode != NestedVmexit.Of(kvmEvent).ExitCode : _inGuest && _header.Listed.Covers(TracepointSet.Exit))
        {
            Unpaired(kvmEvent.Time);
        }
    }

    // L1 that was shown a #VMEXIT has to run, and exit, before it executes VMRUN again.
    private void PairNestedVmenter(ClockTime time)
    {
        if (_current.Reflected)
        {
            Unpaired(time);
        }
    }

    // L0 decodes the instruction that exited, and no other before the guest runs again.
    private void PairEmulation(in KvmEvent kvmEvent)
    {
        if ((_current.Flags & (RecordFlags.NoExit | RecordFlags.LossInside)) == 0 && EmulatedInstruction.Of(kvmEvent) is { Failed: false } decoded && decoded.Rip != _current.ExitRip)
        {
            Unpaired(kvmEvent.Time);
        }
    }

    private void MarkLoss(ClockTime time)
    {
        if (!_lossOpen)
        {
            return;
        }

        _current.Mark(RecordFlags.LossBefore);
        if (time < _lossUntil)
        {
            _current.Mark(RecordFlags.LossInside);
        }
        else
        {
            _lossOpen = false;
        }
    }

    private void Close()
    {
        Release();
        _perhapsPretended = _header.PretendsNestedExits && (_current.Nested || _current.Kinds.Has(KvmEventKind.NestedVmenter)) && !_current.Reflected;
        _holding = _perhapsPretended || WaitsForNext;
        if (_holding)
        {
            (_current, _held) = (_held, _current);
        }
        else
        {
            Emit(_current);
        }

        _current.Reset();
    }

    // The first event after the next exit tells whether that exit was pretended.
    private void Resolve(KvmEventKind kind)
    {
        if (kind == KvmEventKind.NestedVmexitInject && (_current.Flags & RecordFlags.NoExit) == 0)
        {
            bool whole = _held.Append(_current);
            _held.ClearEntry();
            _held.Mark(RecordFlags.Folded | (_current.Flags & (RecordFlags.LossBefore | RecordFlags.LossInside)));
            (_current, _held) = (_held, _current);
            _held.Reset();
            _holding = _perhapsPretended = false;
            if (!whole)
            {
                Overflows(_lastTime);
            }
        }
        else if (kind == KvmEventKind.NestedVmexit)
        {
            Release();
        }
    }

    private void Release()
    {
        if (_holding)
        {
            _holding = _perhapsPretended = false;
            Emit(_held);
            _held.Reset();
        }
    }

    private void Emit(RecordBuffer buffer)
    {
        if (_lastTime < _settledAfter && !_waiting.IsFull)
        {
            _waiting.Add(buffer);
            return;
        }

        HandOnWaiting();
        HandOn(buffer);
    }

    private void HandOnWaiting()
    {
        while (!_waiting.IsEmpty)
        {
            HandOn(_waiting.Next());
        }
    }

    private void HandOn(RecordBuffer buffer)
    {
        // Where no exit and no entry was recorded, what belongs to which exit is not known.
        buffer.Mark(IsLoose || !_isBounded ? RecordFlags.LossInside : RecordFlags.None);
        GuestLevel level = LevelOf(buffer);
        if (Count == 0 && level == GuestLevel.L2)
        {
            _notes.Add(CaptureNotes.StartsInL2, "");
        }

        // Where in between it is missing nobody knows; the remark makes all that rests on more than one event likely.
        if (!_header.PretendsNestedExits && _levels.Take(buffer.View(Id, Count, level)))
        {
            _notes.Add(CaptureNotes.Unpaired, $"time {buffer.Start.Value}");
        }

        _sink.Take(buffer.View(Id, Count, level));
        Count++;
    }

    // kvm_nested_vmexit is the only sign of L2. Its absence is a sign of L1 when it is recorded and nothing is missing.
    private GuestLevel LevelOf(RecordBuffer buffer)
    {
        if (buffer.Nested)
        {
            return GuestLevel.L2;
        }

        bool decided = _header.Listed.Has(KvmEventKind.NestedVmexit) && (buffer.Flags & (RecordFlags.LossInside | RecordFlags.NoExit)) == 0;
        return decided ? GuestLevel.L1 : GuestLevel.Unknown;
    }
}
