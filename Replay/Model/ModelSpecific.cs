using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>A model-specific register of the model.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Field">Where its value is; null for one that SVM knows nothing of.</param>
/// <param name="IsLegal">Whether a value may be written, as far as no rule says it (<see cref="InstructionExceptions"/>); null for any.</param>
internal sealed record MsrRow(uint Index, VmcbField? Field, Func<Processor, ulong, bool>? IsLegal);

/// <summary>RDMSR and WRMSR (APM2 15.11, 15.30).</summary>
internal static class ModelSpecific
{
    private const uint Tsc = 0x10;

    // A scenario takes seconds: its time fits into 40 bits of the counter, eight of them in EDX.
    private const ulong HighBitsOfTime = 0xff;

    /// <summary>In the order of the numbers.</summary>
    public static IReadOnlyList<MsrRow> All { get; } =
    [
        new(Tsc, VmcbField.Tsc, null),
        new(0x174, VmcbField.SysenterCs, null),
        new(0x175, VmcbField.SysenterEsp, null),
        new(0x176, VmcbField.SysenterEip, null),
        new(DebugCtl.Index, VmcbField.DbgCtl, null),
        new(0x1db, VmcbField.BrFrom, null),
        new(0x1dc, VmcbField.BrTo, null),
        new(0x1dd, VmcbField.LastExcpFrom, null),
        new(0x1de, VmcbField.LastExcpTo, null),
        new(0x200, null, null),
        new(0x201, null, null),
        new(Pat.Index, VmcbField.GPat, static (_, value) => Pat.IsLegal(value)),
        new(0x2ff, null, null),
        new(Efer.Index, VmcbField.EferRegister, static (p, value) => IsLegal(p, Efer.Bits, value)
            && ((value >> Efer.LMA) & 1) == (p.State.Bit(VmcbField.EferRegister, Efer.LMA) ? 1UL : 0)),
        new(0xc000_0081, VmcbField.Star, null),
        new(0xc000_0082, VmcbField.Lstar, null),
        new(0xc000_0083, VmcbField.Cstar, null),
        new(0xc000_0084, VmcbField.Sfmask, null),
        new(0xc000_0100, VmcbField.FsBase, null),
        new(0xc000_0101, VmcbField.GsBase, null),
        new(0xc000_0102, VmcbField.KernelGsBase, null),
        new(TscRatioMsr.Index, VmcbField.TscRatio, null),
        new(VmCr.Index, VmcbField.VmCrRegister, null),
        new(HsavePa.Index, VmcbField.VmHsavePa, null),
    ];

    /// <summary>Whether an access exits: after the exceptions that all accesses share, before those of the register.</summary>
    public static Effect Exit(InstructionAccess a, Guest guest)
    {
        bool write = a.Instruction.Mnemonic == Iced.Intel.Mnemonic.Wrmsr;
        return PermissionMaps.InterceptsMsr(a.Processor.Memory, guest, a.Ecx, write) ? Effect.Exit(SvmExitCode.Msr, write ? 1UL : 0) : Effect.Done;
    }

    /// <summary>RDMSR.</summary>
    public static Effect Read(InstructionAccess a)
    {
        if (RowOf(a.Ecx) is not { } row)
        {
            return Refused(a);
        }

        if (row.Field is not { } field)
        {
            a.EdxEax = a.State.OtherMsrs.GetValueOrDefault(a.Ecx);
            return Effect.Done;
        }

        if (a.Ecx == Tsc)
        {
            ReadTsc(a);
            return Effect.Done;
        }

        a.EdxEax = a.Ecx == Pat.Index && a.Guest is { NestedPaging: true } guest ? guest.Pat : a.State[field];
        return Effect.Done;
    }

    /// <summary>WRMSR.</summary>
    public static Effect Write(InstructionAccess a)
    {
        ulong value = a.EdxEax;
        if (RowOf(a.Ecx) is not { } row || row.IsLegal?.Invoke(a.Processor, value) == false)
        {
            return Refused(a);
        }

        if (row.Field is not { } field)
        {
            a.State.OtherMsrs[a.Ecx] = value;
            return Effect.Done;
        }

        if (a.Ecx == Efer.Index && a.Guest is { SevEs: false } && ((value >> Efer.SVME) & 1) == 0)
        {
            // Undefined (APM2 3.1.7); the guest cannot go on, and is not taken for the host.
            return new Effect(EffectKind.Shutdown);
        }

        if (a.Ecx == Pat.Index && a.Guest is { NestedPaging: true } guest)
        {
            // The guest has a PAT of its own under nested paging (APM2 15.25.2).
            guest.Pat = value;
            return Effect.Done;
        }

        if (a.Ecx == DebugCtl.Index && DebugCtl.Bits.IsRefused(Bits64.Of(value), a.Processor.Features.Profile).IsUnknown)
        {
            a.Processor.Undefined.Follows("whether a freeze bit of DebugCtl can be set where it is not supported is not said");
        }

        a.State[field] = a.Ecx switch
        {
            VmCr.Index => Locked(a.State[field], value),
            DebugCtl.Index => DebugCtl.Bits.Kept(value),
            Efer.Index => (Efer.Bits.Kept(value) & ~KeptOfEfer(a)) | (a.State[field] & KeptOfEfer(a)),
            _ => value,
        };
        return a.Ecx == Efer.Index ? SevEs.WriteTrap(a.Processor, SvmExitCode.EferWriteTrap, a.State[field]) : Effect.Done;
    }

    /// <summary>Reads the time stamp counter into EDX:EAX. Where time passes as it likes, the lower bits are open.</summary>
    public static void ReadTsc(InstructionAccess a)
    {
        a.EdxEax = TscOf(a);
        if (a.Processor.TimePasses)
        {
            a.Processor.Undefined.SetGeneral(Registers.Rax, uint.MaxValue);
            a.Processor.Undefined.SetGeneral(Registers.Rdx, HighBitsOfTime);
        }
    }

    // The time stamp counter as the running guest reads it: scaled, then offset (APM2 15.30.5).
    private static ulong TscOf(InstructionAccess a)
    {
        ulong tsc = a.State[VmcbField.Tsc];
        if (a.Guest is not { } guest)
        {
            return tsc;
        }

        // 8.32 fixed point; 0 stands for never set.
        ulong ratio = a.State[VmcbField.TscRatio];
        ulong high = ratio == 0 ? 0 : Math.BigMul(tsc, ratio, out ulong low) << 32 | low >> 32;
        return unchecked((a.Processor.Features.Has(CpuFeature.TscRateMsr) && ratio != 0 ? high : tsc) + guest[VmcbField.TscOffset]);
    }

    // A guest with encrypted state cannot change SVME (APM2 15.35.10).
    private static ulong KeptOfEfer(InstructionAccess a) => a.Guest is { SevEs: true } ? 1UL << Efer.SVME : 0;

    // "MBZ: if software attempts to set the bit to 1, a general-protection exception (#GP) occurs."
    private static bool IsLegal(Processor processor, RegisterBits bits, ulong value) =>
        !bits.SetsMustBeZero(Bits64.Of(value), processor.Features.Profile).IsYes;

    private static MsrRow? RowOf(uint index) => All.FirstOrDefault(row => row.Index == index);

    private static ulong Locked(ulong was, ulong value)
    {
        return ((was >> VmCr.Lock) & 1) != 0 ? (value & ~VmCr.Lockable) | (was & VmCr.Lockable) : value;
    }

    private static Effect Refused(InstructionAccess a)
    {
        a.State[VmcbField.Rip] = a.Instruction.IP;
        return Effect.GP;
    }
}
