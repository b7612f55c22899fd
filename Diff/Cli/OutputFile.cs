namespace Differ.Cli;

/// <summary>A file that appears whole or not at all: written under another name and renamed when it is complete.</summary>
internal sealed class OutputFile : IDisposable
{
    private readonly string? _path;
    private readonly string _partial;
    private bool _complete;

    /// <summary>A file.</summary>
    /// <param name="path">Its name; null where what is written is written.</param>
    /// <param name="partial">The name it has until it is complete.</param>
    /// <param name="name">What the user calls it.</param>
    /// <param name="stream">Where it is written.</param>
    internal OutputFile(string? path, string partial, string name, Stream stream)
    {
        _path = path;
        _partial = partial;
        Stream = new OutputStream(stream, name);
    }

    /// <summary>Where to write.</summary>
    public Stream Stream { get; }

    /// <summary>Opens a file, or standard output for -.</summary>
    /// <param name="path">The file.</param>
    /// <param name="inputs">Files and folders that are read: none of their captures is replaced.</param>
    /// <param name="terminal">Where standard output is.</param>
    /// <exception cref="UsageException">The file is an input.</exception>
    /// <exception cref="OutputException">It cannot be opened.</exception>
    public static OutputFile Create(string path, IEnumerable<string> inputs, Terminal terminal)
    {
        if (path == "-")
        {
            return new OutputFile(null, "", "standard output", new BufferedStream(terminal.BinaryOutput, 1 << 16));
        }

        if (OutputStream.Try(path, () => OpenInPlace(path)) is { } special)
        {
            return new OutputFile(null, "", path, special);
        }

        if (File.Exists(path) && inputs.FirstOrDefault(input => Holds(input, path)) is not null)
        {
            throw new UsageException($"{path} is what is read, and would be replaced; give what is written another name");
        }

        if (Directory.Exists(path))
        {
            throw new UsageException($"{path} is a folder; name a file in it");
        }

        string partial = $"{path}.{Environment.ProcessId}.partial";
        return new OutputFile(path, partial, path, OutputStream.Try(path, () => new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16)));
    }

    /// <summary>The file is complete: gives it its name.</summary>
    public void Complete()
    {
        Stream.Flush();
        if (_path is not null)
        {
            Stream.Dispose();
            OutputStream.Try(_path, () =>
            {
                File.Move(_partial, _path, overwrite: true);
                return 0;
            });
        }

        _complete = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_complete || _path is null)
        {
            return;
        }

        try
        {
            Stream.Dispose();
        }
        catch (OutputException)
        {
            // What could not be written is not wanted.
        }

        File.Delete(_partial);
    }

    private static bool Holds(string input, string path) =>
        Directory.Exists(input) ? CaptureFolder.Under(input).Any(item => AreSame(item.File, path)) : File.Exists(input) && AreSame(input, path);

    private static bool AreSame(string one, string other) => Real(one) == Real(other);

    private static string Real(string path) => new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);

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
