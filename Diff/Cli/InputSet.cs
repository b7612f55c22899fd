using Differ.Capture;
using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Diff.Findings;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary>Every capture and run that some words stand for: that of a file or a pipe, or those in a folder or a tar archive.</summary>
internal sealed class InputSet : IDisposable
{
    private readonly Terminal _terminal;
    private readonly CancellationToken _end;
    private readonly List<CaptureFile> _files = [];
    private readonly List<NamedInput> _all = [];
    private readonly List<LeftOutCapture> _leftOut = [];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    private readonly bool _watched;

    private InputSet(Terminal terminal, bool watched, CancellationToken end)
    {
        _terminal = terminal;
        _end = end;
        _watched = watched;
    }

    /// <summary>In the order of the words; those of a folder by name, those of an archive in its order. No file is in it twice.</summary>
    public IReadOnlyList<NamedInput> All => _all;

    /// <summary>What was found in folders and is not in the set.</summary>
    public IReadOnlyList<LeftOutCapture> LeftOut => _leftOut;

    /// <summary>Looks at what the words name. What cannot be read is in the set, and opening it fails.</summary>
    /// <param name="words">Files, folders, pipes, and - for standard input.</param>
    /// <param name="terminal">Where progress goes.</param>
    /// <param name="watched">Whether findings are told as a pipe comes: <see cref="RunInput.OpenLive"/>.</param>
    /// <param name="end">Ends a pipe, so that what was read is still reported.</param>
    /// <exception cref="InputException">A folder without a capture, or an address.</exception>
    public static InputSet Of(IEnumerable<string> words, Terminal terminal, bool watched, CancellationToken end)
    {
        var set = new InputSet(terminal, watched, end);
        try
        {
            foreach (string word in words)
            {
                set.Add(word);
            }

            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (CaptureFile file in _files)
        {
            file.Dispose();
        }
    }

    private void Add(string word)
    {
        RunInput.RefuseAddress(word);
        if (FileNode.Of(word) is not { Kind: FileKind.Folder })
        {
            AddFile(word == RunInput.StandardInput ? "standard input" : Shown(word), word);
            return;
        }

        FolderContent found = CaptureFolder.Of(word);
        if (found.Captures.Count == 0)
        {
            throw new InputException(CaptureFolder.Empty(word));
        }

        foreach ((string place, string file) in found.Captures)
        {
            AddFile(Shown(place), file);
        }

        _leftOut.AddRange(found.LeftOut.Select(one => new LeftOutCapture(PlainText.Of(Shown(one.File)), PlainText.Of(Shown(one.File)), PlainText.Of(one.Reason))));
    }

    // An archive is looked into now; any other file is opened when it is read, because there may be thousands.
    private void AddFile(string name, string file)
    {
        string shown = Shown(file);
        if (!_taken.Add(shown))
        {
            return;
        }

        (name, shown) = (PlainText.Of(name), PlainText.Of(shown));
        if (!RunInput.IsReadOnce(file) && CaptureFolder.RankOf(file) != CaptureFile.LastRank)
        {
            _all.Add(new NamedInput(name, shown, file, terminal => RunInput.OpenLive(file, terminal, _watched, _end)));
            return;
        }

        try
        {
            AddOpened(name, shown, file, RunInput.OpenFile(file, _terminal, _watched, _end));
        }
        catch (Exception fault) when (UnusableInput.Is(fault))
        {
            _all.Add(new NamedInput(name, shown, file, _ => throw fault));
        }
    }

    private void AddOpened(string name, string shown, string path, CaptureFile file)
    {
        _files.Add(file);
        if (!file.IsArchive || file.Items.Count == 0)
        {
            CaptureItem only = file.Only();
            _all.Add(new NamedInput(name, shown, path, terminal => RunInput.Of(only, terminal)));
            return;
        }

        _all.AddRange(file.Items.Select(item =>
            new NamedInput(file.Items.Count == 1 ? name : $"{name}:{item.Name}", shown, path, terminal => RunInput.Of(item, terminal)) { Member = item.Name }));
    }

    private static string Shown(string path)
    {
        string shown = Path.IsPathRooted(path) ? Path.GetRelativePath(Environment.CurrentDirectory, path) : Path.TrimEndingDirectorySeparator(path);
        shown = shown.StartsWith("..", StringComparison.Ordinal) ? Path.TrimEndingDirectorySeparator(path) : shown;
        return shown.StartsWith("./", StringComparison.Ordinal) && shown.Length > 2 ? shown[2..] : shown;
    }
}

/// <summary>A capture or run that was named on the command line, or that lies in a folder or an archive that was.</summary>
/// <param name="Name">What reports call it: the user's words, with / between folders, and relative where it lies below the current folder.</param>
/// <param name="File">The file, in the same way; - for standard input, and the archive for what is in one.</param>
/// <param name="Path">The file as the system knows it.</param>
/// <param name="Open">Opens it, with the terminal where its progress goes; fails as opening a file does. Several may be opened at once.</param>
internal sealed record NamedInput(string Name, string File, string Path, Func<Terminal, RunInput> Open)
{
    /// <summary>Its name in an archive; empty where it is in none.</summary>
    public string Member { get; init; } = "";
}
