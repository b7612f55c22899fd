using Differ.Replay.Manual;
using Differ.Replay.State;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Kvm;

/// <summary>What has to be remembered from one record to a later one; beside <see cref="Narrowing"/>, which follows the architectural state.</summary>
internal static class Recall
{
    // LBR virtualization, VMCB offset 0b8h (APM2 appendix B).
    private const int LbrVirtualization = 0;

    private static readonly TracepointSet Remembered = TracepointSet.Of(KvmEventKind.MsrAccess)
        | TracepointSet.Of(KvmEventKind.ApicvInhibit) | TracepointSet.Of(KvmEventKind.ApicAcceptIrq);

    /// <summary>Takes a record before L2 is left, so that vmcb12 is still known.</summary>
    public static void After(Vcpu vcpu, in ExitRecord record, RecordDigest digest)
    {
        if (!(record.Kinds & Remembered).IsEmpty)
        {
            foreach (ref readonly KvmEvent kvmEvent in record.Events)
            {
                Take(vcpu, record.Level, kvmEvent);
            }
        }

        if (digest.Reflections > 0 && digest.Reflection.ExitCode == SvmExitCode.Invalid && vcpu.Vmcb12.Address.IsKnown)
        {
            vcpu.Rejected = new RememberedRun(vcpu.Vmcb12.Address.Value, vcpu.Vmcb12.EventInj, 0);
        }

        if (digest.Vmenters > 0)
        {
            vcpu.LastVmrun = new RememberedRun(digest.Vmenter.Vmcb12, digest.Vmenter.EventInj, digest.Vmenter.IntCtl);
            vcpu.Rejected = digest.Reflections > 0 ? vcpu.Rejected : null;
            vcpu.Shared.Ran(vcpu.Vmcb12[VmcbField.VirtualExtensions][LbrVirtualization]);
        }

        if (record.HasExit)
        {
            AfterExit(vcpu, record, digest);
        }
    }

    private static void AfterExit(Vcpu vcpu, in ExitRecord record, RecordDigest digest)
    {
        vcpu.RipMoves |= record.HasEntry && record.Entry.Rip.Or(record.Exit.Rip) != record.Exit.Rip;
        bool stays = record.Level == GuestLevel.L2 && digest.EntryLevel == GuestLevel.L2;
        vcpu.InitAccepted &= stays;
        if (stays && digest.Vmenters == 0)
        {
            vcpu.InDelivery = digest.Staged.Valid ? digest.Staged : record.Exit.Interrupted;
            vcpu.AskedMonitorInL2 |= digest.UserspaceReason is not null;
        }

        vcpu.LastFinalFault = stays && NestedPaging.IsFinal(record.Exit) ? record.Exit.Rip
            : stays && vcpu.LastFinalFault == record.Exit.Rip ? vcpu.LastFinalFault : null;

        // IRET, RSM and the VMM end the blocking of NMIs; an event that L1 has in vmcb12 is not L0's.
        bool inL1 = record.Level == GuestLevel.L1 && digest.EntryLevel == GuestLevel.L1;
        bool unblocks = record.Exit.Code == SvmExitCode.Iret || digest.UserspaceReason is not null || digest.SmmLeft;
        bool injects = record.HasEntry && record.Entry.EventInj.IsKnown
            && new EventInfo(record.Entry.EventInj.Value) is { Valid: true, Type: EventType.Nmi };
        vcpu.NmiTaken = inL1 && (injects || (vcpu.NmiTaken && !unblocks));
    }

    private static void Take(Vcpu vcpu, GuestLevel level, in KvmEvent kvmEvent)
    {
        switch (kvmEvent.Kind)
        {
            case KvmEventKind.MsrAccess:
                MsrAccess msr = MsrAccess.Of(kvmEvent);
                if (!msr.Faulted && level != GuestLevel.Unknown)
                {
                    vcpu.Shared.Learn(msr, level == GuestLevel.L2, vcpu.Vmcb12.NestedPaging);
                }

                break;
            case KvmEventKind.ApicvInhibit:
                Observed<ulong> inhibits = ApicvInhibition.Of(kvmEvent).Inhibits;
                vcpu.AvicActive = inhibits.IsKnown ? Truth.Of(inhibits.Value == 0) : Truth.Unknown;
                break;
            case KvmEventKind.ApicAcceptIrq when level == GuestLevel.L2:
                vcpu.InitAccepted |= AcceptedInterrupt.Of(kvmEvent).DeliveryMode == AcceptedInterrupt.InitMode;
                break;
            default:
                break;
        }
    }
}
