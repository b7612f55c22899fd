using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Google.Protobuf;

namespace Differ.Schemas.Files;

/// <summary>Reads messages <c>Exit</c> of run.proto and hands them on as records.</summary>
internal sealed class ExitReader
{
    // As many as are recorded between an exit and its entry; a record that the kernel's pretended exits were folded into is no longer.
    private const int MostEvents = 1 << 16;

    private readonly EventReader _eventReader;
    private readonly List<byte> _eventNewer = [];
    private readonly List<byte> _newer = [];
    private KvmEvent[] _events = new KvmEvent[16];
    private int _count;
    private TracepointSet _kinds;
    private MachineStates? _states;
    private Fields _fields;

    public ExitReader(TextTable texts) => _eventReader = new EventReader(texts, _eventNewer);

    /// <summary>Reads one message and hands the record on.</summary>
    /// <param name="bytes">The message.</param>
    /// <param name="lossBefore">Whether exits may be missing before it: marked in the record.</param>
    /// <param name="sink">Takes the record.</param>
    /// <returns>The stream.</returns>
    /// <exception cref="InvalidProtocolBufferException">It is no such message.</exception>
    /// <exception cref="InvalidDataException">It has more of something than any run has; the message says of what.</exception>
    public StreamId Read(byte[] bytes, Func<StreamId, bool> lossBefore, IExitSink sink)
    {
        Reset();
        using var input = new CodedInputStream(bytes);
        long start = 0;
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            int field = WireFormat.GetTagFieldNumber(tag);
            bool number = WireFormat.GetTagWireType(tag) == WireFormat.WireType.Varint;
            bool known = number ? _fields.Set(field, input) : field switch
            {
                13 => ReadEvent(input),
                StatesCodec.Field => StatesCodec.Read(input.ReadBytes(), _states ??= new MachineStates()),
                _ => Skip(input),
            };
            if (!known)
            {

                _newer.AddRange(bytes.AsSpan((int)start, (int)(input.Position - start)));
            }

            start = input.Position;
        }

        if (_fields.Stream >= StreamId.Most)
        {
            throw new InvalidDataException($"an exit is of stream {_fields.Stream}");
        }

        var stream = new StreamId((int)_fields.Stream);
        HardwareExit exit = _fields.Exit();
        GuestEntry entry = _fields.Entry();
        RecordFlags flags = (RecordFlags)(_fields.Flags & 0x1f) | (lossBefore(stream) ? RecordFlags.LossBefore : RecordFlags.None);
        byte[] newer = _eventNewer.Count + _newer.Count == 0 ? [] : [.. _eventNewer, .. _newer];
        sink.Take(new ExitRecord(
            stream, _fields.Index, (GuestLevel)Math.Min(_fields.Level, 2), flags, ref exit, ref entry, _kinds, _events.AsSpan(0, _count), newer, _states));
        return stream;
    }

    private static bool Skip(CodedInputStream input)
    {
        input.SkipLastField();
        return false;
    }

    private void Reset()
    {
        _states?.Clear();
        _count = 0;
        _kinds = default;
        _fields = default;
        _newer.Clear();
        _eventNewer.Clear();
    }

    private bool ReadEvent(CodedInputStream input)
    {
        if (!_eventReader.Read(input.ReadBytes().ToByteArray(), out KvmEvent kvmEvent))
        {
            return false;
        }

        if (kvmEvent.Kind == KvmEventKind.StateValue)
        {
            StateValue value = StateValue.Of(kvmEvent);
            if (MachineStates.IsMoment((ulong)value.Moment))
            {
                (_states ??= new MachineStates())[value.Moment].Write(value.Position, VmcbLayout.SizeAt(value.Position), value.Value);
            }

            return true;
        }

        if (_count == MostEvents)
        {
            throw new InvalidDataException($"an exit has more than {MostEvents} events");
        }

        if (_count == _events.Length)
        {
            Array.Resize(ref _events, _count * 2);
        }

        _events[_count++] = kvmEvent;
        _kinds |= TracepointSet.Of(kvmEvent.Kind);
        return true;
    }

    // The numbers of one message, by field.
    private struct Fields
    {
        private ulong _present;
        private ulong _time, _hostCpu, _code, _rip, _info1, _info2, _intInfo, _intInfoError;
        private ulong _entryTime, _entryCpu, _entryRip, _eventInj, _eventInjError, _immediate;

        public ulong Stream { get; private set; }

        public ulong Index { get; private set; }

        public ulong Level { get; private set; }

        public ulong Flags { get; private set; }

        public readonly HardwareExit Exit() => new(
            new ClockTime(_time), (int)(_hostCpu & int.MaxValue), new SvmExitCode(_code), _rip, _info1, _info2, At32(11, _intInfo), At32(12, _intInfoError));

        public readonly GuestEntry Entry() => new(
            new ClockTime(_entryTime), (int)(_entryCpu & int.MaxValue), Has(16) ? Observed<ulong>.Of(_entryRip) : Observed<ulong>.Unseen,
            At32(17, _eventInj), At32(18, _eventInjError), Has(19) ? Truth.Of(_immediate != 0) : Truth.Unknown);

        public bool Set(int field, CodedInputStream input)
        {
            ulong value = input.ReadUInt64();
            _present |= field < 64 ? 1UL << field : 0;
            switch (field)
            {
                case 1: Stream = value; break;
                case 2: Index = value; break;
                case 3: Level = value; break;
                case 4: Flags = value; break;
                case 5: _time = value; break;
                case 6: _hostCpu = value; break;
                case 7: _code = value; break;
                case 8: _rip = value; break;
                case 9: _info1 = value; break;
                case 10: _info2 = value; break;
                case 11: _intInfo = value; break;
                case 12: _intInfoError = value; break;
                case 14: _entryTime = value; break;
                case 15: _entryCpu = value; break;
                case 16: _entryRip = value; break;
                case 17: _eventInj = value; break;
                case 18: _eventInjError = value; break;
                case 19: _immediate = value; break;
                default: return false;
            }

            return true;
        }

        private readonly bool Has(int field) => ((_present >> field) & 1) != 0;

        private readonly Observed<uint> At32(int field, ulong value) =>
            Has(field) ? Observed<uint>.Of((uint)(value & uint.MaxValue)) : Observed<uint>.Unseen;
    }
}
