using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Selftest;

/// <summary>What is known where a fault could be put: enough to make sure that it is one.</summary>
internal sealed class FaultSite
{
    public required MutableRecord Record { get; init; }

    /// <summary>L1's intercepts, from the last VMRUN of the vCPU; null while none was seen.</summary>
    public NestedIntercepts? Intercepts { get; init; }

    /// <summary>L1's last write to EFER set SVME.</summary>
    public bool IsSvmeSet { get; init; }

    public SvmExitCode Code => Record.Exit.Code;

    /// <summary>L2 exited.</summary>
    public bool IsL2 => Record.Level == GuestLevel.L2 && (Record.Flags & RecordFlags.NoExit) == 0;

    /// <summary>L1 exited.</summary>
    public bool IsL1 => Record.Level == GuestLevel.L1 && (Record.Flags & RecordFlags.NoExit) == 0;

    /// <summary>L1 is shown a #VMEXIT.</summary>
    public bool IsReflected => Record.Has(KvmEventKind.NestedVmexitInject);

    /// <summary>L1 is shown the processor's own exit of L2, not another that became pending meanwhile.</summary>
    public bool IsDirect => IsReflected && Record.Value(KvmEventKind.NestedVmexitInject, NestedVmexitInject.ExitCodeSlot) == Code.Value;

    /// <summary>L2 is started.</summary>
    public bool IsVmrun => Record.Has(KvmEventKind.NestedVmenter) && Record.Has(KvmEventKind.NestedIntercepts);

    /// <summary>Whether L1 intercepts what the exit is about; unknown where the recording does not carry the bit.</summary>
    public Truth Intercepted
    {
        get
        {
            if (Intercepts is not { } words || !Code.HasIntercept || Code.IsDebugRegister)
            {
                return Truth.Unknown;
            }

            int bit = (int)(Code.Value % 32);
            uint word = (Code.Value / 32) switch
            {
                0 => words.CrRead | ((uint)words.CrWrite << 16),
                2 => words.Exceptions,
                3 => words.Word3,
                4 => words.Word4,
                _ => words.Word5.Or(0),
            };
            return Truth.Of(((word >> bit) & 1) != 0);
        }
    }
}

/// <summary>One kind of fault: what a hypervisor or a processor that departs from the manual would have left in the recording.</summary>
/// <param name="Name">Short name.</param>
/// <param name="What">The fault, in words.</param>
/// <param name="Fits">Whether it can be put into a record.</param>
/// <param name="Put">Puts it there.</param>
internal sealed record Fault(string Name, string What, Func<FaultSite, bool> Fits, Action<MutableRecord> Put);
