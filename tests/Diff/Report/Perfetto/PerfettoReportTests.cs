using Differ.Diff.Report;
using Differ.Diff.Report.Perfetto;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Diff.Report.Perfetto.Protos;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Report.Perfetto;

/// <summary>The trace for Perfetto, read back with the published numbers of its format.</summary>
public sealed class PerfettoReportTests
{
    private const ulong Vmrun = 0x80, Cpuid = 0x72, Npf = 0x400;

    public static TheoryData<string> Fixtures => [.. Fixture.Names];

    [Fact]
    public void A_result_that_has_everything_is_written_as_stored() =>
        Golden.Matches("Diff/Report/Perfetto/everything.txt", new DecodedTrace(SampleExits.Write(new PerfettoReport(), SampleResult.Full)).Text());

    [Fact]
    public void A_result_that_has_nothing_is_written_as_stored() =>
        Golden.Matches("Diff/Report/Perfetto/nothing.txt", new DecodedTrace(SampleExits.Write(new PerfettoReport(), SampleResult.Empty)).Text());

    [Fact]
    public void The_same_run_gives_the_same_bytes() =>
        Assert.Equal(SampleExits.Write(new PerfettoReport(), SampleResult.Full), SampleExits.Write(new PerfettoReport(), SampleResult.Full));

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Slices_of_a_real_recording_are_nested_and_end(string fixture)
    {
        using var scratch = new Scratch();
        string path = scratch["out.pftrace"];
        CommandLine.Run("check", Fixture.Capture(fixture), "--report", $"perfetto={path}");
        var trace = new DecodedTrace(File.ReadAllBytes(path));
        Assert.False(trace.HasUnknownFields);
        Assert.All(trace.Events, one => Assert.Contains(one.Track, trace.Tracks));
        Assert.All(trace.Tracks.Values, track => Assert.True(track.ParentUuid == 0 || trace.Tracks.ContainsKey(track.ParentUuid)));
        foreach (IGrouping<ulong, DecodedEvent> track in trace.Events.GroupBy(one => one.Track))
        {
            AssertNested(track);
        }

        // An arrow has a start on a vCPU and an end on a class, and the start comes first.
        Assert.Equal(
            trace.Events.SelectMany(one => one.Flows.Select(flow => (flow, one.Time))).Order(),
            trace.Events.SelectMany(one => one.Ends.Select(flow => (flow, one.Time))).Order());
    }

    [Fact]
    public void L2_is_in_L1_is_in_L0_and_exits_are_in_the_guest_that_exits()
    {
        Story story = new Story()
            .Add(100, Cpuid, 110, GuestLevel.L1)
            .Add(200, Vmrun, 210, GuestLevel.L1, exit => exit.With(KvmEventKind.NestedVmenter, 0x1000, 0x7000, 0x2000))
            .Add(300, Npf, 310, GuestLevel.L2)
            .Add(400, Cpuid, 410, GuestLevel.L2, exit => exit.With(KvmEventKind.NestedVmexitInject, Cpuid, 0, 0, 0, 0))
            .Add(500, Cpuid, 510, GuestLevel.L1)
            .Add(600, Vmrun, 610, GuestLevel.L1)
            .Add(700, Npf, 710, GuestLevel.L2);
        DecodedTrace trace = story.Trace();
        Assert.Equal(
            """
            100 L0
            100   L1
            100     CPUID
            200     VMRUN
            210     L2
            300       NPF
            400       CPUID
            410     L1 handles CPUID
            500       CPUID
            600       VMRUN
            610     L2
            700       NPF

            """, trace.Outline("vCPU 0"));
        Assert.Equal("0x7000", trace.Events.First(one => one.Name == "L2")["vmcb12"]);
        Assert.Equal("CPUID", trace.Events.First(one => one.Time == 400)["shown to L1"]);
    }

    [Fact]
    public void The_VMM_is_in_the_exit_it_was_asked_about()
    {
        DecodedTrace trace = new Story().Add(100, SvmExitCode.Ioio.Value, 200, GuestLevel.L1, exit => exit
            .With(KvmEventKind.UserspaceExit, 2, 0).With(KvmEventKind.KvmRun, 0).With(KvmEventKind.KvmRun, 1)).Trace();
        Assert.Equal("100 L0\n100   L1\n100     IOIO\n101       VMM\n", trace.Outline("vCPU 0"));
        Assert.Equal([103UL, 200, 200, 200], trace.OfVcpu("vCPU 0").Where(one => one.Type == TrackEvent.Types.Type.SliceEnd).Select(one => one.Time));
    }

    [Fact]
    public void Nothing_is_open_where_events_were_lost()
    {
        DecodedTrace trace = new Story()
            .Add(100, Npf, 110, GuestLevel.L2)
            .Add(300, Npf, 310, GuestLevel.L2, exit => exit.Flags = RecordFlags.LossBefore)
            .Add(400, Npf, 410, GuestLevel.L2, exit => exit.Flags = RecordFlags.LossInside).Trace();
        Assert.Equal(
            """
            100 L0
            100   L1
            100     L2
            100       NPF
            110 events lost
            300 L0
            300   L1
            300     L2
            300       NPF
            400       NPF
            400         events lost

            """, trace.Outline("vCPU 0"));
    }

    [Fact]
    public void A_guest_that_cannot_be_told_is_neither_L1_nor_L2()
    {
        DecodedTrace trace = new Story().Add(100, Npf, 110, GuestLevel.L2).Add(200, Npf, 210, GuestLevel.Unknown).Add(300, Npf, 310, GuestLevel.L1).Trace();
        Assert.Equal(
            "100 L0\n100   L1\n100     L2\n100       NPF\n110   L1 or L2\n200     NPF\n210   L1\n300     NPF\n", trace.Outline("vCPU 0"));
    }

    [Fact]
    public void A_clock_that_goes_back_does_not()
    {
        DecodedTrace trace = new Story().Add(100, Npf, 150, GuestLevel.L1).Add(120, Npf, 130, GuestLevel.L1).Add(160, Npf, 170, GuestLevel.L1).Trace();
        AssertNested(trace.OfVcpu("vCPU 0"));
        Assert.Equal("100 L0\n100   L1\n100     NPF\n150     NPF\n160     NPF\n", trace.Outline("vCPU 0"));
    }

    // What is recorded is so in any case; what it means is told by the name of the track, which comes last.
    [Fact]
    public void The_track_of_a_class_tells_what_became_of_it()
    {
        DiffResult full = SampleResult.Full;
        string Name(DiffResult end) => new DecodedTrace(SampleExits.Write(new PerfettoReport(), full, end)).Tracks.Values
            .Select(track => track.Name).First(name => name.Contains("abcdef012345", StringComparison.Ordinal));
        Assert.Equal("SVM-15.5-SAMPLE abcdef012345: diverges at 1000 exits", Name(full));
        Assert.Equal("SVM-15.5-SAMPLE abcdef012345: accepted", Name(full with { Divergences = [], Accepted = [full.Divergences[0] with { Known = "we know" }] }));
        Assert.Equal("SVM-15.5-SAMPLE abcdef012345: likely diverges at 1000 exits", Name(full with { Divergences = [], Likely = [full.Divergences[0] with { IsLikely = true }] }));
        Assert.Equal("SVM-15.5-SAMPLE abcdef012345: withdrawn, a tracepoint it rests on was perhaps not recorded", Name(full with { Divergences = [] }));
    }

    [Theory]
    [InlineData("mono", BuiltinClock.Monotonic)]
    [InlineData("mono_raw", BuiltinClock.MonotonicRaw)]
    [InlineData("boot", BuiltinClock.Boottime)]
    [InlineData("x86-tsc", BuiltinClock.Boottime)]
    [InlineData("", BuiltinClock.Boottime)]
    internal void The_clock_is_the_recorders_where_Perfetto_knows_it(string clock, BuiltinClock expected) =>
        Assert.Equal([expected], new Story { Header = new RunHeader { Clock = clock } }.Add(1, Npf, 2, GuestLevel.L1).Trace().Clocks);

    [Fact]
    public void Two_vCPUs_with_one_thread_id_get_tracks_of_their_own()
    {
        Story story = new Story().Add(1, Npf, 2, GuestLevel.L1).Add(3, Npf, 4, GuestLevel.L1, exit => exit.Stream = 1);
        story.Streams = [new(new StreamId(0), new VcpuId(0), new ThreadId(77), "", 0, 1), new(new StreamId(1), new VcpuId(1), new ThreadId(77), "", 0, 1)];
        Assert.Distinct(story.Trace().Tracks.Values.Where(track => track.Thread is not null).Select(track => track.Thread.Tid));
    }

    [Fact]
    public void Every_kind_of_event_is_an_argument_or_silent()
    {
        // kvm_nested_vmexit repeats the exit, intercepts, states and leaves of CPUID are too many to read in a slice, and the VMM has a slice of its own.
        KvmEventKind[] silent = [KvmEventKind.NestedVmexit, KvmEventKind.NestedIntercepts, KvmEventKind.UserspaceExit, KvmEventKind.KvmRun, KvmEventKind.StateValue, KvmEventKind.GuestRead, KvmEventKind.GuestCpuid];
        Assert.Equal(
            Enum.GetValues<KvmEventKind>().Where(kind => kind != KvmEventKind.None).Order(),
            ActTable.All.Select(row => row.Kind).Concat(silent).Distinct().Order());
        Assert.All(ActTable.All, row => Assert.InRange(row.Slot, 0, EventSchemas.Of(row.Kind).Slots.Count - 1));
        Assert.All(ActTable.All, row => Assert.Equal(row.Form == ActForm.Words, row.Words is not null));
    }

    [Fact]
    public void An_act_that_comes_again_is_numbered_and_many_are_counted()
    {
        DecodedTrace trace = new Story().Add(100, Cpuid, 900, GuestLevel.L1, exit =>
        {
            for (ulong i = 0; i < 20; i++)
            {
                exit.With(KvmEventKind.Eoi, 0, 0x30 + i);
            }
        }).Trace();
        DecodedEvent one = trace.Events.Single(one => one.Name == "CPUID");
        Assert.Equal(["0x30", "0x31", "0x37", null, "12"], new[] { "EOI", "EOI 2", "EOI 8", "EOI 9", "further acts" }.Select(name => one[name]));
    }

    [Fact]
    public void Texts_without_a_number_are_written_out()
    {
        var texts = new TraceTexts();
        for (int i = 0; i < TraceTexts.Most; i++)
        {
            Assert.Equal(i + 1, texts.Of($"{i}").Number);
        }

        Assert.Equal(new TraceText(0, "one more"), texts.Of("one more"));
        Assert.Equal(1, texts.Of("0").Number);
    }

    [Theory]
    [InlineData(0x7b, 0x3f8_0011, "IN, port 0x3f8, 1 byte")]
    [InlineData(0x7b, 0x60_004c, "REP OUTS, port 0x60, 4 bytes")]
    [InlineData(0x7c, 1, "WRMSR")]
    [InlineData(0x4e, 0x2, "write, supervisor, page not present")]
    [InlineData(0x400, 0x1_0000_0015, "the guest's own access: fetch, user, page present")]
    [InlineData(0x400, 0x2_0000_0006, "a guest page table: write, user, page not present")]
    [InlineData(0x10, 0x8000_0000_0000_0003, "MOV, general register 3")]
    [InlineData(0x10, 0, "not by MOV, or without decode assists")]
    [InlineData(0x402, 0x1_0000_00b0, "write of APIC register 0xb0")]
    public void EXITINFO1_is_told_in_words(ulong code, ulong info, string words)
    {
        var exit = new SvmExitCode(code);
        Assert.Equal(words, ExitInfoWords.Of(exit, ExitInfoWords.Relevant(exit, info)!.Value));
    }

    [Fact]
    public void EXITINFO1_without_a_layout_has_no_words() => Assert.Null(ExitInfoWords.Relevant(SvmExitCode.Hlt, 1));

    private static void AssertNested(IEnumerable<DecodedEvent> track)
    {
        ulong time = 0;
        int depth = 0;
        foreach (DecodedEvent one in track)
        {
            // Instants of a class come from several vCPUs, and only those of one are in order.
            if (one.Type != TrackEvent.Types.Type.Instant)
            {
                Assert.True(one.Time >= time, $"{one.Name} at {one.Time} is before {time}");
                time = one.Time;
            }

            depth += one.Type switch { TrackEvent.Types.Type.SliceBegin => 1, TrackEvent.Types.Type.SliceEnd => -1, _ => 0 };
            Assert.InRange(depth, 0, 5);
        }

        Assert.Equal(0, depth);
    }

    private sealed class Story
    {
        private readonly List<RecordedExit> _exits = [];

        public RunHeader Header { get; init; } = new();

        public IReadOnlyList<VcpuStream> Streams { get; set; } = [new(new StreamId(0), new VcpuId(0), null, "", 0, 1)];

        public Story Add(ulong time, ulong code, ulong entry, GuestLevel level, Action<RecordedExit>? more = null)
        {
            var exit = new RecordedExit { Index = (ulong)_exits.Count, Level = level };
            exit.Exit = exit.Exit with { Time = new ClockTime(time), Code = new SvmExitCode(code) };
            exit.Entry = exit.Entry with { Time = new ClockTime(entry) };
            more?.Invoke(exit);
            _exits.Add(exit);
            return this;
        }

        public DecodedTrace Trace()
        {
            using var bytes = new MemoryStream();
            using IExitReport report = new PerfettoReport().Begin(Header, bytes);
            foreach (RecordedExit exit in _exits)
            {
                report.Take(exit.Record, Verdict.Conforms, null);
            }

            report.Finish(SampleResult.Empty with { Header = Header, Summary = new RunSummary { Streams = Streams, Machines = 1 } });
            return new DecodedTrace(bytes.ToArray());
        }
    }
}
