using System.Buffers.Binary;
using Differ.Capture.Kvm;
using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Replay.Scenarios;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli.Conform;

/// <summary>How a scenario ended on KVM.</summary>
internal enum KvmEnding : byte
{
    /// <summary>The vCPU waits for an interrupt.</summary>
    Halts,

    /// <summary>It shut down.</summary>
    ShutsDown,

    /// <summary>KVM gave it up.</summary>
    GivenUp,

    /// <summary>It still ran when its time was over.</summary>
    RunsOn,
}

/// <summary>What KVM made of a scenario.</summary>
/// <param name="Ending">How it ended.</param>
/// <param name="Detail">What KVM says of the ending; empty for nothing.</param>
/// <param name="Registers">The registers; null after a shutdown, which resets them.</param>
/// <param name="Memory">Memory by the addresses of its parts.</param>
internal sealed record KvmResult(KvmEnding Ending, string Detail, KvmRegisters? Registers, IReadOnlyDictionary<ulong, Memory<byte>> Memory);

/// <summary>Puts the machine of a scenario into a virtual machine of KVM and runs it: what the scenario calls outside is this class.</summary>
internal sealed class KvmScenario : IDisposable
{
    private const ulong LowMemory = 0x40_0000, Page = 0x1000, ApicPage = 0xfee0_0000;
    private const ulong WarmUpPlace = 0x1f_0000;
    private const int StopPort = 0xf4;
    private const uint AddressSizes = 0x8000_0008;
    private const ushort UnmaskedControl = 0x037e, ErrorStatus = 0x8081;

    private static readonly ulong[] TouchedByDelivery =
    [
        0, 0x1000, Machine.Task, Machine.TaskStack - Page, Machine.TaskStack, Machine.L2Code, Machine.L2Stack - Page, Machine.L2Stack, Machine.L2Gates,
        Machine.L2Gates + Page, Machine.L2Gates + (2 * Page), Machine.IoMap, Machine.L1Stack,
    ];

    private static readonly byte[] Stop = [0xe6, StopPort];
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    private readonly KvmMachine _machine;
    private readonly ScenarioRun _start;
    private readonly Dictionary<ulong, Memory<byte>> _memory = [];
    private readonly Dictionary<ulong, (byte[] Bytes, List<PendingEvent> Events)> _stops = [];
    private readonly PhysicalMemory _devices = new();

    /// <summary>Makes the virtual machine.</summary>
    /// <param name="device">The host's KVM.</param>
    /// <param name="cpuid">CPUID that it may offer.</param>
    /// <param name="start">The scenario before its first instruction, with features that the host has.</param>
    /// <param name="quirks">Whether KVM keeps the departures that it documents as quirks.</param>
    /// <exception cref="KvmException">KVM refuses a part of the machine.</exception>
    public KvmScenario(KvmDevice device, ReadOnlySpan<KvmCpuidEntry> cpuid, ScenarioRun start, bool quirks)
    {
        _start = start;
        _machine = new KvmMachine(device, CpuidOf(cpuid, start.Machine.Processor.Features), quirks);
        try
        {
            LoadMemory();
            WarmUp();
            LoadRegisters(_start.Machine.Processor);
            PlaceEvents();
        }
        catch (KvmException)
        {
            _machine.Dispose();
            throw;
        }
    }

    private KvmVcpu Vcpu => _machine.Vcpu;

    /// <summary>Runs it to its end.</summary>
    public KvmResult Run() => RunToEnd();

    private KvmResult RunToEnd()
    {
        long begun = Environment.TickCount64;
        using var kicker = new KvmKicker();
        while (true)
        {
            if (!Vcpu.Run())
            {
                if (Vcpu.State == KvmVcpu.Halted && !WakesUp())
                {
                    return End(KvmEnding.Halts);
                }
            }
            else if (Vcpu.Exit is KvmExit.Io or KvmExit.Mmio)
            {
                Answer();
            }
            else
            {
                return Vcpu.Exit == KvmExit.Shutdown ? End(KvmEnding.ShutsDown) : End(KvmEnding.GivenUp, $"{Vcpu.Exit}, {Vcpu.Suberror}");
            }

            if (Environment.TickCount64 - begun > Longest.TotalMilliseconds)
            {
                return End(KvmEnding.RunsOn);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _machine.Dispose();

    private KvmResult End(KvmEnding ending, string detail = "") =>
        new(ending, detail, ending == KvmEnding.ShutsDown ? null : KvmRegisters.Of(Vcpu), _memory);

    // CPUID that the host offers, without what the scenario's processor lacks.
    private static KvmCpuidEntry[] CpuidOf(ReadOnlySpan<KvmCpuidEntry> offered, Features features)
    {
        KvmCpuidEntry[] entries = offered.ToArray();
        for (int i = 0; i < entries.Length; i++)
        {
            ref KvmCpuidEntry entry = ref entries[i];
            foreach (CpuFeature feature in CpuFeature.All)
            {
                if (feature.Function == entry.Function && entry.Index == 0 && !features.Has(feature))
                {
                    ref uint register = ref RegisterOf(ref entry, feature.Register);
                    register &= ~(1u << feature.Bit);
                }
            }

            if (entry.Function == AddressSizes)
            {
                entry.Eax = (entry.Eax & ~0xffu) | (uint)features.PhysicalBits;
            }
        }

        return entries;
    }

    private static ref uint RegisterOf(ref KvmCpuidEntry entry, int number)
    {
        switch (number)
        {
            case 0: return ref entry.Eax;
            case 1: return ref entry.Ebx;
            case 2: return ref entry.Ecx;
            default: return ref entry.Edx;
        }
    }

    private void LoadMemory()
    {
        PhysicalMemory from = _start.Machine.Processor.Memory;
        _memory[0] = _machine.AddMemory(0, (int)LowMemory);
        foreach (ulong page in from.Pages.Where(page => page >= LowMemory && page != ApicPage).Order())
        {
            _memory[page] = _machine.AddMemory(page, (int)Page);
        }

        FillMemory();
    }

    private void FillMemory()
    {
        PhysicalMemory from = _start.Machine.Processor.Memory;
        foreach (ulong page in from.Pages.Where(static page => page != ApicPage))
        {
            ulong start = page < LowMemory ? 0 : page;
            from.Read(page, _memory[start].Span.Slice((int)(page - start), (int)Page));
        }
    }

    // L2 touches what the delivery of events will touch: faults of L0's own nested tables would else come into deliveries, and an emulated
    // processor loses the event then. Its L1, L2 and VMCB are in pages that the scenario does not use, and are taken away afterwards.
    private void WarmUp()
    {
        Span<byte> own = _memory[0].Span.Slice((int)WarmUpPlace, 3 * (int)Page);
        var warm = new Machine(_start.Machine.Processor.Features, new RunLog(null));
        Vmcb guest = warm.Guest;
        guest[VmcbField.NCr3] = _start.Machine.Guest[VmcbField.NCr3];
        guest[VmcbField.Rip] = WarmUpPlace + Page;
        warm.Intercept(SvmExitCode.Vmmcall, true);
        warm.Intercept(SvmExitCode.Shutdown, true);
        warm.Processor.State[VmcbField.Rip] = WarmUpPlace;
        warm.Processor.State[VmcbField.Rax] = WarmUpPlace + (2 * Page);
        ((ReadOnlySpan<byte>)[0x0f, 0x01, 0xd8, 0xf4]).CopyTo(own);
        Span<byte> l2 = own[(int)Page..];
        foreach (ulong touched in TouchedByDelivery)
        {
            // LOCK OR BYTE [touched], 0
            byte[] or = [0xf0, 0x80, 0x0c, 0x25, 0, 0, 0, 0, 0];
            BinaryPrimitives.WriteUInt32LittleEndian(or.AsSpan(4), (uint)touched);
            or.CopyTo(l2);
            l2 = l2[or.Length..];
        }

        ((ReadOnlySpan<byte>)[0x0f, 0x01, 0xd9]).CopyTo(l2);
        warm.Processor.Memory.Read(Machine.Vmcb12, own[(2 * (int)Page)..]);
        LoadRegisters(warm.Processor);
        RunToEnd();

        // It may have ended in L2, by a fault that the scenario is about.
        Vcpu.NestedState = new KvmNestedState { Flags = KvmNestedState.GifSet, Format = KvmNestedState.Svm, Vmcb = ulong.MaxValue };
        Vcpu.State = KvmVcpu.Runnable;

        // VM_CR may then be set whatever it forbids.
        KvmSregs left = Vcpu.Sregs;
        left.Efer &= ~(1UL << Efer.SVME);
        Vcpu.Sregs = left;
        own.Clear();
        foreach (ulong touched in TouchedByDelivery)
        {
            _memory[0].Span.Slice((int)(touched & ~(Page - 1)), (int)Page).Clear();
        }

        FillMemory();
    }

    // The order is what KVM's checks want: VM_CR and other MSRs, EFER with the segments, GIF, and what is pending at last.
    private void LoadRegisters(Processor p)
    {
        KvmRegisters found = KvmRegisters.Of(Vcpu), wanted = KvmRegisters.Of(Vcpu);
        foreach (KvmPlace place in KvmPlaces.All)
        {
            place.Set?.Invoke(wanted, place.Model(p));
        }

        foreach ((uint index, ulong? value) in wanted.Msrs.OrderBy(static msr => msr.Key == VmCr.Index ? 0 : 1))
        {
            if (value != found.Msrs[index] && (value ?? 0) != (found.Msrs[index] ?? 0) && !Vcpu.WriteMsr(index, value ?? 0))
            {
                throw new KvmException($"KVM refuses 0x{value:x} for register 0x{index:x}");
            }
        }

        Vcpu.Sregs = wanted.Sregs;
        if (wanted.Nested.Flags != found.Nested.Flags)
        {
            Vcpu.NestedState = new KvmNestedState { Flags = wanted.Nested.Flags, Format = KvmNestedState.Svm, Vmcb = ulong.MaxValue };
        }

        Vcpu.DebugRegs = wanted.Debug;
        if (p.State.FloatingPointError)
        {
            Vcpu.Fpu = Vcpu.Fpu with { ControlWord = UnmaskedControl, StatusWord = ErrorStatus };
        }

        Vcpu.Regs = wanted.Regs;
        Vcpu.Events = wanted.Events with { Flags = wanted.Events.Flags | KvmVcpuEvents.ShadowIsValid };
        Vcpu.SettleApic();
    }

    // An event comes before an instruction: an OUT stands there until it did.
    private void PlaceEvents()
    {
        foreach (IGrouping<ulong?, Arrival> place in _start.Arrivals.GroupBy(_start.AddressOf))
        {
            if (place.Key is not { } address)
            {
                continue;
            }

            if (address == Machine.L1Code && !place.First().InL2)
            {
                place.ToList().ForEach(arrival => Send(arrival.Event));
                continue;
            }

            RefuseInterceptedStop(place.First().InL2);
            Span<byte> code = _memory[0].Span[(int)address..];
            _stops[address] = (code[..Stop.Length].ToArray(), [.. place.Select(arrival => arrival.Event)]);
            Stop.CopyTo(code);
        }
    }

    private void RefuseInterceptedStop(bool inL2)
    {
        Vmcb guest = _start.Machine.Guest;
        if (inL2 && guest.Intercepts(SvmExitCode.Ioio)
            && ((_start.Machine.Processor.Memory.Read(guest[VmcbField.IopmBasePa] + (StopPort / 8), 1) >> (StopPort % 8)) & 1) != 0)
        {
            throw new KvmException($"an event cannot be placed in L2: L1 intercepts port 0x{StopPort:x}, by which L2 would be stopped");
        }
    }

    private void Send(PendingEvent what)
    {
        switch (what.Kind)
        {
            case PendingKind.Init:
                _machine.SendInit();
                break;
            case PendingKind.Smi:
                Vcpu.SendSmi();
                break;
            case PendingKind.Nmi:
                Vcpu.SendNmi();
                break;
            case PendingKind.Interrupt:
                Vcpu.SendInterrupt(what.Vector);
                break;
            default:
                Vcpu.SendMachineCheck();
                break;
        }
    }

    // Ports read as ones, memory that is not there as what was last written to it.
    private void Answer()
    {
        KvmAccess access = Vcpu.Access;
        Span<byte> data = Vcpu.AccessData;
        if (Vcpu.Exit == KvmExit.Mmio && access.IsWrite)
        {
            _devices.Write(access.Number, data);
        }
        else if (Vcpu.Exit == KvmExit.Mmio)
        {
            _devices.Read(access.Number, data);
        }
        else if (!access.IsWrite)
        {
            data.Fill(0xff);
        }
        else if (access.Number == StopPort && _stops.Remove(Vcpu.Regs.Rip, out (byte[] Bytes, List<PendingEvent> Events) stop))
        {
            Resume(stop.Bytes, stop.Events);
        }
    }

    // An event before the instruction behind a HLT comes while the vCPU waits: it is not stopped there.
    private bool WakesUp()
    {
        if (!_stops.Remove(Vcpu.Regs.Rip, out (byte[] Bytes, List<PendingEvent> Events) stop))
        {
            return false;
        }

        stop.Bytes.CopyTo(_memory[0].Span[(int)Vcpu.Regs.Rip..]);
        stop.Events.ForEach(Send);
        return true;
    }

    private void Resume(byte[] bytes, List<PendingEvent> events)
    {
        ulong rip = Vcpu.Regs.Rip;
        byte shadow = Vcpu.Events.InterruptShadow;
        Vcpu.CompleteAccess();
        bytes.CopyTo(_memory[0].Span[(int)rip..]);
        Vcpu.Regs = Vcpu.Regs with { Rip = rip };
        Vcpu.Events = Vcpu.Events with { InterruptShadow = shadow, Flags = Vcpu.Events.Flags | KvmVcpuEvents.ShadowIsValid };
        events.ForEach(Send);
    }
}
