using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Run;

namespace Differ.Diff.Report.Perfetto;

/// <summary>A trace for ui.perfetto.dev and trace_processor: every exit on the track of its vCPU.</summary>
internal sealed class PerfettoReport : IExitReportFormat
{
    public string Name => "perfetto";

    public string Summary => "a trace for ui.perfetto.dev: every exit, L2 in L1 in L0, and what diverges";

    public IFormat<FindingSet>? Index => null;

    public IExitReport Begin(RunHeader header, Stream output) => new Trace(header, output);

    private sealed class Trace(RunHeader header, Stream output) : IExitReport
    {
        private const uint FirstVcpuSequence = 2;

        private readonly ProtoWriter _writer = new(output);
        private readonly TrackWords _words = new(new TraceTexts());
        private readonly List<VcpuTrack?> _vcpus = [];
        private readonly ulong _clock = ClockOf(header);
        private ulong? _start;

        public void Take(in ExitRecord recorded, Verdict verdict, Departure? departure) => TrackOf(recorded).Take(recorded, verdict, departure);

        public void Finish(DiffResult result)
        {
            foreach (VcpuTrack? vcpu in _vcpus)
            {
                vcpu?.Finish();
            }

            new TrackNames(_writer, result, _clock, _start ?? 0).Write(_words.Findings.All, _vcpus.Count);
            _writer.Flush();
        }

        // Nothing is held but memory; the stream is the caller's.
        public void Dispose()
        {
        }

        private VcpuTrack TrackOf(in ExitRecord record)
        {
            while (_vcpus.Count <= record.Stream.Value)
            {
                _vcpus.Add(null);
            }

            return _vcpus[record.Stream.Value] ??= Open(record);
        }

        private VcpuTrack Open(in ExitRecord record)
        {
            ulong time = ExitTimes.Of(record, floor: 0, entered: false).Exit;
            _start = Math.Min(_start ?? time, time);
            uint id = FirstVcpuSequence + (uint)record.Stream.Value;
            return new VcpuTrack(new PacketSequence(_writer, id, TrackUuids.OfVcpu(record.Stream), _clock, time), _words);
        }

        // What the recorder calls its clock (trace-cmd record -C, perf record -k). Of others Perfetto has no notion: they count as its usual one.
        private static ulong ClockOf(RunHeader header) => header.Clock switch
        {
            "mono" or "monotonic" => TraceFields.Monotonic,
            "mono_raw" or "monotonic_raw" => TraceFields.MonotonicRaw,
            _ => TraceFields.BootTime,
        };
    }
}
