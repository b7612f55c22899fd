using Differ.Replay.Manual.Tables;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.State;

public sealed class CpuDescriptionTests
{
    public static TheoryData<string> Features => [.. CpuFeature.All.Select(feature => feature.Name)];

    [Fact]
    public void Every_feature_has_its_place_its_name_and_its_bit()
    {
        Assert.Equal(Enumerable.Range(0, CpuFeature.All.Count), CpuFeature.All.Select(feature => feature.Ordinal));
        Assert.Distinct(CpuFeature.All.Select(feature => feature.Name));
        Assert.Distinct(CpuFeature.All.Select(feature => (feature.Function, feature.Register, feature.Bit)));
    }

    [Fact]
    public void No_feature_is_forgotten() => Assert.Equal(
        typeof(CpuFeature).GetFields().Select(static field => field.GetValue(null)).OfType<CpuFeature>().OrderBy(static feature => feature.Ordinal), CpuFeature.All);

    // Appendix E of volume 3, function by function.
    [Fact]
    public void Every_feature_is_at_the_bit_of_the_manuals_appendix() => Assert.Equal(
        """
        00000001 ECX 3 MONITOR, 17 PCID, 26 XSAVE
        00000007 EBX 0 FSGSBASE, 7 SMEP, 10 INVPCID, 20 SMAP
        00000007 ECX 2 UMIP, 3 PKU, 7 CET_SS, 16 LA57, 24 BUSLOCKTRAP
        80000001 ECX 2 SVM, 12 SKINIT, 17 TCE
        80000001 EDX 20 NX, 25 FFXSR, 26 Page1GB, 27 RDTSCP, 29 LM
        80000008 EBX 3 INVLPGB, 4 RDPRU, 8 MCOMMIT, 13 INT_WBINVD, 20 EferLmsleUnsupported
        8000000A EDX 0 NP, 1 LbrVirt, 2 SVML, 3 NRIPS, 4 TscRateMsr, 7 DecodeAssists, 10 PauseFilter, 12 PauseFilterThreshold, 13 AVIC, 15 VMSAVEvirt, 16 VGIF, 17 GMET, 18 x2AVIC, 23 HOST_MCE_OVERRIDE, 25 VNMI, 29 BusLockThreshold, 30 IdleHlt
        8000001F EAX 1 SEV, 3 SEV_ES
        80000021 EAX 7 UpperAddressIgnore, 8 AutomaticIBRS
        80000022 EAX 2 LbrAndPmcFreeze
        """,
        string.Join('\n', CpuFeature.All.GroupBy(static row => (row.Function, row.Register)).OrderBy(static word => word.Key).Select(static word =>
            $"{word.Key.Function:X8} {"EAX EBX ECX EDX".Split(' ')[word.Key.Register]} {string.Join(", ", word.OrderBy(static row => row.Bit).Select(static row => $"{row.Bit} {row.Name}"))}")));

    [Theory]
    [MemberData(nameof(Features))]
    public void A_feature_is_learned_from_its_leaf_and_from_nothing_else(string name)
    {
        CpuFeature feature = CpuFeature.All.Single(row => row.Name == name);
        var profile = new Profile();
        profile.Learn(Leaf(feature, uint.MaxValue) with { Function = feature.Function ^ 0x40 });
        Assert.True(profile.Has(feature).IsUnknown);
        profile.Learn(Leaf(feature, 1u << feature.Bit));
        Assert.True(profile.Has(feature).IsYes);
        profile.Learn(Leaf(feature, ~(1u << feature.Bit)));
        Assert.True(profile.Has(feature).IsNo);
    }

    [Theory]
    [MemberData(nameof(Features))]
    public void A_feature_is_told_by_its_name(string name)
    {
        CpuFeature feature = CpuFeature.All.Single(row => row.Name == name);
        Assert.True(Told($"{name}=1").Has(feature).IsYes);
        Assert.True(Told($" {name.ToLowerInvariant()} = 0 ").Has(feature).IsNo);
        Assert.True(Told("# nothing\n\n").Has(feature).IsUnknown);
    }

    [Fact]
    public void A_pasted_file_of_the_guest_tells_what_it_has_and_nothing_of_what_it_lacks()
    {
        Profile profile = Told(
            "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu lm rdtscp svm npt nrip_save svm_lock\naddress sizes\t: 40 bits physical, 48 bits virtual\npower management:\n");
        Assert.True(profile.Has(CpuFeature.LongMode).IsYes);
        Assert.True(profile.Has(CpuFeature.SvmLock).IsYes);
        Assert.True(profile.Has(CpuFeature.Np).IsYes);
        Assert.True(profile.Has(CpuFeature.VNmi).IsUnknown);
        Assert.Equal(40, profile.PhysicalAddressBits);
    }

    [Theory]
    [InlineData("LM=1\nLMM=1", "line 2: no feature is called LMM; known are physbits, XSAVE, ")]
    [InlineData("LM=yes", "line 1: LM is 0 or 1, not \"yes\"")]
    [InlineData("physbits=53", "line 1: physical addresses have 32 to 52 bits, not \"53\"")]
    [InlineData("physbits=", "line 1: physical addresses have 32 to 52 bits, not \"\"")]
    [InlineData("svm", "line 1: \"svm\" is no name=value")]
    [InlineData("rdpru: 1", "line 1: \"rdpru\" is no line of /proc/cpuinfo; write name=value")]
    [InlineData("address sizes : many", "line 1: physical addresses have 32 to 52 bits, not \"many\"")]
    public void A_line_that_makes_no_sense_is_named(string text, string problem) =>
        Assert.StartsWith(problem, Assert.Throws<FormatException>(() => Told(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_the_recording_shows_is_believed_and_the_contradiction_noted()
    {
        Profile profile = Told("RDPRU=1\nphysbits=48\nLM=1");
        profile.Learn(new CpuidAccess(0x8000_0008, Observed<uint>.Of(0), 40, 0, 0, 0));
        Assert.True(profile.Has(CpuFeature.Rdpru).IsNo);
        Assert.Equal(40, profile.PhysicalAddressBits);
        Assert.Equal(["RDPRU is 0", "physbits is 40"], profile.Contradicted);
    }

    private static Profile Told(string text) => new(CpuDescription.Read(new StringReader(text)));

    private static CpuidAccess Leaf(CpuFeature feature, uint value) => new(
        feature.Function, Observed<uint>.Of(0), feature.Register == 0 ? value : 0, feature.Register == 1 ? value : 0,
        feature.Register == 2 ? value : 0, feature.Register == 3 ? value : 0);
}
