using Differ.Capture.Tracepoints;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>Where the fields of a record stand, from a description that has types only.</summary>
/// <remarks>
/// The record is a structure of C: every field starts at a multiple of the size of its elements. Example: u32, u64, u8, u16 stand at
/// 0, 8, 16 and 18. A record that is too short for that was packed without gaps, as the format's own description has it; that of a
/// kprobe always is (Linux kernel/trace/trace_probe.c).
/// </remarks>
internal static class NetTraceLayout
{
    private const byte FixedArrayType = 22, PlacedType = 25;

    // The format's types that are a number, by their codes: SByte 5 to UInt64 12, a bool of four bytes 3, a letter of UTF-8 23.
    private static readonly (byte Type, string Word, int Size, bool Signed)[] Numbers =
    [
        (3, "u32", 4, false),
        (5, "s8", 1, true),
        (6, "u8", 1, false),
        (7, "s16", 2, true),
        (8, "u16", 2, false),
        (9, "s32", 4, true),
        (10, "u32", 4, false),
        (11, "s64", 8, true),
        (12, "u64", 8, false),
        (23, "char", 1, false),
    ];

    /// <summary>The layout of a kind of event.</summary>
    /// <param name="kind">As the file describes it.</param>
    /// <param name="recordLength">Bytes of one of its records.</param>
    public static EventLayout Of(NetTraceKind kind, int recordLength)
    {
        Tracepoint? tracepoint = KvmTracepoints.Find(kind.Provider, kind.Name);
        List<EventField> aligned = Place(kind, tracepoint, withGaps: true);
        bool fits = kind.Provider != Probes.Group && (aligned.Count == 0 || aligned[^1].Offset + aligned[^1].Size <= recordLength);
        return EventLayout.Of(kind.Provider, kind.Name, fits ? aligned : Place(kind, tracepoint, withGaps: false));
    }

    private static List<EventField> Place(NetTraceKind kind, Tracepoint? tracepoint, bool withGaps)
    {
        var fields = new List<EventField>();
        int at = 0;
        foreach (NetTraceField described in kind.Fields)
        {
            if (Describe(described, tracepoint) is not (EventField field, int unit))
            {
                // What follows a field of unknown size cannot be placed.
                break;
            }

            at += withGaps ? (unit - (at % unit)) % unit : 0;
            fields.Add(field with { Offset = at });
            at += field.Size;
        }

        return fields;
    }

    // The field, and at multiples of what it stands.
    private static (EventField Field, int Unit)? Describe(NetTraceField described, Tracepoint? tracepoint)
    {
        string name = described.Name;
        if (described.Type == PlacedType)
        {
            return (new EventField(name, $"__data_loc char[] {name}", 0, sizeof(uint), false), sizeof(uint));
        }

        (_, string? word, int size, bool signed) = Array.Find(Numbers, number => number.Type == described.Element);
        if (word is null || (described.Type != described.Element && described.Type != FixedArrayType))
        {
            return null;
        }

        if (described.Type == FixedArrayType)
        {
            return (new EventField(name, $"{word} {name}[{described.Count}]", 0, described.Count * size, signed), size);
        }

        // dotnet-trace describes a text at the end of the record as the number that says where it is.
        bool text = size == sizeof(uint) && tracepoint is not null && tracepoint.Rows.Any(row => row.Name == name && row.Form == FieldForm.Text);
        return (new EventField(name, text ? $"__data_loc char[] {name}" : $"{word} {name}", 0, size, signed), size);
    }
}
