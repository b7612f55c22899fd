using System.Buffers.Binary;
using System.Collections.Concurrent;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Formats.TraceDat;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;

namespace Differ.Capture.Recording;

/// <summary>A recording that is read while it is made, for who watches: what it tells is told again, in full, when the file is read.</summary>
/// <remarks>
/// Pages come in rounds, in each of which every CPU gives what it has. What is older than a page of the round before has come from every CPU by then,
/// and is handed on in the order of time. Who reads must not hold up who records: what the reader falls behind too far with is not read.
/// </remarks>
public sealed class LiveRecording : IDisposable
{
    private const long MostWaiting = 64 << 20;

    private readonly BlockingCollection<Round> _rounds = [];
    private readonly Reader _reader;
    private List<(int Cpu, byte[] Page)> _pages = [];
    private ulong _newest, _before, _until;
    private long _waiting;
    private bool _hasEnded;

    /// <summary>Of a trace.dat of version 6 without pages.</summary>
    /// <param name="head">Its bytes.</param>
    /// <exception cref="CaptureFormatException">The kernel describes its events in another way than Differ knows.</exception>
    internal LiveRecording(byte[] head)
    {
        _reader = new Reader((TraceDatReader)new TraceDatFormat().Open(new MemorySource(head)), this);
        Session = CaptureSession.Of(_reader);
    }

    /// <summary>The recording; reading its exits takes as long as it is made.</summary>
    public CaptureSession Session { get; }

    /// <summary>Whether reading stopped because it fell behind: what it tells is of the start of the recording.</summary>
    public bool IsBehind { get; private set; }

    /// <summary>No more is recorded, or is to be read.</summary>
    public void End()
    {
        if (!_hasEnded)
        {
            EndRound(isWhole: true);
        }

        if (!_hasEnded)
        {
            _hasEnded = true;
            _rounds.Add(new Round([], ulong.MaxValue));
            _rounds.CompleteAdding();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        End();
        Session.Dispose();
        _rounds.Dispose();
    }

    /// <summary>Takes a page of a CPU.</summary>
    internal void Take(int cpu, ReadOnlySpan<byte> page)
    {
        if (!_hasEnded)
        {
            _pages.Add((cpu, page.ToArray()));
            _newest = Math.Max(_newest, BinaryPrimitives.ReadUInt64LittleEndian(page));
        }
    }

    /// <summary>A round is over.</summary>
    /// <param name="isWhole">Whether every CPU gave all it had.</param>
    internal void EndRound(bool isWhole)
    {
        if (_hasEnded || (_pages.Count == 0 && !isWhole))
        {
            return;
        }

        // Whoever had something older gave it in this round.
        _until = isWhole ? _before : _until;
        _before = _newest;
        if (Interlocked.Add(ref _waiting, _pages.Sum(static one => (long)one.Page.Length)) > MostWaiting)
        {
            IsBehind = _hasEnded = true;
            _pages = [];
            _rounds.CompleteAdding();
            return;
        }

        _rounds.Add(new Round(_pages, _until));
        _pages = [];
    }

    // Pages of a round, and the time up to which everything has come.
    private sealed record Round(IReadOnlyList<(int Cpu, byte[] Page)> Pages, ulong Until);

    private sealed class Reader(TraceDatReader described, LiveRecording recording) : ITraceReader
    {
        private readonly SortedDictionary<int, LiveEvents> _cpus = [];

        public RunHeader Header => described.Header;

        public IReadOnlyList<TraceEventType> Types => described.Types;

        public bool BigEndian => described.BigEndian;

        public IReadOnlyDictionary<int, string> ThreadNames => described.ThreadNames;

        public IReadOnlyDictionary<int, int> MachineOfThread => described.MachineOfThread;

        public IReadOnlyDictionary<int, ulong> Overruns => described.Overruns;

        public void Read(IEventSink sink, CaptureNotes notes, Action<ulong, double>? progress, CancellationToken cancel)
        {
            foreach (Round round in recording._rounds.GetConsumingEnumerable(cancel))
            {
                foreach ((int cpu, byte[] page) in round.Pages)
                {
                    if (!_cpus.TryGetValue(cpu, out LiveEvents? events))
                    {
                        _cpus.Add(cpu, events = described.FollowPages(cpu));
                    }

                    events.Add(page);
                    Interlocked.Add(ref recording._waiting, -page.Length);
                }

                foreach (LiveEvents events in _cpus.Values)
                {
                    events.Until = round.Until;
                }

                described.Follow([.. _cpus.Values], sink, notes, null, counted: false, cancel);
            }
        }

        public void Dispose() => described.Dispose();
    }
}
