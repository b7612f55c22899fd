using System.Globalization;
using System.Runtime.ExceptionServices;
using Differ.Capture.Disk;
using Differ.Cli.Browse;
using Differ.Diff.Results;
using Differ.Replay.Manual.Tables;

namespace Differ.Cli;

/// <summary>Reads a recording for the viewer, on a thread of its own.</summary>
/// <param name="path">The recording.</param>
/// <param name="cpu">What the user says of the virtual CPU; null for nothing.</param>
/// <param name="terminal">A terminal on which nothing is shown.</param>
/// <param name="cancel">Ends it.</param>
internal sealed class LiveReading(string path, CpuDescription? cpu, Terminal terminal, CancellationToken cancel) : IDisposable
{
    private readonly List<BrowsedRun> _runs = [];
    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
    private CancellationTokenSource _stop = new();
    private Thread? _thread;
    private volatile BrowsedRun? _current;
    private volatile ExceptionDispatchInfo? _fault;

    /// <summary>The recording as far as it was read; null before its start is known.</summary>
    public BrowsedRun? Current => _current;

    /// <summary>Why it cannot be read, or not further; null where it can.</summary>
    public ExceptionDispatchInfo? Fault => _fault;

    /// <summary>What is remarkable about the reading; empty for nothing.</summary>
    public string Notice => _fault is not null ? "it cannot be read further; q quits and says why"
        : _current?.Count >= BrowsedRun.MostExits ? string.Create(CultureInfo.InvariantCulture, $"the list holds the first {BrowsedRun.MostExits} exits; all are judged and counted")
        : HasGrown ? "the file has grown; r reads it again" : "";

    private bool HasGrown => _current is { Result: not null, Header.CaptureSize: > 0 and var size } && File.Exists(path) && (ulong)new FileInfo(path).Length > size;

    /// <summary>Reads from the start. What a file is, is told before the viewer begins.</summary>
    public void Start()
    {
        _stop.Cancel();
        _thread?.Join();
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _fault = null;
        CancellationToken stop = _stop.Token;
        RunInput? input = RunInput.IsReadOnce(path) ? null : RunInput.Open(path, terminal);
        _thread = new Thread(() => Read(input, stop)) { IsBackground = true, Name = "reading" };
        _thread.Start();
    }

    /// <summary>Ends a pipe: what was read of it is all there is.</summary>
    public void EndPipe() => _end.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        // A thread that waits for a pipe is left to the end of the process.
        _stop.Cancel();
        _end.Cancel();
        if (_thread?.Join(TimeSpan.FromMilliseconds(200)) != false)
        {
            _runs.ForEach(static run => run.Dispose());
        }
    }

    private void Read(RunInput? opened, CancellationToken stop)
    {
        try
        {
            using RunInput input = opened ?? RunInput.OpenLive(path, terminal, watched: true, _end.Token);
            DiffResult result = CheckVerb.Check(
                input, Policy.Default, cpu, input.IsStream ? CancellationToken.None : stop, exits: header =>
                {
                    var run = new BrowsedRun(header, input.Texts, DiskFile.OpenTemporary(), input.IsStream);
                    _runs.Add(run);
                    return _current = run;
                }, asItComes: true);
            _current!.End(result);
        }
        catch (OperationCanceledException)
        {
            // Nobody wants to know the rest.
        }
        catch (Exception fault)
        {
            _fault = ExceptionDispatchInfo.Capture(fault);
        }
    }
}
