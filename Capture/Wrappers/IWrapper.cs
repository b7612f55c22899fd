namespace Differ.Capture.Wrappers;

/// <summary>A packing that can be around any capture.</summary>
internal interface IWrapper
{
    /// <summary>The name in <c>--help</c>.</summary>
    string Name { get; }

    /// <summary>Whether it is unpacked here; else it is known to say what to do.</summary>
    bool Unpacks { get; }

    /// <summary>Whether a file that starts with these bytes is packed so.</summary>
    bool Sniff(ReadOnlySpan<byte> start);

    /// <summary>The capture inside.</summary>
    /// <exception cref="Diagnostics.CaptureFormatException">It cannot be unpacked here; the message says what can.</exception>
    Stream Unwrap(Stream packed);
}
