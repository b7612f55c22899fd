namespace Differ.Replay.Manual.Tables;

/// <summary>One range of the MSR permission map.</summary>
/// <param name="First">First register.</param>
/// <param name="Last">Last register.</param>
/// <param name="Offset">Bytes from the start of the map.</param>
internal readonly record struct MsrRange(uint First, uint Last, uint Offset);

/// <summary>Which registers the MSR permission map covers, and where (APM2 15.11, table 15-8). Every other register is always intercepted.</summary>
internal static class MsrPermissionMap
{
    private static readonly MsrRange[] Ranges =
    [
        new(0x0000_0000, 0x0000_1fff, 0x000),
        new(0xc000_0000, 0xc000_1fff, 0x800),
        new(0xc001_0000, 0xc001_1fff, 0x1000),
    ];

    /// <summary>Whether the map covers a register.</summary>
    public static bool Covers(uint msr) => BitOf(msr) is not null;

    /// <summary>Position of a register's read bit in the map; the write bit is the next. Null for a register the map does not cover.</summary>
    public static ulong? BitOf(uint msr)
    {
        foreach (MsrRange range in Ranges)
        {
            if (msr >= range.First && msr <= range.Last)
            {
                return (range.Offset * 8) + ((msr - range.First) * 2UL);
            }
        }

        return null;
    }
}
