using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.Replay.Support.RuleState;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay.Manual;

/// <summary>Group A, in the order of the rules.</summary>
public sealed class AvailabilityTests : RuleTests<AvailabilityTests>, IRuleCases
{
    private const byte UD = ExceptionVector.UD, GP = ExceptionVector.GP;
    private const string BitMap = "SVM-C1-CODE-BIT-MAP", NoKill = "SVM-15.14-TF-NO-KILL-L1";
    private const string Default = "SVM-L-REFLECT-DEFAULT", Immediate = "SVM-L-REFLECT-IMMEDIATE", NoNested = "SVM-15.4-SVME-NO-NESTED";
    private static readonly SvmExitCode UdExit = OfException(UD), GpExit = OfException(GP);

    public static IReadOnlyList<RuleCase> All => [.. WithoutSvme, .. VmrunItself, .. Msrs, .. Priorities, .. Rest];

    private static IReadOnlyList<RuleCase> WithoutSvme =>
    [
        // "VMRUN with EFER.SVME=0 raises #UD."
        new("SVM-15.4-SVME-UD-VMRUN",
            Breaks(Off().L1Exit(Vmrun).Raises(GP, 0)),
            Breaks(Off().Vmrun(), NoNested),
            Breaks(Off().L1Exit(Vmrun).Raises(UD).Entry(RunStory.L1Rip + 3)),
            Keeps(Off().L1Exit(Vmrun).Raises(UD)),
            Breaks(Paged().L1Exit(Vmrun).Raises(UD)),
            Keeps(Paged().Vmrun()),
            Undecided(Evidence.EferSvme, Blank().Vmrun()),
            Breaks(Booted().SvmeOn().L1Exit(Vmrun, 0xffff_8000_0000_1000).Raises(UD).Stays()),
            Breaks(Booted().SvmeOn().Emulates("0f 30").L1Exit(Vmrun).Raises(UD).Stays()),
            Silent("in System Management Mode it does not exist", Paged().Knowing(static v => v.InSmm = Truth.Yes).L1Exit(Vmrun).Raises(UD)),
            Silent("L1 may have turned paging off", Booted().SvmeOn().Emulates("0f 30").L1Exit(Cr0SelWrite).L1Exit(Vmrun).Raises(UD).Stays()),
            Silent("SVME is set, and paging may be off", On().L1Exit(Vmrun).Raises(UD))),

        // "VMLOAD with SVME=0 raises #UD." Virtualized, it does not exit.
        new("SVM-15.4-SVME-UD-VMLOAD",
            Breaks(Off().L1Exit(Vmload)),
            Breaks(Paged().L1Exit(Vmload).Raises(UD)),
            Keeps(Off().L1Exit(Vmload).Raises(UD)),
            Undecided(Evidence.EferSvme, Blank().L1Exit(Vmload)),
            Undecided(Evidence.VirtualVmload, On().SvmeOff()),
            Breaks(On().SvmeOff().State(StateMoment.L1AtEntry, VmcbField.InterceptMisc2, AllFour & ~4u)),
            Keeps(On().SvmeOff().State(StateMoment.L1AtEntry, VmcbField.InterceptMisc2, AllFour)),
            Silent("it exits on this processor", On().L1Exit(Vmload).SvmeOff())),
        new("SVM-15.4-SVME-UD-VMSAVE",
            Breaks(Off().L1Exit(Vmsave)),
            Keeps(Off().L1Exit(Vmsave).Raises(UD)),
            Undecided(Evidence.EferSvme, Blank().L1Exit(Vmsave)),
            Breaks(On().SvmeOff().State(StateMoment.L1AtEntry, VmcbField.InterceptMisc2, AllFour & ~8u)),
            Undecided(Evidence.VirtualVmload, On().SvmeOff())),
        new("SVM-15.4-SVME-UD-CLGI",
            Breaks(Off().L1Exit(Clgi)),
            Keeps(Off().L1Exit(Clgi).Raises(UD)),
            Undecided(Evidence.EferSvme, Blank().L1Exit(Clgi)),
            Breaks(On().SvmeOff().State(StateMoment.L1AtEntry, VmcbField.InterceptMisc2, AllFour & ~32u)),
            Keeps(On().SvmeOff().State(StateMoment.L1AtEntry, VmcbField.InterceptMisc2, AllFour)),

            // No exit shows it, but GIF is 0 at the next one.
            Breaks(Off().State(StateMoment.L1AtEntry, VmcbField.Gif, 1).L1Exit(Cpuid).State(StateMoment.L1AtExit, VmcbField.Gif, 0)),
            Keeps(Off().State(StateMoment.L1AtEntry, VmcbField.Gif, 1).L1Exit(Cpuid).State(StateMoment.L1AtExit, VmcbField.Gif, 1)),
            Undecided(Evidence.VirtualGif, On().SvmeOff())),

        // "violation = kvm_invlpga emitted and RIP advanced"
        new("SVM-15.4-SVME-UD-INVLPGA",
            Breaks(Off().L1Exit(Invlpga)),
            Breaks(Off().L1Exit(Invlpga).Happens(KvmEventKind.Invlpga, RunStory.L1Rip, 1, 0), NoNested),
            Keeps(Off().L1Exit(Invlpga).Raises(UD)),
            Undecided(Evidence.EferSvme, Blank().L1Exit(Invlpga)),
            Breaks(Blank().Starts().Happens(KvmEventKind.EferSet, 0x1000, 0x500).L1Exit(Invlpga)),
            Silent("L2 has its own EFER", On().Vmrun().Happens(KvmEventKind.EferSet, 0x1000, 0x500).L2Exit(Npf).Reflects(Npf).L1Exit(Invlpga)),

            // L0's copy of EFER is no excuse for what L1 wrote, unless the VMM may have written since.
            Breaks(Off().L1Exit(Invlpga).State(StateMoment.L1AtExit, VmcbField.EferRegister, 0x1000)),
            Silent("the VMM may have set SVME", Off().L1Exit(Npf).AsksUserspace(2).L1Exit(Invlpga).State(StateMoment.L1AtExit, VmcbField.EferRegister, 0x1000))),

        // "KVM departs by ABI design: VMMCALL from L1 never faults."
        new("SVM-15.4-SVME-UD-VMMCALL",
            Departs(Off().L1Exit(Vmmcall).Happens(KvmEventKind.Hypercall, 1, 0, 0, 0, 0)),
            Keeps(Off().L1Exit(Vmmcall).Raises(UD)),
            Undecided(Evidence.EferSvme, Blank().L1Exit(Vmmcall))),

        // "#UD if both feature bits are 0; no #UD if either is 1"
        new("SVM-15.4-STGI-SKINIT-AVAIL",
            Breaks(Off().L1Sees(0x8000_0001).L1Sees(0x8000_000a).L1Exit(Stgi)),
            BreaksAssuming(Evidence.GuestCpuid, Off().L1Exit(Stgi)),
            Departs(Off().L1Sees(0x8000_0001, ecx: 1 << 12).L1Exit(Stgi).Raises(UD)),
            Departs(Off().L1Sees(0x8000_000a, edx: 1 << 2).L1Exit(Stgi).Raises(UD)),
            Keeps(Off().L1Exit(Stgi).Raises(UD)),
            Keeps(Off().L1Sees(0x8000_0001, ecx: 1 << 12).L1Exit(Stgi)),
            Undecided(Evidence.EferSvme, Blank().L1Exit(Stgi)),
            Breaks(On().L1Sees(0x8000_0001).L1Sees(0x8000_000a).SvmeOff().State(StateMoment.L1AtEntry, VmcbField.InterceptMisc2, AllFour & ~16u)),
            Breaks(Off().L1Sees(0x8000_0001).L1Sees(0x8000_000a).State(StateMoment.L1AtEntry, VmcbField.Gif, 0).L1Exit(Cpuid).State(StateMoment.L1AtExit, VmcbField.Gif, 1)),
            Undecided(Evidence.VirtualGif, On().SvmeOff())),
    ];

    private static IReadOnlyList<RuleCase> VmrunItself =>
    [
        // "checked before the intercept": the exit itself tells that CPL is 0, so only a processor can break it.
        new("SVM-15.5-VMRUN-CPL",
            Breaks(On().Knowing(Cpl3).L1Exit(Vmrun).Raises(GP, 0)),
            Silent("CPL is 0, or not seen and therefore 0", On().L1Exit(Vmrun).Raises(GP, 0))),
        new("SVM-15.5-VMLOADSAVE-CPL",
            Breaks(On().Knowing(Cpl3).L1Exit(Vmload)),
            Silent("CPL is 0, or not seen and therefore 0", On().L1Exit(Vmload))),

        // "#GP never follows such an exit because hardware faulted first"
        new("SVM-15.9-GIF-CPL",
            BreaksAssuming(Evidence.Cpl, On().L1Exit(Clgi).Raises(GP, 0)),
            BreaksAssuming(Evidence.Cpl, On().L1Exit(Invlpga).Raises(GP, 0)),
            Keeps(On().L1Exit(Clgi))),

        // "When both apply, #UD has priority over #GP."
        new("SVM-15.4-UD-OVER-GP",
            Breaks(Off().L1Exit(GpExit).Emulates("0f 01 d8")),
            Departs(Off().L1Exit(GpExit).Emulates("0f 01 d8").Raises(GP, 0)),
            Keeps(Off().L1Exit(GpExit).Emulates("0f 01 da").Raises(UD)),
            Undecided(Evidence.EferSvme, Blank().L1Exit(GpExit).Emulates("0f 01 d8").Raises(GP, 0)),

            // STGI may be there without SVME.
            Undecided(Evidence.GuestCpuid, Off().L1Exit(GpExit).Emulates("0f 01 dc").Raises(GP, 0)),
            Departs(Off().L1Sees(0x8000_0001).L1Sees(0x8000_000a).L1Exit(GpExit).Emulates("0f 01 dc").Raises(GP, 0)),
            Silent("STGI is there without SVME", Off().L1Sees(0x8000_0001, ecx: 1 << 12).L1Exit(GpExit).Emulates("0f 01 dc").Raises(GP, 0)),
            Silent("VMMCALL checks neither", Off().L1Exit(GpExit).Emulates("0f 01 d9").Raises(GP, 0))),

        // "vmcb[11:0]=0 and vmcb < 2^MAXPHYADDR; otherwise #GP"
        new("SVM-15.5-VMRUN-RAX-ALIGN",
            Breaks(On().Vmrun(vmcb: 0x5001)),
            Breaks(On().Vmrun(vmcb: 0x5800)),
            Breaks(On().Vmrun(vmcb: 1UL << 52)),
            BreaksAssuming(Evidence.GuestCpuid, On().L1Sees(0x8000_0008, eax: 40).Vmrun(vmcb: 1UL << 40)),
            Undecided(Evidence.GuestCpuid, On().Vmrun(vmcb: 1UL << 40)),
            Undecided(Evidence.GuestCpuid, On().Vmrun(vmcb: 1UL << 36)),
            BreaksAssuming(Evidence.GuestCpuid, new RunStory().Starts().Given(0x8000_0008, eax: 40).SvmeOn().Vmrun(vmcb: 1UL << 40)),
            Silent("the address is legal by the table of CPUID", new RunStory().Starts().Given(0x8000_0008, eax: 41).SvmeOn().Vmrun(vmcb: 1UL << 40)),
            Silent("the address is legal", On().L1Sees(0x8000_0008, eax: 41).Vmrun(vmcb: 1UL << 40))),

        // "must not silently complete: an exception or emulation failure must follow"
        new("SVM-15.5-VMRUN-MAPFAIL-GP",
            Breaks(On().L1Exit(Vmrun)),
            Breaks(On().BeforeChecksAreNamed().L1Exit(Vmrun).Stays()),
            Keeps(On().L1Exit(Vmrun).Raises(GP, 0)),
            Keeps(On().L1Exit(Vmrun).AsksUserspace(17).Stays()),
            Keeps(On().BeforeChecksAreNamed().L1Exit(Vmrun)),
            Undecided(Evidence.Tracepoint, On().Without(KvmEventKind.NestedVmenter).L1Exit(Vmrun))),

        // "VMRUN inside SMM: #UD"
        new("SVM-15.5-VMRUN-SMM",
            Breaks(On().L1Exit(Smi).EntersSmm().Vmrun()),
            Keeps(On().L1Exit(Smi).EntersSmm().L1Exit(Vmrun).Raises(UD)),
            Silent("System Management Mode was left", On().L1Exit(Smi).EntersSmm().L1Exit(Rsm).LeavesSmm().Vmrun())),
        new("SVM-15.30.4-HSAVE-SET",
            BreaksAssuming(Evidence.HsavePa, On().L1Sets(HsaveIndex, 0).Vmrun()),
            Undecided(Evidence.HsavePa, On().Vmrun()),
            Silent("it is set", On().L1Sets(HsaveIndex, 0x6000).Vmrun())),
    ];

    private static IReadOnlyList<RuleCase> Msrs =>
    [
        new("SVM-15.30.4-HSAVE-GP",
            Breaks(Blank().L1Sets(HsaveIndex, 0x6001)),
            Breaks(Blank().L1Sets(HsaveIndex, 0x6800)),
            Breaks(Blank().L1Sets(HsaveIndex, 1UL << 52)),
            BreaksAssuming(Evidence.GuestCpuid, Blank().L1Sees(0x8000_0008, eax: 40).L1Sets(HsaveIndex, 1UL << 40)),
            Keeps(Blank().L1Sets(HsaveIndex, 0x6001, faulted: true)),
            Undecided(Evidence.GuestCpuid, Blank().L1Sets(HsaveIndex, 1UL << 40)),
            Undecided(Evidence.GuestCpuid, Blank().L1Sets(HsaveIndex, 1UL << 36)),
            Silent("the address is legal", Blank().L1Sets(HsaveIndex, 0x6000))),

        // "Setting VM_CR.SVMDIS while SVME=1 raises #GP regardless of LOCK."
        new("SVM-15.30.1-VMCR-SVMDIS-GP",
            Breaks(On().L1Sets(VmCrIndex, 0x10)),
            BreaksAssuming(Evidence.EferSvme, Blank().L1Exit(Vmload).L1Sets(VmCrIndex, 0x10)),
            Keeps(On().L1Sets(VmCrIndex, 0x10, faulted: true)),
            Undecided(Evidence.EferSvme, Blank().L1Sets(VmCrIndex, 0x10)),
            Silent("SVME is clear", Off().L1Sets(VmCrIndex, 0x10))),

        // "With LOCK=1 writes to LOCK and SVMDIS are silently ignored."
        new("SVM-15.30.1-VMCR-LOCK",
            Breaks(Off().L1Reads(VmCrIndex, 0).L1Sets(VmCrIndex, 0x18).L1Sets(VmCrIndex, 0).L1Reads(VmCrIndex, 0)),
            Breaks(Off().L1Reads(VmCrIndex, 8).L1Sets(VmCrIndex, 0x18).L1Reads(VmCrIndex, 0x18)),
            Keeps(Off().L1Reads(VmCrIndex, 0).L1Sets(VmCrIndex, 0x18).L1Sets(VmCrIndex, 0).L1Reads(VmCrIndex, 0x18)),
            Keeps(Off().L1Sets(VmCrIndex, 0x18).L1Reads(VmCrIndex, 8)),
            Silent("it is not locked", Off().L1Reads(VmCrIndex, 0).L1Sets(VmCrIndex, 0x10).L1Sets(VmCrIndex, 0).L1Reads(VmCrIndex, 0))),
        new("SVM-15.30.1-VMCR-MBZ",
            Breaks(Blank().L1Sets(VmCrIndex, 0x20)),
            Keeps(Blank().L1Sets(VmCrIndex, 0x20, faulted: true))),
        new("SVM-15.30.1-SVMDIS-EFER",
            Breaks(Off().L1Reads(VmCrIndex, 0x10).SvmeOn()),
            Keeps(Off().L1Reads(VmCrIndex, 0x10).L1Sets(EferIndex, Svme, faulted: true)),
            Undecided(Evidence.VmCr, Blank().SvmeOn()),
            Undecided(Evidence.VmCr, Off().L1Sets(VmCrIndex, 0x10).SvmeOn()),
            Silent("SVMDIS is clear", Blank().L1Reads(VmCrIndex, 0).SvmeOn())),
    ];

    private static IReadOnlyList<RuleCase> Priorities =>
    [
        new("SVM-15.9-VMMCALL-NOCPL",
            BreaksAssuming(Evidence.Cpl, On().L1Exit(Vmmcall).Raises(GP, 0)),
            Keeps(On().L1Exit(Vmmcall))),

        // "In a guest whose hypervisor does not intercept VMMCALL, VMMCALL raises #UD."
        new("SVM-15.18-VMMCALL-UNINT-UD",
            Breaks(L2().L2Exit(Vmmcall).Happens(KvmEventKind.Hypercall, 1, 0, 0, 0, 0)),
            Breaks(L2().L2Exit(UdExit).Emulates("0f 01 d9")),
            Breaks(L2(UdExit).L2Exit(Vmmcall).Raises(UD), "SVM-L-EXC-REFLECT-FIRST"),
            Keeps(L2().L2Exit(Vmmcall).Raises(UD)),
            Keeps(L2(UdExit).L2Exit(Vmmcall).Reflects(UdExit)),
            Undecided(Evidence.Vmcb12Controls, Blank().L2Exit(Vmmcall)),
            Silent("an enlightened flush is L0's", L2().L2Exit(Vmmcall).Happens(KvmEventKind.HypervHypercall))),
        new("SVM-15.9-VMMCALL-PRIO",
            Breaks(L2(Vmmcall).L2Exit(Vmmcall).Raises(UD), Default, Immediate),
            Keeps(L2(Vmmcall).L2Exit(Vmmcall).Reflects(Vmmcall))),

        // "if the feature is absent the result is #UD not an exit"
        new("SVM-15.9-RDPRU-EXC",
            Breaks(Blank().L1Sees(0x8000_0008).L1Exit(Rdpru)),
            Breaks(Lacks(0x8000_0008, Rdpru).L2Exit(Rdpru).Reflects(Rdpru), "SVM-15.9-UNSUPPORTED-INSN"),
            Keeps(Blank().L1Sees(0x8000_0008).L1Exit(Rdpru).Raises(UD)),
            Keeps(Lacks(0x8000_0008, Rdpru, UdExit).L2Exit(Rdpru).Reflects(UdExit)),
            Undecided(Evidence.GuestCpuid, Blank().L1Exit(Rdpru)),
            Silent("the feature is there", Blank().L1Sees(0x8000_0008, ebx: 1 << 4).L1Exit(Rdpru))),

        // "violation = #GP first"; without XSAVE there is no XSETBV to intercept.
        new("SVM-15.9-XSETBV-PRIO",
            Breaks(L2(Xsetbv).L2Exit(Xsetbv).Raises(GP, 0), NoKill, Default, Immediate),
            Breaks(On().L1Sees(1, ecx: 1 << 26).Vmrun([Xsetbv]).L2Exit(Xsetbv).Raises(UD), Default, Immediate),
            Keeps(L2(Xsetbv).L2Exit(Xsetbv).Reflects(Xsetbv)),
            Keeps(Lacks(1, Xsetbv).L2Exit(Xsetbv).Raises(UD))),
        new("SVM-15.9-UNSUPPORTED-INSN",
            Breaks(Lacks(0x8000_0001, Rdtscp).L2Exit(Rdtscp).Reflects(Rdtscp)),
            Keeps(Lacks(0x8000_0001, Rdtscp).L2Exit(Rdtscp).Raises(UD)),
            Keeps(Lacks(7, Invpcid).L2Exit(Invpcid).Raises(UD)),
            Undecided(Evidence.GuestCpuid, L2(Rdtscp).L2Exit(Rdtscp).Reflects(Rdtscp))),
        new("SVM-15.9-MONITOR-PRIO",
            Breaks(L2(SvmExitCode.Monitor).L2Exit(SvmExitCode.Monitor), Default, Immediate),
            Breaks(L2().L2Exit(SvmExitCode.Monitor).Reflects(SvmExitCode.Monitor), BitMap, Default),
            Keeps(L2(SvmExitCode.Monitor).L2Exit(SvmExitCode.Monitor).Reflects(SvmExitCode.Monitor)),
            Keeps(L2().L2Exit(SvmExitCode.Monitor))),

        // "the conditional one (monitor armed) is reported in preference"
        new("SVM-15.9-MWAIT-COND-PRIO",
            Breaks(L2(Mwait, MwaitConditional).Knowing(static v => v.MonitorArmed = Truth.Yes).L2Exit(Mwait).Reflects(Mwait)),
            Keeps(L2(Mwait, MwaitConditional).Knowing(static v => v.MonitorArmed = Truth.Yes).L2Exit(Mwait).Reflects(MwaitConditional)),
            Undecided(Evidence.MonitorArmed, L2(Mwait, MwaitConditional).L2Exit(Mwait).Reflects(Mwait)),
            Silent("only one is intercepted", L2(Mwait).L2Exit(Mwait).Reflects(Mwait))),
        new("SVM-15.9-INVLPGB-PRIO",
            Breaks(L2(Invlpgb).L2Exit(Invlpgb), Default, Immediate),
            Breaks(L2().L2Exit(Tlbsync).Reflects(Tlbsync), BitMap, Default),
            Keeps(L2(Invlpgb).L2Exit(Invlpgb).Reflects(Invlpgb)),
            Keeps(Lacks(7, Invpcid).L2Exit(Invpcid).Raises(UD))),

        // "not intercepted and not in SMM: #UD"
        new("SVM-15.9-RSM-PRIO",
            Breaks(Blank().Knowing(static v => v.InSmm = Truth.No).L1Exit(Rsm)),
            Breaks(L2(Rsm).L2Exit(Rsm), Default, Immediate),
            Keeps(Blank().Knowing(static v => v.InSmm = Truth.No).L1Exit(Rsm).Raises(UD)),
            Keeps(L2(Rsm).L2Exit(Rsm).Reflects(Rsm)),
            Silent("nothing tells of System Management Mode", Blank().L1Exit(Rsm))),
        new("SVM-15.9-PUSHF-POPF-IRET-PRIO",
            Breaks(L2(Iret).L2Exit(Iret).Raises(GP, 0), NoKill, Default, Immediate),
            Keeps(L2(Iret).L2Exit(Iret).Reflects(Iret))),
        new("SVM-15.9-CR-EXC-FIRST",
            Breaks(Blank().Knowing(Cpl3).L1Exit(CrWrite)),
            Breaks(Blank().L1Exit(CrWrite).Emulates("0f 22 c0", DecodeMode.Protected32).WritesCr(0, 0x1_0000_0011)),
            Silent("the register has 64 bits", Blank().L1Exit(new(0x13)).Emulates("0f 22 d8").WritesCr(3, 0x1_0000_0000)),
            Silent("the value has 32 bits", Blank().L1Exit(CrWrite).Emulates("0f 22 c0", DecodeMode.Protected32).WritesCr(0, 0x8000_0011)),
            Silent("the mode is not seen", Blank().L1Exit(new(0x13)).WritesCr(3, 0x1_0000_0000)),
            Silent("CPL is 0, or not seen and therefore 0", Blank().L1Exit(CrWrite))),
    ];

    private static IReadOnlyList<RuleCase> Rest =>
    [
        // "same code iff L1 DR intercept (word 1 is not traced)"
        new("SVM-15.9-DR-EXC-FIRST",
            Breaks(L2().Knowing(DrWriteIntercepted).L2Exit(DrWrite)),
            Keeps(L2().Knowing(DrWriteIntercepted).L2Exit(DrWrite).Reflects(DrWrite)),
            Undecided(Evidence.DrIntercepts, L2().L2Exit(DrWrite))),
        new("SVM-15.9-RDTSC-PMC-EXC-FIRST",
            BreaksAssuming(Evidence.Cpl, L2().L2Exit(Rdtsc).Raises(GP, 0)),
            BreaksAssuming(Evidence.InstructionBytes, Blank().L1Exit(Invd).Emulates("8f 3c", failed: true).AsksUserspace(UserspaceExit.InternalErrorReason)),
            BreaksAssuming(Evidence.InstructionBytes, L2().L2Exit(Invd).Emulates("8f 3c", failed: true).AsksUserspace(UserspaceExit.InternalErrorReason), Default),
            Keeps(Blank().L1Exit(Invd)),
            Keeps(Blank().L1Exit(Invd).Emulates("0f 08")),
            Keeps(L2().L2Exit(Rdtsc))),
        new("SVM-15.9-LIDT-PRIO",
            Breaks(L2(TrWrite).L2Exit(TrWrite), Default, Immediate),
            Keeps(L2(TrWrite).L2Exit(TrWrite).Reflects(TrWrite))),

        // "MSRs outside the three ranges (always intercepted when MSR_PROT=1)"
        new("SVM-15.11-MSR-PRIO",
            Breaks(L2(Msr).L2Exit(Msr).Msr(false, 0x4b56_4d00, 0), "SVM-15.11-MSR-UNCOVERED"),
            Keeps(L2(Msr).Knowing(static v => v.MsrIntercepted = Truth.Yes).L2Exit(Msr).Reflects(Msr)),
            Undecided(Evidence.MsrPermissionMap, L2(Msr).L2Exit(Msr).Msr(false, 0x10, 0)),
            Silent("L1 protects no MSR", L2().L2Exit(Msr).Msr(false, 0x4b56_4d00, 0))),
        new("SVM-15.10-IOIO-PRIO",
            Breaks(L2(Ioio).Knowing(static v => v.PortIntercepted = Truth.Yes).L2Exit(Ioio), "SVM-15.10-IOIO-BYTES"),
            Keeps(L2(Ioio).Knowing(static v => v.PortIntercepted = Truth.Yes).L2Exit(Ioio).Reflects(Ioio)),
            Undecided(Evidence.IoPermissionMap, L2(Ioio).L2Exit(Ioio))),
        new("SVM-15.9-BREAKPOINT-FIRST",
            Breaks(L2().Knowing(static v => v.BreakpointAtRip = Truth.Yes).L2Exit(Cpuid)),
            Silent("no recording shows the debug registers", L2().L2Exit(Cpuid))),
        new("SVM-15.35.6-VMGEXIT-NONES",
            Breaks(Blank().Knowing(static v => v.SevEs = Truth.No).L1Exit(Vmgexit)),
            Undecided(Evidence.GuestCpuid, Blank().L1Exit(Vmgexit)),
            Silent("it is an SEV-ES guest", Requests().L1Exit(Vmgexit))),

        // "KVM never implements it and raises #UD always; departure only if CPUID SKINIT=1"
        new("SVM-15.27-SKINIT-ABSENT",
            Breaks(On().L1Sees(0x8000_0001).L1Exit(Skinit)),
            BreaksAssuming(Evidence.GuestCpuid, On().L1Exit(Skinit)),
            Departs(On().L1Sees(0x8000_0001, ecx: 1 << 12).L1Exit(Skinit).Raises(UD)),
            Keeps(On().L1Exit(Skinit).Raises(UD))),

        // "any of those events in the window" is the violation.
        new("SVM-15.4-SVME-NO-NESTED",
            Breaks(Off().Vmrun(), "SVM-15.4-SVME-UD-VMRUN"),
            Silent("no nested event", Off().L1Exit(Vmrun).Raises(UD)),
            Silent("SVME was never seen", Blank().Vmrun())),
        new("SVM-15.4-SVME-INFER", Silent("an inference that Narrowing draws", Blank().Vmrun())),
        new("SVM-15.5-VMLOADSAVE-INTEL", Silent("only why nothing is expected of VMLOAD that exits", On().L1Exit(Vmload))),

        // "no injection enabled only by SVME 1->0"
        new("SVM-15.17-GIF-SVME",
            Breaks(On().L1Exit(Clgi).SvmeOff().Interrupts(0x31), "SVM-15.17-GIF0-INTR"),
            Breaks(On().SvmeOff().State(StateMoment.L1AtExit, VmcbField.Gif, 0).State(StateMoment.L1AtEntry, VmcbField.Gif, 1)),
            Keeps(On().L1Exit(Clgi).SvmeOff()),
            Keeps(On().SvmeOff().State(StateMoment.L1AtExit, VmcbField.Gif, 0).State(StateMoment.L1AtEntry, VmcbField.Gif, 0)),
            Undecided(Evidence.MachineStates, On().SvmeOff().State(StateMoment.L1AtEntry, VmcbField.Gif, 1)),
            Silent("GIF is not known", On().SvmeOff().Interrupts(0x31))),
    ];

    private static RunStory Blank() => new();

    private static RunStory Booted() =>
        Blank().Starts().Entry(0xfff0).L1Exit(Npf, 0xfff0).Stays().L1Exit(Cpuid, 0xfff0).Entry(0xfff2);

    // L1 has set EFER.SVME, uses paging and is not in System Management Mode.
    private static RunStory Paged() => On().Knowing(static v =>
    {
        v.Cr0 = v.Cr0.Set(Differ.Replay.Manual.Tables.Cr0.PG);
        v.InSmm = Truth.No;
    });

    // The intercepts of VMLOAD, VMSAVE, STGI and CLGI.
    private const uint AllFour = 0x3c;

    private static RunStory On() => new RunStory().SvmeOn();

    private static RunStory Off() => new RunStory().SvmeOff();

    private static RunStory L2(params SvmExitCode[] intercepts) => On().Vmrun(intercepts);

    // A virtual CPU without the features of a CPUID function.
    private static RunStory Lacks(uint function, params SvmExitCode[] intercepts) => On().L1Sees(function).Vmrun(intercepts);

    // A guest with encrypted state makes a request.
    private static RunStory Requests() =>
        Blank().L1Exit(Vmgexit).Happens(KvmEventKind.VmgexitEnter, 0x72, 0, 0).Happens(KvmEventKind.VmgexitExit, 0x72, 0, 0);

    private static void Cpl3(Vcpu vcpu) => vcpu.Cpl = Bits64.Of(3);

    private static void DrWriteIntercepted(Vcpu vcpu) => vcpu.Vmcb12[VmcbField.InterceptDr] = Bits64.Of(1 << 16);
}
