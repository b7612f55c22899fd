using Differ.Capture.Disk;
using Differ.Cli.Faults;

namespace Differ.Cli;

/// <summary>Several files of one result: all of them get their names when every one is complete, and nothing is left of them otherwise.</summary>
internal sealed class ExportFolder : IDisposable
{
    private readonly string _path;
    private readonly IReadOnlyList<string> _inputs;
    private readonly Terminal _terminal;
    private readonly List<OutputFile> _files = [];
    private readonly bool _isNew;
    private bool _isComplete;

    private ExportFolder(string path, bool isNew, IReadOnlyList<string> inputs, Terminal terminal)
    {
        (_path, _isNew, _inputs, _terminal) = (path, isNew, inputs, terminal);
        if (isNew)
        {
            terminal.Leftovers.Remember(this, RemoveIfEmpty);
        }
    }

    /// <summary>Opens the folder, and makes it where there is none.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="inputs">Files and folders that are read: none of their captures is written.</param>
    /// <param name="terminal">Where leftovers are remembered.</param>
    /// <exception cref="UsageException">It is no folder.</exception>
    /// <exception cref="OutputException">It cannot be made.</exception>
    public static ExportFolder Open(string path, IReadOnlyList<string> inputs, Terminal terminal)
    {
        if (path is "" or RunInput.StandardInput)
        {
            throw new UsageException("--parquet takes a folder: the tables are several files");
        }

        FileNode? there = FileNode.Of(path);
        if (there is { Kind: not FileKind.Folder })
        {
            throw new UsageException($"--parquet {path}: it is a file; name a folder, the tables are several files");
        }

        if (there is null)
        {
            _ = OutputStream.Try(path, () => Directory.CreateDirectory(path));
        }

        return new ExportFolder(path, there is null, inputs, terminal);
    }

    /// <summary>Opens a file in it.</summary>
    /// <param name="name">Its name.</param>
    public Stream Create(string name)
    {
        var file = OutputFile.Create(Path.Combine(_path, name), _inputs, _terminal);
        _files.Add(file);
        return file.Stream;
    }

    /// <summary>Every file is complete: gives them their names.</summary>
    public void Complete()
    {
        _files.ForEach(file => file.Complete());
        _isComplete = true;
    }

    public void Dispose()
    {
        _files.ForEach(file => file.Dispose());
        _terminal.Leftovers.Forget(this);
        if (_isNew && !_isComplete)
        {
            RemoveIfEmpty();
        }
    }

    // Another may have put something there by now.
    private void RemoveIfEmpty()
    {
        try
        {
            Directory.Delete(_path, recursive: false);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It is theirs now.
        }
    }
}
