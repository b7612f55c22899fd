using Differ.Replay;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;

namespace Differ.Tests.Replay.Kvm;

/// <summary>What is known behind a story.</summary>
public sealed class NarrowingTests
{
    // SVM-15.4-SVME-INFER
    [Fact]
    public void An_SVM_instruction_that_worked_proves_SVME_until_a_write_says_otherwise()
    {
        Assert.Equal((Truth.Yes, true), Svme(new RunStory().Vmrun()));
        Assert.Equal((Truth.Yes, true), Svme(new RunStory().L1Exit(SvmExitCode.Vmload)));
        Assert.Equal((Truth.Unknown, false), Svme(new RunStory().L1Exit(SvmExitCode.Vmload).Raises(6)));
        Assert.Equal((Truth.Unknown, false), Svme(new RunStory().L1Exit(SvmExitCode.Vmmcall)));
        Assert.Equal((Truth.No, false), Svme(new RunStory().Vmrun().SvmeOff()));
        Assert.Equal((Truth.No, false), Svme(new RunStory().SvmeOff().L1Exit(SvmExitCode.Vmload)));
    }

    [Fact]
    public void A_write_that_faulted_changes_nothing() =>
        Assert.True(After(new RunStory().SvmeOn().L1Sets(StoryWords.EferIndex, 0, faulted: true)).Svme.IsYes);

    [Fact]
    public void A_locked_VM_CR_keeps_what_is_locked()
    {
        Assert.Equal(0x18UL, After(new RunStory().L1Reads(StoryWords.VmCrIndex, 0x18).L1Sets(StoryWords.VmCrIndex, 0)).VmCr.Value);
        Bits64 unlocked = After(new RunStory().L1Sets(StoryWords.VmCrIndex, 0x10)).VmCr;
        Assert.True(unlocked[3].IsUnknown);
        Assert.True(unlocked[4].IsUnknown);
        Assert.True(After(new RunStory().L1Sets(StoryWords.VmCrIndex, 0x18)).VmCr[3].IsYes);
    }

    [Fact]
    public void GIF_is_set_by_VMRUN_and_STGI_and_cleared_by_an_exit_and_CLGI()
    {
        Assert.True(After(new RunStory().SvmeOn().Vmrun()).Gif.IsYes);
        Assert.True(After(new RunStory().SvmeOn().L1Exit(SvmExitCode.Clgi)).Gif.IsNo);
        Assert.True(After(new RunStory().SvmeOn().L1Exit(SvmExitCode.Clgi).L1Exit(SvmExitCode.Stgi)).Gif.IsYes);
        Vcpu left = After(new RunStory().SvmeOn().Vmrun().L2Exit(SvmExitCode.Npf).Reflects(SvmExitCode.Npf));
        Assert.True(left.GifClearedByExit);
        Assert.True(left.Gif.IsUnknown);
    }

    [Fact]
    public void A_loss_leaves_only_the_virtual_CPU()
    {
        RunStory story = new RunStory().SvmeOn().L1Sees(0x8000_0008, eax: 40).Vmrun().L2Exit(SvmExitCode.Npf, intInfo: 0x8000_0031);
        Vcpu before = After(story);
        Assert.True(before.InL2.IsYes);
        Assert.Equal(0x8000_0031, before.Queued.Raw);
        Vcpu after = After(story.L2Exit(SvmExitCode.Npf).LostInside());
        Assert.True(after.InL2.IsUnknown);
        Assert.True(after.Svme.IsUnknown);
        Assert.False(after.Queued.Valid);
        Assert.True(after.MayOweEvent);
        Assert.True(after.Vmcb12.Known.IsEmpty);
        Assert.Equal(40, after.Profile.PhysicalAddressBits);
    }

    [Fact]
    public void A_vCPU_that_exits_behind_the_reset_vector_was_reset()
    {
        RunStory reset = new RunStory().Starts().Entry(0xfff0).L1Exit(SvmExitCode.Npf, 0xfff0).Happens(KvmEventKind.Cpuid);
        Assert.Equal((Bits64.Of(0), Truth.Yes, Truth.No), (After(reset).Efer, After(reset).Gif, After(reset).InL2));
        Assert.True(After(reset.Without(KvmEventKind.MsrAccess)).Svme.IsUnknown);
    }

    private static (Truth Svme, bool Concluded) Svme(RunStory story) => (After(story).Svme, After(story).SvmeConcluded);

    private static Vcpu After(RunStory story)
    {
        var replayer = new Replayer(story.Header, story.Texts, new Nowhere());
        foreach (StoryRecord record in story.Records)
        {
            record.GiveTo(replayer);
        }

        return replayer.VcpuOf(new StreamId(0));
    }

    private sealed class Nowhere : IComputedSink
    {
        public void Take(in ExitRecord recorded, in ComputedExit computed)
        {
            // Only the state is of interest.
        }
    }
}
