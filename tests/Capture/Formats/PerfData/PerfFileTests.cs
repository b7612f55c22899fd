using Differ.Capture;
using Differ.Capture.Diagnostics;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.PerfData;

public sealed class PerfFileTests
{
    private static readonly PerfEvent Exit = new(PerfTracepoint.Exit, 50);
    private static readonly PerfEvent Entry = new(PerfTracepoint.Entry, 51);

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void File_and_pipe_of_either_byte_order_give_the_same_events(bool bigEndian, bool pipe)
    {
        CollectingSink seen = CollectingSink.Read(new PerfDataBuilder { BigEndian = bigEndian, Pipe = pipe }
            .Event(Exit).Event(Entry).Feature(3, "host").Feature(4, "6.1.0-test").Feature(9, "AuthenticAMD,23,49,0")
            .Exit(Exit, 1000, cpu: 3, thread: 7).Entry(Entry, 2000, cpu: 3, thread: 7, rip: 0x1234).File);
        Assert.Equal(
            [("kvm_exit", 1000UL, 3, 7, 0), ("kvm_entry", 2000UL, 3, 7, 0)],
            seen.Events.Select(one => (one.Name, one.Time, one.Cpu, one.Thread, one.Instance)));
        Assert.Contains(bigEndian ? "0000000000001234" : "3412000000000000", seen.Events[1].Payload, StringComparison.Ordinal);
        Assert.Equal(
            (pipe ? "perf.data (pipe)" : "perf.data", "6.1.0-test", "host", "perf", ClockUnit.Nanoseconds),
            (seen.Header.Format, seen.Header.KernelRelease, seen.Header.HostName, seen.Header.Clock, seen.Header.ClockUnit));
        Assert.Empty(seen.Notes);
    }

    [Fact]
    public void A_stream_that_cannot_be_sought_in_is_read_like_a_file()
    {
        byte[] file = new PerfDataBuilder { Pipe = true }.Event(Exit).Event(Entry).Entry(Entry, 1).Exit(Exit, 2).Entry(Entry, 3).File;
        CommandResult result = CommandLine.RunWith(file, "show", "--counts", "-");
        Assert.Equal((0, "kvm_entry\t2\nkvm_exit\t1\n"), (result.Status, result.Output));
    }

    [Theory]
    [InlineData(1, "mono")]
    [InlineData(4, "mono_raw")]
    [InlineData(7, "boot")]
    [InlineData(11, "tai")]
    [InlineData(0, "realtime")]
    [InlineData(42, "clockid 42")]
    public void The_clock_is_that_of_the_attribute(int id, string name) => Assert.Equal(
        name, CollectingSink.Read(new PerfDataBuilder().Event(Exit with { Flags = [18, 25], ClockId = id }).Exit(Exit, 1).File).Header.Clock);

    [Fact]
    public void The_clock_is_that_of_CLOCK_DATA_where_the_attribute_is_too_short_to_say()
    {
        var builder = new PerfDataBuilder();
        byte[] clock = [.. builder.U32(1), .. builder.U32(7), .. builder.U64(5), .. builder.U64(6)];
        Assert.Equal("boot", CollectingSink.Read(builder.Event(Exit with { Size = 64, Flags = [18, 25] }).Feature(29, clock).Exit(Exit, 1).File).Header.Clock);
    }

    [Fact]
    public void Only_what_was_recorded_counts_as_described()
    {
        PerfEvent counted = Entry with { Period = 0 };
        using CaptureSession session = CaptureSession.Open(new MemoryStream(new PerfDataBuilder().Event(Exit).Event(counted).Exit(Exit, 1).File));
        Assert.True(session.Header.ListIsSelective);
        Assert.Equal(TracepointSet.Exit, session.Header.Listed);
    }

    [Fact]
    public void Unknown_records_and_data_that_follows_a_record_are_passed_over_by_their_size()
    {
        var builder = new PerfDataBuilder();
        builder.Event(Exit).Record(4000, 1, 2, 3, 4, 5, 6, 7, 8).Exit(Exit, 1)
            .Record(71, [.. builder.U64(24), .. new byte[32]]).Bytes([.. Enumerable.Repeat((byte)9, 24)]).Exit(Exit, 2);
        Assert.Equal([1UL, 2UL], CollectingSink.Read(builder.File).Events.Select(one => one.Time));
    }

    [Fact]
    public void Data_that_follows_a_record_may_be_longer_than_what_is_read_at_once()
    {
        const int Long = 1 << 20;
        var builder = new PerfDataBuilder();
        builder.Event(Exit).Exit(Exit, 1).Record(71, [.. builder.U64(Long), .. new byte[32]]).Bytes(new byte[Long]).Exit(Exit, 2);
        Assert.Equal([1UL, 2UL], CollectingSink.Read(builder.File).Events.Select(one => one.Time));
    }

    [Fact]
    public void Records_go_on_where_a_piece_that_is_read_at_once_ends()
    {
        var builder = new PerfDataBuilder();
        builder.Event(Exit);
        for (ulong i = 1; i <= 5000; i++)
        {
            builder.Record(4000, new byte[(int)(i % 7)]).Exit(Exit, i);
        }

        Assert.Equal(Enumerable.Range(1, 5000).Select(i => (ulong)i), CollectingSink.Read(builder.File).Events.Select(one => one.Time));
    }

    [Fact]
    public void Threads_have_the_name_they_gave_themselves_or_that_of_the_one_that_started_them()
    {
        CollectingSink seen = CollectingSink.Read(
            new PerfDataBuilder().Event(Exit).Fork(8, 7).Fork(9, 8).Comm(9, "CPU 0/KVM").Comm(7, "qemu").Exit(Exit, 1).File);
        Assert.Equal(("qemu", "qemu", "CPU 0/KVM"), (seen.ThreadNames[7], seen.ThreadNames[8], seen.ThreadNames[9]));
    }

    [Fact]
    public void A_VM_is_a_process()
    {
        PerfDataBuilder builder = new PerfDataBuilder().Event(Exit).Event(Entry);
        foreach ((int process, int thread) in ((int, int)[])[(30, 31), (20, 21), (30, 32)])
        {
            byte[] raw = PerfTracepoint.Entry.Record(false, thread, ("vcpu_id", thread == 32 ? 1UL : 0), ("rip", 0x1000));
            builder.Sample(Entry, (ulong)thread, 0, process, raw);
        }

        using CaptureSession session = CaptureSession.Open(new MemoryStream(builder.File));
        RunSummary summary = session.ReadExits(new NoExits());
        Assert.Equal([(21, 0), (31, 1), (32, 1)], summary.Streams.Select(stream => (stream.Thread!.Value.Value, stream.Machine)));
    }

    [Fact]
    public void One_file_of_a_recording_in_several_is_refused_with_the_cure() =>
        Refuses("DIF0310", "without --threads", new PerfDataBuilder().Event(Exit).Feature(24, new byte[8]).Exit(Exit, 1));

    [Fact]
    public void The_folder_of_a_recording_in_several_files_is_refused_with_the_cure()
    {
        string folder = Directory.CreateTempSubdirectory("differ").FullName;
        try
        {
            File.WriteAllBytes(Path.Combine(folder, "data"), new PerfDataBuilder().Event(Exit).Feature(24, new byte[8]).Exit(Exit, 1).File);
            CommandResult result = CommandLine.Run("check", folder);
            Assert.Equal(2, result.Status);
            Assert.Contains("DIF0310", result.Errors, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_folder_stands_for_the_capture_in_it()
    {
        string folder = Directory.CreateTempSubdirectory("differ").FullName;
        try
        {
            File.WriteAllBytes(Path.Combine(folder, "perf.data"), new PerfDataBuilder().Event(Exit).Exit(Exit, 1).File);
            Assert.Equal("kvm_exit\t1\n", CommandLine.Run("show", "--counts", folder).Output);
            File.Delete(Path.Combine(folder, "perf.data"));
            CommandResult result = CommandLine.Run("show", "--counts", folder);
            Assert.Equal(2, result.Status);
            Assert.Contains("folder without a capture", result.Errors, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_recording_without_formats_is_refused() =>
        Refuses("DIF0311", "perf record -e 'kvm:*'", new PerfDataBuilder { Described = false }.Event(Exit).Exit(Exit, 1));

    [Fact]
    public void A_recording_without_tracepoints_is_refused() =>
        Refuses("DIF0311", "perf record -e 'kvm:*'", new PerfDataBuilder().Event(Exit with { Type = 1 }).Exit(Exit, 1));

    [Theory]
    [InlineData(1, true)]
    [InlineData(100, false)]
    public void A_recording_of_some_of_the_events_is_refused(int period, bool frequency) =>
        Refuses("DIF0312", "without -c and -F", new PerfDataBuilder().Event(Exit with { Period = (ulong)period, Flags = frequency ? [10, 18] : [18] }).Exit(Exit, 1));

    [Theory]
    [InlineData(PerfEvent.Raw, "perf record -R")]
    [InlineData(PerfEvent.Time, "perf record -T")]
    public void A_recording_that_lacks_what_is_needed_is_refused(ulong missing, string cure) =>
        Refuses("DIF0313", cure, new PerfDataBuilder().Event(Exit with { SampleType = PerfEvent.Usual & ~missing }).Exit(Exit, 1));

    [Fact]
    public void A_file_that_perf_did_not_finish_is_refused() =>
        Refuses("DIF0315", "Ctrl-C", new PerfDataBuilder { ClaimedDataSize = 0 }.Event(Exit).Exit(Exit, 1));

    private static void Refuses(string code, string cure, PerfDataBuilder builder)
    {
        CaptureFormatException refusal = Assert.Throws<CaptureFormatException>(() => CollectingSink.Read(builder.File));
        Assert.Equal(code, refusal.Code);
        Assert.Contains(cure, refusal.Message, StringComparison.Ordinal);
    }

    private sealed class NoExits : IExitSink
    {
        public void Take(in ExitRecord record)
        {
            // Only the summary is looked at.
        }
    }
}
