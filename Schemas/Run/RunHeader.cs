using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Run;

/// <summary>Where a run came from.</summary>
public enum RunOrigin : byte
{
    /// <summary>Recorded from a kernel.</summary>
    Recorded,

    /// <summary>Computed by the reference.</summary>
    Computed,
}

/// <summary>What the numbers of the clock are.</summary>
public enum ClockUnit : byte
{
    /// <summary>Nanoseconds.</summary>
    Nanoseconds,

    /// <summary>The clock's own ticks; the file does not say how long one is.</summary>
    Ticks,
}

/// <summary>What is known about a run before its first exit. Its names are <see cref="PlainText"/>, whoever gave them.</summary>
public sealed record RunHeader
{
    /// <summary>Recorded or computed.</summary>
    public RunOrigin Origin { get; init; }

    /// <summary>Name of the capture file, without folders; empty for a pipe.</summary>
    public string Capture { get; init => field = PlainText.Of(value); } = "";

    /// <summary>Size of the capture file in bytes; 0 for a pipe.</summary>
    public ulong CaptureSize { get; init; }

    /// <summary>Name of the capture format, for example <c>trace.dat v7</c>.</summary>
    public string Format { get; init => field = PlainText.Of(value); } = "";

    /// <summary>Release of the host's kernel; empty where the file does not say.</summary>
    public string KernelRelease { get; init => field = PlainText.Of(value); } = "";

    /// <summary>Name of the host; empty where the file does not say.</summary>
    public string HostName { get; init => field = PlainText.Of(value); } = "";

    /// <summary>Name of the clock; empty where the file does not say.</summary>
    public string Clock { get; init => field = PlainText.Of(value); } = "";

    /// <summary>What the times of the run are.</summary>
    public ClockUnit ClockUnit { get; init; }

    /// <summary>Tracepoints whose format the file describes. A file may describe more than was recorded.</summary>
    public TracepointSet Listed { get; init; }

    /// <summary>Whether the file describes only what was selected for recording, as far as that can be told before its end.</summary>
    public bool ListIsSelective { get; init; }

    /// <summary>
    /// Whether it is a text, which people edit. They put recordings together of which each had other tracepoints on, so what was on is known of
    /// each thread by itself (<see cref="VcpuStream.Heard"/>); and they take lines out.
    /// </summary>
    public bool MayBeEdited { get; init; }

    /// <summary>Whether the kernel records failed checks of VMRUN with their text (since 5.13).</summary>
    public bool NamesFailedChecks { get; init; }

    /// <summary>Whether re-injected exceptions are recorded (since 6.0).</summary>
    public bool ShowsReinjection { get; init; }

    /// <summary>Whether nested exits synthesised by L0 are preceded by a pretended entry and exit (up to 5.7).</summary>
    public bool PretendsNestedExits { get; init; }

    /// <summary>The rules a computed run was computed with, in rule-book order; empty for a recorded run.</summary>
    public IReadOnlyList<RuleInfo> Rules { get; init; } = [];

    /// <summary>Whether a computed run was computed from this recorded one.</summary>
    public bool IsSourceOf(RunHeader computed) =>
        computed.Origin == RunOrigin.Computed && computed with { Origin = Origin, Rules = Rules } == this;
}

/// <summary>One vCPU stream of a run.</summary>
/// <param name="Id">Number within the run.</param>
/// <param name="Vcpu">KVM's number; null where no event of the stream carries it.</param>
/// <param name="Thread">The host thread; null where the format has none.</param>
/// <param name="Name">The thread's name; empty where the file has none.</param>
/// <param name="Machine">The VM, numbered from 0; a guess from threads where the file does not say.</param>
/// <param name="Exits">Records in the stream.</param>
public sealed record VcpuStream(StreamId Id, VcpuId? Vcpu, ThreadId? Thread, string Name, int Machine, ulong Exits)
{
    /// <summary>The thread's name, as <see cref="PlainText"/>.</summary>
    public string Name { get; init => field = PlainText.Of(value); } = PlainText.Of(Name);

    /// <summary>Tracepoints that were on wherever it was recorded; null where the whole recording says so (<see cref="RunHeader.MayBeEdited"/>).</summary>
    public TracepointSet? Heard { get; init; }

    /// <summary>For a person: the vCPU; where it has no number, the thread or at least the stream.</summary>
    public string Label => (Vcpu, Thread) switch
    {
        ({ } vcpu, _) => $"vCPU {vcpu.Value}",
        (_, { } thread) => $"vCPU ? (thread {thread.Value})",
        _ => $"vCPU ? (stream {Id.Value})",
    };
}

/// <summary>Events lost on one CPU.</summary>
/// <param name="Cpu">The host CPU.</param>
/// <param name="Marks">How many marks of loss its data carries.</param>
/// <param name="Events">How many events those marks count.</param>
/// <param name="Uncounted">How many marks do not say how many events.</param>
/// <param name="Overrun">Events overwritten as the recorder's own statistics say; 0 where the file has none.</param>
public sealed record CpuLoss(int Cpu, ulong Marks, ulong Events, ulong Uncounted, ulong Overrun)
{
    /// <summary>What a count is cut to: no host loses more, and the counts of all its CPUs can be added up.</summary>
    public const ulong Most = 1UL << 46;

    /// <summary>Marks of loss in the data; at most <see cref="Most"/>, as every count here.</summary>
    public ulong Marks { get; } = Math.Min(Marks, Most);

    /// <summary>Events that the marks count.</summary>
    public ulong Events { get; } = Math.Min(Events, Most);

    /// <summary>Marks without a number.</summary>
    public ulong Uncounted { get; } = Math.Min(Uncounted, Most);

    /// <summary>Events overwritten, as the recorder's statistics say.</summary>
    public ulong Overrun { get; } = Math.Min(Overrun, Most);
}

/// <summary>What something lossy or odd costs.</summary>
public enum NoteCost : byte
{
    /// <summary>Few verdicts.</summary>
    Few,

    /// <summary>No verdict.</summary>
    Nothing,

    /// <summary>Events are missing: absence proves little.</summary>
    Absence,

    /// <summary>Events are missing, and nothing marks all places: what does not show in one event alone is certain nowhere.</summary>
    Unmarked,
}

/// <summary>Something lossy or odd in a capture.</summary>
/// <param name="Code">DIF number, documented in README.md.</param>
/// <param name="Count">How often.</param>
/// <param name="Text">One sentence: what it is and what to do.</param>
/// <param name="First">Where it was first seen: byte offset, line or time; empty where that means nothing.</param>
/// <param name="Cost">What it costs.</param>
public sealed record CaptureNote(string Code, ulong Count, string Text, string First, NoteCost Cost = NoteCost.Few)
{
    /// <summary>DIF number; of a run that somebody else wrote, any <see cref="PlainText"/>.</summary>
    public string Code { get; } = PlainText.Of(Code);

    /// <summary>One sentence, as <see cref="PlainText"/>.</summary>
    public string Text { get; } = PlainText.Of(Text);

    /// <summary>Where it was first seen, as <see cref="PlainText"/>.</summary>
    public string First { get; } = PlainText.Of(First);
}

/// <summary>What is known about a run after its last exit.</summary>
public sealed record RunSummary
{
    /// <summary>Records in the run.</summary>
    public ulong Exits { get; init; }

    /// <summary>Events in the capture, also those Differ does not use.</summary>
    public ulong Events { get; init; }

    /// <summary>Tracepoints that occur.</summary>
    public TracepointSet Seen { get; init; }

    /// <summary>Tracepoints that are listed and were off all the same: what causes them occurs, and they never do.</summary>
    public TracepointSet Off { get; init; }

    /// <summary>Whether every group of tracepoints the file describes also occurs: then what it describes was recorded.</summary>
    public bool ListIsSelective { get; init; }

    /// <summary>The vCPU streams, in the order of their numbers.</summary>
    public IReadOnlyList<VcpuStream> Streams { get; init; } = [];

    /// <summary>The stream with a number; null where there is none. There may be thousands, and each is asked for.</summary>
    public VcpuStream? StreamOf(StreamId id)
    {
        int low = 0, high = Streams.Count - 1;
        while (low <= high)
        {
            int middle = low + ((high - low) / 2);
            int order = Streams[middle].Id.Value.CompareTo(id.Value);
            if (order == 0)
            {
                return Streams[middle];
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    /// <summary>The smallest number of VMs that explains the streams.</summary>
    public int Machines { get; init; }

    /// <summary>Losses, by CPU.</summary>
    public IReadOnlyList<CpuLoss> Losses { get; init; } = [];

    /// <summary>Everything lossy or odd, by number.</summary>
    public IReadOnlyList<CaptureNote> Notes { get; init; } = [];

    /// <summary>Vendor string of the virtual CPU (CPUID function 0); empty where no event shows it.</summary>
    public string GuestVendor { get; init => field = PlainText.Of(value); } = "";
}
