using Differ.Replay.Manual.Tables;
using Differ.Replay.State;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Manual;

/// <summary>When SVM's instructions, and writes of its registers, raise an exception: conditions that rules and the processor ask alike.</summary>
internal static class InstructionConditions
{
    /// <summary>"Attempting to execute ... with EFER.SVME set to zero causes #UD" (15.4); outside protected mode the instructions do not exist (volume 3).</summary>
    public static Truth IsNotEnabled(InstructionState i) => !i.InProtectedMode | !i.Bit(VmcbField.EferRegister, Efer.SVME);

    /// <summary>STGI and SKINIT work without EFER.SVME where SKINIT or SVM lock is there (15.4, 15.31).</summary>
    public static Truth IsNotEnabledNorUnlocked(InstructionState i) => !i.InProtectedMode | (!i.Bit(VmcbField.EferRegister, Efer.SVME) & !IsUnlocked(i));

    /// <summary>SKINIT or SVM lock is there.</summary>
    public static Truth IsUnlocked(InstructionState i) => i.Has(CpuFeature.Skinit) | i.Has(CpuFeature.SvmLock);

    /// <summary>CPL is not 0.</summary>
    public static Truth IsUnprivileged(InstructionState i) => i.Bit(VmcbField.Cpl, 0) | i.Bit(VmcbField.Cpl, 1);

    /// <summary>The operand is no address of a page that the processor has.</summary>
    public static Truth IsNoLegalPage(InstructionState i) => i.OperandIsNoPage | i.OperandIsBeyondWidth;

    /// <summary>VM_HSAVE_PA was never written (15.30.4).</summary>
    public static Truth IsHsavePaUnset(InstructionState i) => i.IsZero(VmcbField.VmHsavePa);

    /// <summary>VM_CR.SVMDIS is set while EFER.SVME is (15.30.1).</summary>
    public static Truth DisablesEnabledSvm(InstructionState i) => i.Operand[VmCr.SvmDis] & i.Bit(VmcbField.EferRegister, Efer.SVME);

    /// <summary>EFER.SVME is set while VM_CR.SVMDIS is (15.30.1).</summary>
    public static Truth EnablesDisabledSvm(InstructionState i) => i.Operand[Efer.SVME] & i.Bit(VmcbField.VmCrRegister, VmCr.SvmDis);

    /// <summary>A bit of VM_CR is set that must be zero (15.30.1).</summary>
    public static Truth SetsReservedOfVmCr(InstructionState i) => i.SetsMustBeZero(VmCr.Bits);
}
