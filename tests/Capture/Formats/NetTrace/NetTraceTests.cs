using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Formats.NetTrace;
using Differ.Schemas.Run;
using Differ.Tests.Support;
using Microsoft.Diagnostics.Tracing;

namespace Differ.Tests.Capture.Formats.NetTrace;

public sealed class NetTraceTests
{
    private static readonly KernelLayouts Kernel = KernelLayouts.Of("6.12");

    public static TheoryData<int, bool, bool> Variants
    {
        get
        {
            var variants = new TheoryData<int, bool, bool>();
            foreach (int version in new[] { 4, 5, 6 })
            {
                variants.Add(version, true, true);
                variants.Add(version, false, true);
                variants.Add(version, true, false);
                variants.Add(version, false, false);
            }

            return variants;
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Every_event_is_the_one_of_the_trace_dat(int version, bool packed, bool sorted)
    {
        byte[] traceDat = Stories.Vmmcall("6.12", right: false, new TraceDatBuilder());
        EventList expected = EventList.Of(traceDat);
        EventList list = EventList.Of(NetTraceBuilder.Like(traceDat, Kernel, new NetTraceBuilder { Version = version, Packed = packed, Sorted = sorted }));
        Assert.Equal(
            expected.Events.Select(one => (one.Name, one.Time, one.Cpu, one.Thread, Convert.ToHexString(one.Payload))),
            list.Events.Select(one => (one.Name, one.Time, one.Cpu, one.Thread, Convert.ToHexString(one.Payload))));
        Assert.Empty(list.Losses);
    }

    [Theory]
    [InlineData("5.4")]
    [InlineData("5.15")]
    [InlineData("6.1")]
    [InlineData("6.12")]
    [InlineData("7.1")]
    public void The_records_of_the_run_are_those_of_the_trace_dat(string kernel)
    {
        byte[] traceDat = Stories.Vmmcall(kernel, right: false, new TraceDatBuilder());
        Recording expected = Recording.Of(traceDat);
        Recording recording = Recording.Of(NetTraceBuilder.Like(traceDat, KernelLayouts.Of(kernel), new NetTraceBuilder()));
        Assert.NotEmpty(recording.Records);
        Assert.Equal((".nettrace v6", ClockUnit.Nanoseconds), (recording.Header.Format, recording.Header.ClockUnit));
        Assert.Empty(recording.Notes);
        Assert.Equal((expected with { Header = recording.Header, Summary = recording.Summary }).ToRun(), recording.ToRun());
    }

    [Fact]
    public void The_verdict_is_that_of_the_trace_dat()
    {
        byte[] traceDat = Stories.Vmmcall("6.12", right: false, new TraceDatBuilder());
        CommandResult result = CommandLine.RunWith(NetTraceBuilder.Like(traceDat, Kernel, new NetTraceBuilder()), "check", "-");
        Assert.Equal(1, result.Status);
        Assert.Contains("1. SVM-15.18-VMMCALL-UNINT-UD", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void The_library_itself_tells_the_same_times_threads_and_records(int version, bool packed, bool sorted)
    {
        byte[] file = NetTraceBuilder.Like(
            Stories.Vmmcall("6.12", right: true, new TraceDatBuilder()), Kernel, new NetTraceBuilder { Version = version, Packed = packed, Sorted = sorted });
        var told = new List<(string, double, int, int, string)>();
        using (var source = new EventPipeEventSource(new MemoryStream(file)))
        {
            source.Dynamic.All += one => told.Add((one.EventName, one.TimeStampRelativeMSec, one.ProcessorNumber, one.ThreadID, Convert.ToHexString(one.EventData())));
            source.Process();
        }

        Assert.NotEmpty(told);
        Assert.Equal(told, EventList.Of(file).Events.Select(one => (one.Name, one.Time / 1e6, one.Cpu, one.Thread, Convert.ToHexString(one.Payload))));
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(4, false)]
    [InlineData(6, true)]
    [InlineData(6, false)]
    public void The_library_itself_counts_the_same_dropped_events(int version, bool sorted)
    {
        EventFormat exit = Kernel["kvm_exit"];
        NetTraceBuilder builder = new NetTraceBuilder { Version = version, Sorted = sorted }.Describe("kvm", exit).Thread(100, 50, 100).Thread(101, 50, 101);
        for (uint time = 10; time < 40; time++)
        {
            builder.Event(time, 0, 100 + (time % 2), exit.Id, exit.Record(100).With("isa", 2).ToBytes(false), skipped: time % 7 == 0 ? time : 0);
        }

        byte[] file = builder.SequencePoint(60, (0, 400), (100, 200), (101, 300)).File;
        using var source = new EventPipeEventSource(new MemoryStream(file));
        source.Process();
        Assert.Equal((ulong)source.EventsLost, Assert.Single(EventList.Of(file).Losses).Events);
    }

    [Fact]
    public void Events_that_are_not_in_order_wait_for_their_sequence_point()
    {
        Assert.Equal([1, 2, 3, 4, 5, 6], Unsorted(keptLimit: 1 << 20).Times);
    }

    [Fact]
    public void Events_beyond_what_is_sorted_at_once_are_put_in_order_piecemeal_and_said_to_be()
    {
        (IReadOnlyList<ulong> times, IReadOnlyList<string> notes) = Unsorted(keptLimit: Kernel["kvm_exit"].Record(1).ToBytes(false).Length * 3);
        Assert.Equal(6, times.Count);
        Assert.Equal(["DIF0301", "DIF0363"], notes.Order(StringComparer.Ordinal));
    }

    // Two threads that each captured three events, one block after the other.
    private static (IReadOnlyList<ulong> Times, IReadOnlyList<string> Notes) Unsorted(int keptLimit)
    {
        NetTraceBuilder builder = new NetTraceBuilder { Sorted = false }.Describe("kvm", Kernel["kvm_exit"]).Thread(100, 50, 100).Thread(101, 50, 101);
        foreach (ulong time in (ulong[])[2, 4, 6, 1, 3, 5])
        {
            builder.Event(time, 0, 100 + (long)(time % 2), Kernel["kvm_exit"].Id, Kernel["kvm_exit"].Record(100).ToBytes(false));
        }

        using var source = new MemorySource(builder.SequencePoint(9).File);
        NetTraceBlocks Blocks(out NetTraceHeader header)
        {
            var reader = new SourceReader(source, 0, bigEndian: false);
            header = NetTraceHeader.Read(reader);
            return new NetTraceBlocks(reader, header.Version);
        }

        var survey = NetTraceSurvey.Of(Blocks(out NetTraceHeader header), header.Version);
        var sink = new CollectingSink();
        var notes = new CaptureNotes();
        new NetTracePass(Blocks(out _), header, survey, new ProcessMachines(), sink, notes) { Progress = _ => { }, Cancel = CancellationToken.None, KeptLimit = keptLimit }.Run();
        return ([.. sink.Events.Select(one => one.Time)], [.. notes.ToList().Select(note => note.Code)]);
    }

    [Fact]
    public void Gaps_of_the_record_are_put_back()
    {
        // The description has exit_reason and guest_rip next to each other; the record has four bytes between them.
        byte[] file = Start(new NetTraceBuilder(), "kvm_exit")
            .Event(5, 3, 100, Kernel["kvm_exit"].Id, Kernel["kvm_exit"].Record(100).With("exit_reason", 0x72).With("guest_rip", 0x1234).With("vcpu_id", 7).ToBytes(false)).File;
        Assert.Contains("kvm_exit: exit_reason=0x72 guest_rip=0x1234 isa=0x0", CommandLine.RunWith(file, "show", "-", "--events").Output, StringComparison.Ordinal);
        Assert.Contains("[003] <...>-100", CommandLine.RunWith(file, "show", "-", "--events").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_that_is_packed_without_gaps_is_read_so()
    {
        byte[] record = [0x72, 0, 0, 0, 0x34, 0x12, 0, 0, 0, 0, 0, 0];
        byte[] file = new NetTraceBuilder().Describe("kvm", "kvm_thing", 9, ("reason", 10), ("rip", 12)).Thread(4, 50, 60).Event(1, 0, 4, 9, record).File;
        Assert.Contains("-60 kvm_thing: reason=0x72 rip=0x1234", CommandLine.RunWith(file, "show", "-", "--events").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Ticks_become_nanoseconds()
    {
        EventFormat exit = Kernel["kvm_exit"];
        byte[] file = Start(new NetTraceBuilder { Frequency = 10_000_000, StartTick = 1 << 20 }, "kvm_exit")
            .Event(3_000_000_007, 0, 100, exit.Id, exit.Record(100).ToBytes(false)).File;
        Assert.Equal([300_000_000_700], EventList.Of(file).Times);
    }

    [Fact]
    public void Threads_of_one_process_run_one_VM()
    {
        var builder = new NetTraceBuilder();
        foreach (string name in new[] { "kvm_entry", "kvm_exit" })
        {
            builder.Describe("kvm", Kernel[name]);
        }

        builder.Thread(11, 5, 11).Thread(12, 5, 12).Thread(21, 6, 21);
        ulong time = 0;
        foreach (int thread in new[] { 11, 12, 21 })
        {
            uint vcpu = thread == 12 ? 1U : 0;
            builder.Event(++time, thread, thread, Kernel["kvm_entry"].Id, Kernel["kvm_entry"].Record(thread).With("vcpu_id", vcpu).ToBytes(false));
            builder.Event(++time, thread, thread, Kernel["kvm_exit"].Id, Kernel["kvm_exit"].Record(thread).With("isa", 2).With("vcpu_id", vcpu).ToBytes(false));
        }

        Assert.Equal([(11, 0), (12, 0), (21, 1)], Recording.Of(builder.File).Summary.Streams.Select(stream => (stream.Thread!.Value.Value, stream.Machine)));
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(6, true)]
    [InlineData(6, false)]
    public void Dropped_events_put_the_whole_recording_in_doubt(int version, bool atTheEnd)
    {
        EventFormat exit = Kernel["kvm_exit"], entry = Kernel["kvm_entry"];
        NetTraceBuilder builder = new NetTraceBuilder { Version = version }.Describe("kvm", exit).Describe("kvm", entry).Thread(100, 50, 100);
        for (ulong time = 10; time < 50; time += 2)
        {
            builder.Event(time, 0, 100, entry.Id, entry.Record(100).ToBytes(false), skipped: !atTheEnd && time == 30 ? 7U : 0)
                .Event(time + 1, 0, 100, exit.Id, exit.Record(100).With("isa", 2).ToBytes(false));
        }

        Recording recording = Recording.Of((atTheEnd ? builder.SequencePoint(60, (0, 47)) : builder).File);
        Assert.Equal(["DIF0120"], recording.Notes);
        Assert.Equal(7UL, Assert.Single(recording.Summary.Losses).Events);
        Assert.All(recording.Records, record => Assert.NotEqual(RecordFlags.None, record.Flags & RecordFlags.LossInside));
    }

    [Fact]
    public void What_is_described_in_part_is_left_out_and_said()
    {
        byte[] traceDat = Stories.Vmmcall("6.12", right: true, new TraceDatBuilder());
        byte[] file = NetTraceBuilder.Like(traceDat, Kernel, new NetTraceBuilder { CutsDescriptions = true });
        Assert.DoesNotContain("DIF0362", Recording.Of(file).Notes);

        EventFormat insn = Kernel["kvm_emulate_insn"];
        file = Start(new NetTraceBuilder { CutsDescriptions = true }, "kvm_emulate_insn").Event(5, 0, 100, insn.Id, insn.Record(100).ToBytes(false)).File;
        Assert.Contains("DIF0362", Recording.Of(file).Notes);
    }

    [Fact]
    public void A_text_at_the_end_of_a_record_is_found_by_the_number_that_says_where()
    {
        EventFormat failed = Kernel["kvm_nested_vmenter_failed"];
        foreach (int version in new[] { 5, 6 })
        {
            byte[] file = Start(new NetTraceBuilder { Version = version }, failed.Name)
                .Event(5, 0, 100, failed.Id, failed.Record(100).With("msg", "nested_run").With("err", 3).ToBytes(false)).File;
            Assert.Contains("msg=\"nested_run\"", CommandLine.RunWith(file, "show", "-", "--events").Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Blocks_of_an_unknown_kind_are_passed_over()
    {
        EventFormat exit = Kernel["kvm_exit"];
        byte[] file = Start(new NetTraceBuilder(), "kvm_exit").Block(77, [1, 2, 3]).Event(5, 0, 100, exit.Id, exit.Record(100).ToBytes(false)).File;
        Assert.Single(EventList.Of(file).Events);
    }

    [Fact]
    public void A_recording_without_kvm_is_refused()
    {
        byte[] file = new NetTraceBuilder().Describe("sched", "sched_switch", 3, ("common_type", 8)).Thread(1, 1, 1).Event(1, 0, 1, 3, [3, 0]).File;
        Assert.Equal("DIF0361", Assert.Throws<CaptureFormatException>(() => EventList.Of(file)).Code);
    }

    [Fact]
    public void A_version_that_is_not_known_is_refused()
    {
        byte[] file = new NetTraceBuilder().EndEvents().File;
        file[12] = 7;
        CaptureFormatException refusal = Assert.Throws<CaptureFormatException>(() => EventList.Of(file));
        Assert.Equal(("DIF0108", 12L), (refusal.Code, refusal.FileOffset));
    }

    private static NetTraceBuilder Start(NetTraceBuilder builder, string tracepoint) => builder.Describe("kvm", Kernel[tracepoint]).Thread(100, 50, 100);
}
