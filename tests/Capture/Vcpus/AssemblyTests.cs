using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Vcpus;

public sealed class AssemblyTests
{
    private const ulong Hlt = 0x78, Msr = 0x7c, Vmmcall = 0x81, Intr = 0x60;

    public static TheoryData<string> Kernels => [.. KernelLayouts.Kernels];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Exit_events_and_entry_become_one_record(string kernel)
    {
        Recording run = Told(kernel, static story => Stories.EnterL2(story.Entry(Stories.L1Rip))
            .ExitFromL2(Vmmcall, Stories.L2Rip).Inject(Vmmcall).Entry(Stories.L1Rip + 3));
        Assert.Equal([RecordFlags.NoExit, RecordFlags.None, RecordFlags.None], run.Records.Select(record => record.Flags));
        Assert.Equal([GuestLevel.Unknown, GuestLevel.L1, GuestLevel.L2], run.Records.Select(record => record.Level));
        Assert.Equal([0UL, 1, 2], run.Records.Select(record => record.Index));
        Assert.Equal([KvmEventKind.NestedVmenter, KvmEventKind.NestedIntercepts], run.Records[1].What);
        Assert.Equal([KvmEventKind.NestedVmexit, KvmEventKind.NestedVmexitInject], run.Records[2].What);
        Assert.Equal((SvmExitCode.Vmmcall, Stories.L2Rip), (run.Records[2].Exit.Code, run.Records[2].Exit.Rip));
        Assert.Equal(Vmmcall, NestedVmexitInject.Of(run.Records[2].Events[1]).ExitCode.Value);
        VcpuStream stream = Assert.Single(run.Summary.Streams);
        Assert.Equal((0U, 100, 3UL), (stream.Vcpu!.Value.Value, stream.Thread!.Value.Value, stream.Exits));
        Assert.Empty(run.Notes);
    }

    [Theory]
    [InlineData("4.14", false, false, false)]
    [InlineData("5.4", false, false, false)]
    [InlineData("5.10", true, true, false)]
    [InlineData("6.12", true, true, false)]
    [InlineData("6.14", true, true, true)]
    public void What_a_kernel_does_not_record_stays_unseen(string kernel, bool entryRip, bool intInfo, bool eventInj)
    {
        KeptRecord record = Told(kernel, static story => story.Entry(1).Exit(Hlt, 1).Entry(2)).Records[1];
        Assert.Equal((entryRip, intInfo, intInfo, eventInj),
            (record.Entry.Rip.IsKnown, record.Exit.IntInfo.IsKnown, record.Exit.IntInfoError.IsKnown, record.Entry.EventInj.IsKnown));
    }

    [Theory]
    [InlineData("4.14")]
    [InlineData("5.7")]
    public void A_pretended_exit_is_folded_into_the_real_one(string kernel)
    {
        // Up to 5.7: exit, kvm_nested_vmexit, entry, exit, inject, entry, where only the first exit and the last entry are real.
        Recording run = Told(kernel, static story => story.Entry(Stories.L2Rip)
            .ExitFromL2(Intr, 0x10010).Event("kvm_nested_intr_vmexit", ("rip", 0x10010)).Entry(0).Exit(Intr, 0x10010).Inject(Intr).Entry(0x401003)
            .Exit(Hlt, 0x401005).Entry(0x401006));
        Assert.Equal([RecordFlags.NoExit, RecordFlags.Folded, RecordFlags.None], run.Records.Select(record => record.Flags));
        Assert.Equal([KvmEventKind.NestedVmexit, KvmEventKind.NestedIntrVmexit, KvmEventKind.NestedVmexitInject], run.Records[1].What);
        Assert.Equal([GuestLevel.Unknown, GuestLevel.L2, GuestLevel.L1], run.Records.Select(record => record.Level));
        Assert.Empty(run.Notes);
    }

    [Theory]
    [InlineData("4.14")]
    [InlineData("5.7")]
    public void A_real_exit_after_one_from_L2_is_not_folded(string kernel)
    {
        Recording run = Told(kernel, static story => story.Entry(1).ExitFromL2(Intr, 2).Entry(2).ExitFromL2(Vmmcall, 2).Inject(Vmmcall).Entry(3)
            .ExitFromL2(Intr, 5).Entry(5).Exit(Hlt, 6).Msr(true, 0x10, 1).Entry(7));
        Assert.DoesNotContain(run.Records, record => (record.Flags & RecordFlags.Folded) != 0);
        Assert.Equal(5, run.Records.Count);
    }

    [Theory]
    [InlineData("5.8")]
    [InlineData("5.10")]
    [InlineData("6.12")]
    public void Since_5_8_L1_is_shown_its_event_in_the_record_of_the_exit(string kernel)
    {
        Recording run = Told(kernel, static story => story.Entry(1).ExitFromL2(Intr, 2).Entry(2).ExitFromL2(Intr, 3)
            .Event("kvm_nested_intr_vmexit", ("rip", 3)).Inject(Intr).Entry(4).Exit(Hlt, 5).Entry(6));
        Assert.Equal([RecordFlags.NoExit, RecordFlags.None, RecordFlags.None, RecordFlags.None], run.Records.Select(record => record.Flags));
        Assert.Equal([GuestLevel.Unknown, GuestLevel.L2, GuestLevel.L2, GuestLevel.L1], run.Records.Select(record => record.Level));
        Assert.Equal([KvmEventKind.NestedVmexit, KvmEventKind.NestedIntrVmexit, KvmEventKind.NestedVmexitInject], run.Records[2].What);
    }

    [Theory]
    [InlineData("5.7", true)]
    [InlineData("5.10", true)]
    [InlineData("6.4", true)]
    [InlineData("6.6", false)]
    [InlineData("6.18", false)]
    public void A_fast_path_belongs_to_its_exit_on_either_side_of_6_5(string kernel, bool before)
    {
        Recording run = Told(kernel, story =>
        {
            story.Entry(1);
            _ = before
                ? story.Msr(true, 0x830, 1).Exit(Msr, 3).Entry(3)
                : story.Exit(Msr, 1).Msr(true, 0x830, 1).Entry(3);
        });
        Assert.Equal((SvmExitCode.Msr, KvmEventKind.MsrAccess), (run.Records[1].Exit.Code, Assert.Single(run.Records[1].What)));
        Assert.Empty(run.Notes);
    }

    [Theory]
    [InlineData("5.8")]
    [InlineData("6.4")]
    public void An_exit_may_be_recorded_on_another_CPU_than_its_entry(string kernel)
    {
        // Up to 6.4 the thread may move between the #VMEXIT and kvm_exit.
        Recording run = Told(kernel, static story =>
        {
            story.Entry(1);
            story.Cpu = 3;
            story.Exit(Hlt, 1).Entry(2);
            story.Time += 1_000_000;
            story.Cpu = 0;
            story.Exit(Hlt, 2).Entry(3);
        });
        Assert.Equal([(3, 3), (0, 0)], run.Records.Skip(1).Select(record => (record.Exit.HostCpu, record.Entry.HostCpu)));
        Assert.Empty(run.Notes);
    }

    [Fact]
    public void A_capture_may_start_anywhere()
    {
        for (int first = 0; first < Whole().Count; first++)
        {
            Recording run = Told("6.12", story => Tell(story, Whole().Skip(first)));
            Recording whole = Told("6.12", story => Tell(story, Whole()));
            KeptRecord last = run.Records[^1];
            Assert.Equal((whole.Records[^1].Exit.Rip, whole.Records[^1].Level), (last.Exit.Rip, last.Level));
            Assert.Equal(Enumerable.Range(0, run.Records.Count).Select(i => (ulong)i), run.Records.Select(record => record.Index));
            Assert.All(run.Records.Skip(1).SkipLast(1), record => Assert.Equal(RecordFlags.None, record.Flags));
            Assert.Equal(run.Records[0].Level == GuestLevel.L2 ? ["DIF0131"] : [], run.Notes);
        }
    }

    [Fact]
    public void A_capture_may_end_anywhere()
    {
        for (int count = 1; count < Whole().Count; count++)
        {
            Recording run = Told("6.12", story => Tell(story, Whole().Take(count)));
            Assert.Equal((ulong)count, run.Summary.Events);
            Assert.All(run.Records.SkipLast(1), record => Assert.Equal(RecordFlags.None, record.Flags & ~RecordFlags.NoExit));
            Assert.Empty(run.Notes);
        }
    }

    [Fact]
    public void A_capture_that_starts_inside_L2_knows_it_at_the_first_exit()
    {
        Recording run = Told("6.12", static story => story.ExitFromL2(Vmmcall, 5).Entry(8));
        Assert.Equal((GuestLevel.L2, RecordFlags.None), (run.Records[0].Level, run.Records[0].Flags));
        Assert.Contains("DIF0131", run.Notes);
    }

    [Fact]
    public void Without_kvm_nested_vmexit_nobody_knows_who_ran()
    {
        var layouts = KernelLayouts.Of("6.12");
        var trace = new TraceDatBuilder();
        trace.Describe("kvm", layouts["kvm_exit"].Text).Describe("kvm", layouts["kvm_entry"].Text);
        new KvmStory(trace.Top, layouts).Entry(1).Exit(Hlt, 1).Entry(2);
        Recording run = Recording.Of(trace.File);
        Assert.Equal(GuestLevel.Unknown, run.Records[1].Level);
        Assert.False(run.Header.Listed.Has(KvmEventKind.NestedVmexit));
    }

    [Fact]
    public void A_hole_hides_who_ran_until_the_next_exit()
    {
        var layouts = KernelLayouts.Of("6.12");
        TraceDatBuilder trace = KvmStory.Capture(layouts);
        KvmStory story = new KvmStory(trace.Top, layouts).Entry(1).Exit(Hlt, 1);
        trace.Cpu(0).Lost(9);
        story.Entry(2).Exit(Hlt, 2).Entry(3).Exit(Hlt, 3).Entry(4);
        Recording run = Recording.Of(trace.File);
        Assert.Equal([GuestLevel.Unknown, GuestLevel.Unknown, GuestLevel.L1, GuestLevel.L1], run.Records.Select(record => record.Level));
        Assert.True(run.Records[1].View.HasHole);
        Assert.False(run.Records[2].View.HasHole);
    }

    [Fact]
    public void A_loss_on_one_CPU_concerns_every_vCPU_that_might_have_been_there()
    {
        var layouts = KernelLayouts.Of("6.12");
        TraceDatBuilder trace = KvmStory.Capture(layouts);
        KvmStory first = new KvmStory(trace.Top, layouts, thread: 1).Entry(1).Exit(Hlt, 1).Entry(2);
        KvmStory second = new KvmStory(trace.Top, layouts, thread: 2, vcpu: 1) { Cpu = 1 }.Entry(1).Exit(Hlt, 1).Entry(2);
        first.Time = second.Time = 2_000_000;
        trace.Cpu(0).Lost(9);
        first.Exit(Hlt, 2).Entry(3);
        second.Time = 2_500_000;
        second.Exit(Hlt, 2).Entry(3);
        Recording run = Recording.Of(trace.File);
        Assert.All(run.Records.Where(record => record.Index == 2), record => Assert.NotEqual(RecordFlags.None, record.Flags & RecordFlags.LossBefore));
        Assert.Equal(2, run.Summary.Streams.Count);
    }

    private static IReadOnlyList<Action<KvmStory>> Whole() =>
    [
        static story => story.Exit(Hlt, 1),
        static story => story.Event("kvm_vcpu_wakeup", ("ns", 5)),
        static story => story.Entry(2),
        static story => story.Exit(0x80, Stories.L1Rip),
        static story => story.Vmenter(Stories.L1Rip + 3, Stories.Vmcb12, Stories.L2Rip),
        static story => story.Intercepts(0, 0, 1, 1),
        static story => story.Entry(Stories.L2Rip),
        static story => story.Exit(Msr, Stories.L2Rip),
        static story => story.NestedVmexit(Msr, Stories.L2Rip),
        static story => story.Msr(false, 0x10, 5),
        static story => story.Entry(Stories.L2Rip + 2),
        static story => story.Exit(Intr, Stories.L2Rip + 9),
        static story => story.NestedVmexit(Intr, Stories.L2Rip + 9),
        static story => story.Inject(Intr),
        static story => story.Entry(Stories.L1Rip + 3),
        static story => story.Exit(Hlt, Stories.L1Rip + 10),
        static story => story.Entry(Stories.L1Rip + 11),
        static story => story.Exit(Intr, Stories.L1Rip + 20),
    ];

    private static void Tell(KvmStory story, IEnumerable<Action<KvmStory>> steps)
    {
        foreach (Action<KvmStory> step in steps)
        {
            step(story);
        }
    }

    private static Recording Told(string kernel, Action<KvmStory> tell)
    {
        var layouts = KernelLayouts.Of(kernel);
        TraceDatBuilder trace = KvmStory.Capture(layouts);
        tell(new KvmStory(trace.Top, layouts));
        return Recording.Of(trace.File);
    }
}
