using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Schemas.Vocabulary;

/// <summary>The VMCB, against the manual's tables B-1 and B-2 written down as text: offset and size in bytes.</summary>
public sealed class VmcbLayoutTests
{
    [Fact]
    public void The_control_area_is_that_of_table_B_1() => Assert.Equal(
        """
        000/4 Intercept reads and writes of CR0-15
        004/4 Intercept reads and writes of DR0-15
        008/4 Intercept exception vectors 0-31
        00C/4 Intercepts, word 3
        010/4 Intercepts, word 4
        014/4 Intercepts, word 5
        03C/2 PAUSE filter threshold
        03E/2 PAUSE filter count
        040/8 IOPM_BASE_PA
        048/8 MSRPM_BASE_PA
        050/8 TSC_OFFSET
        058/4 Guest ASID
        05C/1 TLB_CONTROL
        060/8 Virtual interrupt control
        068/8 INTERRUPT_SHADOW
        070/8 EXITCODE
        078/8 EXITINFO1
        080/8 EXITINFO2
        088/8 EXITINTINFO
        090/8 NP_ENABLE and others
        098/8 AVIC APIC_BAR
        0A0/8 GHCB physical address
        0A8/8 EVENTINJ
        0B0/8 N_CR3
        0B8/8 LBR and VMLOAD/VMSAVE virtualization
        0C0/4 VMCB clean bits
        0C8/8 nRIP
        0D0/1 Number of bytes fetched
        0D1/7 Guest instruction bytes 0-6
        0D8/8 Guest instruction bytes 7-14
        0E0/8 AVIC APIC_BACKING_PAGE
        0F0/8 AVIC LOGICAL_TABLE
        0F8/8 AVIC PHYSICAL_TABLE and MAX_INDEX
        108/8 VMSA pointer
        120/2 Bus lock threshold counter
        """,
        Text(VmcbArea.Control));

    [Fact]
    public void The_state_save_area_is_that_of_table_B_2()
    {
        // Each segment has a selector, attributes, a limit and a base; GDTR and IDTR have the last two.
        string segments = string.Join('\n', new[] { (0x00, "ES"), (0x10, "CS"), (0x20, "SS"), (0x30, "DS"), (0x40, "FS"), (0x50, "GS"), (0x60, "GDTR"), (0x70, "LDTR"), (0x80, "IDTR"), (0x90, "TR") }
            .SelectMany(static row => row.Item2 is "GDTR" or "IDTR"
                ? new[] { $"{row.Item1 + 4:X3}/4 {row.Item2} limit", $"{row.Item1 + 8:X3}/8 {row.Item2} base" }
                : [$"{row.Item1:X3}/2 {row.Item2} selector", $"{row.Item1 + 2:X3}/2 {row.Item2} attributes", $"{row.Item1 + 4:X3}/4 {row.Item2} limit", $"{row.Item1 + 8:X3}/8 {row.Item2} base"]));
        Assert.Equal(
            segments + '\n' +
            """
            0CB/1 CPL
            0D0/8 EFER
            148/8 CR4
            150/8 CR3
            158/8 CR0
            160/8 DR7
            168/8 DR6
            170/8 RFLAGS
            178/8 RIP
            1D8/8 RSP
            1E0/8 S_CET
            1E8/8 SSP
            1F0/8 ISST_ADDR
            1F8/8 RAX
            200/8 STAR
            208/8 LSTAR
            210/8 CSTAR
            218/8 SFMASK
            220/8 KernelGsBase
            228/8 SYSENTER_CS
            230/8 SYSENTER_ESP
            238/8 SYSENTER_EIP
            240/8 CR2
            268/8 G_PAT
            270/8 DBGCTL
            278/8 BR_FROM
            280/8 BR_TO
            288/8 LASTEXCPFROM
            290/8 LASTEXCPTO
            """,
            Text(VmcbArea.Save));
    }

    [Fact]
    public void Each_field_stands_at_its_number() =>
        Assert.Equal(Enumerable.Range(0, (int)VmcbField.Count), VmcbLayout.All.Select(static row => (int)row.Field));

    private static string Text(VmcbArea area) =>
        string.Join('\n', VmcbLayout.All.Where(row => row.Area == area).Select(static row => $"{row.Offset:X3}/{row.Size} {row.Name}"));
}
