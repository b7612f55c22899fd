using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Diff.Compare;

/// <summary>A departure that KVM documents or has chosen.</summary>
/// <param name="Rule">The rule it breaks.</param>
/// <param name="When">What the record must show for the departure to be this one; empty for always.</param>
/// <param name="Reason">Why it is so.</param>
/// <param name="Source">Where KVM says so.</param>
internal sealed record KvmDeviation(string Rule, IReadOnlyList<Constraint> When, string Reason, string Source);

/// <summary>The register of documented departures: reported as known, never as findings, and never dropped.</summary>
internal static class KvmDeviations
{
    private const string Errata = "Linux Documentation/virt/kvm/x86/errata.rst";

    /// <summary>By rule.</summary>
    public static IReadOnlyList<KvmDeviation> All { get; } =
    [
        new("SVM-15.4-SVME-UD-VMMCALL", [],
            "VMMCALL of L1 is KVM's hypercall and never faults, whatever EFER.SVME is",
            "Linux Documentation/virt/kvm/x86/hypercalls.rst"),
        new("SVM-15.4-STGI-SKINIT-AVAIL", [Is(ComparedField.Exception, ExceptionVector.UD)],
            "KVM raises #UD for STGI and SKINIT with EFER.SVME=0 and ignores the exception for SKINIT and SVM lock",
            "Linux arch/x86/kvm/svm/nested.c, nested_svm_check_permissions"),
        new("SVM-15.27-SKINIT-ABSENT", [Is(ComparedField.Exception, ExceptionVector.UD)],
            "KVM does not implement SKINIT",
            "Linux arch/x86/kvm/svm/svm.c, skinit_interception"),
        new("SVM-15.25-NP-HOST-PG", [Is(ComparedField.Exception, ExceptionVector.UD)],
            "KVM raises #UD for VMRUN with CR0.PG=0",
            "Linux arch/x86/kvm/svm/nested.c, nested_svm_check_permissions"),
        new("SVM-15.4-UD-OVER-GP", [Is(ComparedField.Exception, ExceptionVector.GP)],
            "KVM's #GP intercept and its emulator check CPL and RAX before EFER.SVME",
            "Linux arch/x86/kvm/svm/svm.c, gp_interception"),
        new("SVM-15.7-INTINFO-NMIVEC", [Is(ComparedField.ReflectedIntInfo, 0, 0xff)],
            "KVM writes vector 0 with type NMI; EVENTINJ ignores the vector of an NMI",
            "Linux arch/x86/kvm/svm/nested.c, nested_save_pending_event_to_vmcb12"),
        new("SVM-15.17-GIF0-DB", [],
            "With GIF=0 KVM does not discard #DB of breakpoint registers",
            Errata + ", \"Nested virtualization features\""),
        new("SVM-15.25-PAT-SEPARATE", [],
            "KVM shares IA32_PAT between L1 and L2, in all kernels without a quirk to turn that off",
            "Linux arch/x86/kvm/svm/svm.c, svm_set_msr"),
        new("SVM-L-L1-DECODE", [],
            "KVM does not offer decode assists to L1; synthesised exits carry EXITINFO1=0",
            "Linux arch/x86/kvm/svm/svm.c, svm_set_cpu_caps"),
        new("SVM-L-HV-TLBFLUSH", [],
            "The enlightened TLB flush of Hyper-V is handled by L0 although L1 intercepts VMMCALL",
            "Linux arch/x86/kvm/svm/hyperv.h, nested_svm_is_l2_tlb_flush_hcall"),
        new("SVM-L-SIMPLE-INFO-ZERO", [Is(ComparedField.ReflectedCode, 0x61), IsNot(ComparedField.ExitCode, 0x61)],
            "Up to 5.7 KVM leaves EXITINFO1 and EXITINFO2 standing when it reflects an NMI; the manual leaves them undefined",
            "Linux arch/x86/kvm/svm.c, nested_svm_nmi"),
    ];
}
