using Differ.Capture.Recording;
using Differ.Diff.Compare;
using Differ.Diff.Results;

namespace Differ.Cli;

/// <summary>Counts the findings in a recording while it is made, on a thread of its own. What the recording says is told when it has ended.</summary>
internal sealed class RecordedFindings : IFindingWatcher, IDisposable
{
    private readonly LiveRecording _recording;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private readonly Thread _thread;
    private volatile int _certain, _likely;
    private volatile bool _isStuck;

    /// <summary>Begins to read.</summary>
    /// <param name="recording">The recording; closed with this.</param>
    /// <param name="terminal">Where the recording is made.</param>
    public RecordedFindings(LiveRecording recording, Terminal terminal)
    {
        _recording = recording;
        Terminal quiet = terminal.Quiet();
        _thread = new Thread(() => Read(RunInput.OfLive(recording.Session, quiet))) { IsBackground = true, Name = "findings" };
        _thread.Start();
    }

    /// <summary>The findings so far, in a few words.</summary>
    public override string ToString()
    {
        string count = (_certain, _likely) switch
        {
            (0, 0) => "no findings",
            (var certain, 0) => $"{certain} diverge",
            (0, var likely) => $"{likely} likely",
            var (certain, likely) => $"{certain} diverge, {likely} likely",
        };
        return _recording.IsBehind || _isStuck ? $"{count} in what was looked at" : $"{count} so far";
    }

    /// <inheritdoc/>
    public bool Wants(string fingerprint) => !_told.Contains(fingerprint);

    /// <inheritdoc/>
    public void Take(DivergenceClass found)
    {
        if (_told.Add(found.Fingerprint))
        {
            _certain += found.IsLikely ? 0 : 1;
            _likely += found.IsLikely ? 1 : 0;
        }
    }

    /// <summary>Waits until all that came was looked at; for tests.</summary>
    public void End()
    {
        _recording.End();
        _thread.Join();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _thread.Join();
        _recording.Dispose();
        _stop.Dispose();
    }

    private void Read(RunInput input)
    {
        try
        {
            CheckVerb.Check(input, Policy.Default, null, _stop.Token, this);
        }
        catch (Exception)
        {
            // What is wrong is told when the file is checked; who records is not to be held up.
            _isStuck = true;
        }
    }
}
