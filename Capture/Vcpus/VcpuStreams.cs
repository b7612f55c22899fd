using System.Runtime.CompilerServices;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Vcpus;

/// <summary>Events become one stream per vCPU: by the vCPU number where the kernel records it, by the thread where not.</summary>
/// <remarks>
/// A vCPU number is unique within one VM only and no tracepoint names the VM, so streams are kept by thread and number.
/// A thread that serves several vCPUs is looked at afresh in each KVM_RUN.
/// </remarks>
/// <param name="sink">Takes the records.</param>
/// <param name="header">What the capture says before its first event.</param>
/// <param name="notes">Takes what is lossy or odd.</param>
/// <param name="reader">Where the events come from.</param>
internal sealed class VcpuStreams(IExitSink sink, RunHeader header, CaptureNotes notes, ITraceReader reader) : IEventSink
{
    private const int MostThreads = 1 << 18;

    // A probe behind kvm_entry tells more of the record that the entry ends.
    private readonly bool _enters = reader.Types.Any(type => type is { IsListed: true, Probe.Role: ProbeRole.Entry });
    private readonly bool _cancels = reader.Types.Any(type => type is { IsListed: true, Probe.Role: ProbeRole.Cancel });
    private readonly EventBudget _room = new();
    private readonly Dictionary<int, VcpuThread> _threads = [];
    private readonly List<ExitAssembler> _streams = [];

    // The stream of a vCPU number on a host; null where several have it.
    private readonly Dictionary<(int Host, uint Vcpu), ExitAssembler?> _streamOfNumber = [];
    private readonly List<KvmEvent> _shown = [];
    private VcpuThread? _last;
    private KvmEvent _scratch;
    private TracepointSet _seen;
    private ClockTime _now;
    private ClockTime _lostUntil;

    /// <inheritdoc/>
    public bool WantsEverything => false;

    /// <summary>What was lost.</summary>
    public LossCounter Losses { get; } = new();

    /// <summary>Tracepoints that occurred.</summary>
    public TracepointSet Seen => _seen;

    /// <summary>Vendor string of the virtual CPU; empty while no event showed it.</summary>
    public string GuestVendor { get; private set; } = "";

    /// <summary>The streams found so far, in the order of their first event.</summary>
    public IReadOnlyList<ExitAssembler> Streams => _streams;

    /// <inheritdoc/>
    public void Take(in RawEvent raw)
    {
        if (raw.Type.Binding is not { } binding)
        {
            Probed(raw, raw.Type.Probe!);
            return;
        }

        _seen |= binding.Member;
        if (ThreadOf(raw.Thread) is not { } thread)
        {
            notes.Add(CaptureNotes.ManyVcpus, $"time {raw.Time.Value}");
            return;
        }

        if (binding.IsSimple && thread.Current is { } current)
        {
            if (Accept(current, raw, (int)binding.Tracepoint.Kind) && !current.Happen(binding, raw))
            {
                Short(raw, thread);
            }

            return;
        }

        ref FieldValues values = ref _scratch.MutableValues;
        if (!binding.Decode(raw.Payload, ref values))
        {
            Short(raw, thread);
            return;
        }

        _now = raw.Time;
        switch (binding.Tracepoint.Role)
        {
            case TracepointRole.Exit:
                Exit(raw, thread, values);
                break;
            case TracepointRole.Entry:
                Entry(raw, thread, values);
                break;
            default:
                _scratch.Kind = binding.Tracepoint.Kind;
                _scratch.Time = raw.Time;
                Happen(raw, thread, _scratch);
                break;
        }
    }

    /// <inheritdoc/>
    public void Lost(in LossMark mark)
    {
        // A vCPU that was last seen on another CPU may still have visited this one: every stream is told when it goes on.
        Losses.Add(mark);
        _lostUntil = mark.Before.Value > _lostUntil.Value ? mark.Before : _lostUntil;
    }

    /// <inheritdoc/>
    public void Rest()
    {
        foreach (ExitAssembler stream in _streams)
        {
            stream.Settle();
        }
    }

    /// <summary>Hands on what is left when the capture ends.</summary>
    public void End()
    {
        foreach (ExitAssembler stream in _streams)
        {
            TellLosses(stream);
            stream.End();
        }

        ulong dropped = 0;
        foreach (VcpuThread thread in _threads.Values)
        {
            thread.End();
            dropped += thread.Dropped;
        }

        if (dropped > 0)
        {
            notes.Add(CaptureNotes.NoVcpu, dropped);
        }
    }

    // Probes stand beside tracepoints of the same thread, and are of the vCPU that those are of.
    private void Probed(in RawEvent raw, BoundProbe probe)
    {
        if (ThreadOf(raw.Thread) is not { } thread)
        {
            notes.Add(CaptureNotes.ManyVcpus, $"time {raw.Time.Value}");
        }
        else if (!probe.Fits(raw.Payload))
        {
            Short(raw, thread);
        }
        else if (ProbedEvents.Are(probe.Role))
        {
            Happen(raw, thread, probe);
        }
        else if (thread.Current is { } stream && probe.Number(raw.Payload, ProbeNumber.Vcpu).Or(stream.Vcpu) == stream.Vcpu)
        {
            TellLosses(stream);
            stream.Take(probe, raw.Payload, raw.Time);
        }
    }

    // The VMM sets a vCPU up before it runs, usually on the thread that will run it.
    private void Happen(in RawEvent raw, VcpuThread thread, BoundProbe probe)
    {
        Observed<ulong> vcpu = probe.Number(raw.Payload, ProbeNumber.Vcpu);
        _shown.Clear();
        ProbedEvents.Read(probe, raw.Payload, raw.Time, _shown);
        foreach (KvmEvent shown in _shown)
        {
            if (thread.Current is null)
            {
                thread.Wait(shown, vcpu);
            }
            else if (vcpu.Or(thread.Current.Vcpu) == thread.Current.Vcpu)
            {
                TellLosses(thread.Current);
                thread.Current.Happen(shown);
            }
        }
    }

    private void Short(in RawEvent raw, VcpuThread thread)
    {
        notes.Add(CaptureNotes.ShortRecord, $"byte 0x{raw.FileOffset:x}");
        thread.Current?.Lost(raw.Time);
    }

    private void Exit(in RawEvent raw, VcpuThread thread, in FieldValues values)
    {
        if (values[KvmExit.IsaSlot] != KvmExit.Svm)
        {
            CaptureFormatException.ThrowForeignIsa($"kvm_exit records isa {values[KvmExit.IsaSlot]}, not {KvmExit.Svm} (SVM)", raw.FileOffset);
        }

        ExitAssembler? stream = StreamOf(thread, values);
        if (stream is null || !Accept(stream, raw, ExitInstance))
        {
            return;
        }

        stream.Exit(new HardwareExit(
            raw.Time, raw.Cpu, new SvmExitCode(values[KvmExit.ReasonSlot]), values[KvmExit.RipSlot], values[KvmExit.Info1Slot], values[KvmExit.Info2Slot],
            At32(values, KvmExit.IntInfoSlot), At32(values, KvmExit.ErrorCodeSlot)));
    }

    private void Entry(in RawEvent raw, VcpuThread thread, in FieldValues values)
    {
        ExitAssembler? stream = StreamOf(thread, values);
        if (stream is null || !Accept(stream, raw, EntryInstance))
        {
            return;
        }

        stream.Entry(new GuestEntry(
            raw.Time, raw.Cpu, values.Has(KvmEntry.RipSlot) ? Observed<ulong>.Of(values[KvmEntry.RipSlot]) : Observed<ulong>.Unseen,
            At32(values, KvmEntry.IntrInfoSlot), At32(values, KvmEntry.ErrorCodeSlot),
            values.Has(KvmEntry.ImmediateExitSlot) ? Truth.Of(values[KvmEntry.ImmediateExitSlot] != 0) : Truth.Unknown));
    }

    private void Happen(in RawEvent raw, VcpuThread thread, in KvmEvent kvmEvent)
    {
        switch (kvmEvent.Kind)
        {
            case KvmEventKind.ApicAcceptIrq:
                Accepted(raw, thread, kvmEvent);
                return;
            case KvmEventKind.KvmRun when kvmEvent.Values[0] != 0:
                thread.BeginRun();
                break;
            case KvmEventKind.Cpuid:
                LearnVendor(kvmEvent);
                break;
            default:
                break;
        }

        if ((kvmEvent.Values.Has(Tracepoint.VcpuSlot) ? StreamOf(thread, kvmEvent.Values) : thread.Current) is not { } stream)
        {
            thread.Wait(kvmEvent, Observed<ulong>.Unseen);
        }
        else if (Accept(stream, raw, (int)kvmEvent.Kind))
        {
            stream.Happen(kvmEvent);
        }
    }

    // Recorded in the sender's context; belongs to the receiver.
    private void Accepted(in RawEvent raw, VcpuThread thread, in KvmEvent kvmEvent)
    {
        uint vcpu = AcceptedInterrupt.Of(kvmEvent).Vcpu;
        ExitAssembler? receiver = thread.StreamOf(vcpu);
        if (receiver is null && _streamOfNumber.TryGetValue((reader.PlaceOf(raw.Thread).Host, vcpu), out receiver) && receiver is null)
        {
            notes.Add(CaptureNotes.AmbiguousVcpu, $"time {raw.Time.Value}");
        }

        if (receiver is not null)
        {
            TellLosses(receiver);
            receiver.Happen(kvmEvent);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ExitAssembler? StreamOf(VcpuThread thread, in FieldValues values)
    {
        if (!values.Has(Tracepoint.VcpuSlot))
        {
            return thread.Current;
        }

        uint vcpu = (uint)(values[Tracepoint.VcpuSlot] & uint.MaxValue);
        ExitAssembler? current = thread.Current;
        return current is not null && current.Vcpu == vcpu ? current : thread.Switch(vcpu, Create);
    }

    private ExitAssembler? Create(VcpuThread thread, uint vcpu)
    {
        if (_streams.Count == StreamId.Most)
        {
            notes.Add(CaptureNotes.ManyVcpus, $"time {_now.Value}");
            return null;
        }

        var stream = new ExitAssembler(new StreamId(_streams.Count), thread.Id, vcpu, sink, header, notes, _room)
        {
            MarksSeen = Losses.Marks,
            WaitsForNext = !reader.IsInOrder || _enters,
            WaitsForCancel = _cancels && header.Listed.Covers(TracepointSet.Entry),
            IsLoose = reader.IsLoose,
        };
        _streams.Add(stream);
        (int, uint) number = (reader.PlaceOf(thread.Id).Host, vcpu);
        _streamOfNumber[number] = _streamOfNumber.ContainsKey(number) ? null : stream;
        if (_now < _lostUntil)
        {
            // The vCPU may have run in the hole before it was first seen.
            stream.Lost(_lostUntil);
        }

        return stream;
    }

    // The same tracepoint may be enabled in several buffers: the first buffer that has it counts for a stream.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Accept(ExitAssembler stream, in RawEvent raw, int tracepoint)
    {
        TellLosses(stream);
        byte instance = (byte)Math.Min(raw.Instance + 1, byte.MaxValue);
        ref byte known = ref stream.InstanceOf[tracepoint];
        if (known != instance)
        {
            if (known != 0)
            {
                notes.Add(CaptureNotes.DoubleInstance);
                return false;
            }

            known = instance;
        }

        stream.Come(raw.Time, raw.Cpu);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void TellLosses(ExitAssembler stream)
    {
        if (stream.MarksSeen != Losses.Marks)
        {
            stream.MarksSeen = Losses.Marks;
            stream.Lost(_lostUntil);
        }
    }

    // Null where there are too many.
    private VcpuThread? ThreadOf(int id)
    {
        if (_last is { } last && last.Id == id)
        {
            return last;
        }

        if (!_threads.TryGetValue(id, out VcpuThread? thread))
        {
            if (_threads.Count == MostThreads)
            {
                return null;
            }

            thread = new VcpuThread(id, _room);
            _threads.Add(id, thread);
        }

        _last = thread;
        return thread;
    }

    private void LearnVendor(in KvmEvent kvmEvent)
    {
        CpuidAccess cpuid = CpuidAccess.Of(kvmEvent);
        if (cpuid.Function != 0 || GuestVendor.Length > 0)
        {
            return;
        }

        // EBX, EDX, ECX spell the vendor.
        Span<char> vendor = stackalloc char[12];
        for (int i = 0; i < 12; i++)
        {
            uint word = (i / 4) switch { 0 => cpuid.Ebx, 1 => cpuid.Edx, _ => cpuid.Ecx };
            char letter = (char)((word >> (8 * (i % 4))) & 0x7f);
            vendor[i] = char.IsAsciiLetterOrDigit(letter) || letter is ' ' or '!' ? letter : '?';
        }

        GuestVendor = vendor.Trim(' ').ToString();
    }

    private const int ExitInstance = 62, EntryInstance = 63;

    private static Observed<uint> At32(in FieldValues values, int slot) =>
        values.Has(slot) ? Observed<uint>.Of((uint)(values[slot] & uint.MaxValue)) : Observed<uint>.Unseen;
}
