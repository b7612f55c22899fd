using Differ.Replay.Manual.Tables;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.State;

/// <summary>Whether VMRUN refuses a state: a condition over what is known of it.</summary>
/// <remarks>One condition has four uses: the replay asks it of a vmcb12 known in part, the processor of one known to the bit, the rule's
/// explanation of what it reads, and tests of the smallest state in which it holds.</remarks>
internal delegate Truth VmrunGuard(VmrunState state);

/// <summary>What a condition of VMRUN may look at: vmcb12 and the virtual CPU. It notes what was asked, and what of it is not known.</summary>
/// <param name="vmcb12">The VMCB.</param>
/// <param name="profile">The virtual CPU.</param>
internal sealed class VmrunState(Vmcb12 vmcb12, Profile profile)
{
    private const int CodeIs64Bit = 9;

    private static readonly VmcbFields ModeFields = VmcbFields.Of(VmcbField.EferRegister, VmcbField.Cr0Register, VmcbField.CsAttributes);

    /// <summary>Width of physical addresses in bits; 0 while not known.</summary>
    public int PhysicalAddressBits => profile.PhysicalAddressBits;

    /// <summary>Whether L2 runs in 64-bit mode, as its instructions show; unknown while none was seen.</summary>
    public Truth In64BitMode { get; set; }

    /// <summary>Whether VMRUN starts L2 in 64-bit mode, as its instructions or vmcb12 show.</summary>
    public Truth StartsIn64BitMode
    {
        get
        {
            Read |= ModeFields;
            Truth stored = vmcb12[VmcbField.EferRegister][Efer.LME] & vmcb12[VmcbField.Cr0Register][Cr0.PG] & vmcb12[VmcbField.CsAttributes][CodeIs64Bit];
            return Asked(In64BitMode | stored, Evidence.OperatingMode);
        }
    }

    /// <summary>The evidence that would show the first thing that was asked and is not known; none where all was.</summary>
    public Evidence Missing { get; private set; }

    /// <summary>The fields that were asked.</summary>
    public VmcbFields Read { get; private set; }

    /// <summary>A field of vmcb12.</summary>
    public Field this[VmcbField field] => new(this, field, vmcb12[field]);

    /// <summary>EVENTINJ.</summary>
    public EventInfo EventInj => vmcb12.EventInj;

    /// <summary>Whether VMRUN asks for nested paging.</summary>
    public Truth NestedPaging => Asked(vmcb12.NestedPaging, Evidence.Vmcb12Controls);

    /// <summary>Starts over: nothing was asked.</summary>
    public VmrunState Afresh()
    {
        Missing = Evidence.None;
        Read = default;
        return this;
    }

    /// <summary>Whether the virtual CPU has a feature.</summary>
    public Truth Has(CpuFeature feature) => Asked(profile.Has(feature), Evidence.GuestCpuid);

    /// <summary>Whether L1 intercepts what an exit code stands for.</summary>
    /// <param name="code">An exit code that has an intercept bit.</param>
    public Truth Intercepts(SvmExitCode code) => this[(VmcbField)(code.Value / 32)][(int)(code.Value % 32)];

    /// <summary>Whether a register sets a bit that must be zero. Where a bit is set of which the manual does not say, nothing would tell.</summary>
    /// <param name="field">The register.</param>
    /// <param name="mask">The bits to look at.</param>
    /// <param name="bits">What the manual says of them.</param>
    public Truth Refuses(VmcbField field, ulong mask, RegisterBits bits)
    {
        Bits64 whole = vmcb12[field], value = new(whole.Value & mask, whole.Known | ~mask);
        Read |= VmcbFields.Of(field);
        Asked(bits.SetsMustBeZero(value, profile), value.IsKnown ? Evidence.GuestCpuid : EvidenceTable.Of(field));
        return bits.IsRefused(value, profile);
    }

    /// <summary>Notes an answer.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="shows">The evidence that shows it.</param>
    public Truth Asked(Truth answer, Evidence shows)
    {
        if (answer.IsUnknown && Missing == Evidence.None)
        {
            Missing = shows;
        }

        return answer;
    }

    /// <summary>A field that is being asked.</summary>
    /// <param name="State">Who notes it.</param>
    /// <param name="Name">The field.</param>
    /// <param name="Bits">What is known of it; asked through the members below it is noted.</param>
    internal readonly record struct Field(VmrunState State, VmcbField Name, Bits64 Bits)
    {
        /// <summary>Whether a bit is set.</summary>
        public Truth this[int index] => Noted(Bits[index]);

        /// <summary>Whether any bit of a mask is set.</summary>
        public Truth Any(ulong mask) => Noted(Bits.Any(mask));

        /// <summary>Whether the bits of a mask equal those of a value.</summary>
        public Truth Equal(ulong value, ulong mask) => Noted(Bits.Equal(value, mask));

        /// <summary>A question about the whole value; unknown while a bit of the mask is.</summary>
        public Truth Holds(ulong mask, Func<ulong, bool> question) =>
            Noted((Bits.Known & mask) == mask ? Truth.Of(question(Bits.Value & mask)) : Truth.Unknown);

        /// <summary>Notes an answer that the field gives.</summary>
        public Truth Noted(Truth answer)
        {
            State.Read |= VmcbFields.Of(Name);
            return State.Asked(answer, EvidenceTable.Of(Name));
        }
    }
}
