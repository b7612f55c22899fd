namespace Differ.Capture.Tracepoints;

/// <summary>One kind of event of a capture: its layout, how Differ reads it, and how often it occurs.</summary>
/// <param name="layout">The layout the capture describes.</param>
internal sealed class TraceEventType(EventLayout layout)
{
    /// <summary>The layout.</summary>
    public EventLayout Layout { get; } = layout;

    /// <summary>Whether the capture says that this kind of event was recorded, as far as it says anything.</summary>
    public bool IsListed { get; set; } = true;

    /// <summary>Whether the capture describes too few of its fields for Differ to read it: it is counted and left out.</summary>
    public bool IsCut { get; init; }

    /// <summary>How Differ reads it; null when Differ does not use it.</summary>
    public BoundTracepoint? Binding { get; set; }

    /// <summary>How Differ reads it where it is a probe in KVM; null where it is none.</summary>
    public BoundProbe? Probe { get; set; }

    /// <summary>Whether Differ reads it.</summary>
    public bool IsUsed => Binding is not null || Probe is not null;

    /// <summary>How often it occurred so far.</summary>
    public ulong Count { get; set; }
}
