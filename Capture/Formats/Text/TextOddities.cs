using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.Text;

/// <summary>Lines that are no events: headings, marks of loss, omissions, and what people write around them.</summary>
internal static class TextOddities
{
    /// <summary>Longest event that is looked for in two lines broken before its name.</summary>
    public const int LongestHead = 512;

    private static ReadOnlySpan<byte> Quote => "> |\t"u8;

    private static ReadOnlySpan<byte> Started => "##### CPU "u8;

    /// <summary>A line without the marks of a quotation.</summary>
    public static ReadOnlySpan<byte> Unquoted(ReadOnlySpan<byte> line) => line.TrimStart(Quote).TrimEnd(" \t\r"u8);

    /// <summary>Whether a line is trace-cmd's count of CPUs: <c>cpus=2</c>, and <c>host.dat: cpus=2</c> where several files are printed together.</summary>
    public static bool IsCpuCount(ReadOnlySpan<byte> line) => line.IndexOf("cpus="u8) is >= 0 and int at
        && (at == 0 || line[..at].EndsWith(": "u8)) && line[(at + 5)..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;

    /// <summary>The tracer that ftrace's heading names; empty for any other line.</summary>
    /// <example># tracer: function_graph</example>
    public static string TracerOf(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> label = "# tracer: "u8;
        int at = line.IndexOf(label);
        return at < 0 ? "" : PlainText.Of(line[(at + label.Length)..].Trim(" \t\r"u8));
    }

    /// <summary>Whether a line is the first of a heading: with it a text of a tool begins.</summary>
    public static bool IsHeading(ReadOnlySpan<byte> line) => Unquoted(line) is var bare && (bare.StartsWith("# tracer: "u8) || IsCpuCount(bare));

    /// <summary>Whether a line is a heading or an ornament that a tool prints, or empty.</summary>
    public static bool IsDecoration(ReadOnlySpan<byte> line)
    {
        line = Unquoted(line);
        return line.Length == 0
            || (line[0] == '#' && !IsStarted(line) && (line.Length == 1 || !char.IsAsciiLetter((char)line[1])))
            || IsCpuCount(line)
            || line.StartsWith("version = "u8)
            || line.StartsWith("=> "u8)
            || (line.StartsWith("CPU "u8) && line.EndsWith(" is empty"u8))
            || IsCallChain(line);
    }

    /// <summary>Events overwritten before the text starts, as ftrace's heading counts them.</summary>
    /// <example># entries-in-buffer/entries-written: 1020/15890   #P:1</example>
    public static ulong Overwritten(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> label = "entries-in-buffer/entries-written: "u8;
        int at = line.IndexOf(label);
        if (at < 0)
        {
            return 0;
        }

        ReadOnlySpan<byte> numbers = line[(at + label.Length)..];
        int read = 0;
        if (!TextNumber.Take(numbers, hexadecimal: false, out ulong kept, ref read) || read >= numbers.Length || numbers[read] != '/')
        {
            return 0;
        }

        int second = 0;
        return TextNumber.Take(numbers[(read + 1)..], hexadecimal: false, out ulong written, ref second) && written > kept ? written - kept : 0;
    }

    /// <summary>What a line says was lost; null when it says nothing of the kind. No number is 0 events.</summary>
    /// <param name="line">The line.</param>
    /// <param name="cpu">The CPU that stands in brackets before a time, as perf prints it.</param>
    /// <example>
    /// CPU:1 [LOST 12 EVENTS] (ftrace); CPU:0 [78 EVENTS DROPPED] (trace-cmd); ... [000] 604.4: PERF_RECORD_LOST lost 5 (perf);
    /// ##### CPU 2 buffer started #### (ftrace: what CPU 2 recorded before was overwritten).
    /// </example>
    public static (int Cpu, ulong Events)? Loss(ReadOnlySpan<byte> line, int cpu)
    {
        if (line.IndexOf("PERF_RECORD_LOST"u8) is >= 0 and int perf)
        {
            return (cpu, NumberIn(line[perf..]));
        }

        line = Unquoted(line);
        if (IsStarted(line))
        {
            return ((int)Math.Min(NumberIn(line[line.IndexOf(Started)..]), ushort.MaxValue), 0);
        }

        // What a console prints before the line has brackets too.
        int lost = Math.Max(line.IndexOf("LOST "u8), Math.Max(line.IndexOf("DROPPED]"u8), line.IndexOf(" events lost"u8)));
        int bracket = lost < 0 ? -1 : line[..lost].LastIndexOf((byte)'[');
        if (bracket < 0 || (line.IndexOf("EVENTS"u8) < 0 && line.IndexOf("events"u8) < 0))
        {
            return null;
        }

        int named = line[..bracket].LastIndexOf("CPU"u8);
        return (named >= 0 ? (int)Math.Min(NumberIn(line[named..bracket]), ushort.MaxValue) : cpu, NumberIn(line[bracket..]));
    }

    /// <summary>Whether a line that is no event stands for events that are not there: an omission, or an event that was cut.</summary>
    public static bool IsGap(ReadOnlySpan<byte> line)
    {
        line = Unquoted(line);
        return line.IndexOf("kvm_"u8) >= 0 || line.IndexOf("kvm:"u8) >= 0
            || line is [(byte)'-', (byte)'-']
            || line.TrimStart("[(<"u8).TrimEnd("])>"u8) is var bare && (bare.SequenceEqual("..."u8) || bare.SequenceEqual("…"u8) || bare.SequenceEqual("snip"u8));
    }

    /// <summary>Whether a line may be the rest of an event that was broken over several lines.</summary>
    public static bool MayContinue(ReadOnlySpan<byte> line)
    {
        var parsed = new TextLine();
        return !IsDecoration(line) && Loss(line, 0) is null && !IsGap(line) && !parsed.Read(line);
    }

    /// <summary>Whether a line that is no event may be the start of one that was broken before its name.</summary>
    public static bool MayBeHead(ReadOnlySpan<byte> line) =>
        line.Length < LongestHead && line.IndexOf((byte)'[') >= 0 && line.IndexOf((byte)']') is >= 0 and int end
        && line[end..].IndexOfAnyInRange((byte)'0', (byte)'9') >= 0 && MayContinue(line);

    /// <summary>Whether the text of a line starts with a blank, behind the marks of a quotation.</summary>
    public static bool StartsWithBlank(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> bare = line.TrimStart(">|"u8);
        bare = bare.Length < line.Length && bare.Length > 0 && bare[0] == ' ' ? bare[1..] : bare;
        return bare.Length > 0 && bare[0] is (byte)' ' or (byte)'\t';
    }

    private static bool IsStarted(ReadOnlySpan<byte> line) => line.IndexOf(Started) >= 0 && line.IndexOf(" buffer started"u8) >= 0;

    // "ffffffff81061b26 kvm_vcpu_ioctl+0x24 ([kernel.kallsyms])"
    private static bool IsCallChain(ReadOnlySpan<byte> line)
    {
        int read = 0;
        return TextNumber.Take(line, hexadecimal: true, out _, ref read) && read >= 4 && read + 2 < line.Length && line[read] == ' '
            && line[^1] == ')' && line.LastIndexOf(" ("u8) > 0;
    }

    private static ulong NumberIn(ReadOnlySpan<byte> text)
    {
        int at = text.IndexOfAnyInRange((byte)'0', (byte)'9');
        int read = 0;
        return at >= 0 && TextNumber.Take(text[at..], hexadecimal: false, out ulong number, ref read) ? number : 0;
    }
}
