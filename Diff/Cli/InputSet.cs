using Differ.Capture;
using Differ.Capture.Diagnostics;

namespace Differ.Cli;

/// <summary>Every capture and run that a path stands for: that of a file or a pipe, or those in a folder or a tar archive.</summary>
internal sealed class InputSet : IDisposable
{
    private readonly List<CaptureFile> _files = [];
    private readonly List<(string Name, Func<RunInput> Open)> _all = [];

    private InputSet()
    {
    }

    /// <summary>Each with its name; that of a folder or archive in the order of their names there. Opening may fail as for a file.</summary>
    public IReadOnlyList<(string Name, Func<RunInput> Open)> All => _all;

    /// <summary>Looks at a path.</summary>
    /// <param name="path">A file, a folder, a pipe, or - for standard input.</param>
    /// <param name="terminal">Where progress goes.</param>
    /// <param name="end">Ends a pipe, so that what was read is still reported.</param>
    /// <exception cref="UsageException">It is a folder without a capture.</exception>
    /// <exception cref="CaptureFormatException">It cannot be unpacked, or is an archive without a capture.</exception>
    public static InputSet Of(string path, Terminal terminal, CancellationToken end)
    {
        var set = new InputSet();
        try
        {
            if (!Directory.Exists(path))
            {
                set.Add(path, RunInput.OpenFile(path, terminal, end), terminal);
                return set;
            }

            foreach (string file in CaptureFolder.All(path))
            {
                set.AddFound(file, terminal);
            }

            return set._all.Count > 0 ? set : throw new UsageException($"{path} is a folder without a capture");
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (CaptureFile file in _files)
        {
            file.Dispose();
        }
    }

    // Of a folder, what is an archive is looked into now; a file is opened when it is read, because there may be thousands.
    private void AddFound(string path, Terminal terminal)
    {
        if (CaptureFile.Rank(path) != CaptureFile.LastRank)
        {
            _all.Add((path, () => RunInput.Open(path, terminal)));
            return;
        }

        try
        {
            Add(path, CaptureFile.Open(path), terminal);
        }
        catch (CaptureFormatException)
        {
            _all.Add((path, () => RunInput.Open(path, terminal)));
        }
    }

    private void Add(string path, CaptureFile file, Terminal terminal)
    {
        _files.Add(file);
        if (!file.IsArchive)
        {
            CaptureItem only = file.Only();
            _all.Add((path, () => RunInput.Of(only, terminal)));
            return;
        }

        if (file.Items.Count == 0)
        {
            _ = file.Only();
        }

        _all.AddRange(file.Items.Select(item => ($"{path}:{item.Name}", (Func<RunInput>)(() => RunInput.Of(item, terminal)))));
    }
}
