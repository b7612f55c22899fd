using System.Runtime.InteropServices;
using Differ.Capture;
using Differ.Cli.Faults;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary>Which files of a folder tell nothing that another one does not: a print of a recording beside it, a second recorder of the same guest.</summary>
/// <remarks>
/// The proof is in their contents: every exit of the one stands in the other, of the same thread and vCPU, with the same code at the
/// same address and time, on clocks that count alike; and no tracepoint that the other lacks. Two runs of the same payload have the same
/// exits at other times, or of other threads. Files of one format are never looked at: a recorder writes a guest once, and two of its
/// files are two recordings. Of text there may be several prints.
/// </remarks>
internal sealed class SameRecording : IExitSink
{
    // Fewer exits may be equal by chance.
    private const int FewestExits = 8;

    // Of a long recording a part of the exits is held against the other's: those whose code and address are of a kind.
    private const int MostKept = 1 << 11;

    // Text rounds to microseconds, and two tracers of one exit come one after the other.
    private const ulong Apart = 1_000_000;

    private readonly Dictionary<int, List<(ulong Time, ulong Exit)>> _exits = [];
    private int _count;
    private int _coarseness;

    private SameRecording(RunHeader header) => Header = header;

    private RunHeader Header { get; }

    private IReadOnlyList<VcpuStream> Streams { get; set; } = [];

    public void Take(in ExitRecord record)
    {
        if (!record.HasExit)
        {
            return;
        }

        ulong exit = unchecked(((record.Exit.Code.Value * 0x9e37_79b9_7f4a_7c15) ^ record.Exit.Rip) * 0xd6e8_feb8_6659_fd93);
        if (!IsKept(exit, _coarseness))
        {
            return;
        }

        ref List<(ulong, ulong)>? ofStream = ref CollectionsMarshal.GetValueRefOrAddDefault(_exits, record.Stream.Value, out _);
        ofStream ??= [];
        ofStream.Add((record.Exit.Time.Value, exit));
        if (++_count > MostKept)
        {
            Coarsen();
        }
    }

    /// <summary>Leaves out what another file of a folder tells as well.</summary>
    /// <param name="found">The files and how much their formats tell: less is better.</param>
    /// <param name="leftOut">Takes what was left out, with the reason.</param>
    /// <returns>The others, in their order.</returns>
    public static List<string> LeaveOut(IReadOnlyList<(string File, int Rank)> found, List<(string File, string Reason)> leftOut)
    {
        var kept = new List<(string File, int Rank, SameRecording? Exits)>();
        bool several = found.Any(one => CanBeSame(one.Rank, found[0].Rank)) && found.Count > 1;
        foreach ((string file, int rank) in found.OrderBy(one => one.Rank))
        {
            SameRecording? exits = several && rank != CaptureFile.LastRank ? Read(file) : null;
            if (exits is not null && kept.Find(other => CanBeSame(rank, other.Rank) && other.Exits is { } better && exits.IsIn(better)) is { File: not null } holder)
            {
                leftOut.Add((file, $"the same recording as {Path.GetFileName(holder.File)}, which has all its exits, of the same threads at the same times"));
            }
            else
            {
                kept.Add((file, rank, exits));
            }
        }

        return [.. found.Select(one => one.File).Where(file => kept.Exists(one => one.File == file))];
    }

    private static bool CanBeSame(int rank, int other) => rank != other || rank == CaptureFile.TextRank;

    private static bool IsKept(ulong exit, int coarseness) => exit >> (64 - coarseness) == 0 || coarseness == 0;

    // What cannot be read proves nothing: it is judged, and says then what is wrong.
    private static SameRecording? Read(string file)
    {
        try
        {
            using CaptureFile opened = CaptureFile.Open(file);
            CaptureItem item = opened.Only();
            if (item.IsRun)
            {
                using Schemas.Files.RunReader run = item.OpenRun();
                var exits = new SameRecording(run.Header);
                exits.Streams = run.ReadExits(exits, CancellationToken.None).Streams;
                return exits;
            }
            else
            {
                using CaptureSession session = item.OpenCapture();
                var exits = new SameRecording(session.Header);
                exits.Streams = session.ReadExits(exits).Streams;
                return exits;
            }
        }
        catch (Exception e) when (UnusableInput.Is(e))
        {
            return null;
        }
    }

    private bool IsIn(SameRecording other)
    {
        if (Header.ClockUnit != other.Header.ClockUnit || !other.Header.Listed.Covers(Header.Listed) || !IsOneHost(other) || Streams.Any(stream => stream.Thread is null))
        {
            return false;
        }

        int coarseness = Math.Max(_coarseness, other._coarseness);
        int held = 0;
        foreach (VcpuStream stream in Streams)
        {
            List<(ulong Time, ulong Exit)> exits = Of(stream, coarseness);
            VcpuStream? same = other.Streams.FirstOrDefault(one => one.Thread == stream.Thread && one.Vcpu == stream.Vcpu);
            if (exits.Count > 0 && (same is null || !AreIn(exits, other.Of(same, coarseness))))
            {
                return false;
            }

            held += exits.Count;
        }

        return held >= FewestExits;
    }

    private bool IsOneHost(SameRecording other) =>
        (Header.HostName == other.Header.HostName || Header.HostName.Length == 0 || other.Header.HostName.Length == 0)
        && (Header.KernelRelease == other.Header.KernelRelease || Header.KernelRelease.Length == 0 || other.Header.KernelRelease.Length == 0);

    private List<(ulong Time, ulong Exit)> Of(VcpuStream stream, int coarseness) =>
        [.. (_exits.GetValueOrDefault(stream.Id.Value) ?? []).Where(exit => IsKept(exit.Exit, coarseness))];

    // Both in the order of time; what the other has besides is passed over.
    private static bool AreIn(List<(ulong Time, ulong Exit)> exits, List<(ulong Time, ulong Exit)> other)
    {
        int at = 0;
        foreach ((ulong time, ulong exit) in exits)
        {
            while (at < other.Count && (other[at].Exit != exit || (other[at].Time < time && time - other[at].Time > Apart)))
            {
                at++;
            }

            if (at == other.Count || (other[at].Time > time && other[at].Time - time > Apart))
            {
                return false;
            }

            at++;
        }

        return true;
    }

    private void Coarsen()
    {
        while (_count > MostKept)
        {
            _coarseness++;
            _count = 0;
            foreach (List<(ulong Time, ulong Exit)> exits in _exits.Values)
            {
                exits.RemoveAll(exit => !IsKept(exit.Exit, _coarseness));
                _count += exits.Count;
            }
        }
    }
}
