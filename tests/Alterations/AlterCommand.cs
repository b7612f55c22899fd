using System.CommandLine;
using System.Globalization;

namespace Differ.Alterations;

/// <summary>Does to recordings what recorders and people do, and tells what is found then that the whole recordings do not show.</summary>
internal static class AlterCommand
{
    private const int Good = 0, Alarmed = 1, Unusable = 2;

    /// <summary>Does what the command line asks for.</summary>
    /// <param name="words">The command line.</param>
    /// <param name="output">Where alarms and the table go.</param>
    /// <param name="errors">Where a complaint goes, in a line each.</param>
    /// <returns>The status of the process.</returns>
    public static int Run(string[] words, TextWriter output, TextWriter errors)
    {
        ParseResult parsed = Build(output).Parse(words);
        foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
        {
            errors.WriteLine($"Differ.Alterations: {error.Message}");
        }

        if (parsed.Errors.Count > 0)
        {
            return Unusable;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = errors });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"Differ.Alterations: {e.Message}");
            return Unusable;
        }
    }

    private static RootCommand Build(TextWriter output)
    {
        var paths = new Argument<string[]>("recordings") { Description = "Recordings, and folders of them, beside the made up ones", Arity = ArgumentArity.ZeroOrMore };
        var seed = new Option<int>("--seed") { Description = "Number of the series; the same one gives the same variants", DefaultValueFactory = _ => 1 };
        var rounds = new Option<int>("--rounds") { Description = "How often each alteration is made of each recording", DefaultValueFactory = _ => 1 };
        var printers = new Option<int>("--printers") { Description = "How many tools print each recording", DefaultValueFactory = _ => 2 };
        var largest = new Option<long>("--largest") { Description = "Larger files are passed over, texts from ten times that on", DefaultValueFactory = _ => 400_000 };
        var every = new Option<int>("--every") { Description = "Takes one recording in so many", DefaultValueFactory = _ => 1 };
        var kind = new Option<string>("--kind") { Description = "Only alterations whose name has this in it", DefaultValueFactory = _ => "" };
        var recording = new Option<string>("--recording") { Description = "Only recordings whose name has this in it", DefaultValueFactory = _ => "" };
        var marked = new Option<bool>("--told") { Description = "Only alterations that a recording tells of, or shows" };
        var keep = new Option<string?>("--keep") { Description = "Folder that gets each recording that alarms" };
        var command = new RootCommand("Does to recordings what recorders and people do. Status 0: nothing is found that the whole recordings do not show; 1: something is.")
        {
            paths, seed, rounds, printers, largest, every, kind, recording, marked, keep,
        };
        command.SetAction(words =>
        {
            IEnumerable<Source> sources = Recordings.Stories.Concat((words.GetValue(paths) ?? []).SelectMany(path => Recordings.Below(path, words.GetValue(largest))));
            int each = Math.Max(1, words.GetValue(every));
            IReadOnlyList<Alteration> kinds = words.GetValue(marked) ? Alterations.Told : Alterations.All;
            var plan = new AlterPlan
            {
                Seed = words.GetValue(seed),
                Rounds = words.GetValue(rounds),
                Printers = words.GetValue(printers),
                Recording = words.GetValue(recording) ?? "",
                Kinds = [.. kinds.Where(one => one.Name.Contains(words.GetValue(kind) ?? "", StringComparison.Ordinal))],
            };
            return Run(plan, [.. sources.Where((_, at) => at % each == 0)], words.GetValue(keep), output);
        });
        return command;
    }

    private static int Run(AlterPlan plan, IReadOnlyList<Source> sources, string? keep, TextWriter output)
    {
        int alarms = 0;
        Figures figures = AlterRun.Of(plan, sources, alarm =>
        {
            output.WriteLine(alarm);
            if (keep is not null)
            {
                Directory.CreateDirectory(keep);
                string path = Path.Combine(keep, string.Create(CultureInfo.InvariantCulture, $"{alarms++:d4}{(alarm.Subject.Text is null ? ".difr" : ".txt")}"));
                alarm.Variant.Save(path);
                output.WriteLine($"    kept in {path}");
            }
        });
        figures.Write(output);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{figures.Variants} variants of {sources.Count} recordings, seed {plan.Seed}"));
        return figures.ToldAlarms == 0 ? Good : Alarmed;
    }
}
