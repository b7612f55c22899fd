using System.Buffers.Binary;
using Differ.Replay.Manual;
using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Iced.Intel;

namespace Differ.Replay.Scenarios;

/// <summary>Records a processor as a hypervisor that keeps the manual would be recorded, with the states around each exit.</summary>
/// <remarks>The records go through the same rules as those of real kernels: what the model does and what the rules say must agree.</remarks>
internal sealed class ModelRecorder : IProcessorObserver
{
    private readonly IExitSink _sink;
    private readonly TextTable _texts;
    private readonly List<KvmEvent> _events = [];
    private readonly MachineStates _states = new();
    private HardwareExit _exit;
    private GuestEntry _entry;
    private GuestLevel _level;
    private bool _open;
    private bool _entered;
    private bool _external;
    private bool _staged;
    private bool _introduced;
    private ulong? _entryRip;
    private ulong _index;
    private ulong _time;

    /// <summary>A recorder.</summary>
    /// <param name="sink">Takes the records.</param>
    /// <param name="texts">Texts of failed checks.</param>
    public ModelRecorder(IExitSink sink, TextTable texts)
    {
        _sink = sink;
        _texts = texts;
    }

    /// <inheritdoc/>
    public void Executes(Processor processor, in Instruction instruction)
    {
        if (InstructionTable.All.TryGetValue(instruction.Mnemonic, out InstructionRow? row) && IsL0s(row, processor))
        {
            Open(processor, row.Code!.Value, 0, 0);
        }
    }

    /// <inheritdoc/>
    public void Runs(Processor processor, in Vmcb vmcb)
    {
        Dump(StateMoment.Vmcb12AtVmrun, vmcb);
    }

    /// <inheritdoc/>
    public void Entered(Processor processor, Guest guest)
    {
        Dump(StateMoment.L2AtEntry, processor.State);
        State(StateMoment.L2AtEntry, VmcbLayout.Of(VmcbField.PauseFilterCount), guest[VmcbField.PauseFilterCount]);
        State(StateMoment.L2AtEntry, VmcbLayout.Of(VmcbField.TlbControl), guest[VmcbField.TlbControl]);
        bool nested = guest.NestedPaging;
        Add(KvmEventKind.NestedVmenter, processor.NextRip, guest.Vmcb, processor.State[VmcbField.Rip], guest[VmcbField.IntCtl] & uint.MaxValue,
            guest[VmcbField.EventInj] & uint.MaxValue, nested ? 1UL : 0, nested ? guest[VmcbField.NCr3] : processor.State[VmcbField.Cr3Register]);
        ulong cr = guest[VmcbField.InterceptCr];
        Add(KvmEventKind.NestedIntercepts, cr & 0xffff, cr >> 16, guest[VmcbField.InterceptExceptions], guest[VmcbField.InterceptMisc1],
            guest[VmcbField.InterceptMisc2], guest[VmcbField.InterceptMisc3]);
        _entryRip = processor.State[VmcbField.Rip];
        _entered = true;
    }

    /// <inheritdoc/>
    public void Leaves(Processor processor, Guest guest, Effect exit)
    {
        EventInfo current = exit.Code == SvmExitCode.Invalid ? default : processor.Delivery.Current;
        if (exit.Code == SvmExitCode.Invalid)
        {
            Add(KvmEventKind.NestedVmenterFailed, (ulong)_texts.Add("illegal state of vmcb12"), 0);
            return;
        }

        if (_entered || _external || _staged)
        {
            // L2 was entered, and the delivery of what was injected ended it.
            StepEnds(processor);
        }

        if (!_open && (exit.Code == SvmExitCode.AvicNoAccel || exit.Code == SvmExitCode.AvicIncompleteIpi))
        {
            OpenAvic(processor, guest, exit, current);
        }
        else if (!_open)
        {
            Open(processor, exit.Code, exit.Info1, exit.Info2, current, processor.Delivery.CurrentError);
        }

        State(StateMoment.L2AtExit, VmcbLayout.Of(VmcbField.IntCtl), guest[VmcbField.IntCtl]);
        State(StateMoment.L2AtExit, VmcbLayout.Of(VmcbField.NextRip), processor.Features.Has(CpuFeature.NripSave) && ExitTable.Of(exit.Code).SavesNextRip ? processor.NextRip : 0);
        if (exit.Code == SvmExitCode.Intr)
        {
            Add(KvmEventKind.NestedIntrVmexit, processor.State[VmcbField.Rip]);
        }

        Add(KvmEventKind.NestedVmexitInject, exit.Code.Value, exit.Info1, exit.Info2, current.Raw, processor.Delivery.CurrentError);
        _entryRip = null;
    }

    /// <inheritdoc/>
    public void Left(Processor processor, in Vmcb vmcb) => Dump(StateMoment.Vmcb12AfterExit, vmcb);

    /// <inheritdoc/>
    public void Delivers(Processor processor, EventInfo what, uint? error)
    {
        bool external = what.Type is EventType.Interrupt or EventType.Nmi && processor.Delivery.Current.Valid;
        if (!_open && external)
        {
            Open(processor, what.Type == EventType.Nmi ? SvmExitCode.Nmi : SvmExitCode.Intr, 0, 0);
            _external = true;
        }

        if (!_open || _entered || _staged)
        {
            // The processor delivers what EVENTINJ holds without the hypervisor's doing, and what comes of it.
            return;
        }

        _staged = true;
        _entryRip ??= processor.State[VmcbField.Rip];
        if (what.Type == EventType.Exception)
        {
            Add(KvmEventKind.InjectException, what.Vector, error is null ? 0UL : 1, error ?? 0, 0);
        }
        else if (what.Type != EventType.Nmi)
        {
            Add(KvmEventKind.InjectInterrupt, what.Vector, what.Type == EventType.SoftwareInterrupt ? 1UL : 0, 0);
        }
    }

    /// <inheritdoc/>
    public void ShutsDown(Processor processor)
    {
        if (!_open)
        {
            Open(processor, SvmExitCode.Shutdown, 0, 0);
        }

        Add(KvmEventKind.UserspaceExit, UserspaceExit.ShutdownReason, 0);
    }

    /// <summary>An instruction or event is over: the record is complete.</summary>
    public void StepEnds(Processor processor)
    {
        if (!_open)
        {
            return;
        }

        if (!_entered)
        {
            Dump(processor.Guest is null ? StateMoment.L1AtEntry : StateMoment.L2AtEntry, processor.State);
        }

        if (_exit.Code == SvmExitCode.Vmsave && _level == GuestLevel.L1)
        {
            Dump(StateMoment.Vmcb12AfterExit, new Vmcb(processor.Memory, processor.State[VmcbField.Rax]));
        }

        _entry = new GuestEntry(new ClockTime(++_time), 0, Observed<ulong>.Of(_entryRip ?? processor.State[VmcbField.Rip]), Observed<uint>.Unseen, Observed<uint>.Unseen, Truth.No);
        TracepointSet kinds = _events.Aggregate(default(TracepointSet), static (set, kvmEvent) => set | TracepointSet.Of(kvmEvent.Kind));
        _sink.Take(new ExitRecord(new StreamId(0), _index++, _level, RecordFlags.None, in _exit, in _entry, kinds, _events.ToArray(), default, _states));
        _events.Clear();
        _states.Clear();
        _open = false;
        _entered = false;
        _external = false;
        _staged = false;
        _entryRip = null;
    }

    private static bool IsL0s(InstructionRow row, Processor processor)
    {
        if (row.Code is not { } code || processor.Guest is { SevEs: true })
        {
            return false;
        }

        bool isOwn = Availability.IsSvmInstruction(code) && code != SvmExitCode.Vmmcall;
        bool isVirtualized = (code == SvmExitCode.Vmload || code == SvmExitCode.Vmsave) && processor.Guest is { HasVirtualVmload: true };
        return isOwn ? processor.InProtectedMode && processor.State[VmcbField.Cpl] == 0 && !isVirtualized : code == SvmExitCode.Vmmcall || code == SvmExitCode.Cpuid;
    }

    // What L1 asked CPUID before the scenario started.
    private void Introduce(Processor processor)
    {
        if (_introduced)
        {
            return;
        }

        _introduced = true;
        const int Length = 2;
        ulong rip = processor.State[VmcbField.Rip];
        foreach ((uint function, uint[] registers) in CpuidLeaves.Of(processor.Features))
        {
            _open = true;
            _level = GuestLevel.L1;
            _exit = new HardwareExit(new ClockTime(++_time), 0, SvmExitCode.Cpuid, rip, 0, 0, Observed<uint>.Of(0), Observed<uint>.Of(0));
            Add(KvmEventKind.Cpuid, function, 0, registers[0], registers[1], registers[2], registers[3], 1);
            _entryRip = rip + Length;
            StepEnds(processor);
        }
    }

    // AVIC that L0 emulates for L1: L2's APIC page is not mapped, and its accesses are carried out by hand.
    private void OpenAvic(Processor processor, Guest guest, in Effect exit, EventInfo current)
    {
        const ulong Command = 0x300;
        bool isCommand = exit.Code == SvmExitCode.AvicIncompleteIpi;
        bool write = isCommand || (exit.Info1 & ExitInfoBits.AvicWrite) != 0;
        ulong offset = isCommand ? Command : exit.Info1 & ExitInfoBits.AvicOffset;
        Open(processor, SvmExitCode.Npf, ExitInfoBits.NpfFinal | ExitInfoBits.User | (write ? ExitInfoBits.Write : 0), (guest[VmcbField.AvicApicBar] & ~0xfffUL) | offset, current, processor.Delivery.CurrentError);
        byte[] bytes = new byte[16];
        processor.InstructionBytes.CopyTo(bytes, 0);
        Add(KvmEventKind.EmulateInstruction, _exit.Rip, 0, (ulong)processor.InstructionBytes.Length,
            BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)), (ulong)DecodeMode.Long64, 0);
    }

    private void Open(Processor processor, SvmExitCode code, ulong info1, ulong info2, EventInfo intInfo = default, uint intInfoError = 0)
    {
        Introduce(processor);
        _open = true;
        _level = processor.Guest is null ? GuestLevel.L1 : GuestLevel.L2;
        _exit = new HardwareExit(
            new ClockTime(++_time), 0, code, processor.State[VmcbField.Rip], info1, info2, Observed<uint>.Of(intInfo.Raw), Observed<uint>.Of(intInfoError));
        Dump(_level == GuestLevel.L1 ? StateMoment.L1AtExit : StateMoment.L2AtExit, processor.State);
        if (code == SvmExitCode.Vmload && _level == GuestLevel.L1)
        {
            Dump(StateMoment.Vmcb12AtVmrun, new Vmcb(processor.Memory, processor.State[VmcbField.Rax]));
        }

        if (_level == GuestLevel.L2)
        {
            Add(KvmEventKind.NestedVmexit, code.Value, _exit.Rip, info1, info2, intInfo.Raw, intInfoError);
        }
    }

    private void Dump(StateMoment moment, in Vmcb vmcb)
    {
        foreach (VmcbRow row in VmcbLayout.All)
        {
            if (row.Area != VmcbArea.Register)
            {
                State(moment, row, vmcb[row.Field]);
            }
        }
    }

    private void Dump(StateMoment moment, Registers registers)
    {
        foreach (VmcbRow row in VmcbLayout.All)
        {
            if ((row.Area != VmcbArea.Control && row.Field != VmcbField.GuestRcx) || row.Field == VmcbField.InterruptShadow)
            {
                State(moment, row, registers[row.Field]);
            }
        }
    }

    private void State(StateMoment moment, VmcbRow row, ulong value) => _states[moment].Write(row.Position, row.Size, value);

    private void Add(KvmEventKind kind, params ReadOnlySpan<ulong> fields)
    {
        var values = new FieldValues();
        for (int i = 0; i < fields.Length; i++)
        {
            values.Set(i, fields[i]);
        }

        _events.Add(new KvmEvent(kind, new ClockTime(++_time), values));
    }
}
