using System.Text;
using Differ.Capture.Diagnostics;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.Ctf;

public sealed class CtfTests
{
    private const string Value = """
        event { name = "kvm_x86_value"; id = 3; stream_id = 0; fields := struct { uint32_t _value; }; };
        event { name = "kvm_x86_far"; id = 70; stream_id = 0; fields := struct { uint32_t _value; }; };

        """;

    [Theory]
    [InlineData("4.14")]
    [InlineData("5.4")]
    [InlineData("6.1")]
    [InlineData("6.12")]
    [InlineData("7.1")]
    public void A_recording_that_perf_converted_gives_the_records_of_the_original(string kernel)
    {
        byte[] original = Stories.Vmmcall(kernel, right: false, new TraceDatBuilder());
        Recording converted = CtfBuilder.Records(CtfStories.Perf(original, KernelLayouts.Of(kernel)));
        Recording expected = Recording.Of(original);
        Recording same = converted with { Summary = expected.Summary };
        Records.AssertSame(expected, same);
        Assert.Contains("DIF0380", converted.Notes);
    }

    [Fact]
    public void Bytes_of_instructions_that_perf_took_for_a_text_are_left_out_with_a_remark()
    {
        Recording converted = CtfBuilder.Records(CtfStories.Perf(Stories.Vmmcall("6.12", right: true, new TraceDatBuilder()), KernelLayouts.Of("6.12")));
        Assert.Contains("DIF0381", converted.Notes);
        Assert.False(converted.Header.Listed.Has(KvmEventKind.EmulateInstruction));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_recording_of_LTTng_has_the_exits_of_the_kernel_and_says_what_it_lacks(bool bigEndian, bool packetsOfText)
    {
        byte[] original = Stories.Vmmcall("5.4", right: false, new TraceDatBuilder());
        Recording expected = Recording.Of(original);
        Recording recorded = CtfBuilder.Records(CtfStories.Lttng(
            original, KernelLayouts.Of("5.4"), new CtfBuilder { BigEndian = bigEndian, PacketsOfText = packetsOfText }));
        Assert.Equal(
            expected.Records.Select(one => (one.Index, one.Level, one.Exit.Code, one.Exit.Rip, one.Exit.Info1)),
            recorded.Records.Select(one => (one.Index, one.Level, one.Exit.Code, one.Exit.Rip, one.Exit.Info1)));
        Assert.Equal(expected.Records.SelectMany(one => one.What), recorded.Records.SelectMany(one => one.What));
        Assert.Contains("DIF0386", recorded.Notes);
        Assert.DoesNotContain("DIF0382", recorded.Notes);
        Assert.Equal("CPU 0/KVM", Assert.Single(recorded.Summary.Streams).Name);
    }

    [Fact]
    public void A_name_for_arguments_that_the_kernel_no_longer_passes_is_not_believed()
    {
        // kvm_exit has intr_info, so the kernel passes kvm_entry a pointer, which the probe takes for a number.
        var builder = new CtfBuilder
        {
            Events = """
                event { name = "kvm_x86_entry"; id = 0; stream_id = 0; fields := struct { uint32_t _vcpu_id; }; };
                event { name = "kvm_x86_exit"; id = 1; stream_id = 0; fields := struct {
                    uint32_t _exit_reason; uint64_t _guest_rip; uint32_t _isa; uint64_t _info1; uint64_t _info2; uint32_t _intr_info; uint32_t _error_code; uint32_t _vcpu_id; }; };
                event { name = "kvm_x86_nested_vmexit"; id = 2; stream_id = 0; fields := struct {
                    uint64_t _rip; uint32_t _exit_code; uint64_t _exit_info1; uint64_t _exit_info2; uint32_t _exit_int_info; uint32_t _exit_int_info_err; uint32_t _isa; }; };
                event { name = "kvm_x86_cpuid"; id = 3; stream_id = 0; fields := struct { uint32_t _function; uint64_t _rax; uint64_t _rbx; uint64_t _rcx; uint64_t _rdx; }; };

                """,
        };
        builder.Packet("channel0_0", writer =>
        {
            for (ulong i = 0; i < 3; i++)
            {
                CtfStories.Compact(writer, 0, 100 + (i * 100), 7).Write(0x8812_3400, 32);
                CtfStories.Compact(writer, 1, 150 + (i * 100), 7).Write(0x78, 32).Write(0x1000, 64).Write(2, 32).Write(0, 64).Write(0, 64).Write(0, 32).Write(0, 32).Write(5, 32);
                CtfStories.Compact(writer, 2, 160 + (i * 100), 7).Write(0xffff_8881_8812_3400, 64).Write(2, 32).Write(1, 64).Write(2, 64).Write(3, 32).Write(4, 32).Write(5, 32);
            }
        });
        Recording recorded = CtfBuilder.Records(builder.Files);
        VcpuStream vcpu = Assert.Single(recorded.Summary.Streams);
        Assert.Equal(5u, vcpu.Vcpu!.Value.Value);
        Assert.Equal(3, recorded.Records.Count(one => (one.Flags & RecordFlags.NoExit) == 0));
        Assert.All(recorded.Records, one => Assert.Empty(one.What));
        Assert.Equal(3UL, recorded.Summary.Notes.Single(note => note.Code == "DIF0382").Count);
        Assert.Equal(1UL, recorded.Summary.Notes.Single(note => note.Code == "DIF0384").Count);
    }

    [Fact]
    public void Switches_of_threads_tell_who_ran_where_events_do_not()
    {
        var builder = new CtfBuilder
        {
            Start = CtfDescriptions.WithoutThread,
            Events = """
                event { name = "kvm_x86_entry"; id = 0; stream_id = 0; fields := struct { uint32_t _vcpu_id; }; };
                event { name = "sched_switch"; id = 1; stream_id = 0; fields := struct { integer { size = 32; signed = true; } _prev_tid; integer { size = 32; signed = true; } _next_tid; }; };
                event { name = "kvm_x86_exit"; id = 2; stream_id = 0; fields := struct {
                    uint32_t _exit_reason; uint64_t _guest_rip; uint32_t _isa; uint64_t _info1; uint64_t _info2; }; };

                """,
        };
        void Entry(BitWriter writer, ulong time) => writer.Align(8).Write(0, 5).Write(time, 27).Write(0, 32);
        void Switch(BitWriter writer, ulong time, ulong from, ulong to) => writer.Align(8).Write(1, 5).Write(time, 27).Write(from, 32).Write(to, 32);
        builder.Packet("channel0_0", writer =>
        {
            Entry(writer, 1);
            Switch(writer, 2, 5, 7);
            Entry(writer, 3);
            Switch(writer, 4, 7, 8);
            Entry(writer, 5);
        }).Packet("channel0_0", writer => Entry(writer, 9), begin: 8, end: 9, discarded: 4, sequence: 1);
        Recording recorded = CtfBuilder.Records(builder.Files);
        Assert.Equal([7, 8], recorded.Summary.Streams.Select(stream => stream.Thread!.Value.Value));
        Assert.Equal(2UL, recorded.Summary.Notes.Single(note => note.Code == "DIF0383").Count);
    }

    [Fact]
    public void The_short_clock_carries_and_the_long_one_sets_it()
    {
        ulong start = (5UL << 27) + 100;
        CtfBuilder builder = new CtfBuilder { Events = Value }.Packet("a", writer =>
        {
            CtfStories.Compact(writer, 3, 120, 7).Write(1, 32);
            CtfStories.Compact(writer, 3, 90, 7).Write(2, 32);
            writer.Align(8).Write(31, 5).Align(8).Write(70, 32).Write(1UL << 40, 64).Write(7, 32).Write(50, 32).Write(new byte[16]).Write(3, 32);
            CtfStories.Compact(writer, 3, 4, 7).Write(4, 32);
        }, begin: start);
        Assert.Equal([(5UL << 27) + 120, (6UL << 27) + 90, 1UL << 40, (1UL << 40) + 4], CtfBuilder.Collect(builder.Files).Events.Select(one => one.Time));
    }

    [Fact]
    public void Counters_of_lost_events_become_marks_around_their_packet()
    {
        void One(BitWriter writer, ulong time) => CtfStories.Compact(writer, 3, time, 7).Write(1, 32);
        CtfBuilder builder = new CtfBuilder { Events = Value }
            .Packet("a", writer => One(writer, 10), begin: 5, end: 15, discarded: 0, sequence: 0)
            .Packet("a", writer => One(writer, 20), begin: 15, end: 25, discarded: 7, sequence: 1)
            .Packet("a", writer => One(writer, 30), begin: 25, end: 35, discarded: 7, sequence: 4)
            .Packet("a", _ => { }, begin: 35, end: 40, discarded: 9, sequence: 5);
        Assert.Equal(["10", "0:7(10-25)", "20", "0:0(20-25)", "30", "0:2(30-40)"], CtfBuilder.Collect(builder.Files).Order);
    }

    [Fact]
    public void Files_that_follow_each_other_are_one_stream()
    {
        void One(BitWriter writer, ulong time) => CtfStories.Compact(writer, 3, time, 7).Write(1, 32);
        CtfBuilder builder = new CtfBuilder { Events = Value }
            .Packet("c_0_1", writer => One(writer, 20), begin: 15, end: 25, discarded: 7, sequence: 1)
            .Packet("c_0_0", writer => One(writer, 10), begin: 5, end: 15, discarded: 7, sequence: 0)
            .Packet("c_1_0", writer => One(writer, 12), cpu: 1, begin: 5, end: 15);
        Assert.Equal(["0:7(0-15)", "10", "12", "20"], CtfBuilder.Collect(builder.Files).Order);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_kind_of_field_is_read(bool bigEndian)
    {
        CtfBuilder builder = new CtfBuilder
        {
            BigEndian = bigEndian,
            Events = """
                typedef enum : integer { size = 3; signed = true; } { NONE = -1, "small" = 0 ... 1, large } kind_t;
                struct pair { uint8_t a; uint16_t b; };
                event { name = "kvm_x86_all"; id = 3; stream_id = 0; fields := struct {
                    integer { size = 3; } three; integer { size = 7; signed = true; } seven; integer { size = 11; } eleven;
                    kind_t kind;
                    uint8_t len; uint16_t data[len]; string text; uint8_t two[2][3];
                    variant <kind> { struct pair small; string large; uint8_t NONE; } choice;
                    struct pair pairs[2];
                    struct { uint8_t x; } inner;
                    floating_point { exp_dig = 8; mant_dig = 24; } f;
                    uint8_t raw[stream.event.context._pid];
                    integer { size = 32; byte_order = be; } last;
                }; };

                """,
        };
        void All(BitWriter writer, ulong kind, Action<BitWriter> choice)
        {
            CtfStories.Compact(writer, 3, 1, 7).Write(5, 3).Write(0x7f, 7).Write(0x555, 11).Write(kind, 3).Align(8).Write(2, 8).Write(0x0102, 16).Write(0x0304, 16)
                .Write([.. "abc\0"u8]).Write([1, 2, 3, 4, 5, 6]);
            choice(writer);
            writer.Write(1, 8).Write(2, 16).Write(3, 8).Write(4, 16).Write(9, 8).Write(0x3fc0_0000, 32).Write(new byte[50]).Write(bigEndian ? 0x0a0b_0c0dUL : 0x0d0c_0b0a, 32);
        }

        builder.Packet("a", writer =>
        {
            All(writer, 7, choice => choice.Write(1, 8));
            All(writer, 1, choice => choice.Write(1, 8).Write(2, 16));
            All(writer, 2, choice => choice.Write([.. "xyz\0"u8]));
        });
        string[] lines = CtfBuilder.Dump(builder.Files).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        string[] kinds = ["-1", "1", "2"];
        for (int i = 0; i < 3; i++)
        {
            Assert.Contains($"three=0x5 seven=-1 eleven=0x555 kind={kinds[i]} len=0x2 data=02010403 text=\"abc\"", lines[i], StringComparison.Ordinal);
            Assert.Contains("inner.x=0x9 f=0x3fc00000", lines[i], StringComparison.Ordinal);
            Assert.Contains("last=0xa0b0c0d", lines[i], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_value_of_an_access_to_memory_is_a_number_however_many_bytes_it_has()
    {
        CtfBuilder builder = new CtfBuilder
        {
            Events = "event { name = \"kvm_mmio\"; id = 3; stream_id = 0; fields := struct { uint32_t _type; uint32_t _len; uint64_t _gpa; uint32_t __val_length; uint8_t _val[ __val_length ]; }; };",
        }.Packet("a", writer =>
        {
            CtfStories.Compact(writer, 3, 1, 7).Write(2, 32).Write(4, 32).Write(0xfee0_0000, 64).Write(4, 32).Write([0x78, 0x56, 0x34, 0x12]);
            CtfStories.Compact(writer, 3, 2, 7).Write(0, 32).Write(4, 32).Write(0xfee0_0000, 64).Write(0, 32);
        });
        string dump = CtfBuilder.Dump(builder.Files);
        Assert.Contains("_val_length=0x4 val=0x12345678 ", dump, StringComparison.Ordinal);
        Assert.Contains("_val_length=0x0 val=0x0 ", dump, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_no_streams_are_left_out_with_a_remark()
    {
        CtfBuilder builder = new CtfBuilder { Events = Value }.Bytes("README", [.. "hello"u8]).Bytes("empty").Packet("a", writer => CtfStories.Compact(writer, 3, 1, 7).Write(1, 32));
        Assert.Equal(1UL, CtfBuilder.Records(builder.Files).Summary.Notes.Single(note => note.Code == "DIF0385").Count);
    }

    [Fact]
    public void A_folder_is_opened_by_its_name_or_that_of_its_metadata()
    {
        using var scratch = new Scratch();
        string kernel = Directory.CreateDirectory(scratch["session/kernel"]).FullName;
        foreach ((string name, byte[] bytes) in CtfStories.Lttng(Stories.Vmmcall("5.4", right: false, new TraceDatBuilder()), KernelLayouts.Of("5.4")))
        {
            File.WriteAllBytes(Path.Combine(kernel, name), bytes);
        }

        string[] outputs = [.. ((string[])[scratch["session"], kernel, Path.Combine(kernel, "metadata")]).Select(path => CommandLine.Run("show", "--counts", path).Output)];
        Assert.Contains("kvm_exit", outputs[0], StringComparison.Ordinal);
        Assert.Single(outputs.Distinct());
        CommandResult piped = CommandLine.RunWith(File.ReadAllBytes(Path.Combine(kernel, "metadata")), "check", "-");
        Assert.Equal(2, piped.Status);
        Assert.Contains("DIF0370", piped.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_in_an_archive_is_read_as_one_on_disk()
    {
        Dictionary<string, byte[]> files = CtfStories.Lttng(Stories.Vmmcall("5.4", right: false, new TraceDatBuilder()), KernelLayouts.Of("5.4"));
        byte[] archive = TarBuilder.Of([.. files.Select(file => ($"session/kernel/{file.Key}", file.Value)), ("session/metadata.txt", [1, 2, 3])]);
        Assert.Equal(CtfBuilder.Dump(files), CommandLine.RunWith(archive, "show", "--events", "-").Output);
    }

    [Fact]
    public void The_second_version_of_CTF_is_refused_with_the_cure()
    {
        CaptureFormatException refusal = CtfBuilder.Refusal(new Dictionary<string, byte[]> { ["metadata"] = Encoding.UTF8.GetBytes("\u001e{\"type\":\"preamble\",\"version\":2}\n") });
        Assert.Equal("DIF0371", refusal.Code);
        Assert.Contains("ctf-version", refusal.Message, StringComparison.Ordinal);
    }
}
