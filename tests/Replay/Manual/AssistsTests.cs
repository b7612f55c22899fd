using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Manual;

public sealed class AssistsTests
{
    // 15.7.1: "nRIP is saved for instruction intercepts as well as MSR and IOIO intercepts and exceptions caused by INT3, INTO and BOUND"; the codes of appendix C.
    public static TheoryData<ulong, ulong, bool> Codes => new()
    {
        { 0x00, 0x3f, true }, // MOV from and to CRn and DRn
        { 0x46, 0x64, false }, // other exceptions; INTR, NMI, SMI, INIT, VINTR
        { 0x65, 0x7c, true }, // CR0_SEL_WRITE to MSR
        { 0x7d, 0x7f, false }, // task switch, FERR_FREEZE, SHUTDOWN
        { 0x80, 0x8e, true }, // VMRUN to MWAIT, XSETBV, RDPRU
        { 0x8f, 0x9f, false }, // write traps: the instruction has ended
        { 0xa0, 0xa4, true }, // INVLPGB, INVPCID, MCOMMIT, TLBSYNC
        { 0xa5, 0xa5, false }, // bus lock
        { 0xa6, 0xa6, true }, // HLT with nothing pending
        { 0x400, 0x403, false }, // nested paging, AVIC, VMGEXIT
    };

    [Theory]
    [MemberData(nameof(Codes))]
    public void NRIP_is_saved_for_instructions_and_for_exceptions_that_an_instruction_asks_for(ulong first, ulong last, bool saved)
    {
        for (ulong code = first; code <= last; code++)
        {
            Assert.True(Assists.SavesNextRip(new SvmExitCode(code)) == saved, $"{code:x}h");
        }
    }

    [Theory]
    [InlineData(ExceptionVector.DB, false)]
    [InlineData(ExceptionVector.BP, true)]
    [InlineData(ExceptionVector.OF, true)]
    [InlineData(ExceptionVector.BR, true)]
    [InlineData(ExceptionVector.UD, false)]
    public void Of_exceptions_only_those_of_INT3_INTO_and_BOUND_save_it(byte vector, bool saved) =>
        Assert.Equal(saved, Assists.SavesNextRip(SvmExitCode.OfException(vector)));

    // 15.8.4: bytes are stored for #PF and nested page faults "of data accesses": a fetch has bit 4 of the error code.
    [Theory]
    [InlineData(0x400, 0x1_0000_0006, true)]
    [InlineData(0x400, 0x1_0000_0014, false)]
    [InlineData(0x4e, 0x06, true)]
    [InlineData(0x4e, 0x15, false)]
    [InlineData(0x4d, 0x06, false)]
    public void Bytes_are_stored_for_page_faults_of_data(ulong code, ulong info1, bool stored) =>
        Assert.Equal(stored, Assists.StoresBytes(new SvmExitCode(code), info1));
}
