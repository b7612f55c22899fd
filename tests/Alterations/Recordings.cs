using Differ.Capture.Diagnostics;
using Differ.Tests.Support;

namespace Differ.Alterations;

/// <summary>Where recordings come from.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Read">Reads its events; null where it is a text.</param>
/// <param name="Path">The text; empty where it is none.</param>
internal sealed record Source(string Name, Func<RecordedEvents>? Read, string Path = "")
{
    /// <summary>Whether it is a text.</summary>
    public bool IsText => Read is null;

    /// <summary>The folder it is from, beside others of its sort.</summary>
    public string Folder => System.IO.Path.GetDirectoryName(IsText ? Name : System.IO.Path.GetDirectoryName(Name)) ?? "";
}

/// <summary>Finds recordings, and makes of each what can be altered: its events, and texts of them.</summary>
internal static class Recordings
{
    private static readonly string[] TextKernels = ["6.1", "6.12", "7.1"];

    /// <summary>Made up ones.</summary>
    public static IReadOnlyList<Source> Stories { get; } =
    [
        .. from kernel in (string[])["5.10", "5.15", "6.1", "6.12", "7.1"]
           from vcpus in (int[])[1, 2]
           select new Source($"story {kernel} of {vcpus}", () => CleanStory.Of(kernel, vcpus, vcpus)),
    ];

    /// <summary>Recordings in files: every trace.dat and perf.data below a folder, every text, and files themselves; damaged ones are passed over.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <param name="largest">Larger ones are passed over.</param>
    public static IReadOnlyList<Source> Below(string path, long largest)
    {
        string root = Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
        IEnumerable<string> files = Directory.Exists(path) ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : [path];
        return
        [
            .. from file in files
               let name = Path.GetRelativePath(root, file)
               let isText = Path.GetExtension(file) == ".txt"
               where isText || Path.GetExtension(file) is ".dat" or ".data"
               where !Path.GetFileName(file).StartsWith("console", StringComparison.Ordinal) && !Path.GetFileName(file).StartsWith("expected", StringComparison.Ordinal)
               where !name.Split(Path.DirectorySeparatorChar).Contains("hostile")
               where new FileInfo(file).Length <= (isText ? 10 : 1) * largest
               select isText ? new Source(name, null, file) : new Source(name, () => RecordedEvents.Of(file)),
        ];
    }

    /// <summary>What of a recording is altered.</summary>
    /// <param name="source">The recording.</param>
    /// <param name="before">Another one, for what is made of two.</param>
    /// <param name="printers">How many printers print it.</param>
    /// <param name="number">Chooses the printers.</param>
    public static IEnumerable<Subject> Subjects(Source source, Source before, int printers, int number)
    {
        if (source.Read is null)
        {
            IReadOnlyList<Line> lines = Line.Split(File.ReadAllText(source.Path));
            yield return Subject.Of(source.Name, "as it is", lines, before.Read is null ? Line.Split(File.ReadAllText(before.Path)) : lines);
            yield break;
        }

        using RecordedEvents? events = Open(source);
        if (events is null || events.Events.Count == 0)
        {
            yield break;
        }

        var whole = Subject.Of(source.Name, events);
        yield return whole;
        using RecordedEvents? other = before.Read is null || !IsPrinted(before) ? null : Open(before);
        Judgement[] known = other is null ? [whole.Whole] : [whole.Whole, Judgement.Of(other.Open)];
        for (int i = 0; i < printers && IsPrinted(source) && events.Events.Count > 0; i++)
        {
            Printer printer = Printer.All[(number + (i * 2) + (number / 6)) % Printer.All.Count];
            IReadOnlyList<Line> lines = printer.Print(events);
            yield return Subject.Of($"{source.Name} as {printer.Name}", printer.Name, lines, other is null ? lines : printer.Print(other), known);
        }
    }

    private static bool IsPrinted(Source source) => !source.Name.StartsWith("story ", StringComparison.Ordinal) || TextKernels.Contains(source.Name.Split(' ')[1]);

    private static RecordedEvents? Open(Source source)
    {
        try
        {
            return source.Read!();
        }
        catch (CaptureFormatException)
        {
            return null;
        }
    }
}
