using System.CommandLine;
using System.CommandLine.Parsing;
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
    /// <summary>What <c>differ record</c> writes.</summary>
    public const string DefaultRecording = "trace.dat";

    // More names are a list of their own.
    private const int MostNamed = 4;

    /// <summary>The capture or run.</summary>
    public static Argument<string> Input()
    {
        var input = new Argument<string>("capture") { Description = "A capture, or a run that differ convert made; - for standard input" };
        input.Validators.Add(RefuseOptions);
        return input;
    }

    /// <summary>The rules' ids, for words that are completed.</summary>
    public static string[] RuleIds => [.. RuleBook.Statements.Select(rule => rule.Id)];

    /// <summary>Where the result goes.</summary>
    public static Option<string?> Output(string otherwise) => new("--output", "-o") { Description = $"The file to write, - for standard output [{otherwise}]", HelpName = "FILE" };

    /// <summary>The report format.</summary>
    public static Option<string> Format() => Format(ReportFormats.All);

    /// <summary>The format of something else that is written; the first is the usual one.</summary>
    public static Option<string> Format<T>(IReadOnlyList<IFormat<T>> formats) => FormatOf(formats.Select(format => format.Name));

    /// <summary>One of some formats; the first where none is asked for.</summary>
    public static Option<string> FormatOf(IEnumerable<string> names)
    {
        string[] all = [.. names];
        var option = new Option<string>("--format") { Description = all.Length > MostNamed ? "Format on standard output; --format help lists them" : $"Format on standard output: {string.Join(", ", all)}", HelpName = "FORMAT", DefaultValueFactory = _ => all[0] };
        option.AcceptOnlyFromAmong(all);
        return option;
    }

    /// <summary>What the virtual CPU is.</summary>
    public static Option<string?> Cpu() => new("--cpu")
    {
        Description = "What L1's CPU is, where no event shows it: /proc/cpuinfo of L1, or name=0, name=1, physbits=N",
        HelpName = "FILE",
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
            HelpName = "CAPTURE",
            Description = "Captures, runs of differ convert, folders of them; - for standard input",
            Arity = ArgumentArity.OneOrMore,
        };

        inputs.Validators.Add(RefuseOptions);
        return inputs;
    }

    /// <summary>Refuses an option that does not exist, which an argument would take for one of its words.</summary>
    public static void RefuseOptions(ArgumentResult result)
    {
        foreach (string word in result.Tokens.Select(token => token.Value).Where(word => word.StartsWith("--", StringComparison.Ordinal)))
        {
            result.AddError($"there is no option {word}");
        }
    }

    /// <summary>Reports beside the usual one, or instead of it.</summary>
    public static Option<string[]> Report(IReadOnlyList<string> names)
    {
        var option = new Option<string[]>("--report")
        {
            Description = "A further report, as html=out.html; without a file, the one on standard output; --report help lists the formats",
            HelpName = "FORMAT[=FILE]",
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
        var option = new Option<string>("--color") { Description = "Colours: auto, always or never", HelpName = "WHEN", DefaultValueFactory = _ => "auto" };
        option.AcceptOnlyFromAmong("auto", "always", "never");
        return option;
    }

    /// <summary>Accepted departures.</summary>
    public static Option<string?> Baseline() => new("--baseline") { Description = "Accepted divergences; only others count", HelpName = "FILE" };

    /// <summary>More detail in the text report.</summary>
    public static Option<bool> Verbose() => new("--verbose", "-v") { Description = "In the text report: rule ids, remarks on the file, reasons of the grade" };

    /// <summary>Weak rules.</summary>
    public static Option<bool> Speculative() => new("--speculative")
    {
        Description = "Report weak rules too, as likely; they often do not hold",
    };

    /// <summary>A file name with another ending, in the current folder.</summary>
    public static string Beside(string input, string ending) => (input == "-" ? "run" : Path.GetFileNameWithoutExtension(input)) + ending;
}
