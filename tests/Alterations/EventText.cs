using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Differ.Capture.Formats.Text.Forms;
using Differ.Capture.Tracepoints;
using Differ.Tests.Support;

namespace Differ.Alterations;

/// <summary>How a tool prints the body of an event.</summary>
internal enum BodyForm
{
    /// <summary>As the kernel does: ftrace, perf script.</summary>
    Kernel,

    /// <summary>As libtraceevent's plugin does: trace-cmd report.</summary>
    Plugin,

    /// <summary>The fields as they are: trace-cmd report -R.</summary>
    Raw,
}

/// <summary>Prints the bodies of recorded events: the rows by which texts are read, the other way round.</summary>
/// <remarks>For kernels since 6.0, and recordings of little-endian hosts.</remarks>
internal sealed partial class EventText(BodyForm form)
{
    private static readonly Dictionary<string, IReadOnlyList<TextRow>> Rows = TextForms.All.ToDictionary(item => item.Name, item => item.Rows, StringComparer.Ordinal);

    private readonly Dictionary<(string Name, EventLayout Layout), IReadOnlyList<(string Pattern, TextRow Row)>> _chosen = [];

    /// <summary>The body of an event.</summary>
    public string Of(in RecordedEvent one)
    {
        EventLayout layout = one.Type.Layout;
        if (!_chosen.TryGetValue((layout.Name, layout), out IReadOnlyList<(string Pattern, TextRow Row)>? rows))
        {
            rows = [.. Choose(layout)];
            _chosen.Add((layout.Name, layout), rows);
        }

        foreach ((string pattern, TextRow row) in rows)
        {
            if (Agrees(one, row) && Print(one, pattern) is { } text)
            {
                return text;
            }
        }

        return Fields(one);
    }

    // Rows of the tool that the layout has all fields for, in the order of the list.
    private IEnumerable<(string Pattern, TextRow Row)> Choose(EventLayout layout) =>
        from row in Rows.GetValueOrDefault(layout.Name, []).Where(row => (row.Era & TextEra.New) != 0 && !row.Pattern.StartsWith(TextForms.Unparsed, StringComparison.Ordinal))
            .OrderBy(Rank)
        where Rank(row) < int.MaxValue
        from pattern in Expand(row.Pattern)
        where Token().Matches(pattern).All(token => token.Groups["name"].Value is var name
            && (name.Length > 0 ? layout.Find(name) is not null : token.Groups["how"].Value is "skip" or "d" or "i" or ['=', ..]))
        select (pattern, row);

    private int Rank(TextRow row)
    {
        bool raw = IsRaw(row.Pattern), plugin = IsPlugin(row), missing = row.Pattern.Contains("FIND FIELD", StringComparison.Ordinal);
        return form switch
        {
            BodyForm.Raw => raw ? 0 : int.MaxValue,
            BodyForm.Plugin => raw ? int.MaxValue : plugin || missing ? 0 : 1,
            _ => raw || plugin || missing ? int.MaxValue : 0,
        };
    }

    private static bool IsPlugin(TextRow row) =>
        row.Pattern.Contains("EXIT_{exit", StringComparison.Ordinal) || row.Pattern.Contains("UNKNOWN (", StringComparison.Ordinal) || row.Lacks is "flags" or "immediate_exit, intr_info, error_code";

    private static bool IsRaw(string pattern) => RawToken().Replace(pattern, "").Trim() is "" or "<<" or ">>" or "insn=ARRAY[]";

    private static IEnumerable<string> Expand(string pattern)
    {
        int start = pattern.IndexOf("<<", StringComparison.Ordinal);
        if (start < 0)
        {
            return [pattern];
        }

        int end = pattern.IndexOf(">>", start, StringComparison.Ordinal);
        return Expand(pattern[..start] + pattern[(start + 2)..end] + pattern[(end + 2)..]).Concat(Expand(pattern[..start] + pattern[(end + 2)..]));
    }

    private static bool Agrees(RecordedEvent one, TextRow row) => row.Constants.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(constant => constant.Split('='))
        .All(pair => one.Type.Layout.Find(pair[0]) is not { } field || Number(one, field) == unchecked((ulong)long.Parse(pair[1], CultureInfo.InvariantCulture)));

    private string? Print(in RecordedEvent one, string pattern)
    {
        var text = new StringBuilder();
        int at = 0;
        foreach (Match token in Token().Matches(pattern))
        {
            text.Append(pattern.AsSpan(at, token.Index - at));
            at = token.Index + token.Length;
            string name = token.Groups["name"].Value, how = token.Groups["how"].Value;
            string? value = name.Length > 0 ? Value(one, one.Type.Layout.Find(name)!, how) : Unnamed(how);
            if (value is null)
            {
                return null;
            }

            text.Append(value);
        }

        return text.Append(pattern.AsSpan(at)).ToString();
    }

    // What nobody reads: isa, and words that say what another field says.
    private static string Unnamed(string how) => how[0] == '=' ? how[1..].Split('|')[0] : how == "skip" ? "" : "2";

    private string? Value(in RecordedEvent one, EventField field, string how)
    {
        ulong number = field.IsNumber ? Number(one, field) : 0;
        if (how[0] == '?')
        {
            return number == 0 ? "" : how[1..];
        }

        if (how[0] == '=')
        {
            string[] parts = how[1..].Split('@'), choices = parts[0].Split('|');
            int shift = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
            ulong choice = shift > 0 ? (number >> shift) & (ulong)(choices.Length - 1) : number;
            return choice < (ulong)choices.Length ? choices[choice] : null;
        }

        return how switch
        {
            "d" or "code" => $"{number}",
            "x" => form == BodyForm.Raw ? $"0x{number:x}" : $"0x{number:x16}",
            "i" => $"{unchecked((long)number)}",
            "neg" => unchecked((long)number) < 0 ? $"{unchecked(0 - (long)number)}" : null,
            "text" => Text(one, field),
            "bytes" => Bytes(one, field, " ", (int)Number(one, one.Type.Layout.Find("len")!)),
            "array" => Bytes(one, field, ", ", field.Size),
            _ => EventWords.Of(how, field.Size == sizeof(uint) && number == uint.MaxValue ? ulong.MaxValue : number),
        };
    }

    private static string Bytes(in RecordedEvent one, EventField field, string between, int count) =>
        string.Join(between, one.Payload.Skip(field.Offset).Take(Math.Min(count, field.Size)).Select(value => $"{value:x2}"));

    private static string Text(in RecordedEvent one, EventField field)
    {
        uint place = BinaryPrimitives.ReadUInt32LittleEndian(one.Payload.AsSpan(field.Offset));
        ReadOnlySpan<byte> text = one.Payload.AsSpan((int)(place & 0xffff), (int)(place >> 16));
        return Encoding.UTF8.GetString(text.TrimEnd((byte)0));
    }

    private static ulong Number(in RecordedEvent one, EventField field)
    {
        ReadOnlySpan<byte> bytes = one.Payload.AsSpan(field.Offset, field.Size);
        ulong value = 0;
        for (int i = bytes.Length - 1; i >= 0; i--)
        {
            value = (value << 8) | bytes[i];
        }

        int unused = 64 - (8 * bytes.Length);
        return field.Signed ? unchecked((ulong)((long)(value << unused) >> unused)) : value;
    }

    private static string Fields(RecordedEvent one) => string.Join(' ', one.Type.Layout.Fields
        .Where(field => field.IsNumber && !field.Name.StartsWith("common_", StringComparison.Ordinal)).Select(field => $"{field.Name}={Number(one, field)}"));

    [GeneratedRegex(@"\{(?<name>\w*):(?<how>[^}]*)\}")]
    private static partial Regex Token();

    [GeneratedRegex(@"<?<?\s*\w+=(ARRAY\[)?\{\w*:[^}]*\}\]?(>>)?|<<|>>|\{:skip\}")]
    private static partial Regex RawToken();
}
