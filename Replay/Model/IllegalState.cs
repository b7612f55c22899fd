using Differ.Replay.Machine;
using Differ.Replay.Svm;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>Whether VMRUN refuses a state: the rules of APM2 15.5.1, asked of a VMCB known to the bit.</summary>
internal static class IllegalState
{
    private const ulong PdpeMustBeZero = 0x1e6;

    /// <summary>Whether any rule calls the state illegal.</summary>
    public static bool IsIllegal(Processor processor, in Vmcb vmcb)
    {
        var state = new Vmcb12();
        foreach (VmcbRow row in VmcbLayout.All)
        {
            state[row.Field] = Bits64.Of(vmcb[row.Field]);
        }

        state.NestedPaging = Truth.Of(vmcb.Bit(VmcbField.NestedControl, 0));
        return VmrunChecks.Rows.Any(row => row.Illegal is { } illegal && illegal(state, ProfileOf(processor.Features)).IsYes)
            || HasIllegalPdpe(processor, vmcb);
    }

    /// <summary>Whether an entry of a legacy PAE page directory pointer table has reserved bits set (APM2 5.2.3).</summary>
    public static bool IsIllegalPdpe(ulong entry, int physicalBits) =>
        (entry & 1) != 0 && ((entry & PdpeMustBeZero) != 0 || entry >> physicalBits != 0);

    private static bool HasIllegalPdpe(Processor processor, in Vmcb vmcb)
    {
        // Only where the guest uses legacy PAE paging without nested paging (APM2 15.5.1, 15.25.10).
        if (vmcb.Bit(VmcbField.NestedControl, 0) || !vmcb.Bit(VmcbField.Cr0Register, Cr0.PG) || !vmcb.Bit(VmcbField.Cr4Register, Cr4.PAE)
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

    /// <summary>The features as rules know them.</summary>
    public static Profile ProfileOf(Features features)
    {
        var profile = new Profile { PhysicalAddressBits = features.PhysicalBits };
        profile.Set(CpuFeature.Xsave, features.Xsave);
        profile.Set(CpuFeature.Invpcid, features.Invpcid);
        profile.Set(CpuFeature.Skinit, features.Skinit);
        profile.Set(CpuFeature.Rdtscp, features.Rdtscp);
        profile.Set(CpuFeature.LongMode, features.LongMode);
        profile.Set(CpuFeature.Rdpru, features.Rdpru);
        profile.Set(CpuFeature.SvmLock, features.SvmLock);
        profile.Set(CpuFeature.DecodeAssists, features.DecodeAssists);
        profile.Set(CpuFeature.VGif, features.VirtualGif);
        profile.Set(CpuFeature.VNmi, features.VirtualNmi);
        return profile;
    }
}
