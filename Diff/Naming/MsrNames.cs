using System.Globalization;

namespace Differ.Diff.Naming;

/// <summary>Names of model-specific registers that guests use, as the manual (APM2 appendix A) and the interfaces of hypervisors have them.</summary>
public static class MsrNames
{
    private static readonly (uint Index, string Name)[] Rows =
    [
        (0x010, "TSC"), (0x01b, "APIC_BASE"), (0x03a, "FEATURE_CONTROL"), (0x03b, "TSC_ADJUST"), (0x048, "SPEC_CTRL"), (0x049, "PRED_CMD"), (0x08b, "PATCH_LEVEL"),
        (0x0fe, "MTRRcap"), (0x10a, "ARCH_CAPABILITIES"), (0x174, "SYSENTER_CS"), (0x175, "SYSENTER_ESP"), (0x176, "SYSENTER_EIP"),
        (0x179, "MCG_CAP"), (0x17a, "MCG_STATUS"), (0x17b, "MCG_CTL"), (0x1a0, "MISC_ENABLE"), (0x1d9, "DEBUGCTL"), (0x1db, "LASTBRANCHFROMIP"), (0x1dc, "LASTBRANCHTOIP"),
        (0x1dd, "LASTINTFROMIP"), (0x1de, "LASTINTTOIP"), (0x277, "PAT"), (0x2ff, "MTRRdefType"), (0x6a0, "U_CET"), (0x6a2, "S_CET"), (0x6a4, "PL0_SSP"), (0x6a8, "ISST_ADDR"),
        (0x6e0, "TSC_DEADLINE"), (0xda0, "XSS"),
        (0x802, "x2APIC ID"), (0x808, "x2APIC TPR"), (0x80b, "x2APIC EOI"), (0x80d, "x2APIC LDR"), (0x80f, "x2APIC SVR"), (0x828, "x2APIC ESR"), (0x830, "x2APIC ICR"),
        (0x832, "x2APIC LVT timer"), (0x838, "x2APIC initial count"), (0x839, "x2APIC current count"), (0x83e, "x2APIC divide"), (0x83f, "x2APIC self IPI"),
        (0x4000_0000, "HV_GUEST_OS_ID"), (0x4000_0001, "HV_HYPERCALL"), (0x4000_0002, "HV_VP_INDEX"), (0x4000_0020, "HV_TIME_REF_COUNT"), (0x4000_0021, "HV_REFERENCE_TSC"),
        (0x4000_0070, "HV_EOI"), (0x4000_0071, "HV_ICR"), (0x4000_0073, "HV_VP_ASSIST_PAGE"),
        (0x4b56_4d00, "KVM_WALL_CLOCK_NEW"), (0x4b56_4d01, "KVM_SYSTEM_TIME_NEW"), (0x4b56_4d02, "KVM_ASYNC_PF_EN"), (0x4b56_4d03, "KVM_STEAL_TIME"), (0x4b56_4d04, "KVM_PV_EOI_EN"),
        (0x4b56_4d05, "KVM_POLL_CONTROL"), (0x4b56_4d06, "KVM_ASYNC_PF_INT"), (0x4b56_4d07, "KVM_ASYNC_PF_ACK"),
        (0xc000_0080, "EFER"), (0xc000_0081, "STAR"), (0xc000_0082, "LSTAR"), (0xc000_0083, "CSTAR"), (0xc000_0084, "SFMASK"), (0xc000_0100, "FS_BASE"), (0xc000_0101, "GS_BASE"),
        (0xc000_0102, "KERNEL_GS_BASE"), (0xc000_0103, "TSC_AUX"), (0xc000_0104, "TSC_RATIO"),
        (0xc001_0000, "PERF_EVTSEL0"), (0xc001_0004, "PERF_CTR0"), (0xc001_0010, "SYSCFG"), (0xc001_0015, "HWCR"), (0xc001_001a, "TOP_MEM"), (0xc001_001d, "TOP_MEM2"),
        (0xc001_0055, "INT_PENDING"), (0xc001_0058, "MMIO_CONFIG_BASE"), (0xc001_0111, "SMM_BASE"), (0xc001_0112, "SMM_ADDR"), (0xc001_0113, "SMM_MASK"),
        (0xc001_0114, "VM_CR"), (0xc001_0115, "IGNNE"), (0xc001_0116, "SMM_CTL"), (0xc001_0117, "VM_HSAVE_PA"), (0xc001_0118, "SVM_KEY"), (0xc001_011f, "VIRT_SPEC_CTRL"),
        (0xc001_0130, "SEV_ES_GHCB"), (0xc001_0131, "SEV_STATUS"), (0xc001_0140, "OSVW_ID_LENGTH"), (0xc001_0141, "OSVW_STATUS"), (0xc001_0200, "PERF_CTL0"), (0xc001_0201, "PERF_CTR0"),
        (0xc001_1022, "DC_CFG"), (0xc001_1029, "DE_CFG"), (0xc001_102a, "BU_CFG2"),
    ];

    private static readonly Dictionary<uint, string> ByIndex = Rows.ToDictionary(row => row.Index, row => row.Name);

    /// <summary>The name; null where none is known.</summary>
    public static string? Of(ulong index) => index <= uint.MaxValue ? ByIndex.GetValueOrDefault((uint)index) : null;

    /// <summary>The register that a word means: its number, decimal or hexadecimal with 0x, or its name in whatever case; null for none.</summary>
    public static uint? Find(string word)
    {
        (uint index, string? name) = Rows.FirstOrDefault(row => string.Equals(row.Name, word, StringComparison.OrdinalIgnoreCase));
        return name is not null ? index
            : word.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? uint.TryParse(word.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint number) ? number : null
            : uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out number) ? number : null;
    }
}
