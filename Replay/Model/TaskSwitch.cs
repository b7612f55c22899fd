using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>Task switches of legacy mode, which meet one intercept only, and after it load everything at once (APM2 12.2, 15.14.1).</summary>
internal static class TaskSwitch
{
    private const ulong ByReturn = 1UL << 36, ByJump = 1UL << 38, HasErrorCode = 1UL << 44, HasResumeFlag = 1UL << 48;
    private const int AvailableState = 9, Gate = 5, SelectorMask = 0xfff8;

    // 32-bit task state segment (APM2 12.2.5).
    private static readonly (int Offset, VmcbField Field)[] Registers =
    [
        (0x20, VmcbField.Rip), (0x24, VmcbField.RflagsRegister), (0x28, VmcbField.Rax), (0x38, VmcbField.Rsp),
        (0x48, VmcbField.EsSelector), (0x4c, VmcbField.CsSelector), (0x50, VmcbField.SsSelector), (0x54, VmcbField.DsSelector),
    ];

    /// <summary>JMP to a task state segment.</summary>
    public static Effect Jump(InstructionAccess a)
    {
        ulong selector = a.Instruction.FarBranchSelector;
        Effect read = Describe(a.Processor, selector, out ulong descriptor);
        return !read.IsDone ? read
            : TypeOf(descriptor) == AvailableState ? To(a.Processor, selector, ByJump)
            : throw new NotSupportedException("far jumps are part of the model only to a 32-bit task state segment");
    }

    /// <summary>IRET in legacy mode: with NT back to the task that called.</summary>
    public static Effect Return(InstructionAccess a)
    {
        if (!a.State.Bit(VmcbField.RflagsRegister, Rflags.NT) || a.State.Bit(VmcbField.EferRegister, Efer.LMA))
        {
            throw new NotSupportedException("IRETD is part of the model only as a task switch; write IRETQ in 64-bit code");
        }

        Effect read = a.Processor.Read(a.State[VmcbField.TrBase], 2, out ulong link);
        return read.IsDone ? To(a.Processor, link, ByReturn) : read;
    }

    /// <summary>Whether an entry of a legacy interrupt table is a task gate.</summary>
    public static bool IsGate(ulong entry) => TypeOf(entry) == Gate;

    /// <summary>An event meets a task gate.</summary>
    public static Effect ThroughGate(Processor processor, ulong entry, uint? error) =>
        To(processor, (entry >> 16) & 0xffff, error is { } code ? HasErrorCode | code : 0);

    private static Effect To(Processor p, ulong selector, ulong how)
    {
        ulong resume = p.State.Bit(VmcbField.RflagsRegister, Rflags.RF) ? HasResumeFlag : 0;
        if (p.Guest is { } guest && guest.Intercepts(SvmExitCode.TaskSwitch))
        {
            return Effect.Exit(SvmExitCode.TaskSwitch, selector, how | resume);
        }

        Effect effect = Describe(p, selector, out ulong descriptor);
        ulong place = ((descriptor >> 16) & 0xff_ffff) | ((descriptor >> 32) & 0xff00_0000);
        foreach ((int offset, VmcbField field) in Registers)
        {
            effect = effect.IsDone ? p.Write(p.State[VmcbField.TrBase] + (ulong)offset, p.State[field], 4) : effect;
            effect = effect.IsDone ? Load(p, place + (ulong)offset, field) : effect;
        }

        // CR3 and LDTR change with the task; their own intercepts are not asked (APM2 15.14.1).
        effect = effect.IsDone ? Load(p, place + 0x1c, VmcbField.Cr3Register) : effect;
        effect = effect.IsDone ? Load(p, place + 0x60, VmcbField.LdtrSelector) : effect;
        p.State[VmcbField.TrSelector] = selector;
        p.State[VmcbField.TrBase] = place;
        return effect;
    }

    private static Effect Load(Processor p, ulong place, VmcbField field)
    {
        Effect read = p.Read(place, 4, out ulong value);
        if (read.IsDone)
        {
            p.State[field] = value;
        }

        return read;
    }

    private static Effect Describe(Processor p, ulong selector, out ulong descriptor) =>
        p.Read(unchecked(p.State[VmcbField.GdtrBase] + (selector & SelectorMask)), 8, out descriptor);

    private static int TypeOf(ulong descriptor) => (int)(descriptor >> 40) & 0x1f;
}
