using System.Globalization;
using System.Text;
using Differ.Capture.Diagnostics;
using Differ.Capture.Disk;
using Differ.Capture.Formats.TraceDat;
using Differ.Capture.Tracepoints;
using Microsoft.Win32.SafeHandles;

namespace Differ.Capture.Recording;

/// <summary>A recording under way: the probes, an instance of tracefs of its own, and the pages that came out of it.</summary>
public sealed class TracefsInstance : IDisposable
{
    private const string Name = "differ";
    private const long FreeReserve = 64 << 20;

    private static readonly string[] Groups = ["kvm", Probes.Group];

    private readonly HostKernel _host;
    private readonly string _tracefs, _folder, _output;
    private readonly List<(int Number, SafeFileHandle Pipe, FileStream Pages)> _cpus = [];
    private readonly List<string> _refused = [];
    private readonly byte[] _page;
    private PageTally? _tally;
    private LiveRecording? _live;
    private string _statistics = "";
    private long _largest;
    private bool _ended;

    private TracefsInstance(HostKernel host, string output)
    {
        (_host, _tracefs, _output) = (host, host.Tracefs, output);
        _folder = Path.Combine(_tracefs, "instances", Name);
        _page = new byte[PageSize(File.ReadAllText(Path.Combine(_tracefs, "events/header_page")))];
    }

    /// <summary>Bytes that were recorded.</summary>
    public long Bytes => _cpus.Sum(cpu => cpu.Pages.Length);

    /// <summary>What came so far; nothing unless <see cref="CountExits"/> was called.</summary>
    public RecordedCounts Counts => _tally?.Counts ?? default;

    /// <summary>Probes that the kernel refused, and why; one a line.</summary>
    public IReadOnlyList<string> Refused => _refused;

    /// <summary>Hits of probes that were missed, as the kernel counts them; known when the recording has ended.</summary>
    public IReadOnlyList<(string Probe, ulong Hits, ulong Misses)> Hits { get; private set; } = [];

    /// <summary>Whether probes or an instance of Differ are there: of a recording under way, or left by one that was killed.</summary>
    public static bool IsThere(string tracefs) => Directory.Exists(Path.Combine(tracefs, "instances", Name)) || Definitions(tracefs).Any();

    /// <summary>Takes probes and instance away.</summary>
    /// <returns>How many probes there were.</returns>
    /// <exception cref="IOException">They cannot be removed; they are in use.</exception>
    public static int Remove(string tracefs)
    {
        string folder = Path.Combine(tracefs, "instances", Name);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder);
        }

        string enable = Path.Combine(tracefs, "events", Probes.Group, "enable");
        if (File.Exists(enable))
        {
            Set(enable, "0");
        }

        string[] events = [.. Definitions(tracefs)];
        foreach (string probe in events)
        {
            Set(Path.Combine(tracefs, "kprobe_events"), $"-:{probe}\n");
        }

        return events.Length;
    }

    /// <summary>Sets the probes and starts to record.</summary>
    /// <param name="host">The kernel.</param>
    /// <param name="plan">The probes.</param>
    /// <param name="output">The file that will be written; what comes before lies beside it.</param>
    /// <param name="kilobytes">Buffer of each CPU.</param>
    /// <param name="threads">Only these threads; empty for all.</param>
    /// <exception cref="IOException">Something cannot be set up; nothing is left of it.</exception>
    /// <exception cref="UnauthorizedAccessException">The same: it is forbidden.</exception>
    public static TracefsInstance Start(HostKernel host, ProbePlan plan, string output, int kilobytes, IReadOnlyList<int> threads)
    {
        var recording = new TracefsInstance(host, output);
        try
        {
            recording.Begin(plan, kilobytes, threads);
            return recording;
        }
        catch
        {
            recording.Dispose();
            throw;
        }
    }

    /// <summary>Counts what comes from now on.</summary>
    public void CountExits() => _tally ??= PageTally.Of(_tracefs);

    /// <summary>What comes from now on can be read while it comes.</summary>
    /// <returns>The recording, closed by the caller; null where the kernel describes it in another way than Differ knows.</returns>
    public LiveRecording? Follow()
    {
        using var head = new MemoryStream();
        try
        {
            TraceDatWriter.Write(head, _tracefs, Groups, [(TraceDatOptions.TraceClock, File.ReadAllText(Path.Combine(_folder, "trace_clock"))), Uname], _page.Length, []);
            return _live = new LiveRecording(head.ToArray());
        }
        catch (CaptureFormatException)
        {
            // Who reads the file is told.
            return null;
        }
    }

    /// <summary>Takes what is there.</summary>
    /// <returns>Bytes that came.</returns>
    /// <exception cref="IOException">They cannot be written: the disk is full. What came before is kept.</exception>
    public long Pump()
    {
        long came = 0;
        bool isWhole = true;
        foreach ((int cpu, SafeFileHandle pipe, FileStream pages) in _cpus)
        {
            // No more than one CPU's part at a time, so that none waits for another.
            int left = 4096;
            for (; left > 0; left--)
            {
                int read = Libc.Read(pipe, _page);
                if (read <= 0)
                {
                    break;
                }

                _page.AsSpan(read).Clear();
                pages.Write(_page);
                _tally?.Take(_page);
                _live?.Take(cpu, _page);
                came += _page.Length;
            }

            isWhole &= left > 0;

            _largest = Math.Max(_largest, pages.Length);
        }

        _live?.EndRound(isWhole);
        return came;
    }

    /// <summary>Whether the disk has too little room to go on: in the end the pages of the CPUs are put together.</summary>
    public bool IsDiskFull => new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(_output))!).AvailableFreeSpace < _largest + FreeReserve;

    /// <summary>Stops tracing, takes the rest, and takes probes and instance away.</summary>
    public void End()
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        Set(Path.Combine(_folder, "tracing_on"), "0");
        try
        {
            while (Pump() > 0)
            {
            }
        }
        catch (IOException)
        {
            // The disk is full; what is there is kept.
        }

        _statistics = string.Join('\n', _cpus.Select(cpu => $"CPU: {cpu.Number}\n{File.ReadAllText(Path.Combine(_folder, $"per_cpu/cpu{cpu.Number}/stats"))}"));
        Hits = [.. ReadHits()];
    }

    /// <summary>Writes the trace.dat. The recording has ended, and the probes still stand: their formats are in it.</summary>
    /// <param name="to">Where it goes.</param>
    /// <param name="facts">What else is to be kept in it, one a line.</param>
    public void Write(Stream to, IEnumerable<string> facts)
    {
        int count = _cpus.Count == 0 ? 0 : _cpus.Max(cpu => cpu.Number) + 1;
        var pages = new Stream?[count];
        foreach ((int number, _, FileStream one) in _cpus)
        {
            // A full disk may have cut the last page.
            one.SetLength(one.Length / _page.Length * _page.Length);
            pages[number] = one;
        }

        TraceDatWriter.Write(
            to, _tracefs, Groups,
            [
                (TraceDatOptions.CpuStat, _statistics),
                (TraceDatOptions.TraceClock, File.ReadAllText(Path.Combine(_folder, "trace_clock"))),
                Uname,
                TraceDatWriter.Facts([.. facts, .. _host.Facts, .. Lines()]),
            ],
            _page.Length, pages);
    }

    /// <summary>Takes away probes, instance and the files beside the output.</summary>
    public void Dispose()
    {
        foreach ((_, SafeFileHandle pipe, FileStream pages) in _cpus)
        {
            pipe.Dispose();
            pages.Dispose();
            File.Delete(pages.Name);
        }

        _host.Partials.Forget([.. _cpus.Select(static cpu => Path.GetFullPath(cpu.Pages.Name))]);
        _cpus.Clear();
        if (Directory.Exists(_tracefs))
        {
            Remove(_tracefs);
        }
    }

    private (int Option, string Text) Uname =>
        (TraceDatOptions.Uname, $"Linux {(_host.HostName is { Length: > 0 } name ? name : "(none)")} {_host.Release} x86_64");

    private IEnumerable<string> Lines() =>
        File.Exists(Path.Combine(_tracefs, "kprobe_events")) ? File.ReadLines(Path.Combine(_tracefs, "kprobe_events")).Where(IsOurs) : [];

    private void Begin(ProbePlan plan, int kilobytes, IReadOnlyList<int> threads)
    {
        foreach (PlannedProbe probe in plan.Probes)
        {
            try
            {
                Set(Path.Combine(_tracefs, "kprobe_events"), probe.Definition + "\n");
            }
            catch (IOException fault)
            {
                _refused.Add($"{probe.Name} is not set (the kernel refuses the probe on {probe.Symbol}: {Refusal(probe) ?? fault.Message}); not seen: {probe.Evidence}");
            }
        }

        Directory.CreateDirectory(_folder);
        Set(Path.Combine(_folder, "tracing_on"), "0");
        Set(Path.Combine(_folder, "trace_clock"), "mono");
        Set(Path.Combine(_folder, "buffer_size_kb"), kilobytes.ToString(CultureInfo.InvariantCulture));
        if (threads.Count > 0)
        {
            Set(Path.Combine(_folder, "set_event_pid"), string.Join(' ', threads));
            Set(Path.Combine(_folder, "options/event-fork"), "1");
        }

        foreach (string system in Groups)
        {
            string enable = Path.Combine(_folder, "events", system, "enable");
            if (File.Exists(enable))
            {
                Set(enable, "1");
            }
        }

        foreach (int cpu in Directory.EnumerateDirectories(Path.Combine(_folder, "per_cpu")).Select(path => int.Parse(Path.GetFileName(path)[3..], CultureInfo.InvariantCulture)).Order())
        {
            int pipe = Libc.OpenNonBlocking(Path.Combine(_folder, $"per_cpu/cpu{cpu}/trace_pipe_raw"));
            if (pipe >= 0)
            {
                _cpus.Add((cpu, new SafeFileHandle(pipe, ownsHandle: true), PagesOf(cpu)));
            }
        }

        Set(Path.Combine(_folder, "tracing_on"), "1");
    }

    // Never over a file that is there, nor through a link that somebody laid; registers and memory of a guest are nobody else's business.
    private FileStream PagesOf(int cpu)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        string file = $"{_output}.cpu{cpu}.partial";
        if (FileNode.OfLink(file) is not null)
        {
            throw new IOException($"{file} is there already, perhaps of a recording that was killed: remove it, or name another output");
        }

        var pages = new FileStream(file, options);
        _host.Partials.Note(pages);
        return pages;
    }

    // write() says EINVAL, whatever the reason is; the log has it in words, above the definition.
    private string? Refusal(PlannedProbe probe)
    {
        const string Error = "error: ", Command = "Command: ";
        string file = Path.Combine(_tracefs, "error_log");
        string? said = null, reason = null;
        foreach (string line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            int error = line.IndexOf(Error, StringComparison.Ordinal);
            said = error >= 0 ? line[(error + Error.Length)..].Trim() : said;
            reason = line.Trim().StartsWith(Command + probe.Definition[..probe.Definition.IndexOf(' ', StringComparison.Ordinal)], StringComparison.Ordinal) ? said : reason;
        }

        return reason;
    }

    private IEnumerable<(string Probe, ulong Hits, ulong Misses)> ReadHits()
    {
        string file = Path.Combine(_tracefs, "kprobe_profile");
        HashSet<string> ours = [.. Definitions(_tracefs).Select(name => name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..])];
        foreach (string line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 3 && ours.Contains(words[0]) && ulong.TryParse(words[1], out ulong hits) && ulong.TryParse(words[2], out ulong misses))
            {
                yield return (words[0], hits, misses);
            }
        }
    }

    private static IEnumerable<string> Definitions(string tracefs)
    {
        string file = Path.Combine(tracefs, "kprobe_events");
        return File.Exists(file) ? [.. File.ReadAllLines(file).Where(IsOurs).Select(line => line.Split(' ')[0][(line.IndexOf(':', StringComparison.Ordinal) + 1)..])] : [];
    }

    private static bool IsOurs(string definition) => definition.Split(' ')[0].Contains($":{Probes.Group}/", StringComparison.Ordinal);

    private static int PageSize(string header)
    {
        EventField? data = EventLayout.ParseHeaderPage(header).Find("data");
        return data is { Size: > 0 } ? data.Offset + data.Size : Environment.SystemPageSize;
    }

    // Opened to be written and not emptied: emptying kprobe_events removes the probes of everybody.
    private static void Set(string file, string text)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        stream.Write(Encoding.UTF8.GetBytes(text));
    }
}
