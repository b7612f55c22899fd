namespace Differ.Capture.Formats.Ctf.Tsdl;

/// <summary>What a description says of a recording.</summary>
internal sealed class TsdlDescription
{
    /// <summary>Whether numbers have their most significant byte first where their type does not say.</summary>
    public bool BigEndian { get; set; }

    /// <summary>Number of the recording, 32 hexadecimal digits; empty where it has none.</summary>
    public string Uuid { get; set; } = "";

    /// <summary>What each packet starts with; null for nothing.</summary>
    public TsdlStruct? PacketHeader { get; set; }

    /// <summary>What the recorder says of itself and the host.</summary>
    public Dictionary<string, string> Environment { get; } = new(StringComparer.Ordinal);

    public List<TsdlClock> Clocks { get; } = [];

    /// <summary>The kinds of streams.</summary>
    public List<TsdlStream> Streams { get; } = [];

    /// <summary>The kinds of events.</summary>
    public List<TsdlEvent> Events { get; } = [];
}

/// <summary>A clock.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Frequency">Ticks per second.</param>
internal sealed record TsdlClock(string Name, ulong Frequency);

/// <summary>A kind of streams.</summary>
/// <param name="Id">Its number.</param>
/// <param name="PacketContext">What stands in each packet behind its header.</param>
/// <param name="EventHeader">What each event starts with.</param>
/// <param name="EventContext">What follows in each event.</param>
internal sealed record TsdlStream(ulong Id, TsdlStruct? PacketContext, TsdlStruct? EventHeader, TsdlStruct? EventContext);

/// <summary>A kind of events.</summary>
/// <param name="Stream">Number of the kind of streams they are in.</param>
/// <param name="Id">Its number there.</param>
/// <param name="Name">Its name.</param>
/// <param name="Context">What stands in each before its fields.</param>
/// <param name="Fields">Its fields.</param>
internal sealed record TsdlEvent(ulong Stream, ulong Id, string Name, TsdlStruct? Context, TsdlStruct? Fields);
