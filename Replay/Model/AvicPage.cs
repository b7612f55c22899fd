using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>A guest's accesses to its APIC page under AVIC, and the interrupts that wait in it (APM2 15.29.3, 15.29.4).</summary>
internal static class AvicPage
{
    private const ulong Frame = 0x000f_ffff_ffff_f000, Offset = 0xfff;
    private const int TaskPriority = 0x080, EndOfInterrupt = 0x0b0, InService = 0x100, TriggerMode = 0x180, Requests = 0x200, CommandLow = 0x300, CommandHigh = 0x310;
    private const uint LogicalOrShorthand = 0xc0800, HighestIndex = 0xfff;

    /// <summary>Whether a guest physical address is in the APIC page.</summary>
    public static bool Covers(Guest guest, ulong address) => guest.HasAvic && ((address ^ guest[VmcbField.AvicApicBar]) & Frame) == 0;

    /// <summary>The address in the backing page that stands for an address in the APIC page.</summary>
    public static ulong BackingOf(Guest guest, ulong address) => (guest[VmcbField.AvicBackingPage] & Frame) | (address & Offset);

    /// <summary>Whether a system physical address is in the backing page of the guest that runs.</summary>
    public static bool IsIn(Processor p, ulong physical) => p.Guest is { HasAvic: true } guest && ((physical ^ guest[VmcbField.AvicBackingPage]) & Frame) == 0;

    /// <summary>What a read of memory does if it is one of an APIC register.</summary>
    public static Effect Read(Processor p, ulong physical) => IsIn(p, physical) ? Avic.Access((int)(physical & Offset), write: false, null) : Effect.Done;

    /// <summary>Writes an APIC register.</summary>
    public static Effect Write(Processor p, ulong physical, uint value)
    {
        int offset = (int)(physical & Offset);
        Guest guest = p.Guest!;
        Effect effect = Avic.Access(offset, write: true, LevelInService(p, guest));
        if (effect is { Kind: EffectKind.Exit, IsTrap: false })
        {
            return effect;
        }

        p.Memory.Write(physical, value, 4);
        return effect.IsDone ? Accelerate(p, guest, offset, value) : effect;
    }

    /// <summary>The task priority was set otherwise than by the APIC page.</summary>
    public static void SetTaskPriority(Processor p, Guest guest, ulong value) => p.Memory.Write(BackingOf(guest, TaskPriority), (value & 0xf) << 4, 4);

    /// <summary>Takes the highest interrupt that waits; null where none has a higher priority than the guest.</summary>
    public static byte? Accept(Processor p, Guest guest)
    {
        int priority = Math.Max((int)p.Memory.Read(BackingOf(guest, TaskPriority), 1), Highest(p, guest, InService) ?? 0) >> 4;
        if (Highest(p, guest, Requests) is not { } vector || vector >> 4 <= priority)
        {
            return null;
        }

        SetBit(p, BackingOf(guest, Requests), vector, false);
        SetBit(p, BackingOf(guest, InService), vector, true);
        return (byte)vector;
    }

    private static Effect Accelerate(Processor p, Guest guest, int offset, uint value)
    {
        switch (offset)
        {
            case TaskPriority:
                // V_TPR follows the register of the page (APM2 15.21.2, 15.29.3).
                guest.IntCtl = guest.IntCtl.WithTpr(value >> 4);
                return Effect.Done;
            case EndOfInterrupt when Highest(p, guest, InService) is { } vector:
                SetBit(p, BackingOf(guest, InService), vector, false);
                return Effect.Done;
            case CommandLow:
                return Send(p, guest, value);
            default:
                return Effect.Done;
        }
    }

    private static Effect Send(Processor p, Guest guest, uint low)
    {
        if ((low & LogicalOrShorthand) != 0)
        {
            throw new NotSupportedException("interrupts between processors by logical destination or shorthand are not part of the model; write a physical destination");
        }

        uint high = (uint)p.Memory.Read(BackingOf(guest, CommandHigh), 4);
        uint index = high >> 24;
        ulong table = guest[VmcbField.AvicPhysicalTable];
        ulong target = index <= (table & HighestIndex) ? p.Memory.Read((table & Frame) + (8UL * index), 8) : 0;
        Effect effect = Avic.Send(high, low, target, index);
        if (effect.IsDone || effect.Info2 >> 32 == Avic.TargetNotRunning)
        {
            SetBit(p, (target & Frame) | Requests, (int)(low & 0xff), true);
        }

        return effect;
    }

    // The vector in service if it is level-triggered: its EOI has to be told to the I/O APIC.
    private static byte? LevelInService(Processor p, Guest guest) =>
        Highest(p, guest, InService) is { } vector && IsSet(p, BackingOf(guest, TriggerMode), vector) ? (byte)vector : null;

    private static int? Highest(Processor p, Guest guest, int registers)
    {
        for (int vector = 255; vector >= 16; vector--)
        {
            if (IsSet(p, BackingOf(guest, (ulong)registers), vector))
            {
                return vector;
            }
        }

        return null;
    }

    // 256 bits in eight registers of 32, sixteen bytes apart.
    private static ulong PlaceOf(ulong registers, int vector) => registers + (16UL * (ulong)(vector / 32));

    private static bool IsSet(Processor p, ulong registers, int vector) => ((p.Memory.Read(PlaceOf(registers, vector), 4) >> (vector % 32)) & 1) != 0;

    private static void SetBit(Processor p, ulong registers, int vector, bool value)
    {
        ulong place = PlaceOf(registers, vector), bit = 1UL << (vector % 32);
        ulong was = p.Memory.Read(place, 4);
        p.Memory.Write(place, value ? was | bit : was & ~bit, 4);
    }
}
