using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Diff.Report.Perfetto.TraceFields;

namespace Differ.Diff.Report.Perfetto;

/// <summary>The slices of a vCPU that last longer than one exit.</summary>
/// <remarks>
/// <code>
/// L0                                         what the host's thread of the vCPU does: everything below
///   L1                                       since L1 was entered; it has not ended while L1 waits for its VMRUN
///     CPUID                                    an exit of L1, from the #VMEXIT to the entry (written by VcpuTrack)
///     L1 handles NPF                           from the entry that showed L1 a #VMEXIT of L2 to the entry of its next VMRUN
///       VMRUN
///     L2                                       from its VMRUN to the #VMEXIT that L1 is shown, over all the exits that only L0 sees
///       NPF                                    an exit of L2
///         VMM                                    its part that the VMM had
/// </code>
/// A slice less what is nested in it is the time that the guest itself ran.
/// </remarks>
/// <param name="sequence">Where they go.</param>
/// <param name="texts">The texts of the trace.</param>
internal sealed class GuestSlices(PacketSequence sequence, TraceTexts texts)
{
    private const int HandlesText = 3;

    private readonly TraceText
        _category = texts.Of("guest"), _l0 = texts.Of("L0"), _l1 = texts.Of("L1"), _l2 = texts.Of("L2"), _unknown = texts.Of("L1 or L2"),
        _handles = texts.Of("L1 handles an exit of L2"), _vmcb12 = texts.Of("vmcb12");

    // Open slices from the outermost on; none but these are ever open, in this order.
    private bool _inL0, _inL1, _inHandling, _inL2, _inUnknown;
    private SvmExitCode? _shown;
    private ulong? _address;

    /// <summary>The guest that ran from the last entry on becomes known at its exit.</summary>
    /// <param name="level">The guest; null where no #VMEXIT was recorded.</param>
    /// <param name="time">When it was entered.</param>
    public void Enter(GuestLevel? level, ulong time)
    {
        OpenSlice(ref _inL0, _l0, time);
        switch (level)
        {
            case GuestLevel.L1:
                EnterL1(time);
                break;
            case GuestLevel.L2:
                EnterL2(time);
                break;
            case GuestLevel.Unknown:
                CloseGuests(time);
                OpenSlice(ref _inUnknown, _unknown, time);
                break;
            default:
                CloseGuests(time);
                break;
        }

        _shown = null;
    }

    /// <summary>Remembers what decides who is entered next.</summary>
    public void Look(in ExitRecord record)
    {
        if (!record.Kinds.Has(KvmEventKind.NestedVmexitInject) && !record.Kinds.Has(KvmEventKind.NestedVmenter))
        {
            return;
        }

        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            if (kvmEvent.Kind == KvmEventKind.NestedVmexitInject)
            {
                _shown = NestedVmexitInject.Of(kvmEvent).ExitCode;
            }
            else if (kvmEvent.Kind == KvmEventKind.NestedVmenter)
            {
                _address = NestedVmenter.Of(kvmEvent).Vmcb12;
            }
        }
    }

    /// <summary>Nothing is known from here on.</summary>
    public void Close(ulong time)
    {
        CloseGuests(time);
        CloseSlice(ref _inL0, time);
        _shown = null;
        _address = null;
    }

    private void EnterL1(ulong time)
    {
        bool wasInL2 = _inL2;
        CloseSlice(ref _inUnknown, time);
        CloseSlice(ref _inL2, time);
        OpenSlice(ref _inL1, _l1, time);
        if (_shown is not null || wasInL2)
        {
            CloseSlice(ref _inHandling, time);
            OpenSlice(ref _inHandling, _shown is { } code ? HandlesWhat(code) : _handles, time);
        }
    }

    private void EnterL2(ulong time)
    {
        CloseSlice(ref _inUnknown, time);
        CloseSlice(ref _inHandling, time);
        if (_shown is not null)
        {
            CloseSlice(ref _inL2, time);
        }

        OpenSlice(ref _inL1, _l1, time);
        if (!_inL2)
        {
            _inL2 = true;
            sequence.Open(Begin, time, _category, _l2);
            if (_address is { } address)
            {
                sequence.Hex(_vmcb12, address);
            }

            sequence.Close();
        }
    }

    private TraceText HandlesWhat(SvmExitCode code)
    {
        var key = new TextKey(HandlesText, code.Value);
        return texts.TryFind(key, out TraceText name) ? name : texts.Add(key, $"L1 handles {code.Name}");
    }

    private void CloseGuests(ulong time)
    {
        CloseSlice(ref _inUnknown, time);
        CloseSlice(ref _inL2, time);
        CloseSlice(ref _inHandling, time);
        CloseSlice(ref _inL1, time);
    }

    private void OpenSlice(ref bool isOpen, in TraceText name, ulong time)
    {
        if (!isOpen)
        {
            isOpen = true;
            sequence.Open(Begin, time, _category, name);
            sequence.Close();
        }
    }

    private void CloseSlice(ref bool isOpen, ulong time)
    {
        if (isOpen)
        {
            isOpen = false;
            sequence.Open(End, time);
            sequence.Close();
        }
    }
}
