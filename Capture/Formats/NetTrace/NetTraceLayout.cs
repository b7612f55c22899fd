using Differ.Capture.Tracepoints;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>Where the fields of a record stand, from a description that has types only.</summary>
/// <remarks>
/// The record is a structure of C: every field starts at a multiple of the size of its elements. Example: u32, u64, u8, u16 stand at
/// 0, 8, 16 and 18. A record that is too short for that was packed without gaps, as the format's own description has it.
/// </remarks>
internal static class NetTraceLayout
{
    /// <summary>The layout of a kind of event.</summary>
    /// <param name="kind">As the file describes it.</param>
    /// <param name="recordLength">Bytes of one of its records.</param>
    public static EventLayout Of(NetTraceKind kind, int recordLength)
    {
        Tracepoint? tracepoint = KvmTracepoints.Find(kind.Key.Provider, kind.Key.Name);
        List<EventField> aligned = Place(kind, tracepoint, withGaps: true);
        bool fits = aligned.Count == 0 || aligned[^1].Offset + aligned[^1].Size <= recordLength;
        return EventLayout.Of(kind.Key.Provider, kind.Key.Name, fits ? aligned : Place(kind, tracepoint, withGaps: false));
    }

    private static List<EventField> Place(NetTraceKind kind, Tracepoint? tracepoint, bool withGaps)
    {
        var fields = new List<EventField>();
        int at = 0;
        foreach ((string name, Type type) in kind.Fields)
        {
            if (Describe(name, type, tracepoint) is not { } field)
            {
                // What follows a field of unknown size cannot be placed.
                break;
            }

            int unit = field.IsArray ? 1 : field.Size;
            at += withGaps ? (unit - (at % unit)) % unit : 0;
            fields.Add(field with { Offset = at });
            at += field.Size;
        }

        return fields;
    }

    private static EventField? Describe(string name, Type type, Tracepoint? tracepoint)
    {
        (string? word, int size, bool signed) = Numbers.FirstOrDefault(number => number.Type == type) is { Word: not null } found
            ? (found.Word, found.Size, found.Signed)
            : (null, 0, false);

        // dotnet-trace describes a text at the end of the record as the number that says where it is.
        bool text = size == sizeof(uint) && tracepoint is not null && tracepoint.Rows.Any(row => row.Name == name && row.Form == FieldForm.Text);
        return word is not null ? new EventField(name, text ? $"__data_loc char[] {name}" : $"{word} {name}", 0, size, signed)
            : type == typeof(string) ? new EventField(name, $"__data_loc char[] {name}", 0, sizeof(uint), false)
            : null;
    }

    private static readonly (Type Type, string Word, int Size, bool Signed)[] Numbers =
    [
        (typeof(byte), "u8", 1, false),
        (typeof(sbyte), "s8", 1, true),
        (typeof(ushort), "u16", 2, false),
        (typeof(short), "s16", 2, true),
        (typeof(uint), "u32", 4, false),
        (typeof(int), "s32", 4, true),
        (typeof(bool), "u32", 4, false),
        (typeof(ulong), "u64", 8, false),
        (typeof(long), "s64", 8, true),
    ];
}
