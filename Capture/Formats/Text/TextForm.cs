using System.Buffers.Binary;
using System.Globalization;
using Differ.Capture.Tracepoints;

namespace Differ.Capture.Formats.Text;

/// <summary>One way in which a tracepoint is printed: a row of <c>Forms/</c>.</summary>
/// <remarks>
/// <code>
///   vcpu {vcpu_id:d} reason {exit_reason:exit} rip {guest_rip:x}[immediate exit]
///        `- field:how              everything else stands in the text as it stands here
///
///   {f:d}  decimal, hexadecimal behind 0x      {f:=a|b}  0 for a, 1 for b; =a|b@11 shifted left by 11
///   {f:x}  hexadecimal, 0x or not              {f:? x}   1 where " x" follows, else 0
///   {f:i}  decimal, may be negative            {f:text}  everything up to what follows
///   {f:neg} decimal, negated                   {f:bytes} "0f 22 c1"; {f:array} "0f, 22, c1, 66"
///   {f:code} an exit code: decimal, of which -1 may be printed as such
///   {f:name of a table}  see TextWords         {:skip}   anything, also nothing; {:x} a number nobody needs
///   &lt;&lt;...&gt;&gt;  may be missing: the row stands for both, with layouts of their own
/// </code>
/// A field that occurs twice is put together from its parts. A field the text lacks is not in the layout, so it is absent, not zero.
/// What is read goes into a record of the form's own layout, eight bytes a field; from there on text is treated as a recording is.
/// </remarks>
/// <param name="Pattern">The text.</param>
/// <param name="Constants">Fields that this text implies, as in <c>"isa=2 has_error=1"</c>.</param>
/// <param name="Lacks">Fields of the tracepoint that this text drops; empty where it carries what the kernel recorded.</param>
/// <param name="Era">Kernels for which the text has this meaning.</param>
internal sealed record TextRow(string Pattern, string Constants = "", string Lacks = "", TextEra Era = TextEra.Any);

/// <summary>A row with one choice of its optional parts, ready to read text.</summary>
internal sealed class TextForm
{
    /// <summary>Where the fields of a record start; the common fields that a recording has there are left out.</summary>
    public const int FirstField = sizeof(ulong);

    private const int BytesSize = 16;

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
        Expand(row.Pattern).Select(pattern => Compile(tracepoint, pattern, row));

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

    private static TextForm Compile(string tracepoint, string pattern, TextRow row)
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

        return new TextForm([.. steps], constants, EventLayout.Of("kvm", tracepoint, fields), row);
    }

    // Bytes tell their own number, and an exit code tells the vendor.
    private static int Companion(List<EventField> fields, string how) => how switch
    {
        "bytes" => Place(fields, "len", "d"),
        "exit" when fields.Exists(field => field.Name == "isa") => Place(fields, "isa", "d"),
        _ => 0,
    };

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
            _ => new EventField(name, $"u64 {name}", offset, sizeof(ulong), how is "i" or "neg"),
        });
        return offset;
    }
}
