using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Rules;

/// <summary>The recorded choices a step may look at: what the guest did and met, and nothing of what L0 made of it.</summary>
/// <remarks>
/// Asynchronous inputs (interrupts, time, memory) are taken from the recording, never predicted: the instruction at RIP, the
/// MSR it names, vmcb12 as VMRUN found it, an event that L0 had begun to deliver. Whether L1 was shown a #VMEXIT, whether an
/// exception was raised, where the guest went on: those are for the comparison, and are not here.
/// </remarks>
internal sealed class Observations
{
    private readonly RecordDigest _digest;
    private readonly InstructionDecoder _decoder;
    private readonly TracepointSet _listed;
    private bool _decoded;
    private DecodedInstruction _instruction;

    /// <summary>What is seen of the records that a digest reads.</summary>
    /// <param name="digest">The digest.</param>
    /// <param name="decoder">Decodes what L0 decoded.</param>
    /// <param name="listed">Recorded tracepoints: of the others their absence tells nothing.</param>
    public Observations(RecordDigest digest, InstructionDecoder decoder, TracepointSet listed)
    {
        _digest = digest;
        _decoder = decoder;
        _listed = listed;
    }

    /// <summary>The kinds of events in the record.</summary>
    public TracepointSet Kinds { get; private set; }

    /// <summary>Whether L0 decoded an instruction.</summary>
    public bool HasInstruction => _digest.HasInstruction;

    /// <summary>Whether L0 decoded an instruction, or may have without a sign.</summary>
    public bool MayHaveInstruction => HasInstruction || !_listed.Has(KvmEventKind.EmulateInstruction);

    /// <summary>The instruction L0 decoded.</summary>
    public DecodedInstruction Instruction
    {
        get
        {
            if (!_decoded)
            {
                _decoded = true;
                _instruction = _digest.HasInstruction ? _decoder.Decode(_digest.Instruction) : DecodedInstruction.None;
            }

            return _instruction;
        }
    }

    /// <summary>The operating mode in which it was decoded.</summary>
    public DecodeMode Mode => _digest.Instruction.Mode;

    /// <summary>Whether an MSR was accessed.</summary>
    public bool HasMsr => _digest.HasMsr;

    /// <summary>Which, how, and with what value.</summary>
    public MsrAccess Msr => _digest.Msr;

    /// <summary>Bytes of the instruction L0 decoded, 0 when it could not read it.</summary>
    public int InstructionLength => _digest.Instruction.Length;

    /// <summary>Whether L0 handled a MOV to a control register.</summary>
    public bool HasCrWrite => _digest.HasCrWrite;

    /// <summary>Which register, and the value that L0 has not checked yet.</summary>
    public CrAccess CrWrite => _digest.CrWrite;

    /// <summary>A check that L0 names failed: of VMRUN, or of the state it goes back to.</summary>
    public bool HasFailedChecks => _digest.FailedChecks > 0;

    /// <summary>Whether VMRUN began to run L2 in this record, so that vmcb12 is seen.</summary>
    public bool HasVmenter => _digest.Vmenters > 0;

    /// <summary>What vmcb12 held.</summary>
    public NestedVmenter Vmenter => _digest.Vmenter;

    /// <summary>Whether the intercepts of vmcb12 are seen too.</summary>
    public bool HasIntercepts => _digest.HasIntercepts;

    /// <summary>The intercepts.</summary>
    public NestedIntercepts Intercepts => _digest.Intercepts;

    /// <summary>The exception that L0 chose to raise; which one is the guest's doing, how it is raised is not.</summary>
    public byte? RaisedException => _digest.HasException ? _digest.Exception.Vector : null;

    /// <summary>An event that L0 had begun to deliver to L2 before L2 was left; none when there was none.</summary>
    public EventInfo BegunBeforeReflection => _digest.Reflections > 0 ? _digest.StagedBeforeReflection : default;

    /// <summary>Whether L0 had begun to deliver an event before L2 was left, or may have without a sign.</summary>
    public bool MayHaveBegun => BegunBeforeReflection.Valid
        || !_listed.Covers(TracepointSet.Of(KvmEventKind.InjectException) | TracepointSet.Of(KvmEventKind.InjectInterrupt));

    /// <summary>L2 was left in this record.</summary>
    public bool LeftL2 => _digest.Reflections > 0;

    /// <summary>Between the exit and what L1 was shown stands an entry that L0 pretended, as kernels up to 5.7 do.</summary>
    public bool ShownBehindEntry { get; private set; }

    /// <summary>L2 was left by a code of the kernel's own, for System Management Mode.</summary>
    public bool LeftL2ForHostUse => _digest.Reflections > 0 && _digest.Reflection.ExitCode == SvmExitCode.HostUse;

    /// <summary>System Management Mode was entered.</summary>
    public bool SmmEntered => _digest.SmmEntered;

    /// <summary>System Management Mode was left.</summary>
    public bool SmmLeft => _digest.SmmLeft;

    /// <summary>A Hyper-V hypercall or TLB flush took place: the enlightened flush of L2 is L0's.</summary>
    public bool HypervFlush => Kinds.Has(KvmEventKind.HypervHypercall) || Kinds.Has(KvmEventKind.HypervFlushTlb);

    /// <summary>Whether a Hyper-V hypercall or TLB flush took place, or may have without a sign.</summary>
    public bool MayFlushForHyperv => HypervFlush || !_listed.Has(KvmEventKind.HypervHypercall);

    /// <summary>An asynchronous page fault of the host took place.</summary>
    public bool AsyncPageFault => Kinds.Has(KvmEventKind.AsyncPageFault);

    /// <summary>The VMM was asked, so that it could change anything.</summary>
    public bool WentToUserspace => _digest.UserspaceReason is not null;

    /// <summary>Whether states of VMCBs and registers were recorded.</summary>
    public bool HasStates => !_digest.States.IsEmpty;

    /// <summary>Whether a field of a state was recorded, so that an expectation of it can be decided.</summary>
    public bool IsRecorded(StateMoment moment, VmcbField field) => _digest.States.At(moment, VmcbLayout.Of(field).Position).IsKnown;

    /// <summary>A field of a recorded state, hidden where it was not recorded.</summary>
    /// <remarks>Which moments a rule may ask for: what the guest and the processor did, never what it is about to judge.</remarks>
    public Bits64 State(StateMoment moment, VmcbField field)
    {
        Observed<ulong> value = _digest.States.At(moment, VmcbLayout.Of(field).Position);
        return value.IsKnown ? Bits64.Of(value.Value) : Bits64.Hidden;
    }

    /// <summary>Takes a record; <see cref="RecordDigest.Read"/> has been called for it.</summary>
    public void Read(in ExitRecord record)
    {
        Kinds = record.Kinds;
        ShownBehindEntry = (record.Flags & RecordFlags.Folded) != 0;
        _decoded = false;
    }
}
