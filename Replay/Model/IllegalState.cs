using Differ.Replay.Manual;
using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>Whether VMRUN refuses a state: the rules of APM2 15.5.1, asked of a VMCB known to the bit.</summary>
internal static class IllegalState
{
    private const ulong PdpeMustBeZero = 0x1e6;
    private const int Sev = 1, SevEs = 2;

    // What no recording shows, so that no rule asks for it.
    private static readonly Func<Processor, Vmcb, bool>[] Unrecorded =
    [
        // Nested paging needs a host with paging (APM2 15.25.3).
        static (p, v) => HasNestedPaging(p, v) && !p.State.Bit(VmcbField.Cr0Register, Cr0.PG),

        // SEV needs nested paging (APM2 15.34.3).
        static (p, v) => p.Features.Has(CpuFeature.Sev) && v.Bit(VmcbField.NestedControl, Sev) && !HasNestedPaging(p, v),

        // The largest index of AVIC's physical table, and x2AVIC without AVIC (APM2 15.29.4.3, 15.29.4.1).
        static (p, v) => p.Features.Has(CpuFeature.Avic) && new IntCtlBits(v[VmcbField.IntCtl]) is { Avic: true } control
            && (v[VmcbField.AvicPhysicalTable] & 0xfff) > control.MostPhysicalIndex,
        static (p, v) => p.Features.Has(CpuFeature.Avic) && p.Features.Has(CpuFeature.X2Avic) && new IntCtlBits(v[VmcbField.IntCtl]) is { X2Avic: true, Avic: false },

        // A guest with encrypted state gets no software events (APM2 15.35.5).
        static (p, v) => p.Features.Has(CpuFeature.SevEs) && v.Bit(VmcbField.NestedControl, SevEs) && new EventInfo(unchecked((uint)v[VmcbField.EventInj])) is { Valid: true, IsSoftware: true },
        HasIllegalPdpe,
    ];

    /// <summary>Whether any rule calls the state illegal; unknown where none does, and of one the manual does not say.</summary>
    /// <param name="processor">The processor.</param>
    /// <param name="vmcb">The VMCB.</param>
    /// <param name="open">The rule of which the manual does not say; null for none.</param>
    public static Truth Ask(Processor processor, in Vmcb vmcb, out RuleInfo? open)
    {
        var state = new Vmcb12();
        foreach (VmcbRow row in VmcbLayout.All)
        {
            state[row.Field] = Bits64.Of(vmcb[row.Field]);
        }

        state.NestedPaging = Truth.Of(HasNestedPaging(processor, vmcb));
        Vmcb run = vmcb;
        var asked = new VmrunState(state, processor.Features.Profile);
        Truth answer = Truth.Of(Unrecorded.Any(illegal => illegal(processor, run)));
        open = null;
        foreach (Rule row in VmrunChecks.Rows)
        {
            Truth illegal = row.Illegal?.Invoke(asked) ?? Truth.No;
            answer |= illegal;
            open ??= illegal.IsUnknown ? row.Info : null;
        }

        return answer;
    }

    /// <summary>Whether an entry of a legacy PAE page directory pointer table has reserved bits set (APM2 5.2.3).</summary>
    public static bool IsIllegalPdpe(ulong entry, int physicalBits) =>
        (entry & 1) != 0 && ((entry & PdpeMustBeZero) != 0 || entry >> physicalBits != 0);

    private static bool HasNestedPaging(Processor processor, Vmcb vmcb) => processor.Features.Has(CpuFeature.Np) && vmcb.Bit(VmcbField.NestedControl, 0);

    private static bool HasIllegalPdpe(Processor processor, Vmcb vmcb)
    {
        // Only where the guest uses legacy PAE paging without nested paging (APM2 15.5.1, 15.25.10).
        if (HasNestedPaging(processor, vmcb) || !vmcb.Bit(VmcbField.Cr0Register, Cr0.PG) || !vmcb.Bit(VmcbField.Cr4Register, Cr4.PAE)
            || vmcb.Bit(VmcbField.EferRegister, Efer.LME))
        {
            return false;
        }

        ulong table = vmcb[VmcbField.Cr3Register] & 0xffff_ffe0;
        for (ulong i = 0; i < 4; i++)
        {
            if (IsIllegalPdpe(processor.Memory.Read(table + (8 * i), 8), processor.Features.PhysicalBits))
            {
                return true;
            }
        }

        return false;
    }
}
