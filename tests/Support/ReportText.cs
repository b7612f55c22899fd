namespace Differ.Tests.Support;

/// <summary>Reports for people, without what depends on where a recording was read from.</summary>
internal static class ReportText
{
    private static readonly string[] Commands = ["   explain  ", "   exits    "];

    private static readonly string[] Judged = ["  recorded  ", "  expected  "];

    /// <summary>Without the commands that lead on: they name the file.</summary>
    public static string WithoutCommands(string report) =>
        string.Join('\n', report.Split('\n').Where(line => !Commands.Any(start => line.StartsWith(start, StringComparison.Ordinal))));

    /// <summary>What <c>differ show</c> prints, without what is said of the exits: a text decides less than the recording it was made from.</summary>
    public static string WithoutVerdicts(string shown) => string.Join('\n', shown.Split('\n').Where(line => !Judged.Any(start => line.StartsWith(start, StringComparison.Ordinal)))
        .Select(line => line.StartsWith("stream ", StringComparison.Ordinal) ? string.Join(' ', line.Split(' ').Take(4)) : line));

    /// <summary>What is said of a file that cannot be used, without its name.</summary>
    public static string WithoutName(string errors) => errors.IndexOf("DIF", StringComparison.Ordinal) is >= 0 and var at ? errors[at..] : errors;
}
