namespace Differ.Cli;

/// <summary>A file that appears whole or not at all: written under another name and renamed when it is complete.</summary>
internal sealed class OutputFile : IDisposable
{
    private readonly string? _path;
    private readonly string _partial;
    private bool _complete;

    private OutputFile(string? path, string partial, Stream stream)
    {
        _path = path;
        _partial = partial;
        Stream = stream;
    }

    /// <summary>Where to write.</summary>
    public Stream Stream { get; }

    /// <summary>Opens a file, or standard output for -.</summary>
    public static OutputFile Create(string path, Terminal terminal)
    {
        if (path == "-")
        {
            return new OutputFile(null, "", new BufferedStream(terminal.BinaryOutput, 1 << 16));
        }

        if (OpenInPlace(path) is { } special)
        {
            return new OutputFile(null, "", special);
        }

        string partial = $"{path}.{Environment.ProcessId}.partial";
        return new OutputFile(path, partial, new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16));
    }

    /// <summary>The file is complete: gives it its name.</summary>
    public void Complete()
    {
        Stream.Flush();
        if (_path is not null)
        {
            Stream.Dispose();
            File.Move(_partial, _path, overwrite: true);
        }

        _complete = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_complete && _path is not null)
        {
            Stream.Dispose();
            File.Delete(_partial);
        }
    }

    // A device or a pipe takes the bytes as they come: a file renamed to its name would put an end to it.
    private static FileStream? OpenInPlace(string path)
    {
        if (!File.Exists(path) || new FileInfo(path).Length > 0)
        {
            return null;
        }

        var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1 << 16);
        if (!stream.CanSeek || path.StartsWith("/dev/", StringComparison.Ordinal))
        {
            return stream;
        }

        stream.Dispose();
        return null;
    }
}
