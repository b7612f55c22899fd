namespace Differ.Diff.Naming;

/// <summary>Who answers at an I/O port of a PC, as the virtual machines of QEMU have it.</summary>
public static class PortNames
{
    private static readonly (ushort First, ushort Last, string Name)[] Rows =
    [
        (0x000, 0x00f, "DMA"), (0x020, 0x021, "PIC"), (0x040, 0x043, "PIT"), (0x060, 0x060, "keyboard"), (0x061, 0x061, "system control"), (0x064, 0x064, "keyboard"),
        (0x070, 0x071, "RTC"), (0x080, 0x080, "delay"), (0x081, 0x08f, "DMA page"), (0x092, 0x092, "A20"), (0x0a0, 0x0a1, "PIC"), (0x0b2, 0x0b3, "APM control"), (0x0c0, 0x0df, "DMA"),
        (0x0f4, 0x0f4, "debug exit"), (0x170, 0x177, "IDE"), (0x1f0, 0x1f7, "IDE"), (0x2e8, 0x2ef, "COM4"), (0x2f8, 0x2ff, "COM2"), (0x376, 0x376, "IDE"), (0x378, 0x37f, "LPT1"),
        (0x3b0, 0x3df, "VGA"), (0x3e8, 0x3ef, "COM3"), (0x3f0, 0x3f5, "floppy"), (0x3f6, 0x3f6, "IDE"), (0x3f8, 0x3ff, "COM1"), (0x402, 0x402, "debug console"), (0x4d0, 0x4d1, "PIC"),
        (0x510, 0x51b, "fw_cfg"), (0x600, 0x67f, "power management"), (0xcf8, 0xcfb, "PCI address"), (0xcfc, 0xcff, "PCI data"), (0x5658, 0x565a, "vmport"),
    ];

    /// <summary>The device; null where none is known.</summary>
    public static string? Of(ulong port)
    {
        foreach ((ushort first, ushort last, string name) in Rows)
        {
            if (port >= first && port <= last)
            {
                return name;
            }
        }

        return null;
    }
}
