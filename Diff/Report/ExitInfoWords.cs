using System.Globalization;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>EXITINFO1 in words, where the manual gives it a layout. Addresses, selectors and sizes of instructions are left to the number.</summary>
internal static class ExitInfoWords
{
    // In the order of the codes, each with its section. Where processors without decode assists leave bits 0, so do the words.
    private static readonly Row[] Rows =
    [
        new(SvmExitCode.CrRead.Value, 32, 0x8000_0000_0000_000f, Register), // 15.8.1
        new(SvmExitCode.DrRead.Value, 32, 0x8000_0000_0000_000f, Register), // 15.8.1
        new(SvmExitCode.OfException(ExceptionVector.PF).Value, 1, 0xffff_ffff, static info => PageFault(info)), // 15.12.15
        new(SvmExitCode.Ioio.Value, 1, 0xffff_0fff, Io), // 15.10.2
        new(SvmExitCode.Msr.Value, 1, 1, static info => info == 0 ? "RDMSR" : "WRMSR"), // 15.11
        new(SvmExitCode.Npf.Value, 1, 0x23_ffff_ffff, static info => Nested(info) + PageFault(info & uint.MaxValue)), // 15.25.6
        new(SvmExitCode.AvicNoAccel.Value, 1, 0x1_0000_0ff0, static info => $"{(info >> 32 == 0 ? "read" : "write")} of APIC register 0x{info & 0xff0:x}"), // 15.29.9.2
    ];

    /// <summary>The bits of EXITINFO1 that the words depend on; null where the manual gives it no layout.</summary>
    public static ulong? Relevant(SvmExitCode code, ulong info1) => Find(code) is { } row ? info1 & row.Mask : null;

    /// <summary>The words.</summary>
    /// <param name="code">The exit code.</param>
    /// <param name="relevant">What <see cref="Relevant"/> gave for it.</param>
    public static string Of(SvmExitCode code, ulong relevant) => Find(code)?.Words(relevant) ?? "";

    private static Row? Find(SvmExitCode code)
    {
        foreach (Row row in Rows)
        {
            if (code.Value >= row.First && code.Value - row.First < row.Count)
            {
                return row;
            }
        }

        return null;
    }

    // Bit 63: MOV, and then bits 3:0 number the general register.
    private static string Register(ulong info) =>
        info >> 63 == 0 ? "not by MOV, or without decode assists" : string.Create(CultureInfo.InvariantCulture, $"MOV, general register {info & 0xf}");

    private static string Io(ulong info)
    {
        string size = ((info >> 4) & 7) switch { 1 => "1 byte", 2 => "2 bytes", 4 => "4 bytes", _ => "several sizes" };
        string form = $"{((info & 8) != 0 ? "REP " : "")}{((info & 1) != 0 ? "IN" : "OUT")}{((info & 4) != 0 ? "S" : "")}";
        return string.Create(CultureInfo.InvariantCulture, $"{form}, port 0x{info >> 16:x}, {size}");
    }

    // The error code that the processor pushes for #PF (APM2 8.4.2).
    private static string PageFault(ulong error)
    {
        string access = (error & 0x10) != 0 ? "fetch" : (error & 2) != 0 ? "write" : "read";
        return $"{access}, {((error & 4) != 0 ? "user" : "supervisor")}, page {((error & 1) != 0 ? "present" : "not present")}"
            + ((error & 8) != 0 ? ", reserved bits set" : "") + ((error & 0x20) != 0 ? ", protection key" : "")
            + ((error & 0x40) != 0 ? ", shadow stack" : "") + (error >> 31 != 0 ? ", RMP" : "");
    }

    private static string Nested(ulong info) => ((info >> 32) & 3) switch
    {
        1 => "the guest's own access: ",
        2 => "a guest page table: ",
        3 => "both stages: ",
        _ => "",
    };

    private sealed record Row(ulong First, ulong Count, ulong Mask, Func<ulong, string> Words);
}
