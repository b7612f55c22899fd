using System.CommandLine;
using Differ.Diff.Report;

namespace Differ.Cli;

/// <summary>Words that several verbs share.</summary>
internal static class Options
{
    /// <summary>The capture or run.</summary>
    public static Argument<string> Input() => new("capture") { Description = "A capture, or a run made with differ convert; - for standard input" };

    /// <summary>Where the result goes.</summary>
    public static Option<string?> Output(string otherwise) => new("--output", "-o") { Description = $"The file to write, - for standard output [{otherwise}]" };

    /// <summary>The report format.</summary>
    public static Option<string> Format()
    {
        var option = new Option<string>("--format") { Description = "The report's format", DefaultValueFactory = _ => ReportFormats.All[0].Name };
        option.AcceptOnlyFromAmong([.. ReportFormats.All.Select(format => format.Name)]);
        return option;
    }

    /// <summary>Colours.</summary>
    public static Option<string> Color()
    {
        var option = new Option<string>("--color") { Description = "Colours in the text report", DefaultValueFactory = _ => "auto" };
        option.AcceptOnlyFromAmong("auto", "always", "never");
        return option;
    }

    /// <summary>Weak rules.</summary>
    public static Option<bool> Speculative() => new("--speculative")
    {
        Description = "Report broken weak rules too: they assume what a recording cannot tell and is often not so",
    };

    /// <summary>A file name with another ending, in the current folder.</summary>
    public static string Beside(string input, string ending) => (input == "-" ? "run" : Path.GetFileNameWithoutExtension(input)) + ending;
}
