using System.CommandLine;
using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Diff;
using Differ.Diff.Writing;
using Differ.Replay;
using Differ.Replay.Manual.Tables;

namespace Differ.Cli.Config;

/// <summary>Words that several verbs share.</summary>
internal static class Options
{
    /// <summary>The capture or run.</summary>
    public static Argument<string> Input() => new("capture") { Description = "A capture, or a run made with differ convert; - for standard input" };

    /// <summary>The rules' ids, for words that are completed.</summary>
    public static string[] RuleIds => [.. RuleBook.Statements.Select(rule => rule.Id)];

    /// <summary>Where the result goes.</summary>
    public static Option<string?> Output(string otherwise) => new("--output", "-o") { Description = $"The file to write, - for standard output [{otherwise}]" };

    /// <summary>The report format.</summary>
    public static Option<string> Format() => Format(ReportFormats.All);

    /// <summary>The format of something else that is written; the first is the usual one.</summary>
    public static Option<string> Format<T>(IReadOnlyList<IFormat<T>> formats) => FormatOf(formats.Select(format => format.Name));

    /// <summary>One of some formats; the first where none is asked for.</summary>
    public static Option<string> FormatOf(IEnumerable<string> names)
    {
        string[] all = [.. names];
        var option = new Option<string>("--format") { Description = "The report's format", DefaultValueFactory = _ => all[0] };
        option.AcceptOnlyFromAmong(all);
        return option;
    }

    /// <summary>What the virtual CPU is.</summary>
    public static Option<string?> Cpu() => new("--cpu")
    {
        Description = "What the recording does not show of the virtual CPU: a text of name=0, name=1 and physbits=N, or /proc/cpuinfo of L1",
    };

    /// <summary>Reads the text that <see cref="Cpu"/> names.</summary>
    public static CpuDescription? ReadCpu(string? path)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            using var text = new StringReader(DiskFile.ReadText(path));
            return CpuDescription.Read(text);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"the description of the CPU {path} cannot be read: {UnusableInput.ReasonOf(fault)}");
        }
        catch (FormatException problem)
        {
            throw new UsageException($"{path} {problem.Message}");
        }
    }

    /// <summary>Captures, and folders of them.</summary>
    public static Argument<string[]> Inputs()
    {
        var inputs = new Argument<string[]>("captures")
        {
            Description = "Captures, runs made with differ convert, and folders of them; - for standard input",
            Arity = ArgumentArity.OneOrMore,
        };

        // An argument of many words would take an option that does not exist for one of them.
        inputs.Validators.Add(result =>
        {
            foreach (string word in result.Tokens.Select(token => token.Value).Where(word => word.StartsWith("--", StringComparison.Ordinal)))
            {
                result.AddError($"there is no option {word}");
            }
        });
        return inputs;
    }

    /// <summary>Reports beside the usual one, or instead of it.</summary>
    public static Option<string[]> Report(IReadOnlyList<string> names)
    {
        var option = new Option<string[]>("--report")
        {
            Description = "A report as format=file, or a format for standard output in place of the usual report; may be given several times.\n"
                + $"Formats: {string.Join(", ", names)}",
        };
        option.CompletionSources.Add([.. names]);
        return option;
    }

    /// <summary>The reports that <see cref="Report"/> and <see cref="Format()"/> ask for.</summary>
    public static IReadOnlyList<ReportWish> Wishes(ParseResult words, Option<string> format, Option<string[]> report, IReadOnlyList<string> names) => ReportWish.Of(
        words.GetValue(report) ?? [], words.GetRequiredValue(format), words.GetResult(format) is { Implicit: false }, names);

    /// <summary>Colours.</summary>
    public static Option<string> Color()
    {
        var option = new Option<string>("--color") { Description = "Colours in the text report", DefaultValueFactory = _ => "auto" };
        option.AcceptOnlyFromAmong("auto", "always", "never");
        return option;
    }

    /// <summary>Accepted departures.</summary>
    public static Option<string?> Baseline() => new("--baseline") { Description = "A list of accepted departures; only others count" };

    /// <summary>Weak rules.</summary>
    public static Option<bool> Speculative() => new("--speculative")
    {
        Description = "Report broken weak rules too: they assume what a recording cannot tell and is often not so",
    };

    /// <summary>A file name with another ending, in the current folder.</summary>
    public static string Beside(string input, string ending) => (input == "-" ? "run" : Path.GetFileNameWithoutExtension(input)) + ending;
}
