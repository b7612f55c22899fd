using Differ.Replay.Manual.Tables;
using Differ.Replay.State;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Kvm;

/// <summary>What a recorder with probes dumped tells of registers that no tracepoint shows, or that change without one.</summary>
internal static class Dumps
{
    private const int CodeIs64Bit = 9;
    private const ulong PageMask = ~0xfffUL;

    /// <summary>Takes the guest's registers as it exited.</summary>
    public static void AtExit(Vcpu vcpu, in ExitRecord record)
    {
        if (record.States.IsEmpty || !record.HasExit || record.Level == GuestLevel.Unknown)
        {
            Forget(vcpu);
            return;
        }

        StateMoment moment = record.Level == GuestLevel.L2 ? StateMoment.L2AtExit : StateMoment.L1AtExit;
        vcpu.IsDumped = true;
        vcpu.Cpl = At(record, moment, VmcbField.Cpl);
        vcpu.Rax = At(record, moment, VmcbField.Rax);
        Bits64 efer = At(record, moment, VmcbField.EferRegister), cr0 = At(record, moment, VmcbField.Cr0Register), cs = At(record, moment, VmcbField.CsAttributes);
        if (record.Level == GuestLevel.L2)
        {
            vcpu.L2In64BitMode = vcpu.L2In64BitMode.IsUnknown ? efer[Efer.LME] & cr0[Cr0.PG] & cs[CodeIs64Bit] : vcpu.L2In64BitMode;
            ReadMaps(vcpu, record);
            return;
        }

        vcpu.Rflags = OfGuest(At(record, moment, VmcbField.RflagsRegister));
        vcpu.Cr4 = At(record, moment, VmcbField.Cr4Register);

        // Not every write of CR0 exits. Every write of EFER does, and L0 may have got it wrong: its copy counts only where the write was
        // not seen, or where the VMM or INIT may have changed EFER since without a sign.
        vcpu.Cr0 = cr0.IsKnown ? cr0 : vcpu.Cr0;
        bool mayHaveChanged = vcpu.SvmeConcluded || vcpu.AskedMonitor || vcpu.InitAccepted;
        vcpu.SvmeConcluded &= !efer.IsKnown;
        vcpu.Efer = mayHaveChanged && efer.IsKnown ? efer : Or(vcpu.Efer, efer);
        vcpu.VmCr = Or(vcpu.VmCr, At(record, moment, VmcbField.VmCrRegister));
        vcpu.HsavePa = Or(vcpu.HsavePa, At(record, moment, VmcbField.VmHsavePa));

        // An STGI or CLGI that does not exit changed it; one that exits is told.
        Truth gif = At(record, moment, VmcbField.Gif)[0];
        vcpu.Gif = vcpu.Gif.IsUnknown || (!gif.IsUnknown && !vcpu.GifInstructionsExit.IsYes) ? gif : vcpu.Gif;
    }

    /// <summary>Takes what the guest was entered with.</summary>
    public static void AtEntry(Vcpu vcpu, in ExitRecord record)
    {
        if (record.States.IsEmpty)
        {
            return;
        }

        Observed<ulong> asid = record.States.At(StateMoment.L2AtEntry, VmcbLayout.Of(VmcbField.GuestAsid).Position);
        vcpu.IsDumped = true;
        vcpu.L2Asid = asid.IsKnown ? asid : vcpu.L2Asid;
        vcpu.GifAtEntry = At(record, StateMoment.L1AtEntry, VmcbField.Gif)[0];
        if (record.Kinds.Has(KvmEventKind.GuestRead))
        {
            // They are of this access.
            vcpu.MsrIntercepted = vcpu.PortIntercepted = Truth.Unknown;
        }
    }

    // L0 asks L1's permission maps, and a probe shows what it read of them.
    private static void ReadMaps(Vcpu vcpu, in ExitRecord record)
    {
        if (!record.Kinds.Has(KvmEventKind.GuestRead))
        {
            return;
        }

        Bits64 rcx = At(record, StateMoment.L2AtExit, VmcbField.GuestRcx), msrs = vcpu.Vmcb12[VmcbField.MsrpmBasePa], ports = vcpu.Vmcb12[VmcbField.IopmBasePa];
        if (record.Exit.Code == SvmExitCode.Msr && rcx.IsKnown && msrs.IsKnown && MsrPermissionMap.BitOf((uint)(rcx.Value & uint.MaxValue)) is { } bit)
        {
            vcpu.MsrIntercepted = AnyBit(record, msrs.Value & PageMask, bit + (record.Exit.Info1 & 1), 1);
        }
        else if (record.Exit.Code == SvmExitCode.Ioio && ports.IsKnown)
        {
            vcpu.PortIntercepted = AnyBit(record, ports.Value & PageMask, ExitInfoBits.PortOf(record.Exit.Info1), ExitInfoBits.PortSizeOf(record.Exit.Info1));
        }
    }

    // Whether one of some bits of a map is set, as far as what was read of it shows.
    private static Truth AnyBit(in ExitRecord record, ulong map, ulong first, int count)
    {
        Truth any = Truth.No;
        for (ulong bit = first; bit < first + (ulong)count; bit++)
        {
            any |= Bit(record, unchecked(map + (bit / 8)), (int)(bit % 8));
        }

        return any;
    }

    private static Truth Bit(in ExitRecord record, ulong address, int bit)
    {
        Truth known = Truth.Unknown;
        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            if (kvmEvent.Kind == KvmEventKind.GuestRead && GuestRead.Of(kvmEvent) is var read && unchecked(address - read.Address) is var offset && offset < (ulong)read.Length)
            {
                known = Truth.Of((read.Value >> ((8 * (int)offset) + bit) & 1) != 0);
            }
        }

        return known;
    }

    private static void Forget(Vcpu vcpu)
    {
        if (vcpu.IsDumped)
        {
            vcpu.Cpl = vcpu.Rax = vcpu.Rflags = vcpu.Cr4 = default;
            vcpu.GifAtEntry = default;
            vcpu.IsDumped = false;
        }
    }

    // TF may be L0's own, with which it steps over an IRET or a debugger over anything.
    private static Bits64 OfGuest(Bits64 flags) => flags[Rflags.TF].IsYes ? new Bits64(flags.Value & ~(1UL << Rflags.TF), flags.Known & ~(1UL << Rflags.TF)) : flags;

    private static Bits64 Or(Bits64 known, Bits64 dumped) => known.IsKnown || !dumped.IsKnown ? known
        : new Bits64((known.Value & known.Known) | (dumped.Value & ~known.Known), ulong.MaxValue);

    private static Bits64 At(in ExitRecord record, StateMoment moment, VmcbField field)
    {
        Observed<ulong> value = record.States.At(moment, VmcbLayout.Of(field).Position);
        return value.IsKnown ? Bits64.Of(value.Value) : default;
    }
}
