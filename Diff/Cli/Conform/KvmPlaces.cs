using Differ.Capture.Kvm;
using Differ.Replay.Model;
using Differ.Replay.Scenarios;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli.Conform;

/// <summary>The registers of a vCPU, read from KVM or to be given to it.</summary>
internal sealed class KvmRegisters
{
    public KvmRegs Regs;
    public KvmSregs Sregs;
    public KvmDebugRegs Debug;
    public KvmVcpuEvents Events;
    public KvmNestedState Nested;

    /// <summary>Model-specific registers by their numbers; null for one that KVM refuses.</summary>
    public Dictionary<uint, ulong?> Msrs { get; } = [];

    /// <summary>Reads all.</summary>
    public static KvmRegisters Of(KvmVcpu vcpu)
    {
        var all = new KvmRegisters { Regs = vcpu.Regs, Sregs = vcpu.Sregs, Debug = vcpu.DebugRegs, Events = vcpu.Events, Nested = vcpu.NestedState };
        foreach (uint index in KvmPlaces.Msrs)
        {
            all.Msrs[index] = vcpu.ReadMsr(index);
        }

        return all;
    }
}

/// <summary>A register that both processors have.</summary>
/// <param name="Name">As scenarios write it.</param>
/// <param name="Model">How the model has it.</param>
/// <param name="Kvm">How KVM has it; null where it cannot be read.</param>
/// <param name="Set">Gives it to KVM; null for what follows from others.</param>
internal sealed record KvmPlace(string Name, Func<Processor, ulong> Model, Func<KvmRegisters, ulong?> Kvm, Action<KvmRegisters, ulong>? Set)
{
    /// <summary>The bits that can be compared; others are KVM's or the model's own.</summary>
    public ulong Mask { get; init; } = ulong.MaxValue;

    /// <summary>The register's field, by which the model says what is undefined; null for none.</summary>
    public VmcbField? Field { get; init; }

    /// <summary>The general register; null for none.</summary>
    public int? General { get; init; }

    /// <summary>Whether it means something in a machine; null for always.</summary>
    public Func<Processor, bool>? Counts { get; init; }
}

/// <summary>Every register that is set and compared.</summary>
internal static class KvmPlaces
{
    private const int InterruptFlagShadow = 1, Accessed = 1, PresentBit = 7, GranularityBit = 11;
    private const ulong ResumeFlag = 1UL << 16, AttributeBits = 0xfff, Busy = 2, PrivilegeOfAttributes = 0x60;

    private static readonly string[] GeneralNames = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

    private delegate ref ulong RegisterOf(ref KvmRegs registers);

    private delegate ref KvmSegment SegmentOf(ref KvmSregs registers);

    /// <summary>Numbers of the model-specific registers that are set and compared. EFER, FS.base and GS.base are in KVM's other structures, time runs.</summary>
    public static IReadOnlyList<uint> Msrs { get; } =
        [.. ModelSpecific.All.Where(static row => row.Index is not (0x10 or 0xc000_0080 or 0xc000_0100 or 0xc000_0101)).Select(static row => row.Index)];

    /// <summary>In the order in which they are told of.</summary>
    public static IReadOnlyList<KvmPlace> All { get; } =
    [
        .. Generals(),
        Control("rip", VmcbField.Rip, static all => all.Regs.Rip, static (all, value) => all.Regs.Rip = value),
        Control("rflags", VmcbField.RflagsRegister, static all => all.Regs.Rflags, static (all, value) => all.Regs.Rflags = value) with { Mask = ~ResumeFlag },
        Control("cr0", VmcbField.Cr0Register, static all => all.Sregs.Cr0, static (all, value) => all.Sregs.Cr0 = value),
        Control("cr2", VmcbField.Cr2, static all => all.Sregs.Cr2, static (all, value) => all.Sregs.Cr2 = value),
        Control("cr3", VmcbField.Cr3Register, static all => all.Sregs.Cr3, static (all, value) => all.Sregs.Cr3 = value),
        Control("cr4", VmcbField.Cr4Register, static all => all.Sregs.Cr4, static (all, value) => all.Sregs.Cr4 = value),
        new("cr8", static p => p.State.TaskPriority, static all => all.Sregs.Cr8, static (all, value) => all.Sregs.Cr8 = value),
        Control("efer", VmcbField.EferRegister, static all => all.Sregs.Efer, static (all, value) => all.Sregs.Efer = value),
        new("dr0", static p => p.State.Breakpoints[0], static all => all.Debug.Db0, static (all, value) => all.Debug.Db0 = value),
        new("dr1", static p => p.State.Breakpoints[1], static all => all.Debug.Db1, static (all, value) => all.Debug.Db1 = value),
        new("dr2", static p => p.State.Breakpoints[2], static all => all.Debug.Db2, static (all, value) => all.Debug.Db2 = value),
        new("dr3", static p => p.State.Breakpoints[3], static all => all.Debug.Db3, static (all, value) => all.Debug.Db3 = value),
        Control("dr6", VmcbField.Dr6, static all => all.Debug.Dr6, static (all, value) => all.Debug.Dr6 = value),
        Control("dr7", VmcbField.Dr7, static all => all.Debug.Dr7, static (all, value) => all.Debug.Dr7 = value),
        .. Segment("es", VmcbField.EsSelector, static (ref all) => ref all.Es, ~(ulong)Accessed),
        .. Segment("cs", VmcbField.CsSelector, static (ref all) => ref all.Cs, ~(1UL << GranularityBit)),
        .. Segment("ss", VmcbField.SsSelector, static (ref all) => ref all.Ss, ~(Accessed | PrivilegeOfAttributes)),
        .. Segment("ds", VmcbField.DsSelector, static (ref all) => ref all.Ds, ~(ulong)Accessed),
        .. Segment("fs", VmcbField.FsSelector, static (ref all) => ref all.Fs, ~(ulong)Accessed),
        .. Segment("gs", VmcbField.GsSelector, static (ref all) => ref all.Gs, ~(ulong)Accessed),
        .. Segment("ldtr", VmcbField.LdtrSelector, static (ref all) => ref all.Ldt, ulong.MaxValue),
        .. Segment("tr", VmcbField.TrSelector, static (ref all) => ref all.Tr, ~Busy),
        Control("cpl", VmcbField.Cpl, static all => all.Sregs.Ss.Dpl, static (all, value) => all.Sregs.Ss.Dpl = (byte)value),
        Control("gdtrbase", VmcbField.GdtrBase, static all => all.Sregs.Gdt.Base, static (all, value) => all.Sregs.Gdt.Base = value),
        Control("gdtrlimit", VmcbField.GdtrLimit, static all => all.Sregs.Gdt.Limit, static (all, value) => all.Sregs.Gdt.Limit = (ushort)value),
        Control("idtrbase", VmcbField.IdtrBase, static all => all.Sregs.Idt.Base, static (all, value) => all.Sregs.Idt.Base = value),
        Control("idtrlimit", VmcbField.IdtrLimit, static all => all.Sregs.Idt.Limit, static (all, value) => all.Sregs.Idt.Limit = (ushort)value),
        .. ModelSpecific.All.Where(static row => Msrs.Contains(row.Index)).Select(Msr),
        new("gif", static p => p.State.Gif ? 1UL : 0, static all => (all.Nested.Flags & KvmNestedState.GifSet) != 0 ? 1UL : 0,
            static (all, value) => all.Nested.Flags = (ushort)((all.Nested.Flags & ~KvmNestedState.GifSet) | (value != 0 ? KvmNestedState.GifSet : 0))),
        new("guest-mode", static p => p.Guest is null ? 0UL : 1, static all => (ulong)(all.Nested.Flags & KvmNestedState.GuestMode), null),
        new("interruptshadow", static p => p.State.InShadow ? 1UL : 0, static all => all.Events.InterruptShadow != 0 ? 1UL : 0,
            static (all, value) => all.Events.InterruptShadow = value != 0 ? (byte)InterruptFlagShadow : (byte)0),
        new("nmimask", static p => p.State.NmiMasked ? 1UL : 0, static all => all.Events.NmiMasked, static (all, value) => all.Events.NmiMasked = (byte)value),
        new("smm", static p => p.SystemManagement.IsInside ? 1UL : 0, static all => all.Events.Smm, null),
    ];

    private static KvmPlace Control(string name, VmcbField field, Func<KvmRegisters, ulong> get, Action<KvmRegisters, ulong> set) =>
        new(name, p => p.State[field], all => get(all), set) { Field = field };

    private static IEnumerable<KvmPlace> Generals()
    {
        RegisterOf[] registers =
        [
            static (ref all) => ref all.Rax, static (ref all) => ref all.Rcx, static (ref all) => ref all.Rdx, static (ref all) => ref all.Rbx,
            static (ref all) => ref all.Rsp, static (ref all) => ref all.Rbp, static (ref all) => ref all.Rsi, static (ref all) => ref all.Rdi,
            static (ref all) => ref all.R8, static (ref all) => ref all.R9, static (ref all) => ref all.R10, static (ref all) => ref all.R11,
            static (ref all) => ref all.R12, static (ref all) => ref all.R13, static (ref all) => ref all.R14, static (ref all) => ref all.R15,
        ];
        for (int i = 0; i < registers.Length; i++)
        {
            int number = i;
            yield return new KvmPlace(
                GeneralNames[number], p => p.State.General[number], all => registers[number](ref all.Regs), (all, value) => registers[number](ref all.Regs) = value)
            {
                General = number,
            };
        }
    }

    // A segment that is not present says nothing beside that.
    private static IEnumerable<KvmPlace> Segment(string name, VmcbField selector, SegmentOf of, ulong mask)
    {
        VmcbField attributes = selector + 1, limit = selector + 2, start = selector + 3;
        Func<Processor, bool> present = p => p.State.Bit(attributes, PresentBit);
        yield return new($"{name}selector", p => p.State[selector], all => of(ref all.Sregs).Selector, (all, value) => of(ref all.Sregs).Selector = (ushort)value) { Field = selector };
        yield return new($"{name}attributes", p => p.State[attributes], all => of(ref all.Sregs).Attributes, (all, value) => of(ref all.Sregs).Attributes = value)
        {
            Field = attributes,
            Mask = mask & AttributeBits,
            Counts = present,
        };
        yield return new($"{name}limit", p => p.State[limit], all => of(ref all.Sregs).Limit, (all, value) => of(ref all.Sregs).Limit = (uint)value) { Field = limit, Counts = present };
        yield return new($"{name}base", p => p.State[start], all => of(ref all.Sregs).Base, (all, value) => of(ref all.Sregs).Base = value) { Field = start };
    }

    private static KvmPlace Msr(MsrRow row) => new(
        row.Field is { } field ? ScenarioParser.NameOf(field) : $"msr 0x{row.Index:x}",
        p => row.Field is { } named ? p.State[named] : p.State.OtherMsrs.GetValueOrDefault(row.Index),
        all => all.Msrs.GetValueOrDefault(row.Index),
        (all, value) => all.Msrs[row.Index] = value)
    {
        Field = row.Field,
    };
}
