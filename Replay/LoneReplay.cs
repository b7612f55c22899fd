using Differ.Replay.Manual.Tables;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay;

/// <summary>
/// Replays what one event shows by itself: the #VMEXIT without what came before and behind it, and the #VMEXIT that L1 is shown as if the
/// processor had reported it so.
/// </summary>
public sealed class LoneReplay : ILoneReplay, IComputedSink
{
    private readonly Replayer _replayer;
    private IComputedSink? _sink;

    /// <summary>Of one run.</summary>
    /// <param name="header">The run.</param>
    /// <param name="texts">Its texts.</param>
    /// <param name="cpu">What the user says of the virtual CPU; null for nothing.</param>
    public LoneReplay(RunHeader header, TextTable texts, CpuDescription? cpu = null) =>
        _replayer = new Replayer(header, texts, this, cpu) { LooksAtEverything = true };

    /// <inheritdoc/>
    public IReadOnlyList<RuleInfo> Rules => RuleBook.Statements;

    /// <inheritdoc/>
    public void Replay(in ExitRecord record, IComputedSink sink)
    {
        _sink = sink;
        if (record.HasExit)
        {
            Replay(record, record.Level, record.Exit, []);
        }

        for (int i = 0; i < record.Events.Length; i++)
        {
            if (record.Events[i].Kind == KvmEventKind.NestedVmexitInject)
            {
                Replay(record, GuestLevel.L2, AsReported(record, NestedVmexitInject.Of(record.Events[i])), record.Events.Slice(i, 1));
            }
        }
    }

    /// <inheritdoc/>
    public void Take(in ExitRecord recorded, in ComputedExit computed) => _sink!.Take(recorded, computed);

    private static HardwareExit AsReported(in ExitRecord record, in NestedVmexitInject shown) => new(
        record.HasExit ? record.Exit.Time : default, record.HasExit ? record.Exit.HostCpu : 0, shown.ExitCode, record.HasExit ? record.Exit.Rip : 0,
        shown.Info1, shown.Info2, Observed<uint>.Of(shown.IntInfo.Raw), Observed<uint>.Of(shown.IntInfoError));

    private void Replay(in ExitRecord record, GuestLevel level, in HardwareExit exit, ReadOnlySpan<KvmEvent> events)
    {
        GuestEntry none = default;
        TracepointSet kinds = events.IsEmpty ? default : TracepointSet.Of(events[0].Kind);
        _replayer.Take(new ExitRecord(
            new StreamId(0), record.Index, level, RecordFlags.LossBefore | RecordFlags.NoEntry, in exit, in none, kinds, events));
    }
}
