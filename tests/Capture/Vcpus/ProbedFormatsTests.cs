using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Vcpus;

/// <summary>What probes show is the same from every form of a recording that carries it, and said to be missing where one does not.</summary>
public sealed class ProbedFormatsTests
{
    private const string Kernel = "6.12";
    private const ulong OfL1 = 0x1000, OfL2 = 0x2000, Address12 = 0x5000, Cpuid = 0x72;

    // A kprobe has its fields without gaps.
    private static readonly EventFormat
        Entry = new("entry", 3900, "u64 __probe_ip @8, s32 vcpu @16, u64 vmcb @20, u64 vmcb02 @28, u64 efer @36, u8 gif @44, u64 c058[3] @45, u64 c4c8[2] @69", 85),
        Exit = new("exit", 3901, "u64 __probe_ip @8, s32 vcpu @16, u64 vmcb @20, u64 vmcb02 @28, u64 efer @36, u8 gif @44, u64 c058[3] @45, u64 c4c8[2] @69", 85),
        Vmrun = new("vmrun", 3902, "u64 __probe_ip @8, s32 vcpu @16, u64 g000[12] @20", 116),
        Read = new("rdguest", 3903, "u64 __probe_ip @8, s32 vcpu @16, u64 gpa @20, u64 len @28, u64 val @36, s32 ret @44", 48);

    private static readonly EventFormat[] Probes = [Entry, Exit, Vmrun, Read];

    [Fact]
    public void Every_form_that_carries_arrays_gives_the_same_states()
    {
        byte[] traceDat = TraceDat();
        var layouts = KernelLayouts.Of(Kernel);
        List<string> expected = States(Recording.Of(traceDat));
        Assert.Contains(expected, static text => text.Contains("L2AtEntry 88: ", StringComparison.Ordinal));
        Assert.Contains(expected, static text => text.Contains("read 8000 8 55", StringComparison.Ordinal));
        Assert.Equal(expected, States(CtfBuilder.Records(CtfStories.Perf(traceDat, layouts, Probes))));
        Assert.Equal(expected, States(Recording.Of(NetTraceBuilder.Like(traceDat, layouts, new NetTraceBuilder(), Probes))));
    }

    [Fact]
    public void A_form_without_arrays_leaves_the_states_out_and_says_so()
    {
        byte[] traceDat = TraceDat();
        var layouts = KernelLayouts.Of(Kernel);
        EventFormat[] bare = [.. Probes.Select(static probe => new EventFormat(probe.Name, probe.Id, string.Join(", ", probe.Fields.Where(static field => field.Count == 0)
            .Select(static field => $"{field.Type} {field.Name} @{field.Offset}")), probe.Size))];
        Recording converted = CtfBuilder.Records(CtfStories.Perf(traceDat, layouts, bare));
        Recording traced = Recording.Of(NetTraceBuilder.Like(traceDat, layouts, new NetTraceBuilder { CutsDescriptions = true }, Probes));
        Assert.Contains("DIF0381", converted.Notes);
        Assert.Contains("DIF0362", traced.Notes);
        Assert.All((Recording[])[converted, traced], static recording =>
        {
            Assert.All(recording.Records, static record => Assert.True(record.States.IsEmpty));
            Assert.Contains(States(recording), static text => text.Contains("read 8000 8 55", StringComparison.Ordinal));
        });
    }

    private static byte[] TraceDat()
    {
        var layouts = KernelLayouts.Of(Kernel);
        TraceDatBuilder builder = KvmStory.Capture(layouts);
        foreach (EventFormat probe in Probes)
        {
            builder.Describe("differ", probe.Text);
        }

        var story = new KvmStory(builder.Top, layouts);
        story.Entry(1).Add(Of(Entry, OfL1, 1)).Exit(Cpuid, 1).Add(Of(Exit, OfL1, 2)).Entry(2).Add(Of(Entry, OfL1, 3)).Exit(0x80, 3).Add(Of(Exit, OfL1, 4))
            .Vmenter(3, Address12, 5).Add(Vmrun.Record(100).With("g000", Bytes(12, 7))).Entry(5).Add(Of(Entry, OfL2, 8)).ExitFromL2(Cpuid, 5).Add(Of(Exit, OfL2, 9))
            .Add(Read.Record(100).With("gpa", 0x8000).With("len", 8).With("val", 0x55)).Entry(6).Add(Of(Entry, OfL2, 10)).ExitFromL2(Cpuid, 6).Entry(7);
        return builder.File;
    }

    private static EventRecord Of(EventFormat probe, ulong vmcb, byte mark) =>
        probe.Record(100).With("vmcb", vmcb).With("vmcb02", OfL2).With("efer", 0x1d01).With("gif", 1).With("c058", Bytes(3, mark)).With("c4c8", Bytes(2, mark));

    private static byte[] Bytes(int words, byte mark) => [.. Enumerable.Range(0, words * sizeof(ulong)).Select(i => (byte)(mark + i))];

    private static List<string> States(Recording recording) => [.. recording.Records.Select(static record =>
    {
        var all = new List<string>();
        foreach (StateMoment moment in MachineStates.Moments)
        {
            for (int from = 0; record.States[moment].Next(from, out int start, out ReadOnlySpan<byte> bytes); from = start + bytes.Length)
            {
                all.Add($"{moment} {start}: {Convert.ToHexString(bytes)}");
            }
        }

        all.AddRange(record.Events.Where(static one => one.Kind == KvmEventKind.GuestRead).Select(static one => GuestRead.Of(one)).Select(static read => $"read {read.Address:x} {read.Length} {read.Value:x}"));
        return string.Join(", ", all);
    })];
}
