namespace Differ.Capture.Formats.NetTrace;

/// <summary>One kind of event as the file describes it.</summary>
/// <param name="number">Its place among the kinds of one walk, in the order of their first events.</param>
/// <param name="provider">Group of tracepoints.</param>
/// <param name="name">The tracepoint.</param>
/// <param name="id">Its number.</param>
/// <param name="fields">Names and types of the fields, in order.</param>
internal sealed class NetTraceKind(int number, string provider, string name, int id, IReadOnlyList<(string Name, Type Type)> fields)
{
    /// <summary>Its place among the kinds of one walk, in the order of their first events.</summary>
    public int Number { get; } = number;

    /// <summary>What makes it the same kind in another walk.</summary>
    public (string Provider, string Name, int Id) Key { get; } = (provider, name, id);

    /// <summary>Names and types of the fields, in order; as far as they are told.</summary>
    public IReadOnlyList<(string Name, Type Type)> Fields { get; } = fields;
}

/// <summary>One event, valid as long as the call that hands it out.</summary>
internal readonly ref struct NetTraceEvent(NetTraceKind kind, ulong ticks, int cpu, int thread, int process, ReadOnlySpan<byte> payload, long fileOffset)
{
    /// <summary>What it is.</summary>
    public NetTraceKind Kind { get; } = kind;

    /// <summary>When, in ticks of the file's clock.</summary>
    public ulong Ticks { get; } = ticks;

    /// <summary>The host CPU.</summary>
    public int Cpu { get; } = cpu;

    /// <summary>The thread, where the file knows it.</summary>
    public int Thread { get; } = thread;

    /// <summary>Its process; 0 or less where nobody knows.</summary>
    public int Process { get; } = process;

    /// <summary>The record.</summary>
    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>How far the file was read when the event came.</summary>
    public long FileOffset { get; } = fileOffset;
}
