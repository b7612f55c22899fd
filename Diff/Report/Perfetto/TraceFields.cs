namespace Differ.Diff.Report.Perfetto;

/// <summary>The numbers of Perfetto's trace format that are used here, message by message, as protos/perfetto/trace publishes them.</summary>
internal static class TraceFields
{
    public const int Packet = 1;

    /// <summary>Fields of TracePacket.</summary>
    public const int
        ClockSnapshot = 6, Timestamp = 8, SequenceId = 10, Event = 11, InternedData = 12, SequenceFlags = 13, TimestampClock = 58,
        PacketDefaults = 59, Track = 60, FirstOfSequence = 87;

    /// <summary>Bits of TracePacket.sequence_flags.</summary>
    public const ulong StateCleared = 1, NeedsState = 2;

    /// <summary>Fields of TracePacketDefaults.</summary>
    public const int DefaultEvent = 11, DefaultClock = 58;

    /// <summary>Fields of ClockSnapshot and ClockSnapshot.Clock.</summary>
    public const int Clocks = 1, PrimaryClock = 2, ClockId = 1, ClockTime = 2, ClockIsIncremental = 3;

    /// <summary>BuiltinClock, and the first number of a sequence's own clock.</summary>
    public const ulong Monotonic = 3, MonotonicRaw = 5, BootTime = 6, OwnClock = 64;

    /// <summary>Fields of TrackEvent.</summary>
    public const int
        CategoryNumber = 3, Argument = 4, Type = 9, NameNumber = 10, EventTrack = 11, Name = 23, Flow = 47, EndOfFlow = 48;

    /// <summary>TrackEvent.Type.</summary>
    public const ulong Begin = 1, End = 2, Instant = 3;

    /// <summary>Fields of DebugAnnotation.</summary>
    public const int
        ArgumentNameNumber = 1, BoolValue = 2, UintValue = 3, TextValue = 6, PointerValue = 7, ArgumentName = 10, TextNumber = 17;

    /// <summary>Fields of InternedData, the indices of texts, and of an entry of each.</summary>
    public const int Categories = 1, EventNames = 2, ArgumentNames = 3, TextValues = 29, EntryNumber = 1, EntryText = 2;

    /// <summary>Fields of TrackDescriptor.</summary>
    public const int TrackUuid = 1, TrackName = 2, Process = 3, Thread = 4, ParentUuid = 5, ChildOrdering = 11, SiblingRank = 12;

    /// <summary>TrackDescriptor.ChildTracksOrdering: by rank.</summary>
    public const ulong Explicit = 3;

    /// <summary>Fields of ProcessDescriptor.</summary>
    public const int Pid = 1, ProcessName = 6;

    /// <summary>Fields of ThreadDescriptor.</summary>
    public const int ThreadPid = 1, ThreadTid = 2, ThreadName = 5;
}
