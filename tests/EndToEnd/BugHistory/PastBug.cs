using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd.BugHistory;

/// <summary>A bug that KVM once had, as a recording of it shows.</summary>
/// <param name="Id">Its row in the table of known bugs.</param>
/// <param name="Rule">The rule that names it.</param>
/// <param name="Wrong">What the kernel with the bug does.</param>
/// <param name="Right">What the kernel without it does on the same occasion: nothing is said against it.</param>
internal sealed record PastBug(string Id, string Rule, Action<KvmStory> Wrong, Action<KvmStory> Right)
{
    /// <summary>The first series whose tracepoints show both sides. The bug may be older: then this says what is missing before.</summary>
    public string From { get; init; } = "4.14";

    /// <summary>The last such series.</summary>
    public string To { get; init; } = "7.1";

    /// <summary>What tells several recordings of one bug apart; empty where there is only one.</summary>
    public string Form { get; init; } = "";

    /// <summary>Rules of further findings, where the guest goes on in what the bug left behind.</summary>
    public IReadOnlyList<string> Consequences { get; init; } = [];

    /// <summary>Whether it is reported as a known departure and not as a finding.</summary>
    public bool AsKnown { get; init; }

    /// <summary>A tracepoint that was not recorded; empty where all were.</summary>
    public string Unrecorded { get; init; } = "";

    /// <summary>Why another rule than those of the bug's row names it; empty where it is one of them.</summary>
    public string Instead { get; init; } = "";

    /// <summary>Whether it is reported only where weak rules are asked for, because the manual leaves the hypervisor a choice.</summary>
    public bool OnRequest { get; init; }

    /// <summary>Name of the recording.</summary>
    public string Name => Form.Length > 0 ? $"{Id} {Form}" : Id;
}

/// <summary>What else happens in a recording of a bug and has nothing to do with it.</summary>
/// <param name="Name">For a person.</param>
/// <param name="Tell">Takes the kernel, the buffer and the story of the bug.</param>
internal sealed record Surroundings(string Name, Action<KernelLayouts, InstanceBuilder, Action<KvmStory>> Tell)
{
    /// <summary>Every kind.</summary>
    public static IReadOnlyList<Surroundings> All { get; } =
    [
        new("alone", static (kernel, buffer, bug) => bug(new KvmStory(buffer, kernel).Entry(Stories.L1Rip))),
        new("behind other exits", static (kernel, buffer, bug) =>
        {
            var story = new KvmStory(buffer, kernel);
            story.OtherExits();
            bug(story);
        }),
        new("with another vCPU in between", static (kernel, buffer, bug) =>
        {
            Queue<EventRecord> others = new();
            var other = new KvmStory((_, _, record) => others.Enqueue(record), kernel, thread: 101, vcpu: 1);
            other.OtherRuns();
            var story = new KvmStory(
                (_, time, record) =>
                {
                    buffer.Cpu(0).Event(time, record);
                    if (others.TryDequeue(out EventRecord? next))
                    {
                        buffer.Cpu(1).Event(time + 500, next);
                    }
                },
                kernel);
            bug(story.Entry(Stories.L1Rip));
        }),
    ];
}
