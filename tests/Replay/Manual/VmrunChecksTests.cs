using Differ.Replay.Manual.Tables;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.Replay.Support.RuleState;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay.Manual;

/// <summary>Group B, in the order of the rules.</summary>
public sealed class VmrunChecksTests : RuleTests<VmrunChecksTests>, IRuleCases
{
    private const int PE = 0, WP = 16, NW = 29, CD = 30, PG = 31, PAE = 5, CET = 23, LME = 8, SVME = 12, L = 9, D = 10;
    private const ulong Moved = RunStory.L2Rip + 5;
    private const uint VnmiEnable = 1 << 26;
    private static readonly uint Irq = Event(EventType.Interrupt, 0x31);

    public static IReadOnlyList<RuleCase> All => [.. State, .. Controls, .. Outcomes];

    // Each field of vmcb12 that no recording shows is set to the smallest value that is illegal, and nothing else is known.
    private static IReadOnlyList<RuleCase> State =>
    [
        Check("SVM-15.5-VMRUN-EFER-SVME0", Evidence.VmcbSaveArea, (VmcbField.EferRegister, 0)),
        Check("SVM-15.5-VMRUN-CR0-CDNW", Evidence.VmcbSaveArea, (VmcbField.Cr0Register, Bits(NW))).And(
            Silent("CD is set too", Runs((VmcbField.Cr0Register, Bits(NW, CD)))),
            Silent("NW is clear", Runs((VmcbField.Cr0Register, Bits(CD))))),
        Check("SVM-15.5-VMRUN-CR0-HI", Evidence.VmcbSaveArea, (VmcbField.Cr0Register, Bits(32))),

        // "if guest_pgd >= 2^MAXPHYADDR then INVALID must follow"
        new("SVM-15.5-VMRUN-CR3-MBZ",
            Breaks(ShadowPaging(1UL << 52).L2Exit(Cpuid)),
            Breaks(ShadowPaging(1UL << 45, width: 40).L2Exit(Cpuid)),
            Keeps(ShadowPaging(1UL << 52).L2Exit(Invalid).Reflects(Invalid)),
            Undecided(Evidence.VmcbSaveArea, ShadowPaging(null)),
            Undecided(Evidence.GuestCpuid, ShadowPaging(1UL << 45)),
            Silent("the address is legal", ShadowPaging(1UL << 35).L2Exit(Cpuid))),

        // "63:24 Reserved MBZ", "19 Reserved MBZ", "15:13 Reserved MBZ"
        Check("SVM-15.5-VMRUN-CR4-MBZ", Evidence.VmcbSaveArea, (VmcbField.Cr4Register, Bits(63))).And(
            Breaks(Runs(VmcbField.Cr4Register, Bits(24))),
            Breaks(Runs(VmcbField.Cr4Register, Bits(19))),
            Breaks(Runs(VmcbField.Cr4Register, Bits(15))),
            Breaks(Runs(VmcbField.Cr4Register, Bits(13))),
            Silent("the bit is defined, whatever it is where its feature is not", Runs(VmcbField.Cr4Register, Bits(18)))),
        Check("SVM-15.5-VMRUN-DR6-HI", Evidence.VmcbSaveArea, (VmcbField.Dr6, Bits(32))),
        Check("SVM-15.5-VMRUN-DR7-HI", Evidence.VmcbSaveArea, (VmcbField.Dr7, Bits(32))),

        // "63:22 Reserved MBZ", "19 Reserved MBZ", "16 Reserved MBZ", "9 Reserved MBZ", "7:1 Reserved RAZ"; a bit whose feature is
        // not supported cannot be set.
        Check("SVM-15.5-VMRUN-EFER-MBZ", Evidence.VmcbSaveArea, (VmcbField.EferRegister, Bits(SVME, 63))).And(
            Breaks(Runs(VmcbField.EferRegister, Bits(SVME, 22))),
            Breaks(Runs(VmcbField.EferRegister, Bits(SVME, 19))),
            Breaks(Runs(VmcbField.EferRegister, Bits(SVME, 16))),
            Breaks(Runs(VmcbField.EferRegister, Bits(SVME, 9))),
            Breaks(On().L1Sees(0x8000_0021).Vmrun().Knowing(static v => Set(v, [(VmcbField.EferRegister, Bits(SVME, 21))])).L2Exit(Cpuid)),
            Undecided(Evidence.GuestCpuid, On().Vmrun().State(StateMoment.Vmcb12AtVmrun, VmcbField.EferRegister, Bits(SVME, 21))),
            Silent("the virtual CPU has the feature",
                On().L1Sees(0x8000_0021, eax: 1 << 8).Vmrun().Knowing(static v => Set(v, [(VmcbField.EferRegister, Bits(SVME, 21))])).L2Exit(Cpuid)),
            Silent("the bits read as zero", Runs(VmcbField.EferRegister, Bits(SVME) | 0xfe))),
        Check("SVM-15.5-VMRUN-EFER-NOLM", Evidence.VmcbSaveArea, static () => On().L1Sees(0x8000_0001).Vmrun(),
            (VmcbField.EferRegister, Bits(SVME, LME))),
        Check("SVM-15.5-VMRUN-LME-PG-NOPAE", Evidence.VmcbSaveArea,
            (VmcbField.EferRegister, Bits(SVME, LME)), (VmcbField.Cr0Register, Bits(PE, PG)), (VmcbField.Cr4Register, 0)).And(
            Silent("paging is off", Runs((VmcbField.EferRegister, Bits(SVME, LME)), (VmcbField.Cr0Register, Bits(PE)), (VmcbField.Cr4Register, 0))),
            Silent("LME is clear", Runs((VmcbField.EferRegister, Bits(SVME)), (VmcbField.Cr0Register, Bits(PE, PG)), (VmcbField.Cr4Register, 0)))),
        Check("SVM-15.5-VMRUN-LME-PG-NOPE", Evidence.VmcbSaveArea,
            (VmcbField.EferRegister, Bits(SVME, LME)), (VmcbField.Cr0Register, Bits(PG)), (VmcbField.Cr4Register, Bits(PAE))).And(
            Silent("VMRUN loads paged real mode", Runs((VmcbField.EferRegister, Bits(SVME)), (VmcbField.Cr0Register, Bits(PG)), (VmcbField.Cr4Register, Bits(PAE))))),
        Check("SVM-15.5-VMRUN-CSL-CSD", Evidence.VmcbSaveArea,
            (VmcbField.EferRegister, Bits(SVME, LME)), (VmcbField.Cr0Register, Bits(PE, PG)), (VmcbField.Cr4Register, Bits(PAE)),
            (VmcbField.CsAttributes, Bits(L, D))).And(
            Silent("64-bit code", Long(Bits(SVME, LME), Bits(L))),
            Silent("32-bit code", Long(Bits(SVME, LME), Bits(D))),
            Silent("L means nothing outside long mode", Long(Bits(SVME), Bits(L, D)))),

        // "not an illegal state; hardware recomputes LMA"
        Refused("SVM-15.5-VMRUN-LMA-IGNORED", "efer & EFER_LMA"),
    ];

    private static IReadOnlyList<RuleCase> Controls =>
    [
        new("SVM-15.5-VMRUN-INTERCEPT",
            Breaks(On().L1Exit(Vmrun).StartsL2().Intercepts().L2Exit(Cpuid)),
            Keeps(On().L1Exit(Vmrun).StartsL2().Intercepts().L2Exit(Invalid).Reflects(Invalid)),
            Keeps(On().L1Exit(Vmrun).StartsL2().Intercepts().Reflects(Invalid)),
            Undecided(Evidence.Vmcb12Controls, On().L1Exit(Vmrun).StartsL2())),
        Check("SVM-15.5-VMRUN-ASID0", Evidence.Asid, (VmcbField.GuestAsid, 0)),

        // "Last byte of the map at or above max physical address"
        Check("SVM-15.10-IOPM-RANGE", Evidence.VmcbControlArea, static () => On().L1Sees(0x8000_0008, eax: 40).Vmrun(),
            (VmcbField.IopmBasePa, (1UL << 40) - 0x2000)).And(
            Breaks(Map(VmcbField.IopmBasePa, ~0xfffUL)),
            Breaks(Runs(VmcbField.IopmBasePa, ~0xfffUL)),
            Silent("its last byte is the last of memory", Map(VmcbField.IopmBasePa, (1UL << 40) - 0x3000)),
            Silent("bits 11:0 are ignored", Map(VmcbField.IopmBasePa, (1UL << 40) - 0x2001))),
        Check("SVM-15.11-MSRPM-RANGE", Evidence.VmcbControlArea, static () => On().L1Sees(0x8000_0008, eax: 40).Vmrun(),
            (VmcbField.MsrpmBasePa, (1UL << 40) - 0x1000)).And(
            Breaks(Map(VmcbField.MsrpmBasePa, ~0xfffUL)),
            Silent("its last byte is the last of memory", Map(VmcbField.MsrpmBasePa, (1UL << 40) - 0x2000)),
            Silent("bits 11:0 are ignored", Map(VmcbField.MsrpmBasePa, (1UL << 40) - 0x1001))),

        // "V=1 with TYPE not in {0,2,3,4}"
        new("SVM-15.20-INJ-TYPE",
            Breaks(Injects(Event((EventType)1, 0x31)).L2Exit(Cpuid, Moved)),
            Breaks(Injects(Event((EventType)7, 0x31)).L2Exit(Cpuid, Moved)),
            Keeps(Injects(Event((EventType)1, 0x31)).L2Exit(Invalid).Reflects(Invalid)),
            Silent("the type exists", Injects(Irq).L2Exit(Cpuid, Moved))),

        // "TYPE=3 with vector 2 or any vector that is not an exception"; which are, the processor's features decide.
        new("SVM-15.20-INJ-VEC2",
            Breaks(Injects(Event(EventType.Exception, 2)).L2Exit(Cpuid, Moved)),
            Breaks(Injects(Event(EventType.Exception, 32)).L2Exit(Cpuid, Moved)),
            BreaksAssuming(Evidence.GuestCpuid, Injects(Event(EventType.Exception, 9)).L2Exit(Cpuid, Moved)),
            BreaksAssuming(Evidence.GuestCpuid, Injects(Event(EventType.Exception, 15)).L2Exit(Cpuid, Moved)),
            BreaksAssuming(Evidence.GuestCpuid, Injects(Event(EventType.Exception, 20)).L2Exit(Cpuid, Moved)),
            BreaksAssuming(Evidence.GuestCpuid, On().L1Sees(7).Vmrun(eventInj: Event(EventType.Exception, 21)).L2Exit(Cpuid, Moved)),
            Silent("there are shadow stacks", On().L1Sees(7, ecx: 1 << 7).Vmrun(eventInj: Event(EventType.Exception, 21)).L2Exit(Cpuid, Moved)),
            BreaksAssuming(Evidence.GuestCpuid, On().L1Sees(0x8000_001f).Vmrun(eventInj: Event(EventType.Exception, 29)).L2Exit(Cpuid, Moved)),
            Silent("there is SEV-ES", On().L1Sees(0x8000_001f, eax: 8).Vmrun(eventInj: Event(EventType.Exception, 29)).L2Exit(Cpuid, Moved)),
            Keeps(Injects(Event(EventType.Exception, 2)).L2Exit(Invalid).Reflects(Invalid)),
            Silent("it is an exception", Injects(Event(EventType.Exception, 6)).L2Exit(Cpuid, Moved))),

        // "#BR, #OF in 64-bit mode"
        new("SVM-15.20-INJ-IMPOSSIBLE",
            BreaksAssuming(Evidence.OperatingMode,
                Injects(Event(EventType.Exception, 4)).Knowing(static v => v.L2In64BitMode = Truth.Yes).L2Exit(Cpuid, Moved)),
            BreaksAssuming(Evidence.OperatingMode,
                Injects(Event(EventType.Exception, 5)).Knowing(static v => v.L2In64BitMode = Truth.Yes).L2Exit(Cpuid, Moved)),
            Keeps(Injects(Event(EventType.Exception, 4)).Knowing(static v => v.L2In64BitMode = Truth.Yes).L2Exit(Invalid).Reflects(Invalid)),
            Undecided(Evidence.OperatingMode,
                On().L1Exit(Vmrun).StartsL2(eventInj: Event(EventType.Exception, 5)).Intercepts(Vmrun).Reflects(Invalid)),
            Silent("it is possible outside 64-bit mode", Injects(Event(EventType.Exception, 4)).L2Exit(Cpuid, Moved))),

        // "EXITINTINFO is not derived from the rejected injection."
        new("SVM-15.20-INJ-NOSTATE",
            Breaks(Injects(Irq).L2Exit(Invalid).Reflects(Invalid, intInfo: Irq)),
            Keeps(Injects(Irq).L2Exit(Invalid).Reflects(Invalid))),

        // "KVM departs: any VMRUN with CR0.PG=0 gets #UD."
        new("SVM-15.25-NP-HOST-PG",
            Departs(On().L1Exit(CrWrite).WritesCr(0, 0x11).L1Exit(Vmrun).Raises(ExceptionVector.UD)),
            Keeps(On().L1Exit(CrWrite).WritesCr(0, 0x11).Vmrun()),
            Silent("CR0.PG is not known", On().L1Exit(Vmrun).Raises(ExceptionVector.UD))),
        new("SVM-15.25-NCR3-MBZ",
            Breaks(On().Vmrun(cr3: 1UL << 52).L2Exit(Cpuid)),
            BreaksAssuming(Evidence.GuestCpuid, On().L1Sees(0x8000_0008, eax: 40).Vmrun(cr3: 1UL << 45).L2Exit(Cpuid)),
            Keeps(On().Vmrun(cr3: 1UL << 52).L2Exit(Invalid).Reflects(Invalid)),
            Undecided(Evidence.GuestCpuid, On().Vmrun(cr3: 1UL << 45)),
            Undecided(Evidence.GuestCpuid, On().Vmrun(cr3: 1UL << 36)),
            Silent("every processor has so many bits", On().Vmrun(cr3: 1UL << 35).L2Exit(Cpuid)),
            Silent("nested paging is off", On().Vmrun(nestedPaging: false, cr3: 0x7000))),
        Check("SVM-15.25-GPAT-VALID", Evidence.VmcbSaveArea, (VmcbField.GPat, 2)),

        // "Without nested paging, reserved bits in the PDPEs"; with it they "must not fail VMRUN".
        new("SVM-15.5-PAE-PDPTE",
            Breaks(ShadowPaging(0x9000).FailsCheck("load_pdptrs").Entry(RunStory.L1Rip + 3)),
            Keeps(ShadowPaging(0x9000).FailsCheck("load_pdptrs").Reflects(Invalid))),
        new("SVM-15.25-PAE-PDPTE-NP",
            Breaks(On().Vmrun().FailsCheck("load_pdptrs").Reflects(Invalid)),
            Silent("nested paging is off", ShadowPaging(0x9000).FailsCheck("load_pdptrs").Reflects(Invalid))),
        new("SVM-15.21.10-VNMI-NEEDS-NMI",
            Breaks(On().L1Sees(0x8000_000a, edx: 1 << 25).Vmrun(intCtl: VnmiEnable).L2Exit(Cpuid)),
            BreaksAssuming(Evidence.GuestCpuid, On().Vmrun(intCtl: VnmiEnable).L2Exit(Cpuid)),
            Keeps(On().Vmrun(intCtl: VnmiEnable).L2Exit(Invalid).Reflects(Invalid)),
            Undecided(Evidence.GuestCpuid, On().L1Exit(Vmrun).StartsL2(intCtl: VnmiEnable).Reflects(Invalid)),
            Silent("NMI is intercepted", On().Vmrun([Nmi], intCtl: VnmiEnable).L2Exit(Cpuid)),
            Silent("the virtual CPU has no virtual NMI", On().L1Sees(0x8000_000a).Vmrun(intCtl: VnmiEnable).L2Exit(Cpuid))),

        // "SEV enabled: NP must be on, ... else INVALID": L0 sees to it.
        new("SVM-15.34-SEV-CHECKS",
            BreaksAssuming(Evidence.VmcbControlArea, SevEs().L1Exit(Invalid), "SVM-L-ERR-L0"),
            Silent("it is L1's VMRUN", On().Vmrun().L2Exit(Invalid).Reflects(Invalid))),

        // "injecting exception vectors 3/4"
        new("SVM-15.35-SEVES-INJ",
            Breaks(On().Knowing(static v => v.SevEs = Truth.Yes).L1Exit(Npf).Raises(ExceptionVector.BP)),
            Keeps(On().Knowing(static v => v.SevEs = Truth.Yes).L1Exit(Npf).Raises(ExceptionVector.UD)),
            Silent("it is no such guest", On().L1Exit(Npf).Raises(ExceptionVector.BP))),
        Refused("SVM-15.5-NONARCH-CHECK-NP", "(control->nested_ctl & SVM_NESTED_CTL_NP_ENABLE) && !npt_enabled"),
        Refused("SVM-15.16-TLBCTL-RSVD", "!nested_svm_check_tlb_ctl(vcpu, control->tlb_ctl)"),

        // "Any reserved bit is set in S_CET", "CR4.CET=1 when CR0.WP=0"
        Check("SVM-15.5-CET-SCET", Evidence.VmcbSaveArea, (VmcbField.Cr4Register, Bits(CET)), (VmcbField.Cr0Register, Bits(PE))).And(
            Breaks(ShadowStacks(true, 1 << 2)),
            Breaks(ShadowStacks(true, 1UL << 63)),
            Silent("the bits are defined", ShadowStacks(true, 3)),
            Silent("without the feature the field means nothing", ShadowStacks(false, 1 << 2)),
            Silent("WP is set", Runs((VmcbField.Cr4Register, Bits(CET)), (VmcbField.Cr0Register, Bits(PE, WP)))),
            Silent("CET is clear", Runs((VmcbField.Cr4Register, 0), (VmcbField.Cr0Register, Bits(PE))))),

        // "SSSCheckEn=1 with nested paging off: INVALID."
        new("SVM-15.5-SSS-NP",
            Breaks(NestedControls(1 << 4).L2Exit(Hlt)),
            Keeps(NestedControls(1 << 4).L2Exit(Invalid).Reflects(Invalid)),
            Silent("nested paging is on", NestedControls((1 << 4) | 1).L2Exit(Hlt)),
            Undecided(Evidence.VmcbControlArea, On().Vmrun([]))),
    ];

    private static IReadOnlyList<RuleCase> Outcomes =>
    [
        // "#GP is delivered inside the guest"
        new("SVM-15.5-RIP-NOT-ILLEGAL",
            Breaks(On().Vmrun(rip: 1UL << 56).KnowingTheRest().L2Exit(Invalid, 1UL << 56).Reflects(Invalid)),
            Keeps(On().Vmrun(rip: 1UL << 56).KnowingTheRest().L2Exit(Npf, 1UL << 56)),
            Undecided(Evidence.VmcbSaveArea, On().Vmrun(rip: 1UL << 56).L2Exit(Invalid, 1UL << 56).Reflects(Invalid)),
            Silent("a kernel's address is canonical",
                On().Vmrun(rip: 0xffff_8000_0000_1000).KnowingTheRest().L2Exit(Invalid, 0xffff_8000_0000_1000).Reflects(Invalid))),

        // "NF on PG&&!PE with LME=0 is a violation"
        new("SVM-15.19-PAGED-REAL",
            Breaks(On().Knowing(static v => v.Vmcb12[VmcbField.EferRegister] = Bits64.Of(Svme)).L1Exit(Vmrun).FailsCheck("!(save->cr0 & X86_CR0_PE)")),
            Undecided(Evidence.VmcbSaveArea, On().L1Exit(Vmrun).FailsCheck("!(save->cr0 & X86_CR0_PE)")),
            Silent("LME is set", On().Knowing(static v => v.Vmcb12[VmcbField.EferRegister] = Bits64.Of(Bits(SVME, LME)))
                .L1Exit(Vmrun).FailsCheck("!(save->cr0 & X86_CR0_PE)"))),

        // "with a u64 trace 0x00000000ffffffff is a violation"
        new("SVM-15.5-VMRUN-INVALID-CODE",
            Breaks(On().Vmrun().Reflects(new(uint.MaxValue)), "SVM-L-RUN-PENDING"),
            Keeps(On().Vmrun().Reflects(Invalid))),

        // "the instruction after VMRUN (RIP+3 without prefixes)"
        new("SVM-15.5-VMRUN-INVALID-RIP",
            Breaks(On().L1Exit(Vmrun).FailsCheck("asid").Stays()),
            Breaks(On().L1Exit(Vmrun).FailsCheck("asid").Entry(RunStory.L1Rip + 7)),
            Keeps(On().L1Exit(Vmrun).FailsCheck("asid")),
            Keeps(On().L1Exit(Vmrun).FailsCheck("asid").Entry(RunStory.L1Rip + 4)),
            Undecided(Evidence.Tracepoint, On().L1Exit(Vmrun).FailsCheck("asid").Entry(null))),
        new("SVM-15.5-VMRUN-INVALID-GIF",
            Breaks(On().L1Exit(Vmrun).FailsCheck("asid").State(StateMoment.L1AtEntry, VmcbField.Gif, 1)),
            Keeps(On().L1Exit(Vmrun).FailsCheck("asid").State(StateMoment.L1AtEntry, VmcbField.Gif, 0)),
            Breaks(On().L1Exit(Vmrun).FailsCheck("asid").Interrupts(0x31)),
            Breaks(On().L1Exit(Vmrun).FailsCheck("asid").Entry(RunStory.L1Rip + 3, Event(EventType.Nmi, 2))),
            Breaks(On().L1Exit(Vmrun).FailsCheck("asid").L1Exit(VIntr, RunStory.L1Rip + 3).Interrupts(0x31)),
            Breaks(On().BeforeChecksAreNamed().L1Exit(Vmrun).L1Exit(VIntr, RunStory.L1Rip + 3).Interrupts(0x31)),
            Keeps(On().L1Exit(Vmrun).FailsCheck("asid")),
            Keeps(On().L1Exit(Vmrun).FailsCheck("asid").L1Exit(VIntr, RunStory.L1Rip + 3).Raises(6)),
            Silent("L1 executes STGI", On().L1Exit(Vmrun).FailsCheck("asid").L1Exit(Stgi, RunStory.L1Rip + 3).Interrupts(0x31)),
            Silent("L1 has moved on", On().L1Exit(Vmrun).FailsCheck("asid").L1Exit(VIntr, RunStory.L1Rip + 6).Interrupts(0x31)),
            Silent("it is not the next exit", On().L1Exit(Vmrun).FailsCheck("asid").L1Exit(Hlt, 0x3000).L1Exit(VIntr, RunStory.L1Rip + 3).Interrupts(0x31)),
            Silent("the VMM may have set GIF", On().L1Exit(Vmrun).FailsCheck("asid").AsksUserspace(10).L1Exit(VIntr, RunStory.L1Rip + 3).Interrupts(0x31))),

        // "EVENTINJ is cleared in the VMCB on every #VMEXIT including INVALID."
        new("SVM-15.5-VMRUN-INVALID-EVENTINJ",
            Undecided(Evidence.VmcbControlArea, Rejected().Vmrun([], eventInj: Irq)),
            Silent("L1 wrote another event", Rejected().Vmrun([], eventInj: Event(EventType.Interrupt, 0x32)))),
    ];

    private static RunStory On() => new RunStory().SvmeOn();

    // L2 runs with a value that no recording shows.
    private static RunStory Runs(VmcbField field, ulong value) => Runs((field, value));

    private static RunStory Runs(params (VmcbField Field, ulong Value)[] fields) => On().Vmrun().Knowing(v => Set(v, fields)).L2Exit(Cpuid);

    private static RunStory Long(ulong efer, ulong cs) => Runs(
        (VmcbField.EferRegister, efer), (VmcbField.Cr0Register, Bits(PE, PG)), (VmcbField.Cr4Register, Bits(PAE)), (VmcbField.CsAttributes, cs));

    private static RunStory Map(VmcbField field, ulong start) =>
        On().L1Sees(0x8000_0008, eax: 40).Vmrun().Knowing(v => Set(v, [(field, start)])).L2Exit(Cpuid);

    private static RunStory ShadowStacks(bool has, ulong control) => On().Vmrun().Knowing(v =>
    {
        v.Profile.Set(CpuFeature.ShadowStacks, has);
        Set(v, [(VmcbField.SCet, control)]);
    }).L2Exit(Cpuid);

    private static RunStory NestedControls(ulong value) =>
        On().Vmrun([], nestedPaging: null).Knowing(vcpu => vcpu.Vmcb12[VmcbField.NestedControl] = Bits64.Of(value));

    private static RunStory Rejected() => On().Vmrun([], eventInj: Irq).Reflects(Invalid).L1Exit(Stgi, 0x1003);

    private static RunStory SevEs() => new RunStory().L1Exit(Vmgexit)
        .Happens(KvmEventKind.VmgexitEnter, 0x72, 0, 0).Happens(KvmEventKind.VmgexitExit, 0x72, 0, 0);

    private static RunStory Injects(uint eventInj) => On().Vmrun(eventInj: eventInj);

    private static RunStory ShadowPaging(ulong? cr3, uint width = 0) =>
        (width == 0 ? On() : On().L1Sees(0x8000_0008, eax: width)).Vmrun(nestedPaging: false, cr3: cr3);

    private static ulong Bits(params ReadOnlySpan<int> bits)
    {
        ulong value = 0;
        foreach (int bit in bits)
        {
            value |= 1UL << bit;
        }

        return value;
    }

    private static RuleCase Check(string rule, Evidence missing, params (VmcbField Field, ulong Value)[] illegal) =>
        Check(rule, missing, static () => On().Vmrun(), illegal);

    // Illegal, and L2 runs; illegal, and VMRUN fails; and what a recording shows of it, which is nothing.
    private static RuleCase Check(string rule, Evidence missing, Func<RunStory> start, params (VmcbField Field, ulong Value)[] illegal) => new(
        rule,
        Breaks(start().Knowing(v => Set(v, illegal)).L2Exit(Cpuid)),
        Keeps(start().Knowing(v => Set(v, illegal)).L2Exit(Invalid).Reflects(Invalid)),
        Undecided(missing, On().Vmrun()));

    // The statement forbids a check, so that check failing is the violation and there is nothing that keeps it.
    private static RuleCase Refused(string rule, string text) => new(
        rule,
        Breaks(On().L1Exit(Vmrun).FailsCheck(text)),
        Silent("another check fails", On().L1Exit(Vmrun).FailsCheck("asid")));

    private static void Set(Vcpu vcpu, (VmcbField Field, ulong Value)[] illegal)
    {
        foreach ((VmcbField field, ulong value) in illegal)
        {
            vcpu.Vmcb12[field] = Bits64.Of(value);
        }
    }
}
