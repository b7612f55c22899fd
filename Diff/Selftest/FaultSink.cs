using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Selftest;

/// <summary>Passes records on, one of them with a fault in it.</summary>
/// <param name="fault">The kind of fault.</param>
/// <param name="which">Which of the places where it fits, from 0.</param>
/// <param name="sink">Takes the records.</param>
internal sealed class FaultSink(Fault fault, ulong which, IExitSink sink) : IExitSink
{
    private readonly SiteTracker _sites = new();
    private ulong _seen;

    public void Take(in ExitRecord record)
    {
        FaultSite? site = _sites.At(record);
        if (site is not null && fault.Fits(site) && _seen++ == which)
        {
            fault.Put(site.Record);
            site.Record.GiveTo(sink);
            return;
        }

        sink.Take(record);
    }
}

/// <summary>Counts the places where each kind of fault fits.</summary>
internal sealed class FaultCounter(IExitSink sink) : IExitSink
{
    private readonly SiteTracker _sites = new();

    /// <summary>Places, in the order of <see cref="Faults.All"/>.</summary>
    public ulong[] Places { get; } = new ulong[Faults.All.Count];

    public void Take(in ExitRecord record)
    {
        if (_sites.At(record) is { } site)
        {
            for (int i = 0; i < Places.Length; i++)
            {
                Places[i] += Faults.All[i].Fits(site) ? 1UL : 0;
            }
        }

        sink.Take(record);
    }
}

/// <summary>Knows, at each record, what a fault has to know of the ones before.</summary>
internal sealed class SiteTracker
{
    private const uint Efer = 0xc000_0080;
    private const ulong Svme = 1 << 12;

    private readonly Dictionary<StreamId, NestedIntercepts> _intercepts = [];
    private readonly HashSet<StreamId> _svmeSet = [];

    /// <summary>The place a record is; null where no fault may be put: something was lost there.</summary>
    public FaultSite? At(in ExitRecord record)
    {
        NestedIntercepts? before = _intercepts.TryGetValue(record.Stream, out NestedIntercepts words) ? words : null;
        bool svmeSet = _svmeSet.Contains(record.Stream);
        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            if (kvmEvent.Kind == KvmEventKind.NestedIntercepts)
            {
                _intercepts[record.Stream] = NestedIntercepts.Of(kvmEvent);
            }
            else if (kvmEvent.Kind == KvmEventKind.MsrAccess && record.Level == GuestLevel.L1)
            {
                TakeEfer(record.Stream, kvmEvent);
            }
        }

        return record.Flags == RecordFlags.None ? new FaultSite { Record = new MutableRecord(record), Intercepts = before, IsSvmeSet = svmeSet } : null;
    }

    private void TakeEfer(StreamId stream, in KvmEvent access)
    {
        if (access.Values[MsrAccess.IndexSlot] != Efer || access.Values[MsrAccess.WriteSlot] == 0 || access.Values[MsrAccess.FaultedSlot] != 0)
        {
            return;
        }

        if ((access.Values[MsrAccess.ValueSlot] & Svme) != 0)
        {
            _svmeSet.Add(stream);
        }
        else
        {
            _svmeSet.Remove(stream);
        }
    }
}
