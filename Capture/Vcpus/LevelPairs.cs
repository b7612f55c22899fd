using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Vcpus;

/// <summary>
/// Follows one vCPU between L1 and L2. L0 goes there by VMRUN and back by a #VMEXIT, and records both: where L2 is left and exits again
/// with neither, or exits behind a VMRUN that was not carried out, an event is missing.
/// </summary>
/// <param name="listed">Tracepoints that are on.</param>
internal sealed class LevelPairs(TracepointSet listed)
{
    private readonly bool _isShown = listed.Has(KvmEventKind.NestedVmenter) && listed.Has(KvmEventKind.NestedVmexitInject);
    private Place _place;

    private enum Place : byte
    {
        Unknown,
        L1,
        BehindVmrun,
        L2,
        L1Unexplained,
    }

    /// <summary>Takes an exit.</summary>
    /// <returns>Whether an event before it is missing.</returns>
    public bool Take(in ExitRecord record)
    {
        // A loss that is marked explains it already.
        _place = (record.Flags & RecordFlags.LossBefore) != 0 ? Place.Unknown : _place;
        bool isMissing = _isShown && record.Level == GuestLevel.L2 && _place is (Place.L1Unexplained or Place.BehindVmrun);
        _place = record.HasHole || record.Kinds.Has(KvmEventKind.SmmTransition) ? Place.Unknown
            : record.Level switch
            {
                GuestLevel.L2 => record.Kinds.Has(KvmEventKind.NestedVmexitInject) ? Place.L1 : Place.L2,
                GuestLevel.L1 => BehindL1(record),
                _ => Place.Unknown,
            };
        return isMissing;
    }

    private Place BehindL1(in ExitRecord record)
    {
        bool enters = record.Kinds.Has(KvmEventKind.NestedVmenter), leaves = record.Kinds.Has(KvmEventKind.NestedVmexitInject);
        return enters ? (leaves ? Place.Unknown : Place.L2)
            : leaves ? Place.L1
            : _place is Place.L2 or Place.L1Unexplained ? Place.L1Unexplained
            : record.HasExit && record.Exit.Code == SvmExitCode.Vmrun && !record.Kinds.Has(KvmEventKind.NestedVmenterFailed) ? Place.BehindVmrun
            : Place.L1;
    }
}
