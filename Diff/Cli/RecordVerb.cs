using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Differ.Capture;
using Differ.Capture.Recording;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Cli.Linux;

namespace Differ.Cli;

/// <summary><c>differ record</c>: records KVM on this host with the probes that tracepoints lack, and checks what was recorded.</summary>
internal sealed class RecordVerb : IVerb
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public Command Build(Terminal terminal)
    {
        Option<string?> output = Options.Output(Options.DefaultRecording);
        var seconds = new Option<string?>("--for") { Description = "How long, as 30s or 5m; else until the command ends, or Ctrl-C", HelpName = "TIME" };
        var events = new Option<string>("--events")
        {
            Description = string.Create(
                CultureInfo.InvariantCulture,
                $"stock: tracepoints alone ({RecordingCost.Of(EventLevel.Stock)} instructions for a CPUID exit, {RecordingCost.Unrecorded} unrecorded); lean: with probes ({RecordingCost.Of(EventLevel.Lean)}); full: all that is read ({RecordingCost.Of(EventLevel.Full)})"),
            HelpName = "LEVEL",
            DefaultValueFactory = _ => "full",
        };
        events.AcceptOnlyFromAmong("stock", "lean", "full");
        var machine = new Option<int?>("--vm") { Description = "Only the threads of this process (QEMU)", HelpName = "PID" };
        var buffer = new Option<int>("--buffer") { HelpName = "KB", Description = "Buffer of each CPU in kB", DefaultValueFactory = _ => 16_384 };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only print what would be set, and what would not be seen" };
        var cleanup = new Option<bool>("--cleanup") { Description = "Only remove what a killed recording left behind" };
        var script = new Option<bool>("--print-script") { Description = "Only print a shell script that does the same" };
        var btf = new Option<string?>("--btf") { Description = "For --print-script: a folder with vmlinux, kvm and kvm_amd of the other host's /sys/kernel/btf", HelpName = "FOLDER" };
        var tracefs = new Option<string?>("--tracefs") { Description = "Where tracefs is [/sys/kernel/tracing]", HelpName = "FOLDER" };
        var command = new Argument<string[]>("command") { HelpName = "-- COMMAND", Description = "What to run meanwhile", Arity = ArgumentArity.ZeroOrMore };
        var verb = new Command("record",
            "Record KVM on this host, as root, and check the recording\n"
            + "It records tracepoints, and kprobes that show vmcb12, GIF, EFER, intercepts and permission maps, in a tracefs instance of its own. Ctrl-C ends it and keeps what was recorded. "
            + "Exit status: that of differ check.")
        {
            output, seconds, events, machine, buffer, dryRun, cleanup, script, btf, tracefs, command,
        };
        verb.SetAction((words, cancel) =>
        {
            var host = new HostKernel("/", words.GetValue(tracefs)) { BtfFolder = words.GetValue(btf) };
            if (words.GetValue(cleanup))
            {
                return Task.FromResult(Clean(host, terminal));
            }

            EventLevel level = Enum.Parse<EventLevel>(words.GetRequiredValue(events), ignoreCase: true);
            if (words.GetValue(script))
            {
                PrintScript(host, level, terminal);
                return Task.FromResult(ExitStatus.Agrees);
            }

            if (host.BtfFolder is not null)
            {
                throw new UsageException("--btf is for --print-script: here the running kernel's own types count");
            }

            TimeSpan? duration = Duration(words.GetValue(seconds));
            string file = words.GetValue(output) ?? Options.DefaultRecording;
            if (file == RunInput.StandardInput)
            {
                throw new UsageException("a trace.dat has its parts in an order that no pipe keeps: name a file with -o");
            }

            ProbePlan plan = Plan(host, level, isAsked: words.GetResult(events) is { Implicit: false }, terminal);
            if (words.GetValue(dryRun))
            {
                Show(plan, terminal);
                return Task.FromResult(ExitStatus.Agrees);
            }

            return Task.FromResult(Record(
                host, plan, file, duration, words.GetValue(machine), words.GetRequiredValue(buffer), words.GetValue(command) ?? [], terminal, cancel));
        });
        return verb;
    }

    private static void PrintScript(HostKernel host, EventLevel level, Terminal terminal)
    {
        if (level != EventLevel.Stock && host.ObstacleToProbes is { } reason)
        {
            throw new InputException(reason);
        }

        terminal.Output.Write(RecordingScript.Of(host.Plan(level), host.BtfFolder ?? $"Linux {host.Release}"));
    }

    private static int Clean(HostKernel host, Terminal terminal)
    {
        RefuseUser();
        try
        {
            // A recording under way is in use, and refuses; its files stay then.
            int? probes = host.Tracefs.Length > 0 && TracefsInstance.IsThere(host.Tracefs) ? TracefsInstance.Remove(host.Tracefs) : null;
            IReadOnlyList<string> files = host.Partials.Remove();
            Tell(files.Select(static file => $"{file} was removed"), terminal);
            terminal.Remark(probes is { } count ? $"the instance and {count} probes were removed" : files.Count > 0 ? "no probes were left" : "nothing was left");
            return ExitStatus.Agrees;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"what is in {host.Tracefs} is in use: end the recording that uses it ({fault.Message})");
        }
    }

    private static ProbePlan Plan(HostKernel host, EventLevel level, bool isAsked, Terminal terminal)
    {
        RefuseUser();
        if (host.Obstacle is { } obstacle)
        {
            throw new InputException(obstacle);
        }

        if (level != EventLevel.Stock && host.ObstacleToProbes is { } reason)
        {
            if (isAsked)
            {
                throw new InputException($"{reason}: no probe can be set; --events stock records the tracepoints alone");
            }

            terminal.Tell($"{reason}: only tracepoints are recorded, and what they lack stays undecided");
            level = EventLevel.Stock;
        }

        return host.Plan(level);
    }

    private static void RefuseUser()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new InputException("only Linux has KVM: record there and check the file here");
        }

        if (!Environment.IsPrivilegedProcess)
        {
            throw new InputException("tracing takes root: run it with sudo");
        }
    }

    private static void Show(ProbePlan plan, Terminal terminal)
    {
        foreach (PlannedProbe probe in plan.Probes)
        {
            terminal.Output.Write($"{probe.Definition}\n");
        }

        foreach (PlannedProbe probe in plan.Probes)
        {
            terminal.Output.Write($"# {probe.Name} shows {probe.Evidence}\n");
        }

        foreach (string missing in plan.Missing)
        {
            terminal.Output.Write($"# {missing}\n");
        }

        terminal.Output.Write(string.Create(CultureInfo.InvariantCulture, $"# about {plan.InstructionsPerExit} instructions an exit more than without recording\n"));
    }

    private static int Record(
        HostKernel host, ProbePlan plan, string file, TimeSpan? duration, int? machine, int buffer, string[] command, Terminal terminal, CancellationToken cancel)
    {
        if (TracefsInstance.IsThere(host.Tracefs))
        {
            throw new InputException("another differ record is under way, or a killed one left its probes: differ record --cleanup removes them");
        }

        TellPartials(host, file, terminal);
        Tell(plan.Missing, terminal);
        using OutputFile target = OutputFile.Create(file, [], terminal);
        terminal.EndsByItself = true;
        using TracefsInstance recording = Start(host, plan, file, buffer, machine is { } id ? ThreadsOf(id) : []);
        object remembered = new();
        terminal.Leftovers.Remember(remembered, recording.Dispose);
        Tell(recording.Refused, terminal);
        Follow(recording, duration, command, terminal, cancel);
        recording.End();
        recording.Write(target.Stream, [$"recorder {VersionText.Line}", $"events {plan.Level}", .. plan.Missing, .. recording.Refused]);
        target.Complete();
        IReadOnlyList<(string Probe, ulong Hits, ulong Misses)> hits = recording.Hits;
        terminal.Leftovers.Forget(remembered);
        recording.Dispose();
        TellBalance(file, plan, hits, terminal);

        // What ended the recording does not end the check.
        return Program.Run(["check", file], terminal, CancellationToken.None);
    }

    // No recording is under way, so they are of one that was killed. What is in the way of this one goes; the rest may still be looked at.
    private static void TellPartials(HostKernel host, string file, Terminal terminal)
    {
        IReadOnlyList<string> left = host.Partials.Left;
        if (left.Count == 0)
        {
            return;
        }

        bool isInTheWay = left.Any(one => one.StartsWith(Path.GetFullPath(file) + ".cpu", StringComparison.Ordinal));
        IReadOnlyList<string> removed = isInTheWay ? host.Partials.Remove() : [];
        Tell(removed.Select(static one => $"{one}, left by a recording that was killed, was removed"), terminal);
        Tell(left.Except(removed).Select(static one => $"{one} was left by a recording that was killed: differ record --cleanup removes it"), terminal);
    }

    private static TracefsInstance Start(HostKernel host, ProbePlan plan, string file, int buffer, IReadOnlyList<int> threads)
    {
        try
        {
            return TracefsInstance.Start(host, plan, file, buffer, threads);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"tracing cannot be set up in {host.Tracefs}: {fault.Message}", fault);
        }
    }

    private static void Follow(TracefsInstance recording, TimeSpan? duration, string[] command, Terminal terminal, CancellationToken cancel)
    {
        var since = Stopwatch.StartNew();
        using RecordedFindings? findings = terminal.ShowsProgress && recording.Follow() is { } live ? new RecordedFindings(live, terminal) : null;
        if (terminal.ShowsProgress)
        {
            recording.CountExits();
        }

        using Process? child = command.Length > 0 ? Run(command) : null;
        if (child is null && duration is null)
        {
            terminal.Remark("recording; Ctrl-C ends it");
        }

        try
        {
            while (!cancel.IsCancellationRequested && !(since.Elapsed >= duration) && child is not { HasExited: true })
            {
                if (recording.Pump() == 0)
                {
                    cancel.WaitHandle.WaitOne(Pause);
                }

                terminal.ShowProgress(() => Progress(recording, findings, since.Elapsed));

                if (recording.IsDiskFull)
                {
                    terminal.Tell("the disk is nearly full: the recording ends here, and what came before is kept");
                    break;
                }
            }
        }
        catch (IOException fault)
        {
            terminal.Tell($"the recording ends here, and what came before is kept: {fault.Message}");
        }

        terminal.ClearProgress();
        if (child is { HasExited: false })
        {
            Libc.Terminate(child.Id);
        }
    }

    private static string Progress(TracefsInstance recording, RecordedFindings? findings, TimeSpan elapsed)
    {
        RecordedCounts counts = recording.Counts;
        double seconds = Math.Max(elapsed.TotalSeconds, 0.001);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{elapsed.TotalSeconds:f0} s  {counts.ExitsOfL1 / seconds:f0} exits/s of L1  {counts.ExitsOfL2 / seconds:f0} of L2  {counts.Lost} events lost  {recording.Bytes / 1e6:f1} MB{(findings is null ? "" : $"  {findings}")}");
    }

    private static Process Run(string[] command)
    {
        try
        {
            var start = new ProcessStartInfo(command[0]) { UseShellExecute = false };
            foreach (string word in command.Skip(1))
            {
                start.ArgumentList.Add(word);
            }

            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw new UsageException($"{command[0]} cannot be run: {System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(fault.NativeErrorCode)}");
        }
    }

    // A probe on a function that the compiler has put into its callers is set and never hit: only the counts tell.
    private static void TellBalance(string file, ProbePlan plan, IReadOnlyList<(string Probe, ulong Hits, ulong Misses)> hits, Terminal terminal)
    {
        foreach ((string probe, _, ulong misses) in hits.Where(one => one.Misses > 0))
        {
            terminal.Tell(string.Create(CultureInfo.InvariantCulture, $"the kernel missed {misses} hits of {probe}"));
        }

        using CaptureSession session = RunInput.OpenCapture(file, terminal);
        Dictionary<string, ulong> counts = session.CountEvents(CancellationToken.None).ToDictionary(one => one.Name, one => one.Count);
        if (!counts.ContainsKey("kvm_entry") && !counts.ContainsKey("kvm_exit"))
        {
            throw new InputException($"no guest ran meanwhile: {file} has nothing to check; let one run, or name its command behind --");
        }

        foreach (ProbeBalance balance in ProbeBalance.Of(plan, counts))
        {
            terminal.Remark(balance.ToString());
        }
    }

    private static void Tell(IEnumerable<string> lines, Terminal terminal)
    {
        foreach (string line in lines)
        {
            terminal.Remark(line);
        }
    }

    private static IReadOnlyList<int> ThreadsOf(int process)
    {
        string folder = $"/proc/{process}/task";
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateDirectories(folder).Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))]
            : throw new UsageException($"there is no process {process}");
    }

    /// <summary>A time as 30s, 5m or 1h; null where none is given.</summary>
    internal static TimeSpan? Duration(string? text)
    {
        if (text is null)
        {
            return null;
        }

        double factor = text[^1..] switch { "m" => 60, "h" => 3600, _ => 1 };
        return double.TryParse(text.TrimEnd('s', 'm', 'h'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number is > 0 and < 1e6
            ? TimeSpan.FromSeconds(number * factor) : throw new UsageException($"--for {text} is no time; write 30s, 5m or 1h");
    }
}
