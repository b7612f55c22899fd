using System.Globalization;
using System.Text;

namespace Differ.Benchmarks.Growers;

/// <summary>Makes a text of any length: the lines of a small one over and over, each time later.</summary>
internal static class TextGrower
{
    // Between two repetitions.
    private const ulong PauseSeconds = 1;

    /// <summary>Writes a text.</summary>
    /// <param name="text">What ftrace, trace-cmd report or perf script print, with times in seconds.</param>
    /// <param name="events">Fewest events of the text to write.</param>
    /// <param name="output">The file to write.</param>
    /// <returns>How many events were written.</returns>
    public static ulong Grow(string text, ulong events, string output)
    {
        string[] lines = File.ReadAllLines(text, Encoding.Latin1);
        (int Start, int Length)[] places = [.. lines.Select(TimeIn)];
        ulong[] seconds = [.. lines.Zip(places, (line, place) => place.Length > 0 ? ulong.Parse(line.AsSpan(place.Start, place.Length), CultureInfo.InvariantCulture) : 0)];
        ulong each = (ulong)places.Count(place => place.Length > 0);
        ulong span = seconds.Max() - seconds.Where(second => second > 0).Min() + PauseSeconds;
        ulong written = 0;
        using var writer = new StreamWriter(output, false, Encoding.Latin1, 1 << 20) { NewLine = "\n" };
        for (ulong repetition = 0; written < events; repetition++)
        {
            for (int i = 0; i < lines.Length; i++)
            {
                Write(writer, lines[i], places[i], seconds[i] + (repetition * span), isFirst: repetition == 0);
            }

            written += each;
        }

        return written;
    }

    // Headings stand once.
    private static void Write(StreamWriter writer, ReadOnlySpan<char> line, (int Start, int Length) place, ulong seconds, bool isFirst)
    {
        if (place.Length > 0)
        {
            writer.Write(line[..place.Start]);
            writer.Write(seconds);
            writer.WriteLine(line[(place.Start + place.Length)..]);
        }
        else if (isFirst)
        {
            writer.WriteLine(line);
        }
    }

    // The seconds of "612.630301:", behind the CPU in brackets.
    private static (int Start, int Length) TimeIn(string line)
    {
        int point = line.IndexOf('.', Math.Max(0, line.IndexOf(']', StringComparison.Ordinal)));
        while (point > 0 && !(char.IsAsciiDigit(line[point - 1]) && point + 1 < line.Length && char.IsAsciiDigit(line[point + 1])))
        {
            point = line.IndexOf('.', point + 1);
        }

        int start = Math.Max(0, point);
        while (start > 0 && char.IsAsciiDigit(line[start - 1]))
        {
            start--;
        }

        return (start, Math.Max(0, point - start));
    }
}
