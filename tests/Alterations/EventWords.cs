using System.Globalization;
using Differ.Schemas.Vocabulary;

namespace Differ.Alterations;

/// <summary>Names that kernels and their tools print in place of numbers.</summary>
internal static class EventWords
{
    private static readonly (ulong Offset, string Name)[] Registers =
    [
        (0x20, "ID"), (0x30, "LVR"), (0x80, "TASKPRI"), (0xa0, "PROCPRI"), (0xb0, "EOI"), (0xd0, "LDR"), (0xe0, "DFR"), (0xf0, "SPIV"),
        (0x280, "ESR"), (0x300, "ICR"), (0x310, "ICR2"), (0x320, "LVTT"), (0x340, "LVTPC"), (0x350, "LVT0"), (0x360, "LVT1"),
        (0x370, "LVTERR"), (0x380, "TMICT"), (0x390, "TMCCT"), (0x3e0, "TDCR"),
    ];

    private static readonly string[] Deliveries = ["Fixed", "LowPrio", "SMI", "Res3", "NMI", "INIT", "SIPI", "ExtINT"];

    /// <summary>The word of a table for a number; null where the table has none and the tool then prints another form.</summary>
    public static string? Of(string table, ulong number) => table switch
    {
        "exit" => Exit(number),
        "plugin" => Plugin(number),
        "exception" => Exception(number) ?? $"0x{number:x}",
        "plain" => Exception(number) is { } name && !ExceptionVector.PushesErrorCode((byte)number) ? name : null,
        "pushing" => Exception(number) is { } name && ExceptionVector.PushesErrorCode((byte)number) ? name : null,
        "apic" => Registers.FirstOrDefault(row => row.Offset == number).Name is { } register ? $"APIC_{register}" : $"0x{number:x}",
        "mode" => number switch { 0 => "real", 1 => "prot16", 2 => "vm16", 5 => "prot32", 9 => "prot64", _ => $"0x{number:x}" },
        "delivery" => Deliveries[(number >> 8) & 7],
        _ => throw new ArgumentException($"no table {table}", nameof(table)),
    };

    private static string Exit(ulong code) => code switch
    {
        ulong.MaxValue => "0xffffffff",
        >= 0x40 and < 0x60 when Exception(code - 0x40) is { } name => $"{name[1..]} excp",
        _ when RowOf(code) is { KernelName: { } kernel } row && !kernel.StartsWith("0x", StringComparison.Ordinal) => row.Count == 1
            ? kernel
            : kernel.Replace("0", (code - row.First).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal),
        _ => $"0x{code:x}",
    };

    private static string? Plugin(ulong code) => code switch
    {
        ulong.MaxValue => "ERR",
        < 0x10 => $"READ_CR{code}",
        < 0x20 => $"WRITE_CR{code - 0x10}",
        < 0x30 => $"READ_DR{code - 0x20}",
        < 0x40 => $"WRITE_DR{code - 0x30}",
        < 0x60 => Exception(code - 0x40) is { } name ? $"EXCP_{name[1..]}" : null,
        _ => RowOf(code) is { Count: 1 } row ? row.Name : null,
    };

    private static SvmExitRow? RowOf(ulong code) => SvmExitTable.Rows.FirstOrDefault(row => code >= row.First && code - row.First < (ulong)row.Count);

    private static string? Exception(ulong vector) => ExceptionVector.All.FirstOrDefault(row => row.Vector == vector)?.Name;
}
