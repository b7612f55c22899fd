using Differ.Capture;
using Differ.Schemas.Files;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary>A capture or a run file, whichever the user named: both are read as records.</summary>
internal abstract class RunInput : IDisposable
{
    /// <summary>The name of standard input.</summary>
    public const string StandardInput = "-";

    /// <summary>What is known before the first exit.</summary>
    public abstract RunHeader Header { get; }

    /// <summary>Texts that the records refer to.</summary>
    public abstract TextTable Texts { get; }

    /// <summary>Whether the input may go on for as long as the host runs.</summary>
    public virtual bool IsStream => false;

    /// <summary>Opens a file, a folder with a capture in it, a pipe, or standard input for -.</summary>
    public static RunInput Open(string path, Terminal terminal) => Open(path, terminal, static pipe => pipe);

    /// <summary>The same, with something around what can be read only once.</summary>
    public static RunInput Open(string path, Terminal terminal, Func<Stream, Stream> around)
    {
        RefuseAddress(path);
        if (PipeOf(path, terminal) is { } bare && around(bare) is var pipe)
        {
            var stream = new PeekStream(pipe);
            return RunReader.Sniff(stream.Peek(RunFile.Magic.Length)) ? new OfRun(RunReader.Open(stream)) : new OfCapture(CaptureSession.Open(stream), terminal);
        }

        path = CaptureFolder.Resolve(path);
        return IsRun(path) ? new OfRun(RunReader.Open(OpenFile(path))) : new OfCapture(CaptureSession.Open(path), terminal);
    }

    /// <summary>Opens a capture only.</summary>
    public static CaptureSession OpenCapture(string path, Terminal terminal)
    {
        RefuseAddress(path);
        if (PipeOf(path, terminal) is { } pipe)
        {
            return CaptureSession.Open(pipe);
        }

        path = CaptureFolder.Resolve(path);
        return IsRun(path) ? throw new UsageException($"{path} is a run already") : CaptureSession.Open(path);
    }

    /// <summary>Opens a run file, or standard input for -.</summary>
    public static Stream OpenRun(string path, Terminal terminal) => path == StandardInput ? terminal.Input : OpenFile(path);

    /// <summary>Refuses an address: captures hold what a guest did, and Differ fetches nothing and sends nothing.</summary>
    /// <exception cref="UsageException">It is one.</exception>
    public static void RefuseAddress(string path)
    {
        if (path.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || path.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            throw new UsageException($"{path} is an address, and Differ opens files only; fetch it with curl -O and check the file");
        }
    }

    /// <summary>Reads all records.</summary>
    public abstract RunSummary Read(IExitSink sink, CancellationToken cancel);

    /// <inheritdoc/>
    public abstract void Dispose();

    private static FileStream OpenFile(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16);

    // What can be read only once: standard input, a named pipe, the shell's <(command).
    private static Stream? PipeOf(string path, Terminal terminal)
    {
        if (path == StandardInput)
        {
            return terminal.Input;
        }

        if (!File.Exists(path))
        {
            return null;
        }

        FileStream file = OpenFile(path);
        if (!file.CanSeek)
        {
            return file;
        }

        file.Dispose();
        return null;
    }

    private static bool IsRun(string path)
    {
        using FileStream file = OpenFile(path);
        Span<byte> start = stackalloc byte[RunFile.Magic.Length];
        return RunReader.Sniff(start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)]);
    }

    private sealed class OfCapture(CaptureSession session, Terminal terminal) : RunInput
    {
        public override RunHeader Header => session.Header;

        public override TextTable Texts => session.Texts;

        public override bool IsStream => session.IsStream;

        public override RunSummary Read(IExitSink sink, CancellationToken cancel)
        {
            RunSummary summary = session.ReadExits(sink, terminal.Progress, cancel);
            terminal.ClearProgress();
            return summary;
        }

        public override void Dispose() => session.Dispose();
    }

    private sealed class OfRun(RunReader reader) : RunInput
    {
        public override RunHeader Header => reader.Header;

        public override TextTable Texts => reader.Texts;

        public override RunSummary Read(IExitSink sink, CancellationToken cancel) => reader.ReadExits(sink, cancel);

        public override void Dispose() => reader.Dispose();
    }
}
