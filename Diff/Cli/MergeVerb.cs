using System.CommandLine;
using Differ.Capture.Disk;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff;
using Differ.Diff.Findings;
using Differ.Diff.Shards;
using Differ.Schemas.Files;

namespace Differ.Cli;

/// <summary><c>differ merge</c>: adds up what shards of a check found.</summary>
internal sealed class MergeVerb : IVerb
{
    // Formats of the exits that one recording alone has are not kept.
    private static readonly string[] Formats = [.. ReportFormats.All.Select(format => format.Name), ReportFormats.Page.Name];

    public Command Build(Terminal terminal)
    {
        var inputs = new Argument<string[]>("results")
        {
            HelpName = "RESULT",
            Description = "Files that differ check -o, or differ merge -o, wrote; or folders of them",
            Arity = ArgumentArity.OneOrMore,
        };
        inputs.Validators.Add(Options.RefuseOptions);
        Option<string> format = Options.Format();
        Option<string[]> report = Options.Report(Formats);
        Option<string> color = Options.Color();
        Option<bool> verbose = Options.Verbose();
        Option<string?> output = Options.Output("none: only reports");
        var partial = new Option<bool>("--partial") { Description = "Merge although captures have no result yet" };
        var command = new Command("merge",
            "Add up results of shards of a check\n"
            + "The reports are those of one check over all captures, in whatever order the results come, and also where one is given twice. "
            + "Exit status: that of differ check; 2 also where captures have no result, or results were judged by other rules or another policy.")
        {
            inputs, output, partial, format, report, color, verbose,
        };
        command.SetAction((words, _) => Task.FromResult(Run(
            words.GetRequiredValue(inputs), words.GetValue(output), words.GetValue(partial), Options.Wishes(words, format, report, Formats),
            words.GetRequiredValue(color), words.GetValue(verbose), terminal)));
        return command;
    }

    private static int Run(
        string[] words, string? output, bool isPartial, IReadOnlyList<ReportWish> wishes, string color, bool isVerbose, Terminal terminal)
    {
        string[] files = [.. words.SelectMany(FilesOf)];
        var merged = new MergedResults(OwnRules.Set, path => DiskFile.Read(path));
        foreach (string file in files)
        {
            if (RunInput.IsReadOnce(file))
            {
                throw new InputException($"{file}: a result is read more than once, which a pipe does not allow; write it into a file");
            }

            _ = InputException.Naming(file, () =>
            {
                merged.Add(file);
                return 0;
            });
        }

        CaptureSource? lacking = merged.Sources.FirstOrDefault(static source => source.Missing > 0);
        if (lacking is not null)
        {
            Tell(lacking, isPartial, terminal);
        }

        if (output is not null)
        {
            terminal.RefuseBinary(output);
            using OutputFile file = OutputFile.Create(output, files, terminal);
            merged.WriteTo(file.Stream);
            file.Complete();
        }

        // Nothing found in a part is nothing known of the rest.
        int status = Report(merged, files, wishes, color, isVerbose, terminal);
        return status == ExitStatus.Agrees && lacking is not null ? ExitStatus.Inconclusive : status;
    }

    private static int Report(MergedResults merged, string[] files, IReadOnlyList<ReportWish> wishes, string color, bool isVerbose, Terminal terminal)
    {
        IReadOnlyList<MergedCapture> all = merged.Captures;
        bool hasPages = wishes.Any(wish => wish.Format == ReportFormats.Page.Name);
        if (hasPages && all.FirstOrDefault(one => one is { IsRead: true, HasPage: false }) is { } bare)
        {
            throw new InputException($"--report {ReportFormats.Page.Name} needs the pages of the captures, and {bare.Name} has none; check them with --pages");
        }

        using var reports = Reports<FindingSet>.Open(wishes, ReportFormats.All, [ReportFormats.Page], files, terminal, color, several: all.Count > 1);
        var captures = new List<CheckedCapture>();
        var unread = new List<UnreadCapture>();
        int number = 0;
        foreach (KeptCapture kept in merged.Read())
        {
            int at = number++;
            if (kept.Result is not { } result)
            {
                unread.Add(kept.Unread!);
                continue;
            }

            string? page = hasPages ? reports.WritePage(stream => merged.WritePage(at, stream), at + 1) : null;
            captures.Add(CheckedCapture.Of(kept.Capture.Name, kept.Capture.File, result) with { Page = page });
        }

        var findings = new FindingSet(captures, unread)
        {
            Policy = merged.Judgement.Policy,
            LeftOut = [.. merged.Sources.SelectMany(source => source.LeftOut).Distinct()],
            IsVerbose = isVerbose,
        };
        reports.Write(findings, withUsual: all.Count > 1 || captures.Count > 0);
        return ExitStatus.Of(findings);
    }

    // A report of a part looks like one of the whole.
    private static void Tell(CaptureSource lacking, bool isPartial, Terminal terminal)
    {
        if (!isPartial)
        {
            throw new InputException($"{lacking.MissingWords()}; check them, or merge what there is with --partial");
        }

        terminal.Tell($"{lacking.MissingWords()}; the reports are of the rest");
    }

    // Of a folder, what are results by their first bytes.
    private static IEnumerable<string> FilesOf(string word) => FileNode.Of(word) is not { Kind: FileKind.Folder } ? [word]
        : DiskFile.Names(word).Select(name => Path.Combine(word, name)).Order(StringComparer.Ordinal).Where(IsResult).ToArray() is { Length: > 0 } found ? found
        : throw new InputException($"{word} is a folder without a result; make one with differ check -o");

    private static bool IsResult(string path)
    {
        if (FileNode.Of(path) is not { Kind: FileKind.Regular })
        {
            return false;
        }

        using Stream file = DiskFile.Read(path);
        Span<byte> start = stackalloc byte[ResultFile.Magic.Length];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(ResultFile.Magic);
    }
}
