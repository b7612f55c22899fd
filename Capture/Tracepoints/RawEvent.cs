using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Tracepoints;

/// <summary>One event of any format.</summary>
/// <remarks>A view: it lives as long as the call that hands it out.</remarks>
internal readonly ref struct RawEvent(
    ClockTime time, int cpu, int thread, int instance, TraceEventType type, ReadOnlySpan<byte> payload, long fileOffset)
{
    /// <summary>When, on the capture's clock.</summary>
    public ClockTime Time { get; } = time;

    /// <summary>The host CPU.</summary>
    public int Cpu { get; } = cpu;

    /// <summary>The thread that ran, <c>common_pid</c>.</summary>
    public int Thread { get; } = thread;

    /// <summary>The buffer of the capture it comes from, 0 for the top one.</summary>
    public int Instance { get; } = instance;

    /// <summary>What it is.</summary>
    public TraceEventType Type { get; } = type;

    /// <summary>The record, starting with <c>common_type</c>.</summary>
    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>Where the record, or the block it was packed in, stands in the file.</summary>
    public long FileOffset { get; } = fileOffset;
}

/// <summary>Events were lost on one CPU.</summary>
/// <param name="Cpu">The host CPU.</param>
/// <param name="Events">How many; 0 when the file does not say.</param>
/// <param name="After">Time of the last event of that CPU before the loss; 0 when there is none.</param>
/// <param name="Before">Time of the first event of that CPU after the loss.</param>
internal readonly record struct LossMark(int Cpu, ulong Events, ClockTime After, ClockTime Before);

/// <summary>Takes the events of a capture in the order of time.</summary>
internal interface IEventSink
{
    /// <summary>Whether events that Differ has no use for are wanted too.</summary>
    bool WantsEverything { get; }

    /// <summary>Takes one event; it may not be kept.</summary>
    void Take(in RawEvent raw);

    /// <summary>Takes a mark of loss, before any event that is later than its start.</summary>
    void Lost(in LossMark mark);

    /// <summary>Nothing comes for a while: what waits only for the next event need wait no longer.</summary>
    void Rest()
    {
    }
}
