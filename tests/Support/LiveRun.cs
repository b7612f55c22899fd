using System.IO.Pipes;
using System.Text;
using Differ.Cli;

namespace Differ.Tests.Support;

/// <summary>A run of the program whose standard input is a pipe that is still open.</summary>
internal sealed class LiveRun : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly AnonymousPipeServerStream _writer = new(PipeDirection.Out);
    private readonly AnonymousPipeClientStream _reader;
    private readonly StringBuilder _errors = new();
    private readonly MemoryStream _output = new();
    private readonly CancellationTokenSource _cancel = new();
    private readonly Task<int> _run;

    /// <summary>Starts it.</summary>
    /// <param name="words">The command; - stands for the pipe.</param>
    public LiveRun(params string[] words)
    {
        _reader = new AnonymousPipeClientStream(PipeDirection.In, _writer.ClientSafePipeHandle);
        var terminal = new Terminal(
            new StreamWriter(_output) { AutoFlush = true }, TextWriter.Synchronized(new StringWriter(_errors)), _reader, _output, false, false);
        _run = Task.Run(() => Program.Run(words, terminal, _cancel.Token));
    }

    /// <summary>Standard output so far.</summary>
    public string Output => Encoding.UTF8.GetString(_output.ToArray());

    /// <summary>Standard error so far.</summary>
    public string Errors => _errors.ToString();

    /// <summary>The exit status, when it has ended.</summary>
    public int Status => _run.Result;

    /// <summary>Writes into the pipe.</summary>
    public void Write(byte[] bytes) => _writer.Write(bytes);

    /// <summary>Waits until it says something on standard error, while the pipe stays open.</summary>
    public void WaitFor(string words) => Assert.True(
        SpinWait.SpinUntil(() => _errors.ToString().Contains(words, StringComparison.Ordinal) || _run.IsCompleted, Patience) && !_run.IsCompleted, _errors.ToString());

    /// <summary>Ends the pipe and waits for the end.</summary>
    public void End()
    {
        _writer.Dispose();
        Assert.True(_run.Wait(Patience));
    }

    /// <summary>Ctrl-C.</summary>
    public void Interrupt()
    {
        _cancel.Cancel();
        Assert.True(_run.Wait(Patience));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _writer.Dispose();
        _run.Wait(Patience);
        _reader.Dispose();
        _cancel.Dispose();
    }
}
