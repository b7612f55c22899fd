using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Differ.Alterations;

/// <summary>A line of a text, and the event in it.</summary>
/// <param name="Text">The line.</param>
/// <param name="Name">The event's name; empty for a line that is none.</param>
/// <param name="Thread">Its thread.</param>
/// <param name="Cpu">Its CPU.</param>
/// <param name="Time">Its time as far as it is printed, in nanoseconds.</param>
internal sealed partial record Line(string Text, string Name, int Thread, int Cpu, long Time)
{
    /// <summary>Whether the line is an event.</summary>
    public bool IsEvent => Name.Length > 0;

    /// <summary>Whether the event is one of kvm.</summary>
    public bool IsOfKvm => Name.StartsWith("kvm_", StringComparison.Ordinal);

    /// <summary>Whether the event tells of a nested guest.</summary>
    public bool IsNested => Name.StartsWith("kvm_nested_", StringComparison.Ordinal);

    /// <summary>The lines of a text.</summary>
    public static IReadOnlyList<Line> Split(string text) => [.. text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Select(Of)];

    /// <summary>The text of lines.</summary>
    public static byte[] Join(IEnumerable<string> lines) => Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");

    private static Line Of(string text)
    {
        Match found = Event().Match(text);
        if (!found.Success)
        {
            return new Line(text, "", 0, 0, 0);
        }

        return new Line(
            text, found.Groups["name"].Value, int.Parse(found.Groups["thread"].Value, CultureInfo.InvariantCulture),
            int.Parse(found.Groups["cpu"].Value, CultureInfo.InvariantCulture),
            (long)(decimal.Parse(found.Groups["time"].Value, CultureInfo.InvariantCulture) * 1_000_000_000));
    }

    [GeneratedRegex(@"[- ](?<thread>\d{1,9})\s+\[(?<cpu>\d+)\]\s+(?:[^\s:]{4,6}\s+)?(?<time>\d+(?:\.\d+)?):\s+(?:kvm:)?(?<name>\w+):")]
    private static partial Regex Event();
}
