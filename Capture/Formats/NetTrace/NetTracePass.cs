using System.Buffers.Binary;
using Differ.Capture.Diagnostics;
using Differ.Capture.Order;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>One walk over the blocks that hands on their events in the order of time.</summary>
/// <remarks>
/// A recorder of tracepoints writes events in order and says of each that it is sorted: nothing that follows was earlier, so whatever
/// waits and was earlier goes first, and then the event itself. Events that are not sorted are in order for each thread that captured
/// them; they wait until a sorted one or a sequence point.
/// </remarks>
/// <param name="blocks">Not yet moved.</param>
/// <param name="header">Start of the file.</param>
/// <param name="survey">What is known of the file.</param>
/// <param name="machines">Learns which thread runs a vCPU of which VM.</param>
/// <param name="sink">Takes the events.</param>
/// <param name="notes">Takes what is lossy or odd.</param>
internal sealed class NetTracePass(
    NetTraceBlocks blocks, NetTraceHeader header, NetTraceSurvey survey, ProcessMachines machines, IEventSink sink, CaptureNotes notes)
{
    private const int CancelEvery = 1 << 12, MostWaiting = 1 << 23, MostKept = 1 << 28, SmallestKept = 1 << 12;

    private readonly Dictionary<uint, int> _kindOfId = [];
    private readonly NetTraceThreads _threads = new(header.Version, header.Process);
    private readonly RoundSorter _waiting = new();
    private readonly bool _everything = sink.WantsEverything;
    private byte[] _kept = new byte[SmallestKept];
    private int _keptLength;
    private ulong _events;
    private ulong _handedOut;

    /// <summary>Told now and then how many events are done.</summary>
    public required Action<ulong> Progress { get; init; }

    /// <summary>Ends the walk.</summary>
    public required CancellationToken Cancel { get; init; }

    /// <summary>Most bytes of records that wait.</summary>
    public int KeptLimit { get; init; } = MostKept;

    /// <summary>Walks.</summary>
    /// <exception cref="CaptureFormatException">The file is damaged.</exception>
    public void Run()
    {
        while (blocks.MoveNext())
        {
            switch (blocks.Kind)
            {
                case NetTraceBlockKind.Descriptions:
                    NetTraceDescriptions.Read(blocks.Content, blocks.Start, header.Version, (id, kind) => _kindOfId[id] = survey.NumberOf(kind));
                    break;
                case NetTraceBlockKind.Threads:
                    _threads.Take(blocks.Content, blocks.Start);
                    break;
                case NetTraceBlockKind.Events:
                    TakeEvents();
                    break;
                case NetTraceBlockKind.SequencePoint:
                    HandOutAll();
                    break;
                default:
                    break;
            }
        }

        HandOutAll();
        Progress(_events);
    }

    private void TakeEvents()
    {
        for (var rows = new NetTraceRows(blocks.Content, blocks.Start, header.Version); rows.MoveNext();)
        {
            if (++_events % CancelEvery == 0)
            {
                Cancel.ThrowIfCancellationRequested();
                Progress(_events);
            }

            if (rows.IsSorted && _waiting.Count > 0)
            {
                HandOut(_waiting.Before(header.Nanoseconds(rows.Ticks)));
            }

            if (!_kindOfId.TryGetValue(rows.Description, out int number) || number < 0)
            {
                notes.Add(CaptureNotes.UnknownEvent, $"byte 0x{rows.PayloadOffset:x}");
                continue;
            }

            KnownKind kind = survey.Kinds[number];
            kind.Type.Count++;
            if (_everything || kind.Type.IsUsed)
            {
                Take(rows, kind, number);
            }
        }
    }

    private void Take(in NetTraceRows row, KnownKind kind, int number)
    {
        int at = kind.ThreadAt;
        bool told = at >= 0 && at + sizeof(int) <= row.Payload.Length;
        bool enters = kind.Type.Binding is { Tracepoint.Role: TracepointRole.Entry };
        (int process, int thread) = told && !enters ? default : _threads.Of(row.Thread);
        thread = told ? BinaryPrimitives.ReadInt32LittleEndian(row.Payload[at..]) : thread;
        int cpu = (int)Math.Min(row.Cpu, ushort.MaxValue);
        ulong time = header.Nanoseconds(row.Ticks);
        if (row.IsSorted)
        {
            HandOn(kind, time, cpu, thread, process, row.Payload, row.PayloadOffset);
            return;
        }

        _waiting.Add(new WaitingEvent(time, 0, Keep(row.Payload), thread, process, (ushort)Math.Min(row.Payload.Length, ushort.MaxValue), (ushort)cpu, (ushort)number, 0));
    }

    private void HandOn(KnownKind kind, ulong time, int cpu, int thread, int process, ReadOnlySpan<byte> record, long fileOffset)
    {
        if (time < _handedOut)
        {
            // What the vCPU did in between was read without this event.
            notes.Add(CaptureNotes.LateEvent, $"time {time}");
            sink.Lost(new LossMark(cpu, 0, new ClockTime(time), new ClockTime(_handedOut)));
        }

        _handedOut = Math.Max(_handedOut, time);
        if (kind.Type.Binding is { Tracepoint.Role: TracepointRole.Entry })
        {
            machines.Entered(thread, process);
        }

        sink.Take(new RawEvent(new ClockTime(time), cpu, thread, 0, kind.Type, record, fileOffset));
    }

    // A record behind the longest that the kernel makes is of no tracepoint.
    private int Keep(ReadOnlySpan<byte> record)
    {
        record = record[..Math.Min(record.Length, ushort.MaxValue)];
        if (_keptLength + record.Length > KeptLimit || _waiting.Count >= MostWaiting)
        {
            notes.Add(NetTraceNotes.SortWindow, $"event {_events}");
            HandOutAll();
        }

        if (_keptLength + record.Length > _kept.Length)
        {
            Array.Resize(ref _kept, Math.Max(_kept.Length * 2, _keptLength + record.Length));
        }

        record.CopyTo(_kept.AsSpan(_keptLength));
        _keptLength += record.Length;
        return _keptLength - record.Length;
    }

    private void HandOutAll() => HandOut(_waiting.All());

    private void HandOut(ReadOnlySpan<WaitingEvent> due)
    {
        foreach (ref readonly WaitingEvent one in due)
        {
            HandOn(survey.Kinds[one.Type], one.Time, one.Cpu, one.Thread, one.Process, _kept.AsSpan(one.Start, one.Length), blocks.Start);
        }

        _waiting.Drop(due.Length);
        if (_waiting.Count == 0)
        {
            _keptLength = 0;
        }
    }
}
