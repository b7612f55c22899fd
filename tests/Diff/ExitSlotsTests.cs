using Differ.Diff.Compare;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Diff;

public sealed class ExitSlotsTests
{
    [Theory]
    [InlineData(0UL)]
    [InlineData(0xbfUL)]
    [InlineData(0x400UL)]
    [InlineData(0x403UL)]
    [InlineData(ulong.MaxValue)]
    public void A_code_of_the_manual_has_a_number_and_its_name(ulong code)
    {
        Assert.Equal(SvmExitTable.NameOf(code), ExitSlots.NameOf(ExitSlots.Of(code)));
        Assert.Equal(ExitSlots.Of(code), ExitSlots.Of(SvmExitTable.NameOf(code)));
    }

    [Theory]
    [InlineData(0xc0UL)]
    [InlineData(0x404UL)]
    [InlineData(0xf000_0000UL)]
    public void All_others_share_the_last_number(ulong code) => Assert.Equal((ExitSlots.Count - 1, "other"), (ExitSlots.Of(code), ExitSlots.NameOf(ExitSlots.Of(code))));

    [Fact]
    public void A_name_that_no_code_has_is_another() => Assert.Equal(ExitSlots.Count - 1, ExitSlots.Of("no such exit"));
}
