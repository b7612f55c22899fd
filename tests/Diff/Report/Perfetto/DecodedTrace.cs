using System.Globalization;
using System.Text;
using Differ.Tests.Diff.Report.Perfetto.Protos;

namespace Differ.Tests.Diff.Report.Perfetto;

/// <summary>An event of a trace, with every number replaced by what it stands for.</summary>
/// <param name="Track">Uuid of its track.</param>
/// <param name="Time">On the trace's clock.</param>
/// <param name="Type">What it is.</param>
/// <param name="Category">Its category; empty for the end of a slice.</param>
/// <param name="Name">Its name; empty for the end of a slice.</param>
/// <param name="Arguments">Its arguments, for a person.</param>
/// <param name="Flows">Arrows that start at it.</param>
/// <param name="Ends">Arrows that end at it.</param>
internal sealed record DecodedEvent(
    ulong Track, ulong Time, TrackEvent.Types.Type Type, string Category, string Name, IReadOnlyList<(string Name, string Value)> Arguments,
    IReadOnlyList<ulong> Flows, IReadOnlyList<ulong> Ends)
{
    /// <summary>An argument; null where there is none.</summary>
    public string? this[string argument] => Arguments.Where(one => one.Name == argument).Select(one => one.Value).FirstOrDefault();
}

/// <summary>Reads a trace as Perfetto's trace_processor does: by sequence, with defaults, clocks and texts that earlier packets gave.</summary>
internal sealed class DecodedTrace
{
    private readonly Dictionary<uint, Sequence> _sequences = [];

    /// <summary>Reads all of it.</summary>
    /// <exception cref="InvalidOperationException">A packet refers to what no packet before it gave.</exception>
    public DecodedTrace(byte[] bytes)
    {
        Trace trace = Trace.Parser.ParseFrom(bytes);
        Packets = trace.Packet.Count;

        // Fields that the published format does not have would be kept apart, and lost here.
        Trace known = Trace.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes);
        HasUnknownFields = known.CalculateSize() != bytes.Length;
        foreach (TracePacket packet in trace.Packet)
        {
            Read(packet);
        }
    }

    /// <summary>How many packets.</summary>
    public int Packets { get; }

    /// <summary>Whether there is a field that the published format does not have.</summary>
    public bool HasUnknownFields { get; }

    /// <summary>The events in the order of the file, which is that of time within a track.</summary>
    public List<DecodedEvent> Events { get; } = [];

    /// <summary>The tracks by uuid.</summary>
    public Dictionary<ulong, TrackDescriptor> Tracks { get; } = [];

    /// <summary>The clocks that times are of.</summary>
    public HashSet<BuiltinClock> Clocks { get; } = [];

    /// <summary>The events of the track of a vCPU, slices as they are nested.</summary>
    public IEnumerable<DecodedEvent> OfVcpu(string name) =>
        Events.Where(one => Tracks.Single(track => track.Value.Thread?.ThreadName.StartsWith(name, StringComparison.Ordinal) ?? false).Key == one.Track);

    /// <summary>Names of slices and instants as they are nested, a line each: time, depth, name.</summary>
    public string Outline(string vcpu)
    {
        var text = new StringBuilder();
        int depth = 0;
        foreach (DecodedEvent one in OfVcpu(vcpu))
        {
            depth -= one.Type == TrackEvent.Types.Type.SliceEnd ? 1 : 0;
            if (one.Type != TrackEvent.Types.Type.SliceEnd)
            {
                text.Append(CultureInfo.InvariantCulture, $"{one.Time} {new string(' ', 2 * depth)}{one.Name}\n");
            }

            depth += one.Type == TrackEvent.Types.Type.SliceBegin ? 1 : 0;
        }

        return text.ToString();
    }

    /// <summary>Everything, for a person.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        foreach ((ulong uuid, TrackDescriptor track) in Tracks)
        {
            string name = track.Process?.ProcessName ?? track.Thread?.ThreadName ?? track.Name;
            string ids = track.Process is { } process ? $" pid {process.Pid}" : track.Thread is { } thread ? $" pid {thread.Pid} tid {thread.Tid}" : "";
            text.Append(CultureInfo.InvariantCulture, $"track {uuid:x8} in {track.ParentUuid:x8}: {name}{ids}\n");
        }

        foreach (DecodedEvent one in Events)
        {
            text.Append(CultureInfo.InvariantCulture, $"{one.Track:x8} {one.Time} {one.Type}{(one.Name.Length > 0 ? $" [{one.Category}] {one.Name}" : "")}");
            text.Append(string.Concat(one.Flows.Select(flow => $" -> {flow}"))).Append(string.Concat(one.Ends.Select(flow => $" <- {flow}"))).Append('\n');
            text.Append(string.Concat(one.Arguments.Select(argument => $"    {argument.Name}: {argument.Value}\n")));
        }

        return text.ToString();
    }

    private void Read(TracePacket packet)
    {
        if (packet.TrackDescriptor is { } track)
        {
            Tracks.Add(track.Uuid, track);
        }

        if (packet.TrustedPacketSequenceId == 0)
        {
            throw new InvalidOperationException("a packet belongs to no sequence");
        }

        bool clears = (packet.SequenceFlags & 1) != 0;
        if (clears)
        {
            _sequences[packet.TrustedPacketSequenceId] = new Sequence(packet);
            Clocks.Add(packet.ClockSnapshot.PrimaryTraceClock);
        }

        Sequence? sequence = _sequences.GetValueOrDefault(packet.TrustedPacketSequenceId);
        if ((packet.SequenceFlags & 2) != 0 && sequence is null)
        {
            throw new InvalidOperationException("a packet needs a state that its sequence does not have");
        }

        sequence?.Define(packet.InternedData);
        if (packet.TrackEvent is { } one)
        {
            Events.Add(Decode(packet, one, sequence));
        }
    }

    private static DecodedEvent Decode(TracePacket packet, TrackEvent one, Sequence? sequence)
    {
        ulong time = packet.HasTimestampClockId ? packet.Timestamp : sequence!.Advance(packet.Timestamp);
        string name = one.HasNameIid ? sequence!.Names[one.NameIid] : one.Name;
        return new DecodedEvent(
            one.HasTrackUuid ? one.TrackUuid : sequence!.Track, time, one.Type, string.Join(',', one.CategoryIids.Select(iid => sequence!.Categories[iid])), name,
            [.. one.DebugAnnotations.Select(argument => (argument.HasNameIid ? sequence!.Arguments[argument.NameIid] : argument.Name, Value(argument, sequence)))],
            [.. one.FlowIds], [.. one.TerminatingFlowIds]);
    }

    private static string Value(DebugAnnotation argument, Sequence? sequence) => argument.ValueCase switch
    {
        DebugAnnotation.ValueOneofCase.BoolValue => argument.BoolValue ? "true" : "false",
        DebugAnnotation.ValueOneofCase.UintValue => argument.UintValue.ToString(CultureInfo.InvariantCulture),
        DebugAnnotation.ValueOneofCase.PointerValue => $"0x{argument.PointerValue:x}",
        DebugAnnotation.ValueOneofCase.StringValueIid => sequence!.Values[argument.StringValueIid],
        _ => argument.StringValue,
    };

    private sealed class Sequence
    {
        private ulong _time;

        public Sequence(TracePacket first)
        {
            uint clock = first.TracePacketDefaults.TimestampClockId;
            _time = first.ClockSnapshot.Clocks.Single(one => one.ClockId == clock && one.IsIncremental).Timestamp;
            Track = first.TracePacketDefaults.TrackEventDefaults.TrackUuid;
        }

        public ulong Track { get; }

        public Dictionary<ulong, string> Categories { get; } = [];

        public Dictionary<ulong, string> Names { get; } = [];

        public Dictionary<ulong, string> Arguments { get; } = [];

        public Dictionary<ulong, string> Values { get; } = [];

        public ulong Advance(ulong distance) => _time += distance;

        // It is illegal to define a number twice.
        public void Define(InternedData? data)
        {
            foreach (EventCategory one in data?.EventCategories ?? [])
            {
                Categories.Add(one.Iid, one.Name);
            }

            foreach (EventName one in data?.EventNames ?? [])
            {
                Names.Add(one.Iid, one.Name);
            }

            foreach (DebugAnnotationName one in data?.DebugAnnotationNames ?? [])
            {
                Arguments.Add(one.Iid, one.Name);
            }

            foreach (InternedString one in data?.DebugAnnotationStringValues ?? [])
            {
                Values.Add(one.Iid, one.Str.ToStringUtf8());
            }
        }
    }
}
