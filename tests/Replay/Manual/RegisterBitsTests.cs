using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Manual;

/// <summary>The registers' bits, against the manual's figures written down as text.</summary>
public sealed class RegisterBitsTests
{
    private static readonly Dictionary<string, RegisterBits> Registers = new()
    {
        ["CR0"] = Cr0.Bits,
        ["CR4"] = Cr4.Bits,
        ["EFER"] = Efer.Bits,
        ["RFLAGS"] = Rflags.Bits,
        ["DR6"] = DebugStatus.Bits,
        ["DR7"] = DebugControl.Bits,
        ["DebugCtl"] = DebugCtl.Bits,
        ["VM_CR"] = VmCr.Bits,
        ["TSC_RATIO"] = TscRatioMsr.Bits,
    };

    public static TheoryData<string> Names => [.. Registers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_bit_stands_once_from_the_highest_down(string name)
    {
        int next = 63;
        foreach (RegisterBit row in Registers[name].Rows)
        {
            Assert.Equal(next, row.High);
            Assert.InRange(row.Low, 0, row.High);
            Assert.Equal(Enumerable.Range(row.Low, row.High - row.Low + 1).Aggregate(0UL, static (mask, bit) => mask | (1UL << bit)), row.Mask);
            next = row.Low - 1;
        }

        Assert.Equal(-1, next);
    }

    // Figures 3-1, 3-7, 3-8, 3-9, 13-2, 13-3, 13-4, 15-27 and 15-29: the bits, their mnemonic or access type, and the CPUID bit that brings them.
    [Theory]
    [InlineData("CR0", "63:32 MBZ, 31 PG, 30 CD, 29 NW, 28:19 ?, 18 AM, 17 ?, 16 WP, 15:6 ?, 5 NE, 4 ET, 3 TS, 2 EM, 1 MP, 0 PE")]
    [InlineData(
        "CR4",
        "63:24 MBZ, 23 CET (CET_SS), 22 PKE (PKU), 21 SMAP (SMAP), 20 SMEP (SMEP), 19 MBZ, 18 OSXSAVE (XSAVE), 17 PCIDE (PCID), 16 FSGSBASE (FSGSBASE), " +
        "15:13 MBZ, 12 LA57 (LA57), 11 UMIP (UMIP), 10 OSXMMEXCPT, 9 OSFXSR, 8 PCE, 7 PGE, 6 MCE, 5 PAE, 4 PSE, 3 DE, 2 TSD, 1 PVI, 0 VME")]
    [InlineData(
        "EFER",
        "63:22 MBZ, 21 AIBRSE (AutomaticIBRS), 20 UAIE (UpperAddressIgnore), 19 MBZ, 18 INTWB (INT_WBINVD), 17 MCOMMIT (MCOMMIT), 16 MBZ, 15 TCE (TCE), " +
        "14 FFXSR (FFXSR), 13 LMSLE (EferLmsleUnsupported), 12 SVME (SVM), 11 NXE (NX), 10 LMA (LM), 9 MBZ, 8 LME (LM), 7:1 RAZ, 0 SCE")]
    [InlineData(
        "RFLAGS",
        "63:22 RAZ, 21 ID, 20 VIP, 19 VIF, 18 AC, 17 VM, 16 RF, 15 RAZ, 14 NT, 13:12 IOPL, 11 OF, 10 DF, 9 IF, 8 TF, 7 SF, 6 ZF, 5 RAZ, 4 AF, 3 RAZ, 2 PF, " +
        "1 RA1, 0 CF")]
    [InlineData("DR6", "63:32 MBZ, 31:16 RA1, 15 BT, 14 BS, 13 BD, 12 RAZ, 11 BLD (BUSLOCKTRAP), 10:4 RA1, 3:0 B")]
    [InlineData("DR7", "63:32 MBZ, 31:16 LEN and R/W, 15:14 RAZ, 13 GD, 12:11 RAZ, 10 RA1, 9 GE, 8 LE, 7:0 G and L")]
    [InlineData(
        "DebugCtl",
        "63:13 RAZ, 12 FPMCI (LbrAndPmcFreeze), 11 FLBRI (LbrAndPmcFreeze), 10:7 RAZ, 6 MBZ, 5:3 MBZ (BUSLOCKTRAP), 2 BLCKDB, 1 BTF, 0 LBR")]
    [InlineData("VM_CR", "63:5 MBZ, 4 SVMDIS, 3 LOCK, 2 DIS_A20M, 1 R_INIT, 0 DPD")]
    [InlineData("TSC_RATIO", "63:40 MBZ, 39:32 INT, 31:0 FRAC")]
    public void The_bits_are_those_of_the_manuals_figure(string name, string figure) => Assert.Equal(figure, string.Join(", ", Registers[name].Rows.Select(Text)));

    // "Attempting to set an enable bit for a feature that is not supported by the processor will result in a #GP(0) exception."
    [Fact]
    public void A_bit_of_EFER_whose_feature_is_absent_must_be_zero_and_unknown_while_the_feature_is()
    {
        foreach (RegisterBit row in Efer.Bits.Rows.Where(static row => row.Feature is not null && row.Name != "LMSLE"))
        {
            Bits64 set = Bits64.Of(row.Mask);
            Assert.True(Efer.Bits.SetsMustBeZero(set, new Profile()).IsUnknown, row.Name);
            Assert.True(Efer.Bits.SetsMustBeZero(set, With(row.Feature!, true)).IsNo, row.Name);
            Assert.True(Efer.Bits.SetsMustBeZero(set, With(row.Feature!, false)).IsYes, row.Name);
        }
    }

    // "If EferLmlseUnsupported=1, ... attempting to set EFER.LMSLE=1 causes a #GP exception."
    [Fact]
    public void LMSLE_must_be_zero_where_CPUID_says_that_it_is_not_supported()
    {
        Bits64 set = Bits64.Of(1 << 13);
        Assert.True(Efer.Bits.SetsMustBeZero(set, With(CpuFeature.LmsleUnsupported, true)).IsYes);
        Assert.True(Efer.Bits.SetsMustBeZero(set, With(CpuFeature.LmsleUnsupported, false)).IsNo);
        Assert.True(Efer.Bits.SetsMustBeZero(set, new Profile()).IsUnknown);
    }

    [Fact]
    public void Bits_that_must_be_zero_are_known_without_any_feature()
    {
        Assert.True(Efer.Bits.SetsMustBeZero(Bits64.Of(1 << 9), new Profile()).IsYes);
        Assert.True(Efer.Bits.SetsMustBeZero(Bits64.Of(0xfe | 1), new Profile()).IsNo);
        Assert.True(Efer.Bits.SetsMustBeZero(new Bits64(0, ~(1UL << 9)), new Profile()).IsUnknown);
        Assert.True(Efer.Bits.SetsMustBeZero(new Bits64(0, ~(1UL << 5)), new Profile()).IsNo);
    }

    [Fact]
    public void Of_a_bit_of_CR4_without_its_feature_the_manual_does_not_say_whether_it_is_refused()
    {
        Bits64 set = Bits64.Of(1 << 21);
        Assert.True(Cr4.Bits.SetsMustBeZero(set, With(CpuFeature.Smap, false)).IsNo);
        Assert.True(Cr4.Bits.IsRefused(set, With(CpuFeature.Smap, false)).IsUnknown);
        Assert.True(Cr4.Bits.IsRefused(set, new Profile()).IsUnknown);
        Assert.True(Cr4.Bits.IsRefused(set, With(CpuFeature.Smap, true)).IsNo);
        Assert.True(Cr4.Bits.IsRefused(Bits64.Of((1 << 21) | (1 << 19)), With(CpuFeature.Smap, false)).IsYes);
    }

    [Fact]
    public void Bits_that_read_as_zero_are_dropped_and_the_others_kept()
    {
        Assert.Equal(0xd01UL, Efer.Bits.Kept(0xdff));
        Assert.Equal(0x1807UL, DebugCtl.Bits.Kept(ulong.MaxValue & ~0x78UL));
    }

    [Fact]
    public void Bits_that_read_as_one_are_set_whatever_is_written()
    {
        Assert.Equal(0x3f_7fd7UL, Rflags.Bits.Kept(ulong.MaxValue));
        Assert.Equal(2UL, Rflags.Bits.Kept(0));
        Assert.Equal(0x400UL, DebugControl.Bits.Kept(0));
        Assert.Equal(0x10UL, Cr0.Bits.Kept(0));
        Assert.Equal(0xffff_07f0UL, DebugStatus.Bits.Kept(0, With(CpuFeature.BusLockTrap, true)));
        Assert.Equal(0xffff_0ff0UL, DebugStatus.Bits.Kept(0, With(CpuFeature.BusLockTrap, false)));
    }

    // Table 7-9: UC 0, WC 1, WT 4, WP 5, WB 6, UC- 7; all others are reserved.
    [Fact]
    public void A_page_attribute_table_has_six_types()
    {
        for (int place = 0; place < 8; place++)
        {
            ulong[] legal = [.. Enumerable.Range(0, 256).Select(static type => (ulong)type).Where(type => Pat.IsLegal(type << (8 * place)))];
            Assert.Equal([0, 1, 4, 5, 6, 7], legal);
        }
    }

    // Table 15-8.
    [Theory]
    [InlineData(0x0000_0000u, 0x0000UL)]
    [InlineData(0x0000_1fffu, 0x3ffeUL)]
    [InlineData(0x0000_2000u, null)]
    [InlineData(0xbfff_ffffu, null)]
    [InlineData(0xc000_0000u, 0x4000UL)]
    [InlineData(0xc000_1fffu, 0x7ffeUL)]
    [InlineData(0xc000_2000u, null)]
    [InlineData(0xc000_ffffu, null)]
    [InlineData(0xc001_0000u, 0x8000UL)]
    [InlineData(0xc001_0fffu, 0x9ffeUL)]
    [InlineData(0xc001_1000u, 0xa000UL)]
    [InlineData(0xc001_1fffu, 0xbffeUL)]
    [InlineData(0xc001_2000u, null)]
    [InlineData(0xffff_ffffu, null)]
    public void The_permission_map_has_two_bits_for_each_register_of_three_ranges(uint msr, ulong? bit)
    {
        Assert.Equal(bit, MsrPermissionMap.BitOf(msr));
        Assert.Equal(bit is not null, MsrPermissionMap.Covers(msr));
    }

    private static Profile With(CpuFeature feature, bool present)
    {
        var profile = new Profile();
        profile.Set(feature, present);
        return profile;
    }

    private static string Text(RegisterBit row)
    {
        string bits = row.High == row.Low ? $"{row.High}" : $"{row.High}:{row.Low}";
        string name = row.Name.Length > 0 ? row.Name : row.Kind switch
        {
            BitKind.MustBeZero => "MBZ",
            BitKind.ReadsAsZero => "RAZ",
            BitKind.ReadsAsOne => "RA1",
            _ => "?",
        };
        return row.Feature is { } feature ? $"{bits} {name} ({feature.Name})" : $"{bits} {name}";
    }
}
