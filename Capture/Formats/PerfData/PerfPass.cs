using Differ.Capture.Diagnostics;
using Differ.Capture.Order;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.PerfData;

/// <summary>One walk over the records that hands on their events, in order, with the losses between them.</summary>
/// <param name="records">Not yet moved.</param>
/// <param name="attributes">What was recorded.</param>
/// <param name="typeOfId">The tracepoints by number.</param>
/// <param name="common">Where their records hold number and thread.</param>
/// <param name="losses">The losses: of all records, or where they are found along the way, of none yet.</param>
/// <param name="sink">Takes the events.</param>
/// <param name="notes">Takes what is lossy or odd.</param>
internal sealed class PerfPass(
    PerfRecords records, PerfAttributes attributes, TraceEventType?[] typeOfId, CommonFields common, PerfLosses losses,
    IEventSink sink, CaptureNotes notes)
{
    private const int CancelEvery = 1 << 12;

    // 1 GiB of records, or about as many events as fill it. A round of perf record is at most what the rings of all CPUs hold:
    // a host with 64 CPUs and perf record -m 8M stays below.
    private const int MostChunks = 1 << 12;
    private const int MostWaiting = 1 << 23;

    private RoundSorter? _sorter;
    private readonly bool _everything = sink.WantsEverything;
    private readonly bool _bigEndian = common.BigEndian;
    private ulong _events;
    private ulong _handedOut;

    /// <summary>Told thread and process of every entry into a guest.</summary>
    public required Action<int, int> EnteredBy { get; init; }

    /// <summary>Told now and then how many events are done.</summary>
    public required Action<ulong> Progress { get; init; }

    /// <summary>Ends the walk.</summary>
    public required CancellationToken Cancel { get; init; }

    /// <summary>Whether losses are found along the way, because the records can be read only once.</summary>
    public bool FindsLosses { get; init; }

    /// <summary>Whether something became known too late, or might have in another reading of the same records.</summary>
    public bool WasLate { get; private set; }

    /// <summary>Most chunks that wait to be put in order.</summary>
    public int ChunkLimit { get; init; } = MostChunks;

    /// <summary>Walks.</summary>
    /// <exception cref="CaptureFormatException">The records are damaged.</exception>
    public void Run()
    {
        while (records.MoveNext())
        {
            if (FindsLosses)
            {
                losses.Take(records);
            }

            if (records.Type == PerfRecordType.Sample)
            {
                Take();
            }
            else if (records.Type == PerfRecordType.FinishedRound)
            {
                HandOut(Sorter.EndRound());
            }
        }

        if (FindsLosses)
        {
            losses.End();
        }

        if (records.IsCut)
        {
            notes.Add(CaptureNotes.CutPipe, $"event {_events}");
        }

        HandOut(Sorter.All());
        PassLosses(ulong.MaxValue);
        Progress(_events);
    }

    /// <summary>Nothing comes for a while: hands on what need not wait.</summary>
    public void FallSilent() => HandOut(Sorter.Certain());

    private RoundSorter Sorter => _sorter ??= new RoundSorter(FindsLosses ? 2 : 1);

    private void Take()
    {
        if (++_events % CancelEvery == 0)
        {
            Cancel.ThrowIfCancellationRequested();
            Progress(_events);
        }

        ReadOnlySpan<byte> body = records.Body;
        if (attributes.Of(body, _bigEndian) is not { } attribute)
        {
            notes.Add(CaptureNotes.UnknownEvent, $"byte 0x{records.BodyOffset:x}");
            return;
        }

        if (!attribute.IsTracepoint || (attribute.SampleType & PerfAttribute.Raw) == 0)
        {
            return;
        }

        PerfSample sample = PerfSample.Read(body, attribute, records.BodyOffset, _bigEndian);
        if (!common.Read(body.Slice(sample.RawStart, sample.RawLength), out int id, out int thread))
        {
            notes.Add(CaptureNotes.ShortRecord, $"byte 0x{records.BodyOffset:x}");
            return;
        }

        TraceEventType? type = unchecked((uint)id) < (uint)typeOfId.Length ? typeOfId[id] : null;
        if (type is null)
        {
            notes.Add(CaptureNotes.UnknownEvent, $"number {id}");
            return;
        }

        type.Count++;
        if (_everything || type.IsUsed)
        {
            Wait(sample, id, thread, attribute.Instance);
        }
    }

    private void Wait(in PerfSample sample, int id, int thread, int instance)
    {
        if (records.Chunks.Live > ChunkLimit || Sorter.Count >= MostWaiting)
        {
            WasLate = true;
            notes.Add(CaptureNotes.SortWindow, $"byte 0x{records.BodyOffset:x}");
            ReadOnlySpan<WaitingEvent> all = Sorter.All();
            HandOut(all[..((all.Length + 1) / 2)]);
        }

        records.Chunk.Users++;
        Sorter.Add(new WaitingEvent(
            sample.Time, records.Chunk.Index, records.BodyStart + sample.RawStart, thread, sample.Process,
            (ushort)sample.RawLength, (ushort)sample.Cpu, (ushort)id, (byte)Math.Min(instance, byte.MaxValue)));
    }

    private void HandOut(ReadOnlySpan<WaitingEvent> due)
    {
        foreach (ref readonly WaitingEvent waiting in due)
        {
            if (waiting.Time < _handedOut)
            {
                // What the vCPU did in between was read without this event.
                WasLate = true;
                notes.Add(CaptureNotes.LateEvent, $"time {waiting.Time}");
                sink.Lost(new LossMark(waiting.Cpu, 0, new ClockTime(waiting.Time), new ClockTime(_handedOut)));
            }

            if (losses.HasMarks)
            {
                PassLosses(waiting.Time);
            }

            _handedOut = Math.Max(_handedOut, waiting.Time);
            TraceEventType type = typeOfId[waiting.Type]!;
            if (type.Binding is { Tracepoint.Role: TracepointRole.Entry })
            {
                EnteredBy(waiting.Thread, waiting.Process);
            }

            RecordChunk chunk = records.Chunks[waiting.Chunk];
            sink.Take(new RawEvent(
                new ClockTime(waiting.Time), waiting.Cpu, waiting.Thread, waiting.Instance, type,
                chunk.Buffer.AsSpan(waiting.Start, waiting.Length), chunk.OffsetOf(waiting.Start)));
            records.Chunks.Release(chunk);
        }

        Sorter.Drop(due.Length);
    }

    // A mark comes before the first event that is later than the beginning of the hole.
    private void PassLosses(ulong time)
    {
        while (losses.TryNext(time, out LossMark mark))
        {
            notes.Add(CaptureNotes.LostEvents, $"CPU {mark.Cpu}, before time {mark.Before.Value}");
            if (mark.After.Value < _handedOut)
            {
                WasLate = true;
                notes.Add(CaptureNotes.LateLoss, $"CPU {mark.Cpu}, after time {mark.After.Value}");
            }

            sink.Lost(mark);
        }
    }
}
