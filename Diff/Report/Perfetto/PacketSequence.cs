using static Differ.Diff.Report.Perfetto.TraceFields;

namespace Differ.Diff.Report.Perfetto;

/// <summary>The packets of one track, in the order of time.</summary>
/// <remarks>
/// What repeats is written once for a sequence: its track and clock are defaults, a time is the distance from the packet before, and texts
/// have numbers, which the packet that first uses one defines.
/// </remarks>
internal sealed class PacketSequence
{
    private readonly ProtoWriter _writer;
    private readonly uint _id;
    private readonly List<(int Index, TraceText Text)> _new = [];
    private readonly List<ulong>?[] _defined = new List<ulong>?[TextValues + 1];

    /// <summary>Starts a sequence.</summary>
    /// <param name="writer">Where it goes.</param>
    /// <param name="id">Its number in the trace, not 0.</param>
    /// <param name="track">The track of its events, unless they name another.</param>
    /// <param name="clock">The BuiltinClock that the times are of.</param>
    /// <param name="time">Not after its first event.</param>
    public PacketSequence(ProtoWriter writer, uint id, ulong track, ulong clock, ulong time)
    {
        _writer = writer;
        _id = id;
        Time = time;
        writer.Begin(Packet);
        writer.Number(Timestamp, time);
        writer.Number(TimestampClock, clock);
        writer.Number(SequenceId, id);
        writer.Number(SequenceFlags, StateCleared);
        writer.Number(FirstOfSequence, 1);
        writer.Begin(PacketDefaults);
        writer.Number(DefaultClock, OwnClock);
        writer.Begin(DefaultEvent);
        writer.Number(EventTrack, track);
        writer.End();
        writer.End();
        writer.Begin(TraceFields.ClockSnapshot);
        WriteClock(clock, time, isIncremental: false);
        WriteClock(OwnClock, time, isIncremental: true);
        writer.Number(PrimaryClock, clock);
        writer.End();
        writer.End();
    }

    /// <summary>The time of its last event, or of its start.</summary>
    public ulong Time { get; private set; }

    /// <summary>Starts an event.</summary>
    /// <param name="type">Begin, End or Instant.</param>
    /// <param name="time">Not before the event before it.</param>
    public void Open(ulong type, ulong time)
    {
        _writer.Begin(Packet);
        _writer.Number(Timestamp, time - Time);
        _writer.Number(SequenceId, _id);
        _writer.Number(SequenceFlags, NeedsState);
        _writer.Begin(Event);
        _writer.Number(TraceFields.Type, type);
        Time = time;
    }

    /// <summary>Starts a slice or an instant with a name.</summary>
    public void Open(ulong type, ulong time, in TraceText category, in TraceText name)
    {
        Open(type, time);
        Refer(Categories, category);
        _writer.Number(CategoryNumber, (ulong)category.Number);
        WriteText(name, EventNames, NameNumber, Name);
    }

    /// <summary>The event is on another track than the sequence's.</summary>
    public void OnTrack(ulong uuid) => _writer.Number(EventTrack, uuid);

    /// <summary>An arrow starts at the event.</summary>
    public void StartFlow(ulong flow) => _writer.Fixed64(Flow, flow);

    /// <summary>An arrow ends at the event.</summary>
    public void EndFlow(ulong flow) => _writer.Fixed64(EndOfFlow, flow);

    /// <summary>An argument that is shown in hexadecimal.</summary>
    public void Hex(in TraceText name, ulong value) => Value(name, PointerValue, value);

    /// <summary>An argument that is shown in decimal.</summary>
    public void Count(in TraceText name, ulong value) => Value(name, UintValue, value);

    /// <summary>An argument that is so.</summary>
    public void Yes(in TraceText name) => Value(name, BoolValue, 1);

    /// <summary>An argument in words.</summary>
    public void Words(in TraceText name, in TraceText value)
    {
        _writer.Begin(Argument);
        WriteText(name, ArgumentNames, ArgumentNameNumber, ArgumentName);
        WriteText(value, TextValues, TextNumber, TextValue);
        _writer.End();
    }

    /// <summary>Ends an event.</summary>
    public void Close()
    {
        _writer.End();
        if (_new.Count > 0)
        {
            Define();
        }

        _writer.End();
    }

    private void Value(in TraceText name, int field, ulong value)
    {
        _writer.Begin(Argument);
        WriteText(name, ArgumentNames, ArgumentNameNumber, ArgumentName);
        _writer.Number(field, value);
        _writer.End();
    }

    private void WriteText(in TraceText text, int index, int number, int written)
    {
        if (text.Number == 0)
        {
            _writer.Text(written, text.Value);
            return;
        }

        Refer(index, text);
        _writer.Number(number, (ulong)text.Number);
    }

    // A bit for each number that the sequence has defined in an index.
    private void Refer(int index, in TraceText text)
    {
        List<ulong> bits = _defined[index] ??= [];
        int word = text.Number / 64;
        while (bits.Count <= word)
        {
            bits.Add(0);
        }

        if ((bits[word] >> (text.Number % 64) & 1) == 0)
        {
            bits[word] |= 1UL << (text.Number % 64);
            _new.Add((index, text));
        }
    }

    private void Define()
    {
        _writer.Begin(TraceFields.InternedData);
        foreach ((int index, TraceText text) in _new)
        {
            _writer.Begin(index);
            _writer.Number(EntryNumber, (ulong)text.Number);
            _writer.Text(EntryText, text.Value);
            _writer.End();
        }

        _writer.End();
        _new.Clear();
    }

    private void WriteClock(ulong id, ulong time, bool isIncremental)
    {
        _writer.Begin(Clocks);
        _writer.Number(ClockId, id);
        _writer.Number(TraceFields.ClockTime, time);
        if (isIncremental)
        {
            _writer.Number(ClockIsIncremental, 1);
        }

        _writer.End();
    }
}
