using Differ.Replay;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Replay;

/// <summary>What one event shows by itself needs nothing that stands around it.</summary>
public sealed class LoneReplayTests
{
    private const ulong ReservedBit = 1UL << 20;

    [Fact]
    public void The_exit_is_replayed_without_what_follows_and_what_L1_is_shown_as_if_the_processor_had_reported_it()
    {
        var parts = new Parts();
        Of(PageFault(ReservedBit).With(KvmEventKind.Cpuid).With(KvmEventKind.NestedVmexitInject, 0x4d, 3, 4, 0, 0), parts);
        Assert.Equal(["PF 1 exit, no entry: ", "#GP 3 exit, no entry: NestedVmexitInject"], parts.Seen);
    }

    [Fact]
    public void Nothing_is_carried_over_from_one_to_the_next()
    {
        var parts = new Parts();
        LoneReplay replay = Replay();
        for (int i = 0; i < 2; i++)
        {
            replay.Replay(PageFault(0).With(KvmEventKind.NestedVmenter, 0, 0x1000, 0, 0, 0, 1, 0x2000).Record, parts);
        }

        Assert.All(parts.Flags, flags => Assert.True(flags.HasFlag(RecordFlags.LossBefore)));
    }

    private static LoneReplay Replay() => new(new RunHeader { Listed = new TracepointSet(ulong.MaxValue) }, new TextTable());

    private static void Of(RecordedExit exit, IComputedSink sink) => Replay().Replay(exit.Record, sink);

    private static RecordedExit PageFault(ulong info1)
    {
        var exit = new RecordedExit();
        exit.Exit = exit.Exit with { Code = new SvmExitCode(0x4e), Info1 = info1 == 0 ? 0UL : 1 };
        return exit;
    }

    private sealed class Parts : IComputedSink
    {
        public List<string> Seen { get; } = [];

        public List<RecordFlags> Flags { get; } = [];

        public void Take(in ExitRecord recorded, in ComputedExit computed)
        {
            Flags.Add(recorded.Flags);
            string kinds = string.Join(", ", recorded.Events.ToArray().Select(kvmEvent => kvmEvent.Kind));
            Seen.Add($"{(recorded.Exit.Code.Value == 0x4e ? "PF" : "#GP")} {recorded.Exit.Info1} {(recorded.HasExit ? "exit" : "no exit")}, {(recorded.HasEntry ? "entry" : "no entry")}: {kinds}");
        }
    }
}
