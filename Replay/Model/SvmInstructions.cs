using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>The SVM instructions, after they were found to be available (APM2 15.5, 15.17, 15.18; APM3).</summary>
internal static class SvmInstructions
{
    /// <summary>VMRUN.</summary>
    public static Effect Vmrun(InstructionAccess a) => a.Processor.Switch.Vmrun(a.State[VmcbField.Rax], a.Instruction.NextIP);

    /// <summary>VMLOAD.</summary>
    public static Effect Vmload(InstructionAccess a) => Move(a, static (a, vmcb) =>
    {
        foreach (VmcbField field in StateTables.Vmload)
        {
            a.State[field] = StateTables.Canonicalised.Contains(field) ? a.Processor.Canonical(vmcb[field]) : vmcb[field] & (StateTables.Attributes.Contains(field) ? StateTables.AttributeBits : ulong.MaxValue);
        }
    });

    /// <summary>VMSAVE.</summary>
    public static Effect Vmsave(InstructionAccess a) => Move(a, static (a, vmcb) =>
    {
        Vmcb into = vmcb;
        foreach (VmcbField field in StateTables.Vmload)
        {
            into[field] = a.State[field];
        }
    });

    /// <summary>STGI, CLGI. In a guest with virtual GIF they change V_GIF (APM2 15.33.2).</summary>
    public static Effect SetGif(InstructionAccess a, bool value)
    {
        if (a.Guest is { HasVirtualGif: true } guest)
        {
            guest.IntCtl = guest.IntCtl.With(IntCtlBits.VGifBit, value);
        }
        else
        {
            a.State.Gif = value;
        }

        return Effect.Done;
    }

    /// <summary>VMMCALL and, outside an SEV-ES guest, VMGEXIT: the intercept comes before any exception.</summary>
    public static Effect VmmcallExit(InstructionAccess a, Guest guest)
    {
        if (guest.SevEs && a.Instruction.Mnemonic == Iced.Intel.Mnemonic.Vmgexit)
        {
            return Effect.Done;
        }

        return guest.Intercepts(SvmExitCode.Vmmcall) ? Effect.Exit(SvmExitCode.Vmmcall) : Effect.Done;
    }

    /// <summary>VMGEXIT of an SEV-ES guest leaves it behind the instruction; elsewhere it is VMMCALL (APM2 15.35.6).</summary>
    public static Effect Vmgexit(InstructionAccess a) =>
        a.Guest is { SevEs: true } ? Effect.Trap(SvmExitCode.Vmgexit) : Effect.UD;

    private static Effect Move(InstructionAccess a, Action<InstructionAccess, Vmcb> move)
    {
        ulong address = a.State[VmcbField.Rax];

        // Virtualized, the address is the guest's and is translated; otherwise it is the system's, in a guest too (APM2 15.33.1).
        ulong system = address;
        Effect translated = a.Guest is { HasVirtualVmload: true } ? a.Processor.Translation.ToSystemOfGuestPhysical(address, AccessKind.Write, out system) : Effect.Done;
        if (!translated.IsDone)
        {
            a.State[VmcbField.Rip] = a.Instruction.IP;
            return translated;
        }

        move(a, new Vmcb(a.Processor.Memory, system));
        return Effect.Done;
    }
}
