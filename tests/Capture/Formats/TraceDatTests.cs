using Differ.Capture.Diagnostics;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats;

public sealed class TraceDatTests
{
    public static TheoryData<int, string, bool, int, int> Variants()
    {
        var variants = new TheoryData<int, string, bool, int, int>();
        foreach ((int version, string compression) in new[] { (6, "none"), (7, "none"), (7, "zlib"), (7, "zstd") })
        {
            foreach (bool bigEndian in new[] { false, true })
            {
                foreach ((int longSize, int pageSize) in new[] { (8, 4096), (4, 4096), (8, 1024), (8, 65536) })
                {
                    variants.Add(version, compression, bigEndian, longSize, pageSize);
                }
            }
        }

        return variants;
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void The_same_events_come_out_of_every_variant(int version, string compression, bool bigEndian, int longSize, int pageSize)
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder
        {
            Version = version,
            Compression = compression,
            BigEndian = bigEndian,
            LongSize = longSize,
            PageSize = pageSize,
        });
        for (uint i = 0; i < 3000; i++)
        {
            builder.Cpu(i % 3 == 0 ? 0 : 2).Event(1000 + i, Mark.Of(i, thread: 40));
        }

        EventList list = EventList.Of(builder.File);
        Assert.Equal(Enumerable.Range(0, 3000).Select(i => (1000UL + (uint)i, i % 3 == 0 ? 0 : 2, (uint)i, 40)),
            list.Events.Select(one => (one.Time, one.Cpu, Mark.ValueOf(one, bigEndian), one.Thread)));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void The_same_verdict_comes_out_of_every_variant(int version, string compression, bool bigEndian, int longSize, int pageSize)
    {
        byte[] file = Stories.Vmmcall("6.12", right: false, new TraceDatBuilder
        {
            Version = version,
            Compression = compression,
            BigEndian = bigEndian,
            LongSize = longSize,
            PageSize = pageSize,
        });
        CommandResult result = CommandLine.RunWith(file, "check", "-");
        Assert.Equal(1, result.Status);
        Assert.Contains("1. SVM-15.18-VMMCALL-UNINT-UD", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void Options_tell_of_the_recording(int version)
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder { Version = version }).Uname("6.9.1-test").Clock("mono")
            .Thread(40, "CPU 0/KVM").Option(99, [1, 2, 3]);
        byte[] file = builder.Cpu(0).Event(1, Mark.Of(1, thread: 40)).File;
        RunHeader header = Recording.Of(file).Header;
        Assert.Equal(($"trace.dat v{version}", "host", "6.9.1-test", "mono", ClockUnit.Nanoseconds),
            (header.Format, header.HostName, header.KernelRelease, header.Clock, header.ClockUnit));
        CommandResult shown = CommandLine.RunWith(file, "show", "-", "--events");
        Assert.Equal("0.000000001 [000] CPU 0/KVM-40 test_mark: value=0x1\n", shown.Output);
    }

    [Fact]
    public void Texts_of_the_file_do_not_reach_the_terminal_as_they_are()
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder()).Uname("6\u001b[2J").Thread(40, "a\u0007b");
        byte[] file = builder.Cpu(0).Event(1, Mark.Of(1, thread: 40)).File;
        Assert.Equal("6\\u001b[2J", Recording.Of(file).Header.KernelRelease);
        Assert.Contains(" a\\u0007b-40 ", CommandLine.RunWith(file, "show", "-", "--events").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none", false)]
    [InlineData("zlib", false)]
    [InlineData("zstd", true)]
    public void Options_may_be_spread_over_sections_and_packed(string compression, bool packed)
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder
        {
            Compression = compression,
            PacksOptions = packed,
            OptionsPerSection = packed ? int.MaxValue : 1,
        }).Uname("6.9.1-test");
        byte[] file = builder.Cpu(0).Event(1, Mark.Of(1)).File;
        Assert.Equal("6.9.1-test", Recording.Of(file).Header.KernelRelease);
        Assert.Single(EventList.Of(file).Events);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void Instances_are_merged_with_the_top_buffer(int version)
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder { Version = version });
        builder.Cpu(0).Event(10, Mark.Of(0)).Event(30, Mark.Of(2));
        builder.Instance("kvm").Cpu(1).Event(20, Mark.Of(1)).Event(40, Mark.Of(3));
        Assert.Equal([(10UL, 0, 0), (20UL, 1, 1), (30UL, 0, 0), (40UL, 1, 1)],
            EventList.Of(builder.File).Events.Select(one => (one.Time, one.Cpu, one.Instance)));
    }

    [Fact]
    public void An_instance_has_sub_buffers_of_its_own_size()
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder());
        CpuBuilder instance = builder.Instance("large", pageSize: 16384).Cpu(0);
        for (uint i = 0; i < 5000; i++)
        {
            builder.Cpu(0).Event(i * 2, Mark.Of(i * 2));
            instance.Event((i * 2) + 1, Mark.Of((i * 2) + 1));
        }

        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => (uint)i), EventList.Of(builder.File).Events.Select(one => Mark.ValueOf(one)));
    }

    [Fact]
    public void A_capture_without_events_is_read()
    {
        EventList list = EventList.Of(Mark.Describe(new TraceDatBuilder()).File);
        Assert.Empty(list.Events);
    }

    [Fact]
    public void Common_fields_may_stand_elsewhere()
    {
        // As real-time kernels do it.
        const string Text = """
            name: test_mark
            ID: 77
            format:
            	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
            	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
            	field:int common_lock_depth;	offset:4;	size:4;	signed:1;
            	field:int common_pid;	offset:8;	size:4;	signed:1;

            	field:u32 value;	offset:12;	size:4;	signed:0;

            print fmt: "%u", REC->value
            """;
        byte[] file = new TraceDatBuilder().Describe("test", Text).Cpu(0).Event(1, [77, 0, 0, 0, 9, 9, 9, 9, 42, 0, 0, 0, 5, 0, 0, 0]).File;
        KeptEvent one = Assert.Single(EventList.Of(file).Events);
        Assert.Equal(("test_mark", 42), (one.Name, one.Thread));
    }

    [Fact]
    public void A_guest_option_tells_which_threads_are_one_VM()
    {
        var layouts = KernelLayouts.Of("6.12");
        TraceDatBuilder builder = KvmStory.Capture(layouts).Guest("first", 11, 12).Guest("second", 21);
        foreach ((int thread, uint vcpu) in new[] { (21, 0U), (12, 1U), (11, 0U) })
        {
            new KvmStory(builder.Top, layouts, thread, vcpu) { Cpu = thread }.Entry(1).Exit(0x78, 1).Entry(2);
        }

        RunSummary summary = Recording.Of(builder.File).Summary;
        Assert.Equal(2, summary.Machines);
        Assert.Equal([(11, 0), (12, 0), (21, 1)], summary.Streams.Select(stream => (stream.Thread!.Value.Value, stream.Machine)).Order());
    }

    [Fact]
    public void A_packed_block_that_is_cut_says_so()
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder { Compression = "zstd" });
        byte[] file = builder.Cpu(0).Event(1, Mark.Of(1)).File;
        Assert.Equal("DIF0101", Assert.Throws<CaptureFormatException>(() => EventList.Of(file[..^200])).Code);
    }
}
