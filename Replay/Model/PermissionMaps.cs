using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>The permission maps of the VMCB: which ports and which model-specific registers are intercepted (APM2 15.10.1, 15.11).</summary>
internal static class PermissionMaps
{
    /// <summary>Whether an access to a register is intercepted.</summary>
    public static bool InterceptsMsr(PhysicalMemory memory, Guest guest, uint msr, bool write)
    {
        if (!guest.Intercepts(SvmExitCode.Msr))
        {
            return false;
        }

        // A register outside the map is always intercepted (APM2 15.11).
        return MsrPermissionMap.BitOf(msr) is not { } bit || Bit(memory, guest[VmcbField.MsrpmBasePa], bit + (write ? 1UL : 0));
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
