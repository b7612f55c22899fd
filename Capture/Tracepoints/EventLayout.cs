using System.Globalization;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Tracepoints;

/// <summary>One field of a tracepoint's record, as the kernel's <c>format</c> text describes it.</summary>
/// <param name="Name">Name without array brackets.</param>
/// <param name="Declaration">The C declaration.</param>
/// <param name="Offset">Bytes from the start of the record.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Signed">Whether a number is signed.</param>
internal sealed record EventField(string Name, string Declaration, int Offset, int Size, bool Signed)
{
    /// <summary>Name without array brackets, as <see cref="PlainText"/>.</summary>
    public string Name { get; } = PlainText.Of(Name);

    /// <summary>Whether the field holds offset (low half) and length (high half) of data at the end of the record.</summary>
    public bool IsDynamic => Declaration.StartsWith("__data_loc", StringComparison.Ordinal);

    /// <summary>Whether the field is an array of fixed length.</summary>
    public bool IsArray => !IsDynamic && Declaration.EndsWith(']');

    /// <summary>Whether the field is one number.</summary>
    public bool IsNumber => !IsDynamic && !IsArray && Size is 1 or 2 or 4 or 8;
}

/// <summary>The layout of one tracepoint's record, parsed from the <c>format</c> text that the recorder stored.</summary>
/// <remarks>Source: Linux kernel/trace/trace_events.c, <c>f_show</c>.</remarks>
internal sealed class EventLayout
{
    private EventLayout(string system, string name, int id, IReadOnlyList<EventField> fields)
    {
        System = PlainText.Of(system);
        Name = PlainText.Of(name);
        Id = id;
        Fields = fields;
        FixedSize = fields.Count == 0 ? 0 : fields.Max(field => field.Offset + field.Size);
    }

    /// <summary>The group of tracepoints, for example <c>kvm</c>.</summary>
    public string System { get; }

    /// <summary>The tracepoint, as <see cref="PlainText"/>.</summary>
    public string Name { get; }

    /// <summary>Number in <c>common_type</c>.</summary>
    public int Id { get; }

    /// <summary>Fields in the order of the text, common ones first.</summary>
    public IReadOnlyList<EventField> Fields { get; }

    /// <summary>Where the last field ends, in bytes.</summary>
    public int FixedSize { get; }

    /// <summary>The field with a name; null when the kernel has none.</summary>
    public EventField? Find(string name)
    {
        foreach (EventField field in Fields)
        {
            if (field.Name == name)
            {
                return field;
            }
        }

        return null;
    }

    /// <summary>Parses a <c>format</c> text.</summary>
    /// <returns>Null when the text has no name or number: such an event cannot be told from others.</returns>
    public static EventLayout? Parse(string system, string text)
    {
        (string? name, int id, List<EventField> fields) = ParseLines(text);
        return name is null || id is < 0 or > ushort.MaxValue ? null : new EventLayout(system, name, id, fields);
    }

    /// <summary>Parses the fields of <c>header_page</c>, which has no name and number.</summary>
    public static EventLayout ParseHeaderPage(string text) => new("ftrace", "header_page", 0, ParseLines(text).Fields);

    private static (string? Name, int Id, List<EventField> Fields) ParseLines(string text)
    {
        string? name = null;
        int id = -1;
        var fields = new List<EventField>();
        foreach (Range line in text.AsSpan().Split('\n'))
        {
            ReadOnlySpan<char> trimmed = text.AsSpan()[line].Trim();
            if (trimmed.StartsWith("name:", StringComparison.Ordinal))
            {
                name = trimmed[5..].Trim().ToString();
            }
            else if (trimmed.StartsWith("ID:", StringComparison.Ordinal))
            {
                id = int.TryParse(trimmed[3..], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out int number) ? number : -1;
            }
            else if (trimmed.StartsWith("field:", StringComparison.Ordinal) && ParseField(trimmed[6..]) is { } field)
            {
                fields.Add(field);
            }
            else if (trimmed.StartsWith("print fmt:", StringComparison.Ordinal))
            {
                break;
            }
        }

        return (name, id, fields);
    }

    /// <summary>The layout of records that Differ makes itself, from text.</summary>
    public static EventLayout Of(string system, string name, IReadOnlyList<EventField> fields) => new(system, name, -1, fields);

    // "unsigned long guest_rip;	offset:16;	size:8;	signed:0;"
    private static EventField? ParseField(ReadOnlySpan<char> text)
    {
        int end = text.IndexOf(';');
        if (end < 0)
        {
            return null;
        }

        ReadOnlySpan<char> declaration = text[..end].Trim();
        ReadOnlySpan<char> rest = text[(end + 1)..];
        if (Number(rest, "offset:") is not { } offset || Number(rest, "size:") is not { } size || offset < 0 || size < 0)
        {
            return null;
        }

        ReadOnlySpan<char> name = declaration;
        int bracket = name.IndexOf('[');
        if (bracket > 0 && !name.StartsWith("__data_loc", StringComparison.Ordinal))
        {
            name = name[..bracket];
        }

        int start = name.LastIndexOfAny(' ', '*');
        return new EventField(name[(start + 1)..].ToString(), declaration.ToString(), offset, size, Number(rest, "signed:") == 1);
    }

    private static int? Number(ReadOnlySpan<char> text, string label)
    {
        int at = text.IndexOf(label, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        ReadOnlySpan<char> digits = text[(at + label.Length)..];
        int end = digits.IndexOf(';');
        bool read = int.TryParse(end < 0 ? digits : digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        return read && number < 1 << 20 ? number : null;
    }
}
