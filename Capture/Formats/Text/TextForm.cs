using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Differ.Capture.Formats.Text.Forms;
using Differ.Capture.Tracepoints;

namespace Differ.Capture.Formats.Text;

/// <summary>A row with one choice of its optional parts, ready to read text.</summary>
internal sealed class TextForm
{
    /// <summary>Where the fields of a record start; the common fields that a recording has there are left out.</summary>
    public const int FirstField = sizeof(ulong);

    private const int BytesSize = 16;

    // The fields of any form.
    private const int Room = 1 << 10;

    private readonly TextStep[] _steps;
    private readonly (int Offset, ulong Value)[] _constants;
    private readonly int _size;

    private TextForm(TextStep[] steps, (int Offset, ulong Value)[] constants, EventLayout layout, TextRow row)
    {
        _steps = steps;
        _constants = constants;
        _size = Math.Max(layout.FixedSize, FirstField);
        Lacks = row.Lacks;
        Era = row.Era;
        Type = new TraceEventType(layout);
    }

    /// <summary>The kind of event, with the layout of the records this form writes.</summary>
    public TraceEventType Type { get; }

    /// <summary>What the text drops.</summary>
    public string Lacks { get; }

    /// <summary>Kernels for which the text has this meaning.</summary>
    public TextEra Era { get; }

    /// <summary>Every form a row stands for, those with most optional parts first.</summary>
    public static IEnumerable<TextForm> Of(string tracepoint, TextRow row) =>
        Expand(row.Pattern).Select(pattern => Compile("kvm", tracepoint, pattern, row));

    /// <summary>The form of a probe's text.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="pattern">How its text goes, as in a row.</param>
    public static TextForm OfProbe(string probe, string pattern) => Compile(Probes.Group, probe, pattern, new TextRow(pattern));

    /// <summary>Whether a text is whole in one of the forms of an event, of any kernel: what looks like it by chance is not.</summary>
    public static bool Explains(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        byte[] record = new byte[text.Length + Room];
        foreach ((string known, IReadOnlyList<TextRow> rows) in TextForms.All)
        {
            if (!Ascii.Equals(name, known))
            {
                continue;
            }

            // A text that may be anything explains nothing.
            foreach (TextForm form in rows.Where(row => row.Pattern is not ("{:skip}" or "{msg:text}")).SelectMany(row => Of(known, row)))
            {
                if (form.Read(text, record, out _, out int used) && used == text.Length)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Reads a text into a record.</summary>
    /// <param name="text">The text behind the event's name.</param>
    /// <param name="record">Takes the record.</param>
    /// <param name="length">Its length.</param>
    /// <param name="used">Bytes of the text that the form explains.</param>
    /// <returns>False when the text is not of this form.</returns>
    public bool Read(ReadOnlySpan<byte> text, Span<byte> record, out int length, out int used)
    {
        length = _size;
        used = 0;
        record[.._size].Clear();
        foreach ((int offset, ulong value) in _constants)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(record[offset..], value);
        }

        foreach (ref readonly TextStep step in _steps.AsSpan())
        {
            if (!step.Take(text, ref used, record, ref length))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Where the numbers of a text of this form stand.</summary>
    /// <param name="text">The text.</param>
    /// <param name="record">Room for its record.</param>
    /// <param name="places">Takes the places.</param>
    public void Find(ReadOnlySpan<byte> text, Span<byte> record, List<TextPlace> places)
    {
        int length = _size, used = 0;
        foreach (ref readonly TextStep step in _steps.AsSpan())
        {
            int from = used;
            if (step.Take(text, ref used, record, ref length))
            {
                step.Find(text, from, used, places);
            }
        }
    }

    private static IEnumerable<string> Expand(string pattern)
    {
        int start = pattern.IndexOf("<<", StringComparison.Ordinal);
        if (start < 0)
        {
            return [pattern];
        }

        int end = pattern.IndexOf(">>", start, StringComparison.Ordinal);
        string before = pattern[..start];
        string after = pattern[(end + 2)..];
        return Expand(before + pattern[(start + 2)..end] + after).Concat(Expand(before + after));
    }

    private static TextForm Compile(string group, string tracepoint, string pattern, TextRow row)
    {
        var fields = new List<EventField>();
        var steps = new List<TextStep>();
        (int, ulong)[] constants = row.Constants.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(constant => constant.Split('='))
            .Select(pair => (Place(fields, pair[0], pair[1].StartsWith('-') ? "i" : "x"), unchecked((ulong)long.Parse(pair[1], CultureInfo.InvariantCulture)))).ToArray();
        string before = "";
        for (int at = 0; at < pattern.Length;)
        {
            int open = pattern.IndexOf('{', at);
            int end = open == at ? pattern.IndexOf('}', at) + 1 : open < 0 ? pattern.Length : open;
            string piece = pattern[at..end];
            at = end;
            if (piece[0] != '{')
            {
                before = piece;
                continue;
            }

            string[] parts = piece[1..^1].Split(':', 2);
            int offset = parts[0].Length == 0 ? 0 : Place(fields, parts[0], parts[1]);
            string next = at < pattern.Length && pattern[at] != '{' ? pattern[at..(pattern.IndexOf('{', at) is >= 0 and int brace ? brace : pattern.Length)] : "";
            steps.Add(TextStep.Field(before, parts[1], offset, next, Companion(fields, parts[1])));
            before = "";
        }

        if (before.Length > 0)
        {
            steps.Add(TextStep.Last(before));
        }

        return new TextForm([.. steps], constants, EventLayout.Of(group, tracepoint, fields), row);
    }

    // Bytes tell their own number, and an exit code tells the vendor.
    private static int Companion(List<EventField> fields, string how) => how switch
    {
        "bytes" => Place(fields, "len", "d"),
        "exit" when fields.Exists(field => field.Name == "isa") => Place(fields, "isa", "d"),
        _ => 0,
    };

    private static EventField Words(string name, int offset, int count) => new(name, $"u64 {name}[{count}]", offset, count * sizeof(ulong), false);

    private static int Place(List<EventField> fields, string name, string how)
    {
        if (fields.Find(field => field.Name == name) is { } known)
        {
            return known.Offset;
        }

        int offset = fields.Count == 0 ? FirstField : fields.Max(field => field.Offset + (field.IsDynamic ? sizeof(ulong) : field.Size));
        fields.Add(how switch
        {
            "text" => new EventField(name, $"__data_loc char[] {name}", offset, sizeof(uint), false),
            "bytes" or "array" => new EventField(name, $"u8 {name}[{BytesSize}]", offset, BytesSize, false),
            _ when how.StartsWith(TextStep.WordsPrefix, StringComparison.Ordinal) => Words(name, offset, int.Parse(how.AsSpan(TextStep.WordsPrefix.Length), CultureInfo.InvariantCulture)),
            _ => new EventField(name, $"u64 {name}", offset, sizeof(ulong), how is "i" or "neg"),
        });
        return offset;
    }
}
