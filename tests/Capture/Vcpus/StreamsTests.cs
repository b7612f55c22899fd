using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Vcpus;

public sealed class StreamsTests
{
    private const ulong Hlt = 0x78;

    [Theory]
    [InlineData("4.14")]
    [InlineData("5.8")]
    [InlineData("6.12")]
    public void Each_thread_is_a_vCPU_of_its_own(string kernel)
    {
        var layouts = KernelLayouts.Of(kernel);
        TraceDatBuilder trace = KvmStory.Capture(layouts);
        KvmStory first = new(trace.Top, layouts, thread: 10);
        KvmStory second = new(trace.Top, layouts, thread: 11, vcpu: 1) { Cpu = 1, Time = first.Time + 1 };
        for (ulong i = 0; i < 10; i++)
        {
            first.Entry(i).Exit(Hlt, i).Msr(true, 0x10, i);
            second.Entry(100 + i).Exit(Hlt, 100 + i).Msr(true, 0x20, i);
        }

        Recording run = Recording.Of(trace.File);
        Assert.Equal([(0U, 10, 0), (1U, 11, 0)], Streams(run));
        Assert.All(run.Records.SelectMany(record => record.Events.Select(kvmEvent => (record.Stream, MsrAccess.Of(kvmEvent).Index))),
            item => Assert.Equal(item.Stream == 0 ? 0x10U : 0x20U, item.Index));
    }

    [Fact]
    public void A_thread_that_serves_two_vCPUs_makes_two_streams()
    {
        var layouts = KernelLayouts.Of("6.12");
        TraceDatBuilder trace = KvmStory.Capture(layouts);
        var first = new KvmStory(trace.Top, layouts, thread: 10);
        var second = new KvmStory(trace.Top, layouts, thread: 10, vcpu: 1);
        ulong time = 1000, secondRound = 0;
        for (ulong i = 0; i < 6; i++)
        {
            secondRound = i == 2 ? time : secondRound;
            KvmStory story = i % 2 == 0 ? first : second;
            story.Time = time;
            story.Event("kvm_fpu", ("load", 1)).Msr(true, (uint)(i % 2), 1).Entry(i).Exit(Hlt, i).Event("kvm_fpu", ("load", 0)).Event("kvm_userspace_exit", ("reason", 5));
            time = story.Time;
        }

        Recording run = Recording.Of(trace.File);
        Assert.Equal([(0U, 10, 0), (1U, 10, 0)], Streams(run));

        // Once the thread is known to serve both, what comes before the entry of a KVM_RUN belongs to the vCPU that is entered.
        Assert.All(run.Records.SelectMany(record => record.Events.Where(kvmEvent => kvmEvent.Time.Value > secondRound).Where(kvmEvent => kvmEvent.Kind == KvmEventKind.MsrAccess)
            .Select(kvmEvent => (record.Stream, MsrAccess.Of(kvmEvent).Index))), item => Assert.Equal((uint)item.Stream, item.Index));
        Assert.Equal(6, run.Records.SelectMany(record => record.What).Count(kind => kind == KvmEventKind.MsrAccess));
    }

    [Fact]
    public void Without_vcpu_id_in_kvm_exit_the_entry_tells_the_vCPU()
    {
        var layouts = KernelLayouts.Of("4.14");
        TraceDatBuilder trace = KvmStory.Capture(layouts);
        new KvmStory(trace.Top, layouts, thread: 10, vcpu: 7).Exit(Hlt, 1).Msr(true, 1, 1).Entry(2).Exit(Hlt, 2).Entry(3);
        Recording run = Recording.Of(trace.File);

        // The first exit came before anything told whose it is.
        Assert.Equal([(7U, 10, 0)], Streams(run));
        Assert.Equal([RecordFlags.NoExit, RecordFlags.None], run.Records.Select(record => record.Flags));
        Assert.Equal([KvmEventKind.MsrAccess], run.Records[0].What);
    }

    [Fact]
    public void Equal_vCPU_numbers_are_several_VMs()
    {
        var layouts = KernelLayouts.Of("6.12");
        TraceDatBuilder trace = KvmStory.Capture(layouts);
        foreach ((int thread, uint vcpu) in new[] { (10, 0U), (11, 1U), (20, 0U), (30, 0U), (21, 1U) })
        {
            new KvmStory(trace.Top, layouts, thread, vcpu) { Cpu = thread, Time = (ulong)thread }.Entry(1).Exit(Hlt, 1).Entry(2);
        }

        Recording run = Recording.Of(trace.File);
        Assert.Equal(3, run.Summary.Machines);
        Assert.Equal([(0U, 10, 0), (1U, 11, 0), (0U, 20, 1), (1U, 21, 1), (0U, 30, 2)], Streams(run));
    }

    [Fact]
    public void An_accepted_interrupt_goes_to_the_vCPU_it_names()
    {
        var layouts = KernelLayouts.Of("6.12");
        TraceDatBuilder trace = KvmStory.Capture(layouts);
        KvmStory receiver = new KvmStory(trace.Top, layouts, thread: 11, vcpu: 1).Entry(1).Exit(Hlt, 1);
        new KvmStory(trace.Top, layouts, thread: 900) { Time = receiver.Time, Cpu = 2 }.Event("kvm_apic_accept_irq", ("apicid", 1), ("vec", 0x41));
        receiver.Time += 1;
        receiver.Entry(2);
        Recording run = Recording.Of(trace.File);
        KvmEvent accepted = Assert.Single(run.Records[1].Events);
        Assert.Equal((KvmEventKind.ApicAcceptIrq, 1U), (accepted.Kind, AcceptedInterrupt.Of(accepted).Vcpu));
        Assert.Empty(run.Notes);
    }

    [Fact]
    public void Tracepoints_spread_over_buffers_make_one_stream()
    {
        var layouts = KernelLayouts.Of("6.12");
        TraceDatBuilder trace = KvmStory.Capture(layouts);
        KvmStory top = new KvmStory(trace.Top, layouts).Entry(1).Exit(Hlt, 1);
        new KvmStory(trace.Instance("extra"), layouts) { Time = top.Time }.Msr(true, 0x10, 1);
        top.Time += 10;
        top.Entry(2);
        Recording run = Recording.Of(trace.File);
        Assert.Equal([KvmEventKind.MsrAccess], run.Records[1].What);
        Assert.Empty(run.Notes);
    }

    [Fact]
    public void A_tracepoint_recorded_twice_counts_once()
    {
        var layouts = KernelLayouts.Of("6.12");
        TraceDatBuilder trace = KvmStory.Capture(layouts);
        new KvmStory(trace.Top, layouts).Entry(1).Exit(Hlt, 1).Msr(true, 0x10, 1).Entry(2);
        new KvmStory(trace.Instance("again"), layouts) { Time = 1_000_001 }.Entry(1).Exit(Hlt, 1).Msr(true, 0x10, 1).Entry(2);
        Recording run = Recording.Of(trace.File);
        Assert.Equal(2, run.Records.Count);
        Assert.Equal([KvmEventKind.MsrAccess], run.Records[1].What);
        Assert.Equal(4UL, Assert.Single(run.Summary.Notes).Count);
    }

    [Fact]
    public void CPUID_function_0_shows_the_vendor_of_the_guest()
    {
        var layouts = KernelLayouts.Of("6.12");
        TraceDatBuilder trace = KvmStory.Capture(layouts);
        new KvmStory(trace.Top, layouts).Entry(1).Exit(0x72, 1)
            .Event("kvm_cpuid", ("function", 0), ("rbx", 0x68747541), ("rdx", 0x69746e65), ("rcx", 0x444d4163)).Entry(3);
        Assert.Equal("AuthenticAMD", Recording.Of(trace.File).Summary.GuestVendor);
    }

    private static IEnumerable<(uint Vcpu, int Thread, int Machine)> Streams(Recording run) =>
        run.Summary.Streams.Select(stream => (stream.Vcpu!.Value.Value, stream.Thread!.Value.Value, stream.Machine)).OrderBy(item => item.Item2).ThenBy(item => item.Item1);
}
