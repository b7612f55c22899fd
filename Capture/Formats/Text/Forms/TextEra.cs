namespace Differ.Capture.Formats.Text.Forms;

/// <summary>Spans of kernels between which one text means different things; which span a capture is of is found by <see cref="TextSurvey"/>.</summary>
[Flags]
internal enum TextEra : byte
{
    /// <summary>Before the tracepoint's text took its present meaning.</summary>
    Old = 1,

    /// <summary>Old text with a field of the new one, as stable branches have it.</summary>
    Mixed = 2,

    /// <summary>The present meaning.</summary>
    New = 4,

    /// <summary>A text that means the same everywhere.</summary>
    Any = Old | Mixed | New,
}
