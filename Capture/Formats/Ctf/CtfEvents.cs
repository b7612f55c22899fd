using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Order;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.Ctf;

/// <summary>The events of one stream, file by file and packet by packet.</summary>
/// <remarks>
/// <c>events_discarded</c> counts up to the end of its packet. Where it went up, events are missing somewhere between the last event of
/// the packet before and the end of this one; where a packet's number is missing, up to the beginning of this one.
/// </remarks>
/// <param name="schema">The description.</param>
/// <param name="folder">Where the files are.</param>
/// <param name="stream">The stream.</param>
internal sealed class CtfEvents(CtfSchema schema, ByteFolder folder, CtfStream stream) : EventCursor
{
    // A difference of counters beyond this is damage, not a number of events.
    private const ulong MostLost = 1UL << 48;

    private CtfDecoder _decoder = null!;
    private CtfBits? _bits;
    private ByteSource? _source;
    private int _nextFile;
    private long _next;
    private ulong? _discarded;
    private ulong? _sequence;
    private ClockTime _last;
    private ulong _lost;
    private ClockTime? _lostUntil;

    public CtfStreamKind Stream => stream.Kind;

    /// <summary>The host CPU.</summary>
    public int Cpu { get; private set; } = stream.Cpu;

    /// <summary>What the current event is.</summary>
    public CtfKind Kind { get; private set; } = null!;

    /// <summary>Record of the current event.</summary>
    public Span<byte> Record => _decoder.Record;

    /// <summary>Where the current event stands in its file.</summary>
    public long FileOffset { get; private set; }

    /// <summary>Bytes of files that are read.</summary>
    public long Consumed { get; private set; }

    /// <summary>The loss that the last step came to.</summary>
    public LossMark Loss { get; private set; }

    /// <summary>Data whose place is in the record.</summary>
    public ReadOnlySpan<byte> Located(int at) => _decoder.Located(at);

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        _last = Time;
        Marked = false;
        while (_bits is null || _bits.AtEnd)
        {
            if (!NextPacket())
            {
                EndLoss();
                return false;
            }
        }

        ReadEvent(_bits);
        EndLoss();
        return true;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _source?.Dispose();
        base.Dispose();
    }

    private void ReadEvent(CtfBits bits)
    {
        bits.Fill();
        long before = bits.Position;
        FileOffset = bits.FileOffset;
        _decoder.Run(Stream.EventHeader);
        Kind = Stream.Find(_decoder.EventId) ?? CaptureFormatException.ThrowUnknownCtfEvent<CtfKind>(bits.Name, _decoder.EventId, FileOffset);
        _decoder.Begin(Kind.FixedSize);
        _decoder.Run(Kind.Steps);
        if (bits.Position == before)
        {
            CaptureFormatException.ThrowBadPacket(bits.Name, "an event has no bits", FileOffset);
        }

        Time = new ClockTime(Stream.Nanoseconds(_decoder.Clock));
    }

    private bool NextPacket()
    {
        while (_source is null || _next >= _source.Length)
        {
            if (_nextFile == stream.Files.Count)
            {
                return false;
            }

            Consumed += _source?.Length ?? 0;
            _source?.Dispose();
            _source = folder.Open(stream.Files[_nextFile]);
            _bits = new CtfBits(stream.Files[_nextFile]);
            _decoder = new CtfDecoder(_bits, schema.Registers) { Clock = _decoder?.Clock ?? 0 };
            _nextFile++;
            _next = 0;
        }

        CtfPacket packet = CtfPacket.Read(schema, _source, _next, _bits!, _decoder);
        if (packet.Stream != Stream)
        {
            CaptureFormatException.ThrowBadPacket(_bits!.Name, $"a packet of stream {packet.Stream.Id} stands among those of {Stream.Id}", _next);
        }

        _next += packet.Size;
        Cpu = packet.Cpu ?? Cpu;
        _decoder.Clock = packet.Begin ?? _decoder.Clock;
        TakeLosses(packet);
        return true;
    }

    private void TakeLosses(in CtfPacket packet)
    {
        if (packet.Sequence is { } number)
        {
            if (_sequence is { } before && number != unchecked(before + 1))
            {
                LoseUntil(0, packet.Begin);
            }

            _sequence = number;
        }

        if (packet.Discarded is { } discarded)
        {
            ulong more = unchecked(discarded - (_discarded ?? 0));
            more = packet.DiscardedBits == 32 ? more & uint.MaxValue : more;
            if (more > 0)
            {
                LoseUntil(more > MostLost ? 0 : more, packet.End);
            }

            _discarded = discarded;
        }
    }

    private void LoseUntil(ulong events, ulong? until)
    {
        ulong time = until is { } tick ? Stream.Nanoseconds(tick) : ulong.MaxValue;
        _lost += events;
        _lostUntil = new ClockTime(Math.Max(time, _lostUntil?.Value ?? 0));
    }

    private void EndLoss()
    {
        if (_lostUntil is { } until)
        {
            Loss = new LossMark(Cpu, _lost, _last, until);
            Marked = true;
            _lostUntil = null;
            _lost = 0;
        }
    }
}
