using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Manual;

public sealed class AssistsTests
{
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
