using System.Runtime.InteropServices;
using Differ.Capture;
using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Cli.Linux;

namespace Differ.Cli;

/// <summary>
/// Where a result is written: a file that appears whole or not at all, with the permissions, owner and group of the one that it replaces; or
/// what is no ordinary file, as a pipe, a terminal or a descriptor, which takes the bytes as they come.
/// </summary>
internal sealed class OutputFile : IDisposable
{
    private const int BufferSize = 1 << 16;

    private readonly string _name;
    private readonly IDisposable? _opened;

    private OutputFile(string name, Stream stream, IDisposable? opened, OutputTarget? target)
    {
        (_name, _opened, Target) = (name, opened, target);
        Stream = new OutputStream(stream, name);
    }

    /// <summary>A file that is to appear.</summary>
    /// <param name="name">What the user calls it.</param>
    /// <param name="file">The file; closed with this.</param>
    /// <param name="stream">Where it is written.</param>
    /// <param name="target">Which file it is, to tell it from others.</param>
    internal OutputFile(string name, NewFile file, Stream stream, OutputTarget target)
        : this(name, stream, (IDisposable)file, target)
    {
    }

    /// <summary>Where to write.</summary>
    public Stream Stream { get; }

    /// <summary>What is written; null for standard output.</summary>
    public OutputTarget? Target { get; }

    /// <summary>Opens a file, or standard output for -.</summary>
    /// <param name="path">The file.</param>
    /// <param name="inputs">Files and folders that are read: none of their captures is written.</param>
    /// <param name="terminal">Where standard output is.</param>
    /// <exception cref="UsageException">The file is an input.</exception>
    /// <exception cref="OutputException">It cannot be opened.</exception>
    public static OutputFile Create(string path, IEnumerable<string> inputs, Terminal terminal)
    {
        if (path == RunInput.StandardInput)
        {
            return OnOutput(terminal.BinaryOutput, inputs, terminal);
        }

        var target = OutputTarget.Of(path);
        RefuseInput(path, target.Node, inputs, terminal);
        if (!target.IsReplaced)
        {
            Stream inside = OutputStream.Try(path, () => Inside(target));
            return new OutputFile(path, new BufferedStream(inside, BufferSize), inside, target);
        }

        NewFile file = OutputStream.Try(path, () => NewFile.Create(target.Path, target.Node, terminal.Leftovers));
        return new OutputFile(path, file, file.Stream, target);
    }

    /// <summary>Standard output.</summary>
    /// <param name="output">Where its bytes go.</param>
    /// <param name="inputs">Files and folders that are read.</param>
    /// <param name="terminal">What standard output is.</param>
    /// <exception cref="UsageException">It is an input.</exception>
    public static OutputFile OnOutput(Stream output, IEnumerable<string> inputs, Terminal terminal)
    {
        RefuseInput("standard output", terminal.OutputNode, inputs, terminal);
        return new OutputFile("standard output", new BufferedStream(output, BufferSize), opened: null, target: null);
    }

    /// <summary>Refuses to write what is read, by whatever name.</summary>
    /// <param name="path">What the user calls it.</param>
    /// <param name="written">What is written; null for nothing that exists.</param>
    /// <param name="inputs">Files and folders that are read.</param>
    /// <param name="terminal">Where standard input is.</param>
    /// <exception cref="UsageException">It is an input.</exception>
    public static void RefuseInput(string path, FileNode? written, IEnumerable<string> inputs, Terminal terminal)
    {
        if (written is { Kind: FileKind.Regular } && inputs.Any(input => IsIn(written.Identity, input, terminal)))
        {
            throw new UsageException($"{path} is what is read, and would be replaced; give what is written another name");
        }
    }

    /// <summary>The file is complete: gives it its name.</summary>
    public void Complete()
    {
        Stream.Flush();
        if (_opened is NewFile file)
        {
            _ = OutputStream.Try(_name, () =>
            {
                file.Commit();
                return 0;
            });
        }

        Dispose();
    }

    /// <summary>Closes it. What is not complete is gone; what still waits to be written is not wanted.</summary>
    public void Dispose() => _opened?.Dispose();

    private static bool IsIn(FileIdentity written, string input, Terminal terminal)
    {
        FileNode? read = input == RunInput.StandardInput ? terminal.InputNode : FileNode.Of(input);
        return read switch
        {
            null => false,
            { Kind: FileKind.Folder } => CaptureFolder.Under(input).SelectMany(item => CaptureFile.FilesOf(item.File)).Any(file => FileNode.Of(file)?.Identity == written),
            _ => read.Identity == written
                || (read is { Kind: FileKind.Regular } && input != RunInput.StandardInput && CaptureFile.FilesOf(input).Any(file => FileNode.Of(file)?.Identity == written)),
        };
    }

    // What is there takes the bytes: a descriptor where it stands, anything else from its start.
    private static Stream Inside(OutputTarget target)
    {
        if (!OperatingSystem.IsLinux())
        {
            return new FileStream(target.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        }

        bool isOwn = target.Descriptor >= 0;
        int descriptor = !isOwn ? Libc.Open(target.Path, Libc.ToWrite | Libc.NoTerminal | Libc.Truncate)
            : Libc.IsInherited(target.Descriptor) ? Libc.Duplicate(target.Descriptor) : throw new IOException("no such descriptor is open");
        return descriptor >= 0 ? new DescriptorStream(descriptor, isOurs: true) : throw OutputException.OfSystem(Marshal.GetLastPInvokeError());
    }
}
