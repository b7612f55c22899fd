using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>What arrives from outside.</summary>
internal enum PendingKind : byte
{
    /// <summary>INIT.</summary>
    Init,

    /// <summary>SMI.</summary>
    Smi,

    /// <summary>NMI.</summary>
    Nmi,

    /// <summary>A physical interrupt.</summary>
    Interrupt,

    /// <summary>A machine check.</summary>
    MachineCheck,
}

/// <summary>An event from outside.</summary>
/// <param name="Kind">What.</param>
/// <param name="Vector">Vector of an interrupt.</param>
internal readonly record struct PendingEvent(PendingKind Kind, byte Vector = 0);

/// <summary>An event that was taken.</summary>
/// <param name="Effect">What it does.</param>
/// <param name="Rip">RIP that it reports.</param>
internal readonly record struct TakenEvent(Effect Effect, ulong Rip);

/// <summary>Which pending event is taken at an instruction boundary (APM2 8.5, 15.13, 15.17, 15.21).</summary>
internal static class Priority
{
    // EXITINFO1 of an SMI from outside the processor (APM2 15.13.3).
    private const ulong ExternalSmi = 1;
    private const uint RedirectedInit = 1;

    private static readonly (PendingKind Kind, SvmExitCode Code)[] Order =
    [
        (PendingKind.MachineCheck, SvmExitCode.OfException(ExceptionVector.MC)),
        (PendingKind.Init, SvmExitCode.Init),
        (PendingKind.Smi, SvmExitCode.Smi),
        (PendingKind.Nmi, SvmExitCode.Nmi),
        (PendingKind.Interrupt, SvmExitCode.Intr),
    ];

    /// <summary>Takes the first event that may be taken; null when none may.</summary>
    public static TakenEvent? Take(Processor p, List<PendingEvent> pending)
    {
        foreach ((PendingKind kind, SvmExitCode code) in Order)
        {
            int at = pending.FindIndex(found => found.Kind == kind);
            if (at < 0 || !MayTake(p, kind))
            {
                continue;
            }

            PendingEvent taken = pending[at];
            if (kind == PendingKind.MachineCheck && !p.State.Bit(VmcbField.Cr4Register, Cr4.MCE))
            {
                pending.RemoveAt(at);
                return new TakenEvent(UnreportedMachineCheck(p), p.State[VmcbField.Rip]);
            }

            if (p.Guest is { } guest && guest.Intercepts(code))
            {
                // The event stays pending: L1 takes it when it sets GIF. A machine check is the exception: it has happened.
                if (kind == PendingKind.MachineCheck)
                {
                    pending.RemoveAt(at);
                }

                return new TakenEvent(Effect.Exit(code, kind == PendingKind.Smi ? ExternalSmi : 0), p.State[VmcbField.Rip]);
            }

            pending.RemoveAt(at);
            return new TakenEvent(Deliver(p, taken), p.State[VmcbField.Rip]);
        }

        return VirtualNmi(p) ?? VirtualInterrupt(p) ?? AvicInterrupt(p);
    }

    // Without CR4.MCE a machine check shuts the processor down (APM2 8.2.19). A host may override what its guest chose where there is
    // HOST_MCE_OVERRIDE; where there is not, "some processors" shut down although the check is intercepted (APM2 15.12.18).
    private static Effect UnreportedMachineCheck(Processor p)
    {
        var code = SvmExitCode.OfException(ExceptionVector.MC);
        if (p.Guest is not { } guest)
        {
            return new Effect(EffectKind.Shutdown);
        }

        if (p.Features.Has(CpuFeature.HostMceOverride) && p.Switch.HostBit(VmcbField.Cr4Register, Cr4.MCE))
        {
            return Effect.Exit(code);
        }

        if (guest.Intercepts(code))
        {
            p.Undefined.Follows("a machine check that is intercepted while the guest has CR4.MCE clear");
        }

        return new Effect(EffectKind.Shutdown);
    }

    private static bool MayTake(Processor p, PendingKind kind)
    {
        if (p.SystemManagement.IsInside && kind is (PendingKind.Smi or PendingKind.Nmi or PendingKind.Init))
        {
            return false;
        }

        // The shadow delays what goes through the interrupt table, not an exit (APM2 15.21.5).
        SvmExitCode code = kind == PendingKind.Nmi ? SvmExitCode.Nmi : SvmExitCode.Intr;
        bool shadow = p.State.InShadow && p.Guest?.Intercepts(code) != true;
        return p.State.Gif && kind switch
        {
            PendingKind.Interrupt => !shadow && InterruptsEnabled(p),
            PendingKind.Nmi => !shadow && !p.State.NmiMasked,
            _ => true,
        };
    }

    // With V_INTR_MASKING physical interrupts obey the host's flag (APM2 15.21.1).
    private static bool InterruptsEnabled(Processor p) =>
        p.Guest is { } guest && guest.IntCtl.VIntrMasking ? p.Switch.HostInterruptFlag : p.State.Bit(VmcbField.RflagsRegister, Rflags.IF);

    private static Effect Deliver(Processor p, PendingEvent taken)
    {
        switch (taken.Kind)
        {
            case PendingKind.Interrupt:
                return p.Delivery.Deliver(EventInfo.Of(EventType.Interrupt, taken.Vector), null);
            case PendingKind.Nmi:
                p.State.NmiMasked = true;
                return p.Delivery.Deliver(EventInfo.Of(EventType.Nmi, ExceptionVector.Nmi), null);
            case PendingKind.MachineCheck:
                return p.Delivery.Deliver(EventInfo.Of(EventType.Exception, ExceptionVector.MC), null);
            case PendingKind.Init when p.State.Bit(VmcbField.VmCrRegister, VmCr.RInit):
                // Redirected INIT (APM2 15.28).
                return Effect.Raise(ExceptionVector.SX, RedirectedInit);
            case PendingKind.Init:
                p.Switch.Reset();
                return Effect.Done;
            default:
                p.SystemManagement.Enter();
                return Effect.Done;
        }
    }

    private static TakenEvent? VirtualNmi(Processor p)
    {
        if (p.Guest is not { HasVirtualNmi: true } guest || !guest.IntCtl.VNmiPending || guest.IntCtl.VNmiMask || p.State.InShadow || !VirtualGifSet(p, guest))
        {
            return null;
        }

        guest.IntCtl = guest.IntCtl.With(IntCtlBits.VNmiPendingBit, false).With(IntCtlBits.VNmiMaskBit, true);
        ulong rip = p.State[VmcbField.Rip];
        return new TakenEvent(p.Delivery.Deliver(EventInfo.Of(EventType.Nmi, ExceptionVector.Nmi), null), rip);
    }

    private static TakenEvent? VirtualInterrupt(Processor p)
    {
        if (p.Guest is not { } guest || !guest.IntCtl.VIrq || guest.HasAvic || p.State.InShadow
            || !p.State.Bit(VmcbField.RflagsRegister, Rflags.IF) || !VirtualGifSet(p, guest)
            || (!guest.IntCtl.IgnoresTpr && guest.IntCtl.Priority <= (guest.IntCtl.VTpr & 0xf)))
        {
            return null;
        }

        ulong rip = p.State[VmcbField.Rip];
        if (guest.Intercepts(SvmExitCode.VIntr))
        {
            // Taken just before the interrupt, which stays pending (APM2 15.13.5).
            return new TakenEvent(Effect.Exit(SvmExitCode.VIntr), rip);
        }

        guest.IntCtl = guest.IntCtl.With(IntCtlBits.VIrqBit, false);
        return new TakenEvent(p.Delivery.Deliver(EventInfo.Of(EventType.Interrupt, guest.IntCtl.Vector), null), rip);
    }

    private static TakenEvent? AvicInterrupt(Processor p)
    {
        if (p.Guest is not { HasAvic: true } guest || p.State.InShadow || !p.State.Bit(VmcbField.RflagsRegister, Rflags.IF) || !VirtualGifSet(p, guest)
            || AvicPage.Accept(p, guest) is not { } vector)
        {
            return null;
        }

        ulong rip = p.State[VmcbField.Rip];
        return new TakenEvent(p.Delivery.Deliver(EventInfo.Of(EventType.Interrupt, vector), null), rip);
    }

    // Without virtual GIF the guest's GIF is the processor's, which VMRUN set (APM2 15.33.2).
    private static bool VirtualGifSet(Processor p, Guest guest) => guest.HasVirtualGif ? guest.IntCtl.VGif : p.State.Gif;
}
