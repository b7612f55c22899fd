using System.Globalization;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;

namespace Differ.Capture.Formats.TracingData;

/// <summary>The parts whose body is the same in versions 6 and 7 (and in the tracing data of perf.data).</summary>
internal static class TracingSections
{
    /// <summary>17 08 44 "tracing".</summary>
    public static ReadOnlySpan<byte> Magic => "\u0017\u0008Dtracing"u8;

    private const int LargestText = 1 << 24;
    private const int LongestName = 256;

    // Above what any kernel has; keeps a damaged count from reading forever.
    private const uint MostSystems = 1 << 14;
    private const uint MostEvents = 1 << 16;

    /// <summary>"header_page", its size and text, "header_event", its size and text.</summary>
    public static PageLayout ReadHeaderInfo(SourceReader reader)
    {
        string page = ReadNamed(reader, "header_page");
        _ = ReadNamed(reader, "header_event");
        EventLayout layout = EventLayout.ParseHeaderPage(page);
        EventField? commit = layout.Find("commit");
        EventField? data = layout.Find("data");
        if (commit is not { Size: 4 or 8 } || commit.Offset != sizeof(ulong) || data is null || data.Offset < commit.Offset + commit.Size)
        {
            CaptureFormatException.ThrowUnsupported(
                "header_page has no known form", "the file is damaged or of a kernel Differ does not know", reader.Position);
        }

        return new PageLayout(commit!.Size, data!.Offset);
    }

    /// <summary>ftrace's own events: a count, then size and text of each.</summary>
    public static void ReadFtraceFormats(SourceReader reader, TracingContent content) =>
        ReadFormats(reader, content, "ftrace", Count(reader, MostEvents, "number of ftrace events"));

    /// <summary>All other events: a count of groups, then for each its name, a count, and size and text of each.</summary>
    public static void ReadEventFormats(SourceReader reader, TracingContent content)
    {
        uint systems = Count(reader, MostSystems, "number of event groups");
        for (uint i = 0; i < systems; i++)
        {
            string system = reader.CString(LongestName, "name of an event group");
            uint events = Count(reader, MostEvents, "number of events");
            content.Describe(0, reader.Position);
            if (events > 0)
            {
                content.Systems.Add(system);
            }

            ReadFormats(reader, content, system, events);
        }
    }

    /// <summary>Lines of a thread id and a name.</summary>
    public static void ReadCmdlines(SourceReader reader, TracingContent content)
    {
        ulong size = reader.U64("size of the thread names");
        content.Describe(size, reader.Position);
        string text = reader.Text(size, LargestText, "thread names");
        foreach (Range range in text.AsSpan().Split('\n'))
        {
            ReadOnlySpan<char> line = text.AsSpan()[range];
            int space = line.IndexOf(' ');
            if (space > 0 && int.TryParse(line[..space], NumberStyles.None, CultureInfo.InvariantCulture, out int thread))
            {
                content.ThreadNames[thread] = line[(space + 1)..].ToString();
            }
        }
    }

    private static uint Count(SourceReader reader, uint limit, string field)
    {
        long at = reader.Position;
        uint count = reader.U32(field);
        if (count > limit)
        {
            CaptureFormatException.ThrowImpossible(field, at, $"{count}");
        }

        return count;
    }

    private static void ReadFormats(SourceReader reader, TracingContent content, string system, uint count)
    {
        for (uint i = 0; i < count; i++)
        {
            ulong size = reader.U64("size of an event format");
            content.Describe(size, reader.Position);
            string text = reader.Text(size, LargestText, "event format");
            if (EventLayout.Parse(system, text) is { } layout)
            {
                content.Layouts.Add(layout);
            }
        }
    }

    private static string ReadNamed(SourceReader reader, string name)
    {
        long at = reader.Position;
        string found = reader.CString(LongestName, name);
        if (found != name)
        {
            CaptureFormatException.ThrowImpossible(name, at, $"\"{Word(found)}\"");
        }

        return reader.Text(reader.U64($"size of {name}"), LargestText, name);
    }

    private static string Word(string text) =>
        string.Concat(text.Take(16).Select(character => char.IsAsciiLetterOrDigit(character) || character == '_' ? character : '?'));
}
