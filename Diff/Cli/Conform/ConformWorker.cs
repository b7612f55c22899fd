using System.Diagnostics;

namespace Differ.Cli.Conform;

/// <summary>A process that runs scenarios, one at a time: it may hang or die, and costs no other.</summary>
internal sealed class ConformWorker : IDisposable
{
    /// <summary>The option by which a worker is known.</summary>
    public const string Option = "--worker";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30), Patience = TimeSpan.FromSeconds(1);

    private readonly Process _process;
    private string? _ended;

    /// <summary>Starts it: the program itself, or the runtime with it.</summary>
    /// <param name="words">The words of the command that started this one, without options of its output.</param>
    public ConformWorker(IReadOnlyList<string> words)
    {
        string program = Environment.GetCommandLineArgs()[0];
        string[] own = program.EndsWith(".dll", StringComparison.Ordinal) ? [program] : [];
        _process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [.. own, "conform", Option, .. words])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
    }

    /// <summary>Asks it a line; null where it died or does not answer.</summary>
    public async Task<string?> Ask(string line, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Longest);
        try
        {
            await _process.StandardInput.WriteLineAsync(line.AsMemory(), limit.Token);
            await _process.StandardInput.FlushAsync(limit.Token);
            return await _process.StandardOutput.ReadLineAsync(limit.Token);
        }
        catch (IOException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Ends it, and says how it ended.</summary>
    public string End()
    {
        const int SignalBase = 128;
        if (_ended is not null)
        {
            return _ended;
        }

        using (_process)
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(Patience))
            {
                _process.Kill();
                _process.WaitForExit();
                return _ended = $"no answer in {Longest.TotalSeconds:f0} seconds";
            }

            return _ended = _process.ExitCode > SignalBase ? $"the process that ran it died of signal {_process.ExitCode - SignalBase}"
                : $"the process that ran it ended with status {_process.ExitCode}";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => End();
}
