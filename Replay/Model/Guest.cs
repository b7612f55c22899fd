using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>What the processor holds of a guest while it runs: the controls as VMRUN read them (APM2 15.5.1).</summary>
internal sealed class Guest
{
    private readonly ulong[] _controls = new ulong[(int)VmcbField.Count];

    private Guest(ulong vmcb, Features features)
    {
        Vmcb = vmcb;
        Features = features;
    }

    // A bit that enables a feature which is absent does nothing.
    private Features Features { get; }

    /// <summary>Physical address of its VMCB.</summary>
    public ulong Vmcb { get; }

    /// <summary>What is left of the PAUSE filter count.</summary>
    public ulong PausesLeft { get; set; }

    /// <summary>Time of the last PAUSE.</summary>
    public ulong LastPause { get; set; }

    /// <summary>Page attributes of the guest, with nested paging.</summary>
    public ulong Pat { get; set; }

    /// <summary>Instructions that INVLPGB and others flushed belong to this address space.</summary>
    public ulong Asid => this[VmcbField.GuestAsid];

    /// <summary>Nested paging is on.</summary>
    public bool NestedPaging => Features.Has(CpuFeature.Np) && (this[VmcbField.NestedControl] & 1) != 0;

    /// <summary>SEV-ES is on.</summary>
    public bool SevEs => Features.Has(CpuFeature.SevEs) && (this[VmcbField.NestedControl] & 4) != 0;

    /// <summary>Guest mode execute trap is on.</summary>
    public bool Gmet => Features.Has(CpuFeature.Gmet) && (this[VmcbField.NestedControl] & 8) != 0;

    /// <summary>Virtual GIF is on.</summary>
    public bool HasVirtualGif => Features.Has(CpuFeature.VGif) && IntCtl.VGifEnabled;

    /// <summary>Virtual NMIs are on.</summary>
    public bool HasVirtualNmi => Features.Has(CpuFeature.VNmi) && IntCtl.VNmiEnabled;

    /// <summary>VMLOAD and VMSAVE are virtualized.</summary>
    public bool HasVirtualVmload => NestedPaging && Features.Has(CpuFeature.VirtualVmload) && (this[VmcbField.VirtualExtensions] & 2) != 0;

    /// <summary>AVIC is on.</summary>
    public bool HasAvic => Features.Has(CpuFeature.Avic) && IntCtl.Avic;

    /// <summary>A control.</summary>
    public ulong this[VmcbField field]
    {
        get => _controls[(int)field];
        set => _controls[(int)field] = value & VmcbLayout.Of(field).Mask;
    }

    /// <summary>The virtual interrupt control, bit by bit.</summary>
    public IntCtlBits IntCtl
    {
        get => new(this[VmcbField.IntCtl]);
        set => this[VmcbField.IntCtl] = value.Raw;
    }

    /// <summary>Whether an intercept is set.</summary>
    public bool Intercepts(SvmExitCode code) =>
        code.HasIntercept && ((this[(VmcbField)(code.Value / 32)] >> (int)(code.Value % 32)) & 1) != 0;

    /// <summary>Reads the control area.</summary>
    public static Guest Of(in Vmcb vmcb, Features features)
    {
        var guest = new Guest(vmcb.Address, features);
        foreach (VmcbRow row in VmcbLayout.All)
        {
            if (row.Area == VmcbArea.Control)
            {
                guest[row.Field] = vmcb[row.Field];
            }
        }

        guest.PausesLeft = guest[VmcbField.PauseFilterCount];
        return guest;
    }
}
