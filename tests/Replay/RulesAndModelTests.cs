using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Replay.Scenarios;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay;

/// <summary>The rules judge a recording, the model executes the manual: of every bit of a register both say the same, whatever the processor can do.</summary>
public sealed class RulesAndModelTests
{
    private const ulong LongModeEfer = 0x1500;

    /// <summary>The processors: one that can do everything, and one without each feature that a bit hangs on.</summary>
    public static TheoryData<string> Processors =>
    [
        "",
        .. new[] { Efer.Bits, Cr4.Bits, DebugCtl.Bits }.SelectMany(static bits => bits.Rows).Select(static row => row.Feature?.Name)
            .OfType<string>().Distinct().Where(static name => name is not ("LM" or "SVM")),
    ];

    [Theory]
    [MemberData(nameof(Processors))]
    public void Of_EFER_at_VMRUN(string without)
    {
        Features features = Without(without);
        for (int bit = 0; bit < 64; bit++)
        {
            if (bit is not (Efer.LME or Efer.LMA or Efer.SVME))
            {
                ulong efer = LongModeEfer | (1UL << bit);
                bool refused = OneInstruction.VmrunRefuses(features, (VmcbField.EferRegister, efer));
                AssertBroken(refused, "SVM-15.5-VMRUN-EFER-MBZ", RunsL2(features, VmcbField.EferRegister, efer), bit);
            }
        }
    }

    // What L0 may not refuse at a write trap is what WRMSR takes.
    [Theory]
    [MemberData(nameof(Processors))]
    public void Of_EFER_at_WRMSR(string without)
    {
        Features features = Without(without);
        for (int bit = 0; bit < 64; bit++)
        {
            ulong efer = LongModeEfer | (1UL << bit);
            bool faults = OneInstruction.WrmsrFaults(features, Efer.Index, efer, static state => state[VmcbField.EferRegister] = LongModeEfer);
            RunStory trap = Knowing(features).Knowing(static v => v.SevEs = Truth.Yes)
                .L1Exit(SvmExitCode.EferWriteTrap, info1: efer).Raises(ExceptionVector.GP, 0);
            AssertBroken(!faults, "SVM-15.35-EFER-SVME-IGN", trap, bit);
        }
    }

    [Theory]
    [MemberData(nameof(Processors))]
    public void Of_CR4_at_VMRUN_and_at_MOV(string without)
    {
        Features features = Without(without);
        for (int bit = 0; bit < 64; bit++)
        {
            ulong cr4 = (1UL << Cr4.PAE) | (1UL << bit);
            bool refused = OneInstruction.VmrunRefuses(features, (VmcbField.EferRegister, LongModeEfer), (VmcbField.Cr0Register, 0x8001_0013), (VmcbField.Cr4Register, cr4));
            AssertBroken(refused, "SVM-15.5-VMRUN-CR4-MBZ", RunsL2(features, VmcbField.Cr4Register, cr4), bit);

            // MOV to CR4 lets CET be set only where CR0.WP is (3.1.3), which L1 has clear.
            Assert.Equal(refused || bit == Cr4.CET, OneInstruction.MoveFaults(features, 4, cr4));
        }
    }

    [Fact]
    public void Of_the_upper_half_of_CR0_at_VMRUN_and_at_MOV()
    {
        var features = new Features();
        for (int bit = 0; bit < 64; bit++)
        {
            ulong cr0 = 0xc000_0013 | (1UL << bit);
            bool refused = OneInstruction.VmrunRefuses(features, (VmcbField.Cr0Register, cr0));
            AssertBroken(refused, "SVM-15.5-VMRUN-CR0-HI", RunsL2(features, VmcbField.Cr0Register, cr0), bit);
            Assert.Equal(refused, OneInstruction.MoveFaults(features, 0, cr0));
            Assert.Equal(bit >= 32, refused);
        }
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void Of_the_upper_halves_of_DR6_and_DR7(int register)
    {
        VmcbField field = register == 6 ? VmcbField.Dr6 : VmcbField.Dr7;
        string rule = $"SVM-15.5-VMRUN-DR{register}-HI";
        var features = new Features();
        for (int bit = 0; bit < 64; bit++)
        {
            bool refused = OneInstruction.VmrunRefuses(features, (field, 1UL << bit));
            AssertBroken(refused, rule, RunsL2(features, field, 1UL << bit), bit);
            Assert.Equal(bit >= 32, refused);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_S_CET(bool shadowStacks)
    {
        Features features = new Features().With(CpuFeature.ShadowStacks, shadowStacks);
        for (int bit = 0; bit < 64; bit++)
        {
            bool refused = OneInstruction.VmrunRefuses(features, (VmcbField.SCet, 1UL << bit));
            AssertBroken(refused, "SVM-15.5-CET-SCET", RunsL2(features, VmcbField.SCet, 1UL << bit), bit);
            Assert.Equal(shadowStacks && bit > 1, refused);
        }
    }

    [Theory]
    [MemberData(nameof(Processors))]
    public void Of_DebugCtl(string without)
    {
        Features features = Without(without);
        for (int bit = 0; bit < 64; bit++)
        {
            AssertWrite(features, DebugCtl.Index, 1UL << bit, "SVM-15.23-DBGCTL-RESERVED");
        }
    }

    [Fact]
    public void Of_VM_CR()
    {
        for (int bit = 0; bit < 64; bit++)
        {
            AssertWrite(new Features(), VmCr.Index, 1UL << bit, "SVM-15.30.1-VMCR-MBZ", static state => state[VmcbField.EferRegister] = 0x500);
        }
    }

    [Fact]
    public void Of_the_TSC_ratio()
    {
        for (int bit = 0; bit < 64; bit++)
        {
            AssertWrite(new Features(), TscRatioMsr.Index, 1UL << bit, "SVM-15.30.5-TSCRATIO-MBZ");
            AssertWrite(new Features().With(CpuFeature.TscRateMsr, false), TscRatioMsr.Index, 1UL << bit, "SVM-15.30.5-TSCRATIO-MBZ");
        }
    }

    [Theory]
    [InlineData(36)]
    [InlineData(40)]
    [InlineData(48)]
    [InlineData(52)]
    public void Of_VM_HSAVE_PA(int width)
    {
        Features features = new Features().WithPhysicalBits(width);
        for (int bit = 0; bit < 64; bit++)
        {
            AssertWrite(features, HsavePa.Index, 1UL << bit, "SVM-15.30.4-HSAVE-GP");
            Assert.Equal(bit < 12 || bit >= width, OneInstruction.WrmsrFaults(features, HsavePa.Index, 1UL << bit));
        }
    }

    [Fact]
    public void Of_the_types_of_a_page_attribute_table()
    {
        var features = new Features();
        for (ulong type = 0; type < 256; type++)
        {
            ulong pat = type << 24;
            bool refused = OneInstruction.VmrunRefuses(features, (VmcbField.GPat, pat));
            AssertBroken(refused, "SVM-15.25-GPAT-VALID", RunsL2(features, VmcbField.GPat, pat), (int)type);
            Assert.Equal(refused, OneInstruction.WrmsrFaults(features, Pat.Index, pat));
        }
    }

    [Theory]
    [InlineData(36)]
    [InlineData(48)]
    [InlineData(52)]
    public void Of_the_address_of_VMRUN(int width)
    {
        Features features = new Features().WithPhysicalBits(width);
        for (int bit = 0; bit < 64; bit++)
        {
            ulong address = 1UL << bit;
            bool faults = OneInstruction.VmrunFaults(features, address);
            AssertBroken(faults, "SVM-15.5-VMRUN-RAX-ALIGN", Knowing(features).SvmeOn().Vmrun(vmcb: address), bit);
            Assert.Equal(bit < 12 || bit >= width, faults);
        }
    }

    // "VMRUN exits with VMEXIT_INVALID if reserved values of TYPE have been specified, or TYPE = 3 with a vector that does not correspond
    // to an exception" (15.20); #OF and #BR do not exist in 64-bit mode.
    [Fact]
    public void Of_the_events_that_VMRUN_refuses()
    {
        string[] rules = ["SVM-15.20-INJ-TYPE", "SVM-15.20-INJ-VEC2", "SVM-15.20-INJ-IMPOSSIBLE"];
        var features = new Features();
        for (int type = 0; type < 8; type++)
        {
            for (int vector = 0; vector < 40; vector++)
            {
                uint injected = Event((EventType)type, (byte)vector);
                bool refused = OneInstruction.VmrunRefuses(features, (VmcbField.EventInj, injected));
                StoryResult told = StoryResult.Of(Knowing(features).SvmeOn().Vmrun(eventInj: injected)
                    .Knowing(static v => v.L2In64BitMode = Truth.Yes).L2Exit(SvmExitCode.Cpuid, RunStory.L2Rip + 0x100));
                Assert.True(refused == rules.Any(rule => told.Says(rule) == Saying.Broken), $"type {type}, vector {vector}");
            }
        }
    }

    // "An attempt to write a value that differs from the state determined by hardware results in a #GP fault."
    [Fact]
    public void The_model_lets_nobody_write_another_LMA()
    {
        Assert.True(OneInstruction.WrmsrFaults(new Features(), Efer.Index, 0x1900));
        Assert.False(OneInstruction.WrmsrFaults(new Features(), Efer.Index, 0x1d00));
    }

    // What the model's CPUID shows is what its processor has: AVIC too.
    [Fact]
    public void The_CPUID_of_the_model_shows_what_its_processor_can_do()
    {
        foreach (CpuFeature feature in CpuFeature.All)
        {
            foreach (bool present in (bool[])[false, true])
            {
                Features features = new Features().With(feature, present);
                var shown = new Profile();
                foreach ((uint function, uint[] r) in CpuidLeaves.Of(features))
                {
                    shown.Learn(new CpuidAccess(function, Observed<uint>.Of(0), r[0], r[1], r[2], r[3]));
                }

                Assert.All(CpuFeature.All, row => Assert.Equal(Truth.Of(features.Has(row)), shown.Has(row)));
                Assert.Equal(present, features.Has(feature));
                Assert.Equal(features.PhysicalBits, shown.PhysicalAddressBits);
            }
        }
    }

    private static Features Without(string feature)
    {
        var all = new Features();
        return feature.Length == 0 ? all : all.With(CpuFeature.Named(feature)!, !all.Has(CpuFeature.Named(feature)!));
    }

    private static RunStory Knowing(Features features) => new RunStory().Knowing(vcpu =>
    {
        vcpu.Profile.PhysicalAddressBits = features.PhysicalBits;
        foreach (CpuFeature feature in CpuFeature.All)
        {
            vcpu.Profile.Set(feature, features.Has(feature));
        }
    });

    private static RunStory RunsL2(Features features, VmcbField field, ulong value) =>
        Knowing(features).SvmeOn().Vmrun().Knowing(vcpu => vcpu.Vmcb12[field] = Bits64.Of(value)).L2Exit(SvmExitCode.Cpuid);

    private static void AssertWrite(Features features, uint msr, ulong value, string rule, Action<Registers>? prepare = null) =>
        AssertBroken(OneInstruction.WrmsrFaults(features, msr, value, prepare), rule, Knowing(features).L1Sets(msr, value), System.Numerics.BitOperations.TrailingZeroCount(value));

    private static void AssertBroken(bool broken, string rule, RunStory story, int bit)
    {
        Saying says = StoryResult.Of(story).Says(rule);
        Assert.True(broken == (says == Saying.Broken), $"{rule} says {says} of {bit}, and the model the opposite");
    }
}
