using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>What AVIC does with an access to an APIC register (APM2 table 15-26).</summary>
/// <param name="Offset">Offset of the register.</param>
/// <param name="Last">Offset of the last register of the run.</param>
/// <param name="Read">A read: carried out, or an exit.</param>
/// <param name="Write">A write: carried out, an exit before it (fault) or behind it (trap).</param>
internal readonly record struct AvicRow(int Offset, int Last, AvicResponse Read, AvicResponse Write);

/// <summary>What AVIC does with an access.</summary>
internal enum AvicResponse : byte
{
    /// <summary>Carried out without an exit.</summary>
    Allow,

    /// <summary>#VMEXIT before the access.</summary>
    Fault,

    /// <summary>#VMEXIT behind the access.</summary>
    Trap,

    /// <summary>Carried out where it can be, otherwise a #VMEXIT.</summary>
    Accelerate,
}

/// <summary>AVIC: which accesses and interrupts between processors exit, and with what (APM2 15.29).</summary>
internal static class Avic
{
    private const int LowestLegalVector = 16, EndOfInterrupt = 0x0b0;

    /// <summary>The reason of an incomplete IPI whose target is not running: it is requested already.</summary>
    public const ulong TargetNotRunning = 1;

    /// <summary>In the order of the offsets.</summary>
    public static IReadOnlyList<AvicRow> Registers { get; } =
    [
        new(0x020, 0x020, AvicResponse.Allow, AvicResponse.Trap),
        new(0x030, 0x030, AvicResponse.Allow, AvicResponse.Fault),
        new(0x080, 0x080, AvicResponse.Allow, AvicResponse.Accelerate),
        new(0x090, 0x090, AvicResponse.Fault, AvicResponse.Fault),
        new(0x0a0, 0x0a0, AvicResponse.Allow, AvicResponse.Fault),
        new(0x0b0, 0x0b0, AvicResponse.Allow, AvicResponse.Accelerate),
        new(0x0d0, 0x0d0, AvicResponse.Allow, AvicResponse.Trap),
        new(0x0e0, 0x0e0, AvicResponse.Allow, AvicResponse.Trap),
        new(0x0f0, 0x0f0, AvicResponse.Allow, AvicResponse.Trap),
        new(0x100, 0x170, AvicResponse.Allow, AvicResponse.Fault),
        new(0x180, 0x1f0, AvicResponse.Allow, AvicResponse.Fault),
        new(0x200, 0x270, AvicResponse.Allow, AvicResponse.Fault),
        new(0x280, 0x280, AvicResponse.Allow, AvicResponse.Trap),
        new(0x300, 0x300, AvicResponse.Allow, AvicResponse.Accelerate),
        new(0x310, 0x310, AvicResponse.Allow, AvicResponse.Allow),
        new(0x320, 0x370, AvicResponse.Allow, AvicResponse.Trap),
        new(0x380, 0x380, AvicResponse.Allow, AvicResponse.Trap),
        new(0x390, 0x390, AvicResponse.Fault, AvicResponse.Fault),
        new(0x3e0, 0x3e0, AvicResponse.Allow, AvicResponse.Trap),
    ];

    /// <summary>What an access that is not accelerated tells: offset and direction in EXITINFO1, the vector of an EOI in EXITINFO2 (APM2 15.29.9.2).</summary>
    /// <param name="offset">Offset of the register.</param>
    /// <param name="write">A write.</param>
    /// <param name="levelVector">For EOI: the vector in service that is level-triggered; null where it is edge-triggered.</param>
    public static Effect Access(int offset, bool write, byte? levelVector)
    {
        AvicRow row = Registers.FirstOrDefault(found => offset >= found.Offset && offset <= found.Last, new AvicRow(0, 0, AvicResponse.Fault, AvicResponse.Fault));
        AvicResponse response = write ? row.Write : row.Read;
        bool levelEnd = write && offset == EndOfInterrupt && levelVector is not null;
        if (response is not (AvicResponse.Fault or AvicResponse.Trap) && !levelEnd)
        {
            return Effect.Done;
        }

        var exit = Effect.Exit(SvmExitCode.AvicNoAccel, ((ulong)offset & ExitInfoBits.AvicOffset) | (write ? ExitInfoBits.AvicWrite : 0), levelEnd ? levelVector!.Value : 0UL);
        return exit with { IsTrap = response != AvicResponse.Fault };
    }

    /// <summary>What a write of the interrupt command register does: nothing to see, or an incomplete IPI with its reason (APM2 table 15-27).</summary>
    /// <param name="high">ICR high.</param>
    /// <param name="low">ICR low.</param>
    /// <param name="target">The target's entry in the physical table: 0 where there is none, bit 63 valid, bit 62 running.</param>
    /// <param name="index">The index that was looked up.</param>
    public static Effect Send(uint high, uint low, ulong target, uint index)
    {
        bool isFixedEdge = (low & 0x700) == 0 && (low & 0x8000) == 0;
        ulong? reason = !isFixedEdge ? 0
            : (low & 0xff) < LowestLegalVector ? 4
            : (target >> 63) == 0 ? 2
            : ((target >> 62) & 1) == 0 ? TargetNotRunning
            : null;
        return reason is { } id
            ? Effect.Trap(SvmExitCode.AvicIncompleteIpi, ((ulong)high << 32) | low, (id << 32) | (index & 0xfff)) : Effect.Done;
    }
}
