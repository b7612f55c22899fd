using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Run;

/// <summary>kvm_inj_virq: an interrupt staged in EVENTINJ; it takes effect at the next entry, the last one staged wins.</summary>
/// <param name="Vector">Vector.</param>
/// <param name="Soft">Whether it is INTn; unknown before 6.0.</param>
/// <param name="Reinjected">Whether its delivery had been interrupted; unknown before 6.0.</param>
public readonly record struct InjectedInterrupt(byte Vector, Truth Soft, Truth Reinjected)
{
    /// <summary>Positions of the fields.</summary>
    public const int VectorSlot = 0, SoftSlot = 1, ReinjectedSlot = 2;

    /// <summary>Reads the fields of an event.</summary>
    public static InjectedInterrupt Of(in KvmEvent h) =>
        new(h.U8(VectorSlot), h.Question(SoftSlot), h.Question(ReinjectedSlot));
}

/// <summary>kvm_inj_exception: an exception staged in EVENTINJ.</summary>
/// <param name="Vector">Vector.</param>
/// <param name="HasError">Whether it pushes an error code; unknown where a text of up to 5.19 shows 0.</param>
/// <param name="Error">The error code.</param>
/// <param name="Reinjected">Whether its delivery had been interrupted; unknown before 6.0, where re-injected exceptions are not recorded.</param>
public readonly record struct InjectedException(byte Vector, Truth HasError, uint Error, Truth Reinjected)
{
    /// <summary>Positions of the fields.</summary>
    public const int VectorSlot = 0, HasErrorSlot = 1, ErrorSlot = 2, ReinjectedSlot = 3;

    /// <summary>Reads the fields of an event.</summary>
    public static InjectedException Of(in KvmEvent h) =>
        new(h.U8(VectorSlot), h.Question(HasErrorSlot), h.U32(ErrorSlot), h.Question(ReinjectedSlot));
}

/// <summary>kvm_userspace_exit: KVM_RUN returned to the virtual machine monitor.</summary>
/// <param name="Reason">KVM_EXIT_* number.</param>
/// <param name="Errno">0, or the negative error KVM_RUN returned, as unsigned 64 bits.</param>
public readonly record struct UserspaceExit(uint Reason, ulong Errno)
{
    /// <summary>Positions of the fields.</summary>
    public const int ReasonSlot = 0, ErrnoSlot = 1;

    /// <summary>KVM_EXIT_SHUTDOWN.</summary>
    public const uint ShutdownReason = 8;

    /// <summary>KVM_EXIT_FAIL_ENTRY: the processor could not enter the guest.</summary>
    public const uint FailEntryReason = 9;

    /// <summary>KVM_EXIT_INTR: a signal for the thread; it says nothing of the guest.</summary>
    public const uint InterruptedReason = 10;

    /// <summary>KVM_EXIT_INTERNAL_ERROR.</summary>
    public const uint InternalErrorReason = 17;

    /// <summary>Whether the virtual machine ends here, or is reset: it shut down, or KVM cannot go on with it.</summary>
    public bool EndsTheGuest => Reason is ShutdownReason or FailEntryReason or InternalErrorReason;

    /// <summary>The kernel's name of a reason that ends a guest; the number of any other.</summary>
    public static string NameOf(uint reason) => reason switch
    {
        ShutdownReason => "KVM_EXIT_SHUTDOWN",
        FailEntryReason => "KVM_EXIT_FAIL_ENTRY",
        InternalErrorReason => "KVM_EXIT_INTERNAL_ERROR",
        _ => $"{reason}",
    };

    /// <summary>Reads the fields of an event.</summary>
    public static UserspaceExit Of(in KvmEvent h) => new(h.U32(ReasonSlot), h.Values[ErrnoSlot]);
}

/// <summary>kvm_smm_transition: System Management Mode entered or left.</summary>
/// <param name="Entering">Entered.</param>
public readonly record struct SmmTransition(bool Entering)
{
    /// <summary>Positions of the fields.</summary>
    public const int SmbaseSlot = 0, EnteringSlot = 1;

    /// <summary>Reads the fields of an event.</summary>
    public static SmmTransition Of(in KvmEvent h) => new(h.Values[EnteringSlot] != 0);
}

/// <summary>kvm_apic_accept_irq: a local APIC accepted an interrupt, in the sender's context.</summary>
/// <param name="Vcpu">The receiver.</param>
/// <param name="DeliveryMode">ICR delivery mode in place, bits 10:8: 0 fixed, 0x400 NMI, 0x500 INIT, 0x600 start-up.</param>
/// <param name="Vector">Vector.</param>
public readonly record struct AcceptedInterrupt(uint Vcpu, uint DeliveryMode, byte Vector)
{
    /// <summary>Positions of the fields.</summary>
    public const int VcpuSlot = 0, DeliveryModeSlot = 1, TriggerModeSlot = 2, VectorSlot = 3;

    /// <summary>Delivery modes in place: fixed and INIT (APM2 16.5).</summary>
    public const uint FixedMode = 0, InitMode = 0x500;

    /// <summary>Reads the fields of an event.</summary>
    public static AcceptedInterrupt Of(in KvmEvent h) =>
        new(h.U32(VcpuSlot), h.U32(DeliveryModeSlot), h.U8(VectorSlot));
}

/// <summary>kvm_eoi, kvm_pv_eoi: a local APIC ended an interrupt.</summary>
/// <param name="Vector">Vector; 64 bits two's complement, -1 when none was in service.</param>
public readonly record struct EndOfInterrupt(ulong Vector)
{
    /// <summary>Position of the field.</summary>
    public const int VectorSlot = 1;

    /// <summary>Reads the fields of an event.</summary>
    public static EndOfInterrupt Of(in KvmEvent h) => new(h.Values[VectorSlot]);
}

/// <summary>kvm_apicv_inhibit_changed: AVIC is inhibited or allowed, for the whole machine.</summary>
/// <param name="Inhibits">Every reason that stands, one bit each; 0 when AVIC may work.</param>
public readonly record struct ApicvInhibition(Observed<ulong> Inhibits)
{
    /// <summary>Position of the field.</summary>
    public const int InhibitsSlot = 2;

    /// <summary>Reads the fields of an event.</summary>
    public static ApicvInhibition Of(in KvmEvent h) => new(h.At(InhibitsSlot));
}
