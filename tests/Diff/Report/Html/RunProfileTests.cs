using System.Text.Json;
using Differ.Diff.Report.Html;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Report.Html;

/// <summary>What the HTML report gathers while the check runs.</summary>
public sealed class RunProfileTests
{
    private const int TenMillion = 10_000_000;
    private const int SmallEnough = 10_000_000;

    [Fact]
    public void Ten_million_exits_fit_into_a_page_of_ten_megabytes()
    {
        var profile = new RunProfile();
        Feed(profile, TenMillion / 10);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Feed(profile, TenMillion - (TenMillion / 10));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_000_000);
        Assert.Equal((ulong)TenMillion, profile.Reasons.Rows.Aggregate(0UL, (sum, row) => sum + row.Count));
        Assert.InRange(PageOf(SampleResult.Full, profile).Length, 1_000_000, SmallEnough);
    }

    [Fact]
    public void Streams_share_the_slots_and_what_is_too_many_is_counted_only()
    {
        var profile = new RunProfile();
        for (int i = 0; i < 300_000; i++)
        {
            Take(profile, Plain(stream: i % 1000, (ulong)i / 1000, (ulong)i * 100), null);
        }

        Assert.Equal(RunProfile.MostStreams, profile.Streams.Count);
        Assert.InRange(profile.Streams.Sum(stream => stream.Timeline.Slots.Length), 1, RunProfile.MostSlots);
        Assert.Equal(300_000UL, profile.Reasons.Rows.Aggregate(0UL, (sum, row) => sum + row.Count));
    }

    [Theory]
    [InlineData(1, 1UL)]
    [InlineData(64, 1UL)]
    [InlineData(65, 2UL)]
    [InlineData(1000, 16UL)]
    public void A_full_timeline_merges_neighbours_and_loses_no_time(int exits, ulong perSlot)
    {
        var timeline = new Timeline(64);
        for (int i = 0; i < exits; i++)
        {
            timeline.Add(new ExitMoment((ulong)i, (ulong)i * 100, ((ulong)i * 100) + 40, ((ulong)i * 100) + 100, 10, i % 2 == 0 ? GuestLevel.L1 : GuestLevel.L2, 5, 0, Verdict.Conforms, false));
        }

        Assert.Equal(perSlot, timeline.PerSlot);
        Assert.Equal((ulong)exits, Sum(timeline, slot => slot.Exits));
        Assert.Equal((ulong)exits * 40, Sum(timeline, slot => slot.L1 + slot.L2));
        Assert.Equal(((ulong)exits * 50, (ulong)exits * 10), (Sum(timeline, slot => slot.Host), Sum(timeline, slot => slot.User)));
        Assert.All(timeline.Slots[..^1].ToArray(), slot => Assert.Equal(perSlot, slot.Exits));
        Assert.Equal((ulong)exits * 100, timeline.Slots[^1].End);
    }

    [Fact]
    public void Clocks_that_jump_and_numbers_that_are_extreme_end_in_no_overflow()
    {
        var profile = new RunProfile();
        ulong[] times = [0, ulong.MaxValue, 5, 1UL << 63, 0, ulong.MaxValue, ulong.MaxValue];
        for (int i = 0; i < 4_000; i++)
        {
            RecordedExit exit = Plain(i % 3, (ulong)i, times[i % times.Length]);
            exit.Entry = exit.Entry with { Time = new ClockTime(times[(i + 1) % times.Length]) };
            exit.Flags = (RecordFlags)(i % 16);
            Take(profile, exit, i % 5 == 0 ? "0123456789ab" : null);
        }

        Assert.Equal(4_000UL, profile.Reasons.Rows.Aggregate(0UL, (sum, row) => sum + row.Count));
        Assert.True(PageOf(SampleResult.Full, profile).Length > 0);
    }

    [Fact]
    public void Time_of_the_VMM_lasts_from_the_userspace_exit_to_the_next_KVM_RUN()
    {
        RecordedExit exit = Plain(0, 0, 1000).With(KvmEventKind.UserspaceExit, 2UL, 0UL).With(KvmEventKind.KvmRun, 0UL).With(KvmEventKind.KvmRun, 1UL);
        exit.Entry = exit.Entry with { Time = new ClockTime(1100) };
        ExitMoment moment = ExitMoment.Of(exit.Record, 900, true, 0, Verdict.Conforms);
        Assert.Equal((100UL, 98UL, 2UL), (moment.Guest, moment.Host, moment.User));
        Assert.Equal(99UL, ExitMoment.Of(WithoutRun(1100).Record, 900, true, 0, Verdict.Conforms).User);
    }

    [Fact]
    public void A_chain_of_exits_for_one_exit_of_L2_ends_when_L2_runs_again()
    {
        var profile = new RunProfile();
        Take(profile, Exit(0, GuestLevel.L2, SvmExitCode.Cpuid).With(KvmEventKind.NestedVmexitInject, SvmExitCode.Cpuid.Value), null);
        Take(profile, Exit(1, GuestLevel.L1, SvmExitCode.Vmsave), null);
        Take(profile, Exit(2, GuestLevel.L1, SvmExitCode.Vmrun).With(KvmEventKind.NestedVmenter, 1UL, 2UL, 3UL), null);
        Take(profile, Exit(3, GuestLevel.L2, SvmExitCode.Cpuid), null);
        Take(profile, Exit(4, GuestLevel.L2, SvmExitCode.Cpuid).With(KvmEventKind.NestedVmexitInject, SvmExitCode.Cpuid.Value), null);
        RecordedExit lost = Exit(5, GuestLevel.L1, SvmExitCode.Vmrun).With(KvmEventKind.NestedVmenter, 1UL, 2UL, 3UL);
        lost.Flags = RecordFlags.LossBefore;
        Take(profile, lost, null);
        AmplificationRow row = Assert.Single(profile.Amplification.Rows);
        Assert.Equal((3UL, 2UL, 1UL, 3UL, 3UL), (row.Exits, row.Shown, row.Closed, row.ToL0, row.Most));
    }

    [Fact]
    public void Vmcb12_tells_what_was_recorded_and_what_follows_from_it()
    {
        var track = new Vmcb12Track();
        track.Add(Exit(0, GuestLevel.L1, SvmExitCode.Vmrun).With(KvmEventKind.NestedVmenter, 1UL, 0x1000UL, 0x400000UL, 0UL, 0UL, 1UL, 0x5000UL)
            .With(KvmEventKind.NestedIntercepts, 0UL, 0UL, 0UL, 1UL, 1UL, null).Record);
        Assert.Equal((Vmcb12Source.Recorded, "0x400000"), Of(track, VmcbField.Rip));
        Assert.Equal((Vmcb12Source.Recorded, "0x5000"), Of(track, VmcbField.NCr3));
        Assert.DoesNotContain(track.Snapshot(), value => value.Field is VmcbField.InterceptMisc3 or VmcbField.GuestAsid);
        track.Add(Exit(1, GuestLevel.L2, SvmExitCode.Cpuid).With(KvmEventKind.NestedVmexitInject, SvmExitCode.Cpuid.Value, 0UL, 0UL, 0UL, 0UL).Record);
        Assert.Equal((Vmcb12Source.Derived, "not 0"), Of(track, VmcbField.GuestAsid));
        Assert.Equal((Vmcb12Source.Derived, "0x400123"), Of(track, VmcbField.Rip));
        Assert.Equal((Vmcb12Source.Recorded, "CPUID (0x72)"), Of(track, VmcbField.ExitCode));
        RecordedExit lost = Exit(2, GuestLevel.L1, SvmExitCode.Cpuid);
        lost.Flags = RecordFlags.LossBefore;
        track.Add(lost.Record);
        Assert.Empty(track.Snapshot());
    }

    /// <summary>The data of a page.</summary>
    internal static byte[] PageOf(DiffResult result, RunProfile profile)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            new PageData(result, profile).Write(json);
        }

        return bytes.ToArray();
    }

    /// <summary>Hands an exit over, as one that departs where a fingerprint is given.</summary>
    internal static void Take(RunProfile profile, RecordedExit exit, string? fingerprint) => profile.Take(
        exit.Record, fingerprint is null ? Verdict.Conforms : Verdict.Diverges,
        fingerprint is null ? null : new Departure(fingerprint, SampleResult.Full.Rules[0].Rule, [], [], false));

    private static (Vmcb12Source Source, string Text) Of(Vmcb12Track track, VmcbField field)
    {
        Vmcb12Value value = track.Snapshot().Single(value => value.Field == field);
        return (value.Source, value.Text);
    }

    private static ulong Sum(Timeline timeline, Func<TimelineSlot, ulong> what) => timeline.Slots.ToArray().Aggregate(0UL, (sum, slot) => sum + what(slot));

    // Eight vCPUs, thirty reasons, a class of divergences now and then: one record is reused, so that only the profile allocates.
    private static void Feed(RunProfile profile, int exits)
    {
        HardwareExit exit = Plain(0, 0, 0).Exit;
        GuestEntry entry = Plain(0, 0, 0).Entry;
        var departure = new Departure("abcdef012345", SampleResult.Full.Rules[0].Rule, [], [], false);
        for (int i = 0; i < exits; i++)
        {
            ulong time = (ulong)i * 1000;
            exit = exit with { Time = new ClockTime(time), Code = new SvmExitCode((ulong)(i % 30) + 0x60) };
            entry = entry with { Time = new ClockTime(time + 100 + ((ulong)i % 777)) };
            var record = new ExitRecord(new StreamId(i % 8), (ulong)i / 8, i % 3 == 0 ? GuestLevel.L2 : GuestLevel.L1, RecordFlags.None, ref exit, ref entry, default, []);
            profile.Take(record, Verdict.Conforms, i % 5000 == 0 ? departure : null);
        }
    }

    private static RecordedExit WithoutRun(ulong end)
    {
        RecordedExit exit = Plain(0, 0, 1000).With(KvmEventKind.UserspaceExit, 2UL, 0UL);
        exit.Entry = exit.Entry with { Time = new ClockTime(end) };
        return exit;
    }

    private static RecordedExit Plain(int stream, ulong index, ulong time)
    {
        var exit = new RecordedExit { Stream = stream, Index = index, Level = GuestLevel.L1 };
        exit.Exit = exit.Exit with { Time = new ClockTime(time) };
        exit.Entry = exit.Entry with { Time = new ClockTime(time > ulong.MaxValue - 50 ? time : time + 50) };
        return exit;
    }

    private static RecordedExit Exit(ulong index, GuestLevel level, SvmExitCode code)
    {
        RecordedExit exit = Plain(0, index, 1000 * (index + 1));
        exit.Level = level;
        exit.Exit = exit.Exit with { Code = code };
        return exit;
    }
}
