using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Capture.Disk;
using Differ.Cli.Faults;
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

    /// <summary>Whether what comes later may change what was said before: <see cref="StartOver"/>.</summary>
    public virtual bool IsProvisional => false;

    /// <summary>Opens a file, a folder with a capture in it, a pipe, or standard input for -.</summary>
    public static RunInput Open(string path, Terminal terminal) => OpenLive(path, terminal, watched: false, CancellationToken.None);

    /// <summary>The same, with an interruption that ends a pipe, so that what was read is still reported.</summary>
    /// <param name="path">The path.</param>
    /// <param name="terminal">Where progress goes.</param>
    /// <param name="watched">Whether findings are told as a pipe comes; then it may have to be read again (<see cref="StartOver"/>).</param>
    /// <param name="end">Ends a pipe.</param>
    public static RunInput OpenLive(string path, Terminal terminal, bool watched, CancellationToken end)
    {
        CaptureFile file = OpenFile(path, terminal, watched, end);
        try
        {
            return Of(file.Only(), terminal, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens what is in a file.</summary>
    /// <param name="item">The capture or run.</param>
    /// <param name="terminal">Where progress goes.</param>
    /// <param name="owned">What to close with it.</param>
    public static RunInput Of(CaptureItem item, Terminal terminal, IDisposable? owned = null) =>
        item.IsRun ? new OfRun(item.OpenRun(), owned) : new OfCapture(item.OpenCapture(), terminal, owned);

    /// <summary>A recording that comes while it is made; it stays open.</summary>
    /// <param name="session">The recording.</param>
    /// <param name="terminal">Where progress goes.</param>
    public static RunInput OfLive(CaptureSession session, Terminal terminal) => new OfRecording(session, terminal);

    /// <summary>Opens a capture only.</summary>
    public static CaptureSession OpenCapture(string path, Terminal terminal)
    {
        RefuseAddress(path);
        RefuseOutput(path, terminal);
        if (PipeOf(path, terminal) is { } pipe)
        {
            return CaptureSession.Open(pipe);
        }

        path = CaptureFolder.Resolve(path);
        using (CaptureFile file = CaptureFile.Open(path))
        {
            if (file.Only().IsRun)
            {
                throw new InputException($"{path} is a run already");
            }
        }

        return CaptureSession.Open(path);
    }

    /// <summary>Opens a file, the capture of a folder, a pipe, or standard input for -.</summary>
    public static CaptureFile OpenFile(string path, Terminal terminal, bool watched, CancellationToken end)
    {
        RefuseAddress(path);
        RefuseOutput(path, terminal);
        return PipeOf(path, terminal) is { } pipe
            ? CaptureFile.Open(pipe.CanSeek ? pipe : new LiveStream(pipe, end) { IsWatched = watched })
            : CaptureFile.Open(CaptureFolder.Resolve(path));
    }

    /// <summary>Opens a run file, or standard input for -.</summary>
    public static Stream OpenRun(string path, Terminal terminal)
    {
        RefuseOutput(path, terminal);
        return path == StandardInput ? terminal.Input : DiskFile.Read(path);
    }

    /// <summary>Whether a path can be read only once: standard input, a named pipe, the shell's &lt;(command), a device, a file of /proc.</summary>
    public static bool IsReadOnce(string path) => path == StandardInput || FileNode.Of(path) is { IsReadOnce: true };

    /// <summary>Opens a file that may be a report in JSON.</summary>
    /// <param name="path">The file.</param>
    /// <param name="terminal">Where progress goes.</param>
    /// <returns>The report; null where the file is something else, and null with the run that it is where it can be read only once.</returns>
    public static (Stream? Report, RunInput? Run) OpenReport(string path, Terminal terminal)
    {
        RefuseOutput(path, terminal);
        if (path == StandardInput || FileNode.Of(path) is null or { Kind: FileKind.Folder })
        {
            return (null, null);
        }

        var file = new PeekStream(DiskFile.Read(path));
        try
        {
            if (file.Peek(1) is [(byte)'{'])
            {
                return (file, null);
            }

            if (IsReadOnce(path))
            {
                var pipe = CaptureFile.Open(file);
                return (null, Of(pipe.Only(), terminal, pipe));
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        file.Dispose();
        return (null, null);
    }

    /// <summary>Refuses an address: captures hold what a guest did, and Differ fetches nothing and sends nothing.</summary>
    /// <exception cref="UsageException">It is one.</exception>
    public static void RefuseAddress(string path)
    {
        if (path.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || path.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            throw new InputException($"{path} is an address, and Differ opens files only; fetch it with curl -O and check the file");
        }
    }

    /// <summary>Reads all records.</summary>
    public abstract RunSummary Read(IExitSink sink, CancellationToken cancel);

    /// <summary>Goes back to the start where reading once did not tell all: <see cref="CaptureSession.StartOver"/>.</summary>
    public virtual bool StartOver(bool always) => false;

    public abstract void Dispose();

    // What a verb says would be written over what it reads, and be read again.
    private static void RefuseOutput(string path, Terminal terminal) => OutputFile.RefuseInput("standard output", terminal.OutputNode, [path], terminal);

    private static Stream? PipeOf(string path, Terminal terminal) =>
        path == StandardInput ? terminal.Input : IsReadOnce(path) ? DiskFile.Read(path) : null;

    private sealed class OfRecording(CaptureSession session, Terminal terminal) : OfCapture(session, terminal, owned: null)
    {
        // What is described is what was set.
        public override bool IsStream => true;
    }

    private class OfCapture(CaptureSession session, Terminal terminal, IDisposable? owned) : RunInput
    {
        public override RunHeader Header => session.Header;

        public override TextTable Texts => session.Texts;

        public override bool IsStream => session.IsStream;

        public override bool IsProvisional => session.IsProvisional;

        public override RunSummary Read(IExitSink sink, CancellationToken cancel)
        {
            RunSummary summary = session.ReadExits(sink, terminal.Progress, cancel);
            terminal.ClearProgress();
            return summary;
        }

        public override bool StartOver(bool always) => session.StartOver(always);

        public override void Dispose()
        {
            session.Dispose();
            owned?.Dispose();
        }
    }

    private sealed class OfRun(RunReader reader, IDisposable? owned) : RunInput
    {
        public override RunHeader Header => reader.Header;

        public override TextTable Texts => reader.Texts;

        public override RunSummary Read(IExitSink sink, CancellationToken cancel) => reader.ReadExits(sink, cancel);

        public override void Dispose()
        {
            reader.Dispose();
            owned?.Dispose();
        }
    }
}
