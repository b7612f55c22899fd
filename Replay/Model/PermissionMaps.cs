using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>The permission maps of the VMCB: which ports and which model-specific registers are intercepted (APM2 15.10.1, 15.11).</summary>
internal static class PermissionMaps
{
    /// <summary>One range of the MSR permission map (APM2 table 15-8).</summary>
    /// <param name="First">First register.</param>
    /// <param name="Last">Last register.</param>
    /// <param name="Offset">Bytes from the start of the map.</param>
    internal readonly record struct MsrRange(uint First, uint Last, uint Offset);

    /// <summary>In the manual's order.</summary>
    public static IReadOnlyList<MsrRange> MsrRanges { get; } =
    [
        new(0x0000_0000, 0x0000_1fff, 0x000),
        new(0xc000_0000, 0xc000_1fff, 0x800),
        new(0xc001_0000, 0xc001_1fff, 0x1000),
    ];

    /// <summary>Position of a register's read bit in the map; the write bit is the next. Null for a register the map does not cover.</summary>
    public static ulong? BitOf(uint msr)
    {
        foreach (MsrRange range in MsrRanges)
        {
            if (msr >= range.First && msr <= range.Last)
            {
                return (range.Offset * 8) + ((msr - range.First) * 2UL);
            }
        }

        return null;
    }

    /// <summary>Whether an access to a register is intercepted.</summary>
    public static bool InterceptsMsr(PhysicalMemory memory, Guest guest, uint msr, bool write)
    {
        if (!guest.Intercepts(SvmExitCode.Msr))
        {
            return false;
        }

        // A register outside the map is always intercepted (APM2 15.11).
        return BitOf(msr) is not { } bit || Bit(memory, guest[VmcbField.MsrpmBasePa], bit + (write ? 1UL : 0));
    }

    /// <summary>Whether an access to ports is intercepted: if the bit of any of them is set.</summary>
    public static bool InterceptsPort(PhysicalMemory memory, Guest guest, ushort port, int size)
    {
        if (!guest.Intercepts(SvmExitCode.Ioio))
        {
            return false;
        }

        bool any = false;
        for (int i = 0; i < size; i++)
        {
            any |= Bit(memory, guest[VmcbField.IopmBasePa], port + (ulong)i);
        }

        return any;
    }

    // Bits 11:0 of the base are ignored (APM2 15.10.1, 15.11).
    private static bool Bit(PhysicalMemory memory, ulong map, ulong bit) =>
        ((memory.Read((map & ~0xfffUL) + (bit / 8), 1) >> (int)(bit % 8)) & 1) != 0;
}
