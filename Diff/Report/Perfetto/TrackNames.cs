using System.Globalization;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using static Differ.Diff.Report.Perfetto.TraceFields;

namespace Differ.Diff.Report.Perfetto;

/// <summary>Describes the tracks, and the recording as a whole.</summary>
/// <remarks>
/// Last, because only the end of a recording tells which virtual machine a vCPU belongs to and what became of a departure. Readers take the
/// descriptions of a file before they look at its events; the time of a description is that of the first event.
/// </remarks>
/// <param name="writer">Where they go.</param>
/// <param name="result">What came of the run.</param>
/// <param name="clock">The BuiltinClock that times are of.</param>
/// <param name="time">The time of the first event.</param>
internal sealed class TrackNames(ProtoWriter writer, DiffResult result, ulong clock, ulong time)
{
    private const uint Sequence = 1;

    // Beyond what Linux gives out as thread ids, so that no number is given twice.
    private const ulong InventedThreads = 10_000_000;

    /// <summary>Writes all of it.</summary>
    /// <param name="findings">The classes of divergences.</param>
    /// <param name="streams">How many vCPU streams have events.</param>
    public void Write(IEnumerable<FindingTrack> findings, int streams)
    {
        WriteTrack(TrackUuids.Recording, parent: null, "Recording", rank: 0);
        WriteRecording();
        WriteTrack(TrackUuids.Findings, parent: null, "Divergences", rank: 1);
        foreach (FindingTrack finding in findings)
        {
            WriteTrack(TrackUuids.OfFinding(finding.Number), TrackUuids.Findings, FindingTracks.NameOf(finding, result), finding.Number);
        }

        VcpuStream[] known = [.. result.Summary.Streams.Where(stream => stream.Id.Value < streams)];
        foreach (int machine in known.Select(stream => stream.Machine).Distinct().Order())
        {
            WriteMachine(machine);
        }

        int pids = Pids;
        HashSet<int> doubtful = [.. known.Where(stream => stream.Thread is not null).GroupBy(stream => stream.Thread!.Value.Value)
            .Where(group => group.Count() > 1 || group.Key <= pids).Select(group => group.Key)];
        foreach (VcpuStream stream in known)
        {
            WriteVcpu(stream, stream.Thread is { } thread && !doubtful.Contains(thread.Value) ? (ulong)thread.Value : InventedThreads + (ulong)stream.Id.Value);
        }
    }

    // A recording does not tell the process of a virtual machine: they are numbered from 1.
    private int Pids => result.Summary.Streams.Select(stream => stream.Machine + 1).DefaultIfEmpty().Max();

    private void WriteMachine(int machine)
    {
        OpenTrack(TrackUuids.OfMachine(machine), parent: null);
        writer.Begin(Process);
        writer.Number(Pid, (ulong)machine + 1);
        writer.Text(ProcessName, string.Create(CultureInfo.InvariantCulture, $"VM {machine}"));
        writer.End();
        CloseTrack();
    }

    private void WriteVcpu(VcpuStream stream, ulong thread)
    {
        OpenTrack(TrackUuids.OfVcpu(stream.Id), TrackUuids.OfMachine(stream.Machine));
        writer.Begin(TraceFields.Thread);
        writer.Number(ThreadPid, (ulong)stream.Machine + 1);
        writer.Number(ThreadTid, thread);
        writer.Text(ThreadName, stream.Name.Length > 0 ? $"{stream.Label} ({stream.Name})" : stream.Label);
        writer.End();
        CloseTrack();
    }

    private void WriteTrack(ulong uuid, ulong? parent, string name, int rank)
    {
        OpenTrack(uuid, parent);
        writer.Text(TrackName, name);
        writer.Number(ChildOrdering, Explicit);
        writer.Number(SiblingRank, (ulong)rank);
        CloseTrack();
    }

    private void OpenTrack(ulong uuid, ulong? parent)
    {
        OpenPacket();
        writer.Begin(Track);
        writer.Number(TrackUuid, uuid);
        if (parent is { } above)
        {
            writer.Number(ParentUuid, above);
        }
    }

    private void CloseTrack()
    {
        writer.End();
        writer.End();
    }

    private void OpenPacket()
    {
        writer.Begin(Packet);
        writer.Number(Timestamp, time);
        writer.Number(TimestampClock, clock);
        writer.Number(SequenceId, Sequence);
    }

    // What the report on the terminal says of the recording, as the arguments of one instant.
    private void WriteRecording()
    {
        RunHeader header = result.Header;
        OpenPacket();
        writer.Begin(Event);
        writer.Number(TraceFields.Type, Instant);
        writer.Number(EventTrack, TrackUuids.Recording);
        writer.Text(Name, header.Capture.Length > 0 ? header.Capture : "(pipe)");
        Say("format", header.Format);
        Say("kernel", header.KernelRelease);
        Say("host", header.HostName);
        Say("clock", header.Clock);
        Say("unit of time", header.ClockUnit == ClockUnit.Ticks ? "ticks of the clock, shown as if they were nanoseconds" : "nanoseconds");
        Say("verdict", result.Verdict.Word);
        Say("why", result.Verdict.Why);
        Say("policy", SetWords.Of(result.Policy));
        foreach (string ending in FindingWords.Endings(result))
        {
            Say("ended", ending);
        }

        Say("grade", CaptureQuality.Of(result).Grade.ToString());
        Say("exits", result.Summary.Exits);
        Say("conform", result.CountOf(Verdict.Conforms));
        Say("documented divergences", result.CountOf(Verdict.KnownDeparture));
        Say("ignored", result.CountOf(Verdict.Ignored));
        Say("accepted", result.CountOf(Verdict.Accepted));
        Say("undecided", result.CountOf(Verdict.Undecided));
        Say("likely diverge", result.CountOf(Verdict.Likely));
        Say("diverge", result.CountOf(Verdict.Diverges));
        Say("events lost", result.Summary.Losses.Aggregate(0UL, (sum, loss) => sum + loss.Events));
        foreach (CaptureNote note in result.Summary.Notes)
        {
            Say(note.Code, note.Text);
        }

        writer.End();
        writer.End();
    }

    private void Say(string name, string value)
    {
        if (value.Length > 0)
        {
            writer.Begin(Argument);
            writer.Text(ArgumentName, name);
            writer.Text(TextValue, value);
            writer.End();
        }
    }

    private void Say(string name, ulong value)
    {
        writer.Begin(Argument);
        writer.Text(ArgumentName, name);
        writer.Number(UintValue, value);
        writer.End();
    }
}
