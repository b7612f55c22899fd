using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.PerfData;

/// <summary>
/// Where events were lost, and the names of threads: found in a walk of its own before the events are read, or along with them in a
/// pipe, which can be read only once.
/// </summary>
/// <remarks>
/// The kernel can report a loss only with the next event that finds room in the same ring. By then perf may have written later
/// events of other CPUs, which belong behind the mark: it would come too late for a vCPU that moved from one CPU to another.
/// <code>
/// CPU 0    event  x x x x x x x x x x x x x x x  LOST event       the hole opens after the first event of CPU 0,
/// CPU 1         event  event  event  event                        and is known only when CPU 1 is long done
/// </code>
/// In a pipe the events of two rounds are held back instead of one: the loss is told with the ring's next events, and those are two
/// rounds behind its last at most where its CPU goes on. Where it fell idle, the mark comes late, and the notes say so.
/// LOST_SAMPLES is what perf asks of the kernel when it ends: those above the sum of LOST were lost after a CPU's last record.
/// </remarks>
internal sealed class PerfLosses
{
    /// <summary>Most marks that are kept; beyond it, two that follow each other on a CPU become one.</summary>
    public const int MostMarks = 1 << 20;

    private const int CancelEvery = 1 << 12;

    private readonly PerfAttributes _attributes;
    private readonly bool _bigEndian;
    private readonly int _mostMarks;
    private readonly Dictionary<ulong, int> _cpuOfId = [];
    private readonly PerfThreads _names = new();
    private readonly SortedDictionary<int, CpuState> _cpus = [];

    // By where they begin, then by CPU, then as they came: a hostile file may tell them in any order.
    private readonly PriorityQueue<LossMark, (ulong After, int Cpu, long Number)> _marks = new();
    private CpuState _last = new(0);
    private long _number;

    /// <summary>Starts without records.</summary>
    /// <param name="attributes">What was recorded.</param>
    /// <param name="bigEndian">Byte order.</param>
    /// <param name="mostMarks">Most marks that are kept.</param>
    public PerfLosses(PerfAttributes attributes, bool bigEndian, int mostMarks = MostMarks)
    {
        _mostMarks = mostMarks;
        _attributes = attributes;
        _bigEndian = bigEndian;
        _cpus.Add(0, _last);
    }

    /// <summary>Whether a loss is known that was not taken.</summary>
    public bool HasMarks => _marks.Count > 0;

    /// <summary>Every loss that is known and was not taken, in the order in which they begin.</summary>
    public IReadOnlyList<LossMark> Marks => [.. _marks.UnorderedItems.OrderBy(item => item.Priority).Select(item => item.Element)];

    /// <summary>Names of threads, as they were last.</summary>
    public IReadOnlyDictionary<int, string> ThreadNames { get; private set; } = new Dictionary<int, string>();

    /// <summary>Walks over the records.</summary>
    /// <param name="open">Gives the records, not yet moved.</param>
    /// <param name="attributes">What was recorded.</param>
    /// <param name="bigEndian">Byte order.</param>
    /// <param name="progress">Told now and then.</param>
    /// <param name="cancel">Ends the walk.</param>
    /// <param name="mostMarks">Most marks that are kept.</param>
    /// <exception cref="CaptureFormatException">The records are damaged.</exception>
    public static PerfLosses Find(
        Func<PerfRecords> open, PerfAttributes attributes, bool bigEndian, Action<PerfRecords> progress, CancellationToken cancel, int mostMarks = MostMarks)
    {
        PerfLosses Start() => new(attributes, bigEndian, mostMarks);

        // Where samples stand matters only to a loss, and most recordings have none: then they are passed over unread.
        PerfLosses losses = Start();
        if (!losses.Walk(open, readsSamples: false, progress, cancel))
        {
            losses = Start();
            _ = losses.Walk(open, readsSamples: true, progress, cancel);
        }

        losses.End();
        return losses;
    }

    // False where it met a loss whose place only samples can tell.
    private bool Walk(Func<PerfRecords> open, bool readsSamples, Action<PerfRecords> progress, CancellationToken cancel)
    {
        using PerfRecords records = open();
        for (uint count = 1; records.MoveNext(); count++)
        {
            if (records.Type != PerfRecordType.Sample || readsSamples)
            {
                if (!readsSamples && records.Type is PerfRecordType.Lost or PerfRecordType.LostSamples or PerfRecordType.Throttle or PerfRecordType.Unthrottle)
                {
                    return false;
                }

                Take(records);
            }

            if (count % CancelEvery == 0)
            {
                cancel.ThrowIfCancellationRequested();
                progress(records);
            }
        }

        return true;
    }

    /// <summary>Takes the next loss that begins before a time.</summary>
    public bool TryNext(ulong time, out LossMark mark)
    {
        if (!_marks.TryPeek(out mark, out _) || mark.After.Value >= time)
        {
            return false;
        }

        _ = _marks.Dequeue();
        return true;
    }

    /// <summary>Looks at the current record.</summary>
    /// <exception cref="CaptureFormatException">It is damaged.</exception>
    public void Take(PerfRecords records)
    {
        switch (records.Type)
        {
            case PerfRecordType.Sample:
                Sample(records);
                break;
            case PerfRecordType.Lost:
                var lost = new ByteCursor(records.Body, records.BodyOffset, _bigEndian);
                ulong id = lost.U64("lost.id");
                Open(CpuOf(records, id), lost.U64("lost.lost"));
                break;
            case PerfRecordType.LostSamples:
                LostSamples(records);
                break;
            case PerfRecordType.Throttle or PerfRecordType.Unthrottle:
                Throttle(records);
                break;
            case PerfRecordType.Comm:
                var comm = new ByteCursor(records.Body, records.BodyOffset, _bigEndian);
                comm.Take(sizeof(uint), "comm.pid");
                _names.Name(comm.U32("comm.tid"), comm.Take(comm.Left, "comm.comm"));
                break;
            case PerfRecordType.Fork:
                var fork = new ByteCursor(records.Body, records.BodyOffset, _bigEndian);
                fork.Take(2 * sizeof(uint), "fork.pid");
                _names.Fork(fork.U32("fork.tid"), fork.U32("fork.ptid"));
                break;
            case PerfRecordType.IdIndex:
                IdIndex(records);
                break;
            default:
                break;
        }
    }

    private void Sample(PerfRecords records)
    {
        ReadOnlySpan<byte> body = records.Body;
        if (_attributes.Of(body, _bigEndian) is not { } attribute)
        {
            return;
        }

        (ulong time, int cpu) = PerfSample.ReadPlace(body, attribute, records.BodyOffset, _bigEndian);
        CpuState state = Cpu(cpu);
        if (state.Open && !state.Throttled)
        {
            Close(state, time);
        }

        state.LastTime = time;
    }

    // Written by the kernel, it stands where the samples would; written by perf, at the end and without a time.
    private void LostSamples(PerfRecords records)
    {
        ulong lost = new ByteCursor(records.Body, records.BodyOffset, _bigEndian).U64("lost_samples.lost");
        PerfAttribute first = _attributes.All[0];
        CpuState state = CpuOf(records, Trailer(records, first.IdBeforeEnd));
        if (Trailer(records, first.TimeBeforeEnd) != 0)
        {
            Open(state, lost);
        }
        else
        {
            state.Counted = unchecked(state.Counted + lost);
        }
    }

    private void Throttle(PerfRecords records)
    {
        var cursor = new ByteCursor(records.Body, records.BodyOffset, _bigEndian);
        _ = cursor.U64("throttle.time");
        ulong id = cursor.U64("throttle.id");
        if (_attributes.OfId(id) is { IsTracepoint: true })
        {
            CpuState state = CpuOf(records, id);
            state.Open = true;
            state.Throttled = records.Type == PerfRecordType.Throttle;
        }
    }

    private void IdIndex(PerfRecords records)
    {
        var cursor = new ByteCursor(records.Body, records.BodyOffset, _bigEndian);
        ulong count = cursor.U64("id_index.nr");
        for (ulong i = 0; i < count && cursor.Left >= 4 * sizeof(ulong); i++)
        {
            ulong id = cursor.U64("id_index.id");
            _ = cursor.U64("id_index.idx");
            ulong cpu = cursor.U64("id_index.cpu");
            _ = cursor.U64("id_index.tid");
            if (_attributes.OfId(id) is not null)
            {
                _cpuOfId[id] = PerfSample.CpuOrZero(cpu);
            }
        }
    }

    // perf leaves the CPU of its own records 0, so the id counts for more than the trailer.
    private CpuState CpuOf(PerfRecords records, ulong id)
    {
        if (!_cpuOfId.TryGetValue(id, out int cpu))
        {
            // u32 cpu, u32 reserved.
            ulong place = Trailer(records, _attributes.All[0].CpuBeforeEnd);
            cpu = PerfSample.CpuOrZero(_bigEndian ? place >> 32 : place & uint.MaxValue);
        }

        return Cpu(cpu);
    }

    private ulong Trailer(PerfRecords records, int beforeEnd)
    {
        ReadOnlySpan<byte> body = records.Body;
        return beforeEnd == 0 || beforeEnd > body.Length ? 0
            : new ByteCursor(body[^beforeEnd..], records.BodyOffset, _bigEndian).U64("sample_id");
    }

    private CpuState Cpu(int cpu)
    {
        if (_last.Cpu == cpu)
        {
            return _last;
        }

        if (!_cpus.TryGetValue(cpu, out CpuState? state))
        {
            state = new CpuState(cpu);
            _cpus.Add(cpu, state);
        }

        return _last = state;
    }

    private static void Open(CpuState state, ulong events)
    {
        state.Open = true;
        state.Events = unchecked(state.Events + events);
        state.Marked = unchecked(state.Marked + events);
    }

    private void Close(CpuState state, ulong before)
    {
        if (_marks.Count >= _mostMarks)
        {
            Thin();
        }

        Insert(new LossMark(state.Cpu, state.Events, new ClockTime(state.LastTime), new ClockTime(before)));
        state.Open = false;
        state.Events = 0;
    }

    /// <summary>There are no more records: what is still missing is lost to the end.</summary>
    public void End()
    {
        foreach (CpuState state in _cpus.Values)
        {
            if (state.Counted > state.Marked)
            {
                Open(state, state.Counted - state.Marked);
            }

            if (state.Open)
            {
                Close(state, ulong.MaxValue);
            }
        }

        ThreadNames = _names.Settle();
    }

    private void Thin()
    {
        var open = new Dictionary<int, LossMark>();
        var thinned = new List<LossMark>();
        foreach (LossMark mark in Marks)
        {
            if (open.Remove(mark.Cpu, out LossMark earlier))
            {
                thinned.Add(mark with { Events = unchecked(earlier.Events + mark.Events), After = earlier.After });
            }
            else
            {
                open.Add(mark.Cpu, mark);
            }
        }

        _marks.Clear();
        foreach (LossMark mark in thinned.Concat(open.Values))
        {
            Insert(mark);
        }
    }

    private void Insert(in LossMark mark) => _marks.Enqueue(mark, (mark.After.Value, mark.Cpu, _number++));

    private sealed class CpuState(int cpu)
    {
        public int Cpu { get; } = cpu;

        /// <summary>Time of the last sample.</summary>
        public ulong LastTime { get; set; }

        /// <summary>A loss has begun and no sample has come since.</summary>
        public bool Open { get; set; }

        /// <summary>Samples do not end the loss.</summary>
        public bool Throttled { get; set; }

        /// <summary>Events of that loss.</summary>
        public ulong Events { get; set; }

        /// <summary>Events of all marks.</summary>
        public ulong Marked { get; set; }

        /// <summary>Events that perf's statistics count.</summary>
        public ulong Counted { get; set; }
    }
}
