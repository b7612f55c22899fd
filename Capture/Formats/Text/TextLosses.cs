using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.Text;

/// <summary>Losses that a text marks, held back until the next event of their CPU says when they ended.</summary>
internal sealed class TextLosses(IEventSink sink, CaptureNotes notes)
{
    private const int MostWaiting = 1 << 10;

    private readonly List<(int Cpu, ulong Events)> _waiting = [];
    private readonly Dictionary<int, ClockTime> _lastOfCpu = [];
    private ClockTime _last;
    private int _lastCpu = -1;

    /// <summary>Events of a CPU were lost.</summary>
    public void Add(int cpu, ulong events)
    {
        if (_waiting.Count < MostWaiting)
        {
            _waiting.Add((cpu, events));
        }
        else
        {
            // More CPUs than wait on any host: the rest is told with the next event of any.
            _waiting[^1] = (-1, Math.Min(_waiting[^1].Events, CpuLoss.Most) + Math.Min(events, CpuLoss.Most));
        }
    }

    /// <summary>Something is missing, of any CPU.</summary>
    public void Gap(string where)
    {
        notes.Add(TextNotes.Gap, where);
        Add(-1, 0);
    }

    /// <summary>An event comes: what was lost before it is told first.</summary>
    public void Before(int cpu, ClockTime time)
    {
        for (int i = 0; i < _waiting.Count; i++)
        {
            if (_waiting[i].Cpu == cpu || _waiting[i].Cpu < 0)
            {
                Tell(cpu, _waiting[i].Events, time);
                _waiting.RemoveAt(i--);
            }
        }

        if (cpu != _lastCpu)
        {
            if (_lastCpu >= 0)
            {
                _lastOfCpu[_lastCpu] = _last;
            }

            _lastCpu = cpu;
        }

        _last = time;
    }

    public void End()
    {
        foreach ((int cpu, ulong events) in _waiting)
        {
            Tell(Math.Max(0, cpu), events, new ClockTime(ulong.MaxValue));
        }

        _waiting.Clear();
    }

    private void Tell(int cpu, ulong events, ClockTime before)
    {
        ClockTime after = cpu == _lastCpu ? _last : _lastOfCpu.GetValueOrDefault(cpu);
        notes.Add(CaptureNotes.LostEvents, $"CPU {cpu}, before time {before.Value}");
        sink.Lost(new LossMark(cpu, events, after, before));
    }
}
