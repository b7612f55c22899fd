using System.CommandLine;
using System.CommandLine.Parsing;
using Differ.Capture;
using Differ.Diff;

namespace Differ.Cli.Help;

/// <summary>What is read and what is written: <c>differ help formats</c>, and <c>help</c> in place of a format's name.</summary>
internal static class FormatsPage
{
    /// <summary>The word for it, after <c>differ help</c>.</summary>
    public const string Topic = "formats";

    private const string Help = "help";

    /// <summary>Whether the words ask which formats there are: <c>--report help</c>, <c>--format help</c>.</summary>
    public static bool IsAsked(ParseResult words) => words.CommandResult.Children.OfType<OptionResult>()
        .Any(one => one.Option.Name is "--report" or "--format" && one.Tokens.Any(token => token.Value == Help));

    /// <summary>Writes the list.</summary>
    public static void Write(TextWriter output)
    {
        output.Write("Reports (--report FORMAT=FILE; on standard output --format FORMAT):\n");
        foreach ((string name, string summary) in ReportFormats.All.Select(one => (one.Name, one.Summary)).Concat(ReportFormats.OfExits.Select(one => (one.Name, one.Summary))))
        {
            WriteRow(name, summary, output);
        }

        output.Write("\nCaptures (the format is detected from the content, never from the name):\n");
        foreach (string name in CaptureSession.FormatNames.Append("run (differ convert)"))
        {
            WriteRow("", name, output);
        }

        output.Write("\nCompression and archives:\n");
        WriteRow("", $"{string.Join(", ", CaptureFile.PackingNames)}; tar archives and folders", output);
    }

    private static void WriteRow(string name, string text, TextWriter output)
    {
        int left = name.Length > 0 ? 12 : 2;
        string[] lines = [.. HelpPage.Lines(text, HelpPage.Width - left)];
        output.Write($"{(name.Length > 0 ? $"  {name,-10}" : "  ")}{lines[0]}\n");
        foreach (string line in lines.Skip(1))
        {
            output.Write($"{new string(' ', left)}{line}\n");
        }
    }
}
