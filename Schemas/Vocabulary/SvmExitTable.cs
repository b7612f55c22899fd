using System.Globalization;

namespace Differ.Schemas.Vocabulary;

/// <summary>A row of APM2 appendix C: an exit code, or a run of them that differ by one number.</summary>
/// <param name="First">First code of the run.</param>
/// <param name="Count">Number of codes.</param>
/// <param name="Name">The manual's name without VMEXIT_; <c>{0}</c> is the position in the run.</param>
/// <param name="KernelName">What Linux prints for the first code; null where it prints a number.</param>
/// <param name="Section">Where the manual describes the intercept.</param>
public sealed record SvmExitRow(ulong First, int Count, string Name, string? KernelName, string Section);

/// <summary>APM2 appendix C, "SVM Intercept Exit Codes", in its order.</summary>
public static class SvmExitTable
{
    /// <summary>Every row.</summary>
    public static IReadOnlyList<SvmExitRow> Rows { get; } =
    [
        new(0x000, 16, "CR{0}_READ", "read_cr0", "15.9"),
        new(0x010, 16, "CR{0}_WRITE", "write_cr0", "15.9"),
        new(0x020, 16, "DR{0}_READ", "read_dr0", "15.9"),
        new(0x030, 16, "DR{0}_WRITE", "write_dr0", "15.9"),
        new(0x040, 32, "EXCP_{0}", null, "15.12"),
        new(0x060, 1, "INTR", "interrupt", "15.13.1"),
        new(0x061, 1, "NMI", "nmi", "15.13.2"),
        new(0x062, 1, "SMI", "smi", "15.13.3"),
        new(0x063, 1, "INIT", "init", "15.13.4"),
        new(0x064, 1, "VINTR", "vintr", "15.13.5"),
        new(0x065, 1, "CR0_SEL_WRITE", "cr0_sel_write", "15.9"),
        new(0x066, 1, "IDTR_READ", "read_idtr", "15.9"),
        new(0x067, 1, "GDTR_READ", "read_gdtr", "15.9"),
        new(0x068, 1, "LDTR_READ", "read_ldtr", "15.9"),
        new(0x069, 1, "TR_READ", "read_rt", "15.9"),
        new(0x06a, 1, "IDTR_WRITE", "write_idtr", "15.9"),
        new(0x06b, 1, "GDTR_WRITE", "write_gdtr", "15.9"),
        new(0x06c, 1, "LDTR_WRITE", "write_ldtr", "15.9"),
        new(0x06d, 1, "TR_WRITE", "write_rt", "15.9"),
        new(0x06e, 1, "RDTSC", "rdtsc", "15.9"),
        new(0x06f, 1, "RDPMC", "rdpmc", "15.9"),
        new(0x070, 1, "PUSHF", "pushf", "15.9"),
        new(0x071, 1, "POPF", "popf", "15.9"),
        new(0x072, 1, "CPUID", "cpuid", "15.9"),
        new(0x073, 1, "RSM", "rsm", "15.9"),
        new(0x074, 1, "IRET", "iret", "15.9"),
        new(0x075, 1, "SWINT", "swint", "15.9"),
        new(0x076, 1, "INVD", "invd", "15.9"),
        new(0x077, 1, "PAUSE", "pause", "15.14.4"),
        new(0x078, 1, "HLT", "hlt", "15.9"),
        new(0x079, 1, "INVLPG", "invlpg", "15.9"),
        new(0x07a, 1, "INVLPGA", "invlpga", "15.9"),
        new(0x07b, 1, "IOIO", "io", "15.10"),
        new(0x07c, 1, "MSR", "msr", "15.11"),
        new(0x07d, 1, "TASK_SWITCH", "task_switch", "15.14.1"),
        new(0x07e, 1, "FERR_FREEZE", "ferr_freeze", "15.14.2"),
        new(0x07f, 1, "SHUTDOWN", "shutdown", "15.14.3"),
        new(0x080, 1, "VMRUN", "vmrun", "15.9"),
        new(0x081, 1, "VMMCALL", "hypercall", "15.18"),
        new(0x082, 1, "VMLOAD", "vmload", "15.9"),
        new(0x083, 1, "VMSAVE", "vmsave", "15.9"),
        new(0x084, 1, "STGI", "stgi", "15.9"),
        new(0x085, 1, "CLGI", "clgi", "15.9"),
        new(0x086, 1, "SKINIT", "skinit", "15.9"),
        new(0x087, 1, "RDTSCP", "rdtscp", "15.9"),
        new(0x088, 1, "ICEBP", "icebp", "15.9"),
        new(0x089, 1, "WBINVD", "wbinvd", "15.9"),
        new(0x08a, 1, "MONITOR", "monitor", "15.9"),
        new(0x08b, 1, "MWAIT", "mwait", "15.9"),
        new(0x08c, 1, "MWAIT_CONDITIONAL", null, "15.9"),
        new(0x08d, 1, "XSETBV", "xsetbv", "15.9"),
        new(0x08e, 1, "RDPRU", null, "15.9"),
        new(0x08f, 1, "EFER_WRITE_TRAP", "write_efer_trap", "15.35.10"),
        new(0x090, 16, "CR{0}_WRITE_TRAP", "write_cr0_trap", "15.35.10"),
        new(0x0a0, 1, "INVLPGB", null, "15.9"),
        new(0x0a1, 1, "INVLPGB_ILLEGAL", null, "15.9"),
        new(0x0a2, 1, "INVPCID", "invpcid", "15.9"),
        new(0x0a3, 1, "MCOMMIT", null, "15.9"),
        new(0x0a4, 1, "TLBSYNC", null, "15.9"),
        new(0x0a5, 1, "BUSLOCK", "buslock", "15.14.5"),
        new(0x0a6, 1, "IDLE_HLT", "idle-halt", "15.9"),
        new(0x400, 1, "NPF", "npf", "15.25.6"),
        new(0x401, 1, "AVIC_INCOMPLETE_IPI", "avic_incomplete_ipi", "15.29.9.1"),
        new(0x402, 1, "AVIC_NOACCEL", "avic_unaccelerated_access", "15.29.9.2"),
        new(0x403, 1, "VMGEXIT", "vmgexit", "15.35.6"),
        new(0xf000_0000, 1, "HOST_USE", null, "C"),
        new(0xffff_ffff_ffff_fffd, 1, "IDLE_REQUIRED", null, "C"),
        new(0xffff_ffff_ffff_fffe, 1, "BUSY", null, "C"),
        new(0xffff_ffff_ffff_ffff, 1, "INVALID", "0xffffffff", "15.5.1"),
    ];

    /// <summary>The manual's name without VMEXIT_, or the number in hexadecimal.</summary>
    public static string NameOf(ulong code)
    {
        SvmExitRow? row = Find(code);
        if (row is null)
        {
            return string.Create(CultureInfo.InvariantCulture, $"0x{code:x}");
        }

        int position = (int)(code - row.First);
        return row.First == SvmExitCode.Exception.Value
            ? $"EXCP {ExceptionVector.NameOf((ulong)position)}"
            : string.Format(CultureInfo.InvariantCulture, row.Name, position);
    }

    /// <summary>The row a code belongs to; null when the table has none.</summary>
    public static SvmExitRow? Find(ulong code)
    {
        foreach (SvmExitRow row in Rows)
        {
            if (code >= row.First && code - row.First < (ulong)row.Count)
            {
                return row;
            }
        }

        return null;
    }
}
