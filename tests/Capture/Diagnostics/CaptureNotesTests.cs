using System.Reflection;
using Differ.Capture.Diagnostics;
using Differ.Capture.Vcpus;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Diagnostics;

public sealed class CaptureNotesTests
{
    private static readonly KernelLayouts Layouts = KernelLayouts.Of("6.12");

    /// <summary>A small capture for each kind of loss or oddity.</summary>
    public static IReadOnlyDictionary<string, Func<byte[]>> Captures { get; } = new Dictionary<string, Func<byte[]>>(StringComparer.Ordinal)
    {
        ["DIF0120"] = static () => Told(static (trace, story) =>
        {
            story.Entry(1).Exit(0x78, 1).Entry(2);
            trace.Cpu(0).Lost(17);
            story.Exit(0x78, 2).Entry(3);
        }),
        ["DIF0121"] = static () => Told(static (trace, story) =>
        {
            trace.Option(2, "CPU: 0\nentries: 3\noverrun: 40\ncommit overrun: 1\nbytes: 120\ndropped events: 2\n");
            story.Entry(1).Exit(0x78, 1).Entry(2);
        }),
        ["DIF0122"] = static () => Told(static (trace, story) =>
        {
            story.Entry(1);
            trace.Cpu(0).Event(story.Time, Mark.Of(1));
        }),
        ["DIF0123"] = static () => Told(static (trace, story) =>
        {
            story.Entry(1);
            trace.Cpu(0).Event(story.Time, Layouts["kvm_exit"].Record(100).ToBytes(false)[..20]);
        }),
        ["DIF0124"] = static () => Told(static (trace, story) => story.Msr(true, 0x10, 1)),
        ["DIF0125"] = static () => Told(static (trace, story) =>
        {
            story.Cpu = 1;
            story.Entry(1);
            new KvmStory(trace.Top, Layouts, thread: 200, vcpu: 1) { Time = story.Time + 5000 }.Entry(1);
            story.Cpu = 0;
            trace.Cpu(0).NewPage();
            story.Time -= 3000;
            story.Exit(0x78, 1).Entry(2);
        }),
        ["DIF0126"] = static () => Told(static (trace, story) => story.Entry(1).Exit(0x78, 1).Exit(0x78, 2).Entry(3)),
        ["DIF0127"] = static () => Told(static (trace, story) =>
        {
            story.Entry(1).Exit(0x78, 1).Entry(2);
            new KvmStory(trace.Instance("again"), Layouts) { Time = 1_000_100 }.Entry(1).Exit(0x78, 1).Entry(2);
        }),
        ["DIF0128"] = static () => Told(static (trace, story) =>
        {
            story.Entry(1).Exit(0x78, 1);
            for (int i = 0; i <= RecordBuffer.Limit; i++)
            {
                story.Msr(true, 0x10, 1);
            }

            story.Entry(2);
        }),
        ["DIF0129"] = static () => Told(static (trace, story) =>
        {
            story.Entry(1);
            new KvmStory(trace.Top, Layouts, thread: 200) { Time = story.Time }.Entry(1);
            new KvmStory(trace.Top, Layouts, thread: 300) { Time = story.Time + 10 }.Event("kvm_apic_accept_irq", ("apicid", 0), ("vec", 0x30));
        }),
        ["DIF0130"] = static () => Told(static (trace, story) =>
        {
            story.Entry(1).Exit(0x78, 1).Entry(2).Exit(0x78, 2).Entry(3);
            new KvmStory(trace.Instance("other", clock: "mono"), Layouts, thread: 200).Entry(1);
        }),
        ["DIF0132"] = static () => Told(static (trace, story) =>
        {
            for (int thread = 1; thread <= StreamId.Most + 1; thread++)
            {
                trace.Cpu(0).Event(story.Time++, Layouts["kvm_entry"].Record(thread).ToBytes(bigEndian: false));
            }
        }),
        ["DIF0133"] = static () => Told(static (_, story) => story.Exit(0x7c, 1).Entry(2).Exit(0x7c, 2).Entry(3).Exit(0x7c, 3).Entry(4)),
        ["DIF0131"] = static () => Told(static (_, story) => story.ExitFromL2(0x81, 5).Entry(8)),
    };

    public static TheoryData<string> Codes => [.. Captures.Keys];

    [Theory]
    [MemberData(nameof(Codes))]
    public void What_is_odd_is_counted_under_its_number(string code)
    {
        CaptureNote note = Assert.Single(Recording.Of(Captures[code]()).Summary.Notes);
        Assert.Equal(code, note.Code);
        Assert.NotEqual(0UL, note.Count);
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void What_is_odd_is_shown_to_the_user(string code)
    {
        CommandResult result = CommandLine.RunWith(Captures[code](), "check", "--verbose", "-");
        Assert.Contains(result.Status, new[] { 0, 4 });
        Assert.Contains($"{code} (", result.Output, StringComparison.Ordinal);
    }

    // Those of pipes and of single formats have tests beside these.
    [Fact]
    public void Every_kind_has_a_capture_that_shows_it() => Assert.Equal(
        typeof(CaptureNotes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetValue(null)).OfType<NoteKind>()
            .Except([CaptureNotes.SortWindow, CaptureNotes.LateEvent, CaptureNotes.LateLoss, CaptureNotes.CutPipe]).Select(kind => kind.Code)
            .Order(StringComparer.Ordinal),
        Captures.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Losses_are_shown_per_CPU()
    {
        byte[] file = Told(static (trace, story) =>
        {
            trace.Option(2, "CPU: 5\noverrun: 40\n");
            story.Entry(1).Exit(0x78, 1).Entry(2);
            trace.Cpu(0).Lost(17);
            story.Exit(0x78, 2).Entry(3);
            trace.Cpu(0).Lost();
            story.Exit(0x78, 3).Entry(4);
            trace.Cpu(2).Event(story.Time, Layouts["kvm_entry"].Record(100)).Lost(3).Event(story.Time + 1, Layouts["kvm_entry"].Record(100));
        });
        Assert.Equal([new CpuLoss(0, 2, 17, 1, 0), new CpuLoss(2, 1, 3, 0, 0), new CpuLoss(5, 0, 0, 0, 40)], Recording.Of(file).Summary.Losses);
        Assert.Contains("(loss markers)\t3\n", CommandLine.RunWith(file, "show", "-", "--counts").Output, StringComparison.Ordinal);
        string shown = CommandLine.RunWith(file, "show", "-", "--events").Output;
        Assert.Contains("CPU 0: 17 events lost\n", shown, StringComparison.Ordinal);
        Assert.Contains("CPU 0: some events lost\n", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void A_note_tells_where_it_was_first_seen()
    {
        CaptureNote note = Assert.Single(Recording.Of(Captures["DIF0126"]()).Summary.Notes);
        Assert.Equal("time 1002000", note.First);
    }

    private static byte[] Told(Action<TraceDatBuilder, KvmStory> tell)
    {
        TraceDatBuilder trace = KvmStory.Capture(Layouts).Clock("local");
        tell(trace, new KvmStory(trace.Top, Layouts));
        return trace.File;
    }
}
