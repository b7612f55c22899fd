using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.State;

/// <summary>The VMCB that L1 wrote for L2, as far as it is known.</summary>
internal sealed class Vmcb12
{
    private const ulong Low32 = 0xffff_ffff;

    private readonly Bits64[] _fields = new Bits64[(int)VmcbField.Count];

    /// <summary>Guest-physical address; unseen while no VMRUN was.</summary>
    public Observed<ulong> Address { get; private set; }

    /// <summary>Whether VMRUN asked for nested paging. The recording tells only whether any bit of the field is set.</summary>
    public Truth NestedPaging { get; set; }

    /// <summary>A field.</summary>
    public Bits64 this[VmcbField field]
    {
        get => _fields[(int)field];
        set
        {
            _fields[(int)field] = value;
            Known = value.Known == 0 ? Known - field : Known | VmcbFields.Of(field);
        }
    }

    /// <summary>The fields of which anything is known.</summary>
    public VmcbFields Known { get; private set; }

    /// <summary>EVENTINJ, none where it is not valid or not known.</summary>
    public EventInfo EventInj => new EventInfo((uint)(this[VmcbField.EventInj].Value & Low32)).Normalised;

    /// <summary>Whether L1 intercepts what an exit code stands for, by its bit in the intercept vector (APM2 appendices B and C).</summary>
    /// <param name="code">An exit code that has an intercept bit.</param>
    public Truth Intercepts(SvmExitCode code) =>
        code.HasIntercept ? this[(VmcbField)(code.Value / 32)][(int)(code.Value % 32)] : Truth.No;

    /// <summary>Forgets everything.</summary>
    public void Forget()
    {
        Array.Clear(_fields);
        Known = default;
        Address = default;
        NestedPaging = default;
    }

    /// <summary>Takes what a VMRUN shows.</summary>
    /// <param name="run">kvm_nested_vmenter.</param>
    /// <param name="intercepts">kvm_nested_intercepts; null when it was not seen.</param>
    public void Load(in NestedVmenter run, in NestedIntercepts? intercepts)
    {
        Forget();
        Address = Observed<ulong>.Of(run.Vmcb12);
        this[VmcbField.Rip] = Bits64.Of(run.NestedRip);

        // Low 32 bits of each.
        this[VmcbField.IntCtl] = new Bits64(run.IntCtl, Low32);
        this[VmcbField.EventInj] = new Bits64(run.EventInj.Raw, Low32);
        NestedPaging = run.NestedPaging;
        if (run.Cr3.IsKnown && !run.NestedPaging.IsUnknown)
        {
            this[run.NestedPaging.IsYes ? VmcbField.NCr3 : VmcbField.Cr3Register] = Bits64.Of(run.Cr3.Value);
        }

        if (intercepts is { } words)
        {
            this[VmcbField.InterceptCr] = new Bits64(words.CrRead | ((ulong)words.CrWrite << 16), Low32);
            this[VmcbField.InterceptExceptions] = new Bits64(words.Exceptions, Low32);
            this[VmcbField.InterceptMisc1] = new Bits64(words.Word3, Low32);
            this[VmcbField.InterceptMisc2] = new Bits64(words.Word4, Low32);
            this[VmcbField.InterceptMisc3] = words.Word5.IsKnown ? new Bits64(words.Word5.Value, Low32) : new Bits64(0, 0);
        }
    }

    /// <summary>Takes what a recorder with probes dumped: it knows better than the tracepoints, which carry parts only.</summary>
    public void Load(MachineStates states)
    {
        foreach (VmcbRow row in VmcbLayout.All)
        {
            Observed<ulong> value = states.At(StateMoment.Vmcb12AtVmrun, row.Position);
            if (value.IsKnown)
            {
                this[row.Field] = Bits64.Of(value.Value & row.Mask);
            }
        }

        if (this[VmcbField.NestedControl].IsKnown)
        {
            NestedPaging = this[VmcbField.NestedControl][0];
        }
    }
}
