using System.Runtime.InteropServices;
using Differ.Cli.Linux;

namespace Differ.Cli;

/// <summary>
/// Signals that end the program: work is told to stop, files that are not complete are taken away, and what does not stop by itself is ended.
/// A stream is owed its report, and is given more time for it; a second signal ends that too.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(700), PatienceForReport = TimeSpan.FromSeconds(10);

    // Numbers of Linux: SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, which end a process as well.
    private static readonly PosixSignal[] OfLinux = [(PosixSignal)10, (PosixSignal)12, (PosixSignal)14, (PosixSignal)24];
    private static readonly PosixSignal[] OfAll = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly Terminal _terminal;
    private int _signals;

    /// <summary>Listens to the signals. One that the process was started to ignore, as by nohup, stays ignored.</summary>
    /// <param name="terminal">Where the last line goes, and what knows of files that are not complete.</param>
    public Interruption(Terminal terminal)
    {
        _terminal = terminal;
        foreach (PosixSignal signal in OperatingSystem.IsLinux() ? [.. OfAll, .. OfLinux] : OfAll)
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, Take));
        }
    }

    /// <summary>Ends the work.</summary>
    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Take(PosixSignalContext signal)
    {
        signal.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1)
        {
            End();
            return;
        }

        // Before the work is told: what is told may take its time.
        new Thread(EndLater) { IsBackground = true, Name = "interruption" }.Start();
        _source.Cancel();
    }

    private void EndLater()
    {
        Thread.Sleep(Patience);
        if (_terminal.OwesReport)
        {
            Thread.Sleep(PatienceForReport);
        }

        if (_terminal.EndsByItself)
        {
            return;
        }

        End();
    }

    private void End()
    {
        _terminal.Leftovers.Remove();
        _terminal.TellInterrupted();
        if (OperatingSystem.IsLinux())
        {
            Libc.Exit(ExitStatus.Interrupted);
        }

        Environment.Exit(ExitStatus.Interrupted);
    }
}
