using Differ.Replay.Manual.Tables;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Schemas.Run.StateMoment;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Schemas.Vocabulary.VmcbField;
using static Differ.Tests.Replay.Support.RuleState;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay.Manual;

/// <summary>Statements that only recorded states decide, in the order of the rules.</summary>
public sealed class StateRulesTests : RuleTests<StateRulesTests>, IRuleCases
{
    private const ulong VIrq = 1 << 8, AvicEnable = 1UL << 31, X2Avic = 1UL << 30, FetchByUser = 0x1_0000_0014, Bit20 = 1 << 20;
    private const int IoReason = 2;
    private static readonly SvmExitCode DB = OfException(ExceptionVector.DB);
    private static readonly uint Irq = Event(EventType.Interrupt, 0x31);

    public static IReadOnlyList<RuleCase> All => [.. Checks, .. Switches, .. Rest];

    private static IReadOnlyList<RuleCase> Checks =>
    [
        // "AVIC_PHYSICAL_MAX_INDEX above the limit: VMRUN fails"
        new("SVM-15.29-AVIC-INDEX",
            Breaks(AvicIndex(300)),
            Breaks(AvicIndex(256)),
            BreaksAssuming(Evidence.GuestCpuid, AvicIndex(512, X2Avic)),
            Silent("the index is legal", AvicIndex(255)),
            Silent("the index is legal", AvicIndex(511, X2Avic)),
            Silent("the index is legal, and VMRUN may have failed for another reason", AvicIndex(10).Reflects(Invalid)),
            Keeps(AvicIndex(300).Reflects(Invalid)),
            Undecided(Evidence.MachineStates, L2().State(L2AtEntry, IntCtl, AvicEnable)),
            Silent("AVIC is off", L2().State(L2AtEntry, IntCtl, 0).State(L2AtEntry, AvicPhysicalTable, 300))),
        new("SVM-15.5-CHECK-CLEANBITS",
            Silent("which fields a check may skip; the checks themselves are others' rules", L2().State(Vmcb12AtVmrun, CleanBits, ulong.MaxValue))),
    ];

    private static IReadOnlyList<RuleCase> Switches =>
    [
        // "#VMEXIT disables all breakpoints: DR7 = 400h"
        new("SVM-15.6-HOST-DR7",
            BreaksAssuming(Evidence.DebugRegisters, Left().State(L1AtEntry, Dr7, 0x455)),
            Keeps(Left().State(L1AtEntry, Dr7, 0x400)),
            Undecided(Evidence.MachineStates, Left().State(L2AtExit, Dr7, 0x455)),
            Silent("L2 goes on", L2().L2Exit(Npf).State(L1AtEntry, Dr7, 0x455))),

        // "CR0.PE = 1, RFLAGS.VM = 0, CPL = 0"
        new("SVM-15.6-HOST-PE-VM-CPL",
            Breaks(Left().State(L1AtEntry, Cr0Register, 0)),
            Breaks(Left().State(L1AtEntry, RflagsRegister, 1 << 17)),
            Breaks(Left().State(L1AtEntry, VmcbField.Cpl, 3)),
            Silent("System Management Mode begins without protection", L2().L2Exit(SvmExitCode.Smi).Reflects(SvmExitCode.HostUse).EntersSmm().State(L1AtEntry, Cr0Register, 0)),
            Silent("the VMM may set registers", Left().AsksUserspace(IoReason).State(L1AtEntry, Cr0Register, 0)),
            Keeps(Left().State(L1AtEntry, Cr0Register, 1).State(L1AtEntry, RflagsRegister, 2).State(L1AtEntry, VmcbField.Cpl, 0)),
            Undecided(Evidence.MachineStates, Left().State(L1AtEntry, Cr0Register, 1))),

        // "#VMEXIT writes back exactly its list"
        new("SVM-15.6-SAVE-SUBSET",
            Breaks(Left().State(L2AtExit, Rsp, 0x10).State(Vmcb12AfterExit, Rsp, 0x20)),
            Breaks(Finds(FsBase, 0x10).L2Exit(Cpuid).Reflects(Cpuid).State(Vmcb12AfterExit, FsBase, 0x20)),
            Breaks(L2(Intr).LeavesForIntr().ReflectsIntr().State(L2AtExit, Rsp, 0x10).State(Vmcb12AfterExit, Rsp, 0x20)),
            Keeps(Left().States(StateTables.GuestSaved, 0, L2AtExit, Vmcb12AfterExit)),
            Undecided(Evidence.MachineStates, Left().State(L2AtExit, Rsp, 0x10)),

            // L0 carried HLT out before an interrupt came; it steps over an IRET with TF and RF.
            Keeps(L2(Intr).L2Exit(Hlt).ReflectsIntr().States(StateTables.GuestSaved, 0, L2AtExit, Vmcb12AfterExit).State(L2AtExit, VmcbField.Rip, 0x10).State(Vmcb12AfterExit, VmcbField.Rip, 0x11)),
            Keeps(Left().States(StateTables.GuestSaved, 0, L2AtExit, Vmcb12AfterExit).State(L2AtExit, RflagsRegister, 0x10102).State(Vmcb12AfterExit, RflagsRegister, 2)),
            Breaks(Left().State(L2AtExit, RflagsRegister, 0x202).State(Vmcb12AfterExit, RflagsRegister, 2)),
            Undecided(Evidence.MachineStates, L2(Intr).L2Exit(Npf).Emulates("0f a2").ReflectsIntr().State(L2AtExit, VmcbField.Rip, 0x10).State(Vmcb12AfterExit, VmcbField.Rip, 0x12)),
            Silent("L2 goes on", L2().L2Exit(Npf).State(L2AtExit, Rsp, 0x10).State(Vmcb12AfterExit, Rsp, 0x20))),
        new("SVM-15.6-CR2-SAVED",
            Breaks(Left().State(L2AtExit, Cr2, 0x10).State(Vmcb12AfterExit, Cr2, 0x20)),
            Keeps(Left().State(L2AtExit, Cr2, 0x10).State(Vmcb12AfterExit, Cr2, 0x10)),
            Undecided(Evidence.MachineStates, Left().State(Vmcb12AfterExit, Cr2, 0x10))),

        // "INTERRUPT_SHADOW is written by #VMEXIT" and loaded by VMRUN.
        new("SVM-15.6-INTSHADOW-SAVED",
            Breaks(Left().State(L2AtExit, InterruptShadow, 1).State(Vmcb12AfterExit, InterruptShadow, 0)),
            Breaks(Finds(InterruptShadow, 1).State(L2AtEntry, InterruptShadow, 0)),
            Keeps(Left().State(L2AtExit, InterruptShadow, 1).State(Vmcb12AfterExit, InterruptShadow, 1)),
            Keeps(Finds(InterruptShadow, 1).State(L2AtEntry, InterruptShadow, 1)),
            Undecided(Evidence.MachineStates, Left().State(L2AtExit, InterruptShadow, 1))),

        // "The host's shadow does not leak into the guest": the guest then has not the one it was given.
        new("SVM-15.6-NO-SHADOW-LEAK",
            Breaks(Finds(InterruptShadow, 0).State(L1AtExit, InterruptShadow, 1).State(L2AtEntry, InterruptShadow, 1), "SVM-15.6-INTSHADOW-SAVED"),
            Keeps(Finds(InterruptShadow, 0).State(L1AtExit, InterruptShadow, 1).State(L2AtEntry, InterruptShadow, 0)),
            Undecided(Evidence.MachineStates, Finds(InterruptShadow, 0).State(L1AtExit, InterruptShadow, 1)),
            Silent("L1 has no shadow", Finds(InterruptShadow, 0).State(L1AtExit, InterruptShadow, 0).State(L2AtEntry, InterruptShadow, 0))),

        // "Segment registers are reloaded from the host's tables": one outside the table is a shutdown.
        new("SVM-15.5-HSEG-RELOAD",
            Breaks(HostCode(0x10, limit: 7)),
            Breaks(HostCode(0x10, limit: 0xff).AsksUserspace(UserspaceExit.ShutdownReason)),
            Keeps(HostCode(0x10, limit: 0xff)),
            Silent("the code segment is of the local table", HostCode(0x14, limit: 7)),
            Keeps(HostCode(0x10, limit: 7).AsksUserspace(UserspaceExit.ShutdownReason)),
            Undecided(Evidence.MachineStates, Left().State(L2AtExit, CsSelector, 0x10))),

        // "VMSAVE and VMLOAD move FS, GS, TR, LDTR and the MSRs of system calls"
        new("SVM-15.5-VMSAVE-SET",
            Breaks(On().L1Exit(Vmsave).State(L1AtExit, FsBase, 0x10).State(Vmcb12AfterExit, FsBase, 0x20)),
            Breaks(On().L1Exit(Vmsave).State(L1AtExit, VmcbField.Cpl, 0).State(L1AtExit, FsBase, 0x10).State(Vmcb12AfterExit, FsBase, 0x20)),
            Silent("the registers are not dumped", On().L1Exit(Vmsave).State(L1AtExit, VmcbField.Cpl, 0).State(Vmcb12AfterExit, FsBase, 0x20)),
            Breaks(On().L1Exit(Vmload).State(Vmcb12AtVmrun, Star, 0x10).State(L1AtEntry, Star, 0x20)),
            Keeps(On().L1Exit(Vmsave).States(StateTables.Vmload, 0x10, L1AtExit, Vmcb12AfterExit)),
            Undecided(Evidence.MachineStates, On().L1Exit(Vmsave).State(L1AtExit, FsBase, 0x10)),
            Silent("it is raised an exception", On().L1Exit(Vmsave).Raises(13, 0).State(L1AtExit, FsBase, 0x10).State(Vmcb12AfterExit, FsBase, 0x20))),
        new("SVM-15.5-CANONICALIZE",
            Breaks(Finds(CsBase, 1UL << 47).State(Vmcb12AtVmrun, CleanBits, 0).State(L2AtEntry, CsBase, 0xffff_0000_0000_0000)),
            Keeps(Finds(CsBase, 1UL << 47).State(Vmcb12AtVmrun, CleanBits, 0).State(L2AtEntry, CsBase, 0xffff_8000_0000_0000)),
            Keeps(Finds(CsBase, 1UL << 47).State(Vmcb12AtVmrun, CleanBits, 0).State(L2AtEntry, CsBase, 1UL << 47)),
            Silent("the segments are clean", Finds(CsBase, 1UL << 47).State(Vmcb12AtVmrun, CleanBits, 1 << 8).State(L2AtEntry, CsBase, 0)),
            Undecided(Evidence.MachineStates, Finds(CsBase, 1UL << 47).State(Vmcb12AtVmrun, CleanBits, 0))),

        // "A clean bit of 0: the field is loaded from the VMCB"
        new("SVM-15.15-CLEANBITS-HONOUR0",
            Breaks(Finds(CleanBits, 0).State(Vmcb12AtVmrun, Dr7, 0x400).State(L2AtEntry, Dr7, 0x401)),
            Keeps(Finds(CleanBits, 0).State(Vmcb12AtVmrun, Dr7, 0x400).State(L2AtEntry, Dr7, 0x400)),
            Undecided(Evidence.MachineStates, Finds(CleanBits, 0).State(Vmcb12AtVmrun, Dr7, 0x400)),
            Breaks(Finds(CleanBits, 0xff).L2Exit(Cpuid).Reflects(Cpuid).State(Vmcb12AfterExit, CleanBits, 0xfe)),
            Keeps(Finds(CleanBits, 0xff).L2Exit(Cpuid).Reflects(Cpuid).State(Vmcb12AfterExit, CleanBits, 0xff)),

            // These bits read alike whatever is loaded.
            Keeps(Finds(CleanBits, 0).State(Vmcb12AtVmrun, Dr7, 0).State(L2AtEntry, Dr7, 0x400)),
            Keeps(Finds(CleanBits, 0).State(Vmcb12AtVmrun, Cr0Register, 1).State(L2AtEntry, Cr0Register, 0x11)),
            Breaks(Finds(CleanBits, 0).State(Vmcb12AtVmrun, Cr0Register, 1).State(L2AtEntry, Cr0Register, 0x10)),
            Keeps(Finds(CleanBits, 0).State(Vmcb12AtVmrun, Cr0Register, 0).State(L2AtEntry, Cr0Register, 0)
                .State(Vmcb12AtVmrun, VmcbField.Cpl, 3).State(L2AtEntry, VmcbField.Cpl, 0)),
            Silent("the VMM may set registers", Finds(CleanBits, 0).AsksUserspace(IoReason).State(Vmcb12AtVmrun, Dr7, 0x400).State(L2AtEntry, Dr7, 0x401)),
            Silent("RSM loads what the handler left", Finds(CleanBits, 0).LeavesSmm().State(Vmcb12AtVmrun, Dr7, 0x400).State(L2AtEntry, Dr7, 0x401)),
            Breaks(Finds(CleanBits, 0).State(Vmcb12AtVmrun, InterceptExceptions, 1 << 14).State(L2AtEntry, InterceptExceptions, 1 << 6)),
            Keeps(Finds(CleanBits, 0).State(Vmcb12AtVmrun, InterceptExceptions, 1 << 14).State(L2AtEntry, InterceptExceptions, 3 << 14)),
            Breaks(Finds(CleanBits, 0).State(Vmcb12AtVmrun, InterceptCr, 1 << 20).State(L2AtEntry, InterceptCr, 0)),
            Breaks(Finds(CleanBits, 0).State(Vmcb12AtVmrun, InterceptDr, 1 << 7).State(L2AtEntry, InterceptDr, 0)),
            Breaks(Finds(CleanBits, 0).State(Vmcb12AtVmrun, InterceptMisc1, 1 << 3).State(L2AtEntry, InterceptMisc1, 4)),
            Breaks(Finds(CleanBits, 0).State(Vmcb12AtVmrun, InterceptMisc2, 1 << 5).State(L2AtEntry, InterceptMisc2, 1)),

            // L0 may not see SMI, and the processor may lack RDTSCP.
            Keeps(Finds(CleanBits, 0).State(Vmcb12AtVmrun, InterceptMisc1, 4).State(L2AtEntry, InterceptMisc1, 0)
                .State(Vmcb12AtVmrun, InterceptMisc2, 0x81).State(L2AtEntry, InterceptMisc2, 1)),
            Silent("the intercepts are clean", Finds(CleanBits, 1).State(Vmcb12AtVmrun, InterceptExceptions, 1 << 14).State(L2AtEntry, InterceptExceptions, 0)),
            Silent("the field is clean", Finds(CleanBits, ulong.MaxValue).State(Vmcb12AtVmrun, Dr7, 0x400).State(L2AtEntry, Dr7, 0x401))),
        new("SVM-15.15-CLEANBITS-L0",
            Breaks(Edited().State(L2AtEntry, CleanBits, 1 << 9)),
            Keeps(Edited().State(L2AtEntry, CleanBits, 0)),
            Undecided(Evidence.MachineStates, Edited()),
            Breaks(L2().L2Exit(Npf).State(L2AtExit, InterceptMisc1, 1).State(L2AtEntry, InterceptMisc1, 0x11).State(L2AtEntry, CleanBits, 1)),
            Keeps(L2().L2Exit(Npf).State(L2AtExit, InterceptMisc1, 1).State(L2AtEntry, InterceptMisc1, 0x11).State(L2AtEntry, CleanBits, 0xfe)),
            Breaks(L2().L2Exit(Npf).State(L2AtExit, IopmBasePa, 0x1000).State(L2AtEntry, IopmBasePa, 0x4000).State(L2AtEntry, CleanBits, 2)),
            Breaks(L2().L2Exit(Npf).State(L2AtExit, GuestAsid, 1).State(L2AtEntry, GuestAsid, 2).State(L2AtEntry, CleanBits, 4)),
            Breaks(L2().L2Exit(Npf).State(L2AtExit, NCr3, 0x1000).State(L2AtEntry, NCr3, 0x2000).State(L2AtEntry, CleanBits, 0x10)),
            Silent("nothing is edited", L2().L2Exit(Npf).State(L2AtExit, Cr2, 1).State(L2AtEntry, Cr2, 1).State(L2AtEntry, CleanBits, 1 << 9))),

        // "DR6 is written before the intercept of #DB is taken"
        new("SVM-15.12-DB-DR6",
            Breaks(Trapped().State(L2AtExit, Dr6, 0xffff_4ff0).State(Vmcb12AfterExit, Dr6, 0xffff_0ff0)),
            Keeps(Trapped().State(L2AtExit, Dr6, 0xffff_4ff0).State(Vmcb12AfterExit, Dr6, 0xffff_4ff0)),
            Undecided(Evidence.MachineStates, Trapped().State(L2AtExit, Dr6, 0xffff_4ff0)),
            Silent("another exit", Left().State(L2AtExit, Dr6, 0xffff_4ff0).State(Vmcb12AfterExit, Dr6, 0xffff_0ff0))),
    ];

    private static IReadOnlyList<RuleCase> Rest =>
    [
        // "The vector is V_INTR_VECTOR"
        new("SVM-15.21-VIRQ-VECTOR",
            Breaks(Interrupted(VIrq | (0x32UL << 32))),
            Keeps(Interrupted(VIrq | (0x31UL << 32))),
            Undecided(Evidence.MachineStates, On().Vmrun([Intr], intCtl: (uint)VIrq).L2Exit(Npf, intInfo: Irq).State(L2AtExit, Rsp, 0).Interrupts(0x31, again: true)),
            Silent("no virtual interrupt is pending", On().Vmrun().State(Vmcb12AtVmrun, IntCtl, 0x32UL << 32).L2Exit(Npf, intInfo: Irq).Interrupts(0x31, again: true))),

        // "nRIP of vmcb12 is the instruction after"
        new("SVM-15.7-NRIP-L1",
            Breaks(Left().Having(CpuFeature.NripSave).State(L2AtExit, NextRip, 0x2002).State(Vmcb12AfterExit, NextRip, 0x2003)),
            Keeps(Left().Having(CpuFeature.NripSave).State(L2AtExit, NextRip, 0x2002).State(Vmcb12AfterExit, NextRip, 0x2002)),
            Undecided(Evidence.MachineStates, Left().Having(CpuFeature.NripSave).State(L2AtExit, NextRip, 0x2002)),
            Undecided(Evidence.GuestCpuid, Left().State(L2AtExit, NextRip, 0x2002).State(Vmcb12AfterExit, NextRip, 0)),
            Silent("the virtual CPU saves none", Left().Having(CpuFeature.NripSave, false).State(L2AtExit, NextRip, 0x2002).State(Vmcb12AfterExit, NextRip, 0))),

        // "For branches nRIP is the next sequential instruction"
        new("SVM-15.8-NRIP-CFLOW",
            Breaks(Branches().State(L2AtExit, NextRip, 0x9000)),
            Keeps(Branches().State(L2AtExit, NextRip, RunStory.L2Rip + 2)),
            Undecided(Evidence.MachineStates, Branches().State(L2AtExit, Rsp, 0)),
            Silent("it is no branch", L2().L2Exit(SvmExitCode.Rdtsc).Emulates("0f 31").State(L2AtExit, NextRip, 0x9000))),

        // "The processor honours TLB_CONTROL and does not change it"
        new("SVM-15.16-TLBCTL-HONOUR",
            BreaksAssuming(Evidence.MachineStates, Flushes(1, 7).State(L2AtEntry, TlbControl, 0)),
            BreaksAssuming(Evidence.MachineStates, Flushes(7, 7).State(L2AtEntry, TlbControl, 0)),
            Keeps(Flushes(3, 8).State(L2AtEntry, TlbControl, 0)),
            Breaks(Finds(TlbControl, 3).L2Exit(Cpuid).Reflects(Cpuid).State(Vmcb12AfterExit, TlbControl, 0)),
            Keeps(Flushes(1, 7).State(L2AtEntry, TlbControl, 1)),
            Undecided(Evidence.MachineStates, Finds(TlbControl, 1)),
            Undecided(Evidence.MachineStates, Finds(TlbControl, 1).State(L2AtEntry, TlbControl, 0).State(L2AtEntry, GuestAsid, 7)),
            Silent("no flush is asked for", Flushes(0, 7).State(L2AtEntry, TlbControl, 0))),

        // "A20M# is never asserted in a guest"
        new("SVM-15.25-A20",
            Breaks(Fetches(RunStory.L2Rip).State(L2AtExit, CsBase, Bit20)),
            Keeps(Fetches(RunStory.L2Rip | Bit20).State(L2AtExit, CsBase, Bit20)),
            Undecided(Evidence.MachineStates, Fetches(RunStory.L2Rip)),
            Silent("paging is on", L2().L2Exit(Npf, info1: FetchByUser, info2: 0x2000).State(L2AtExit, Cr0Register, 1UL << 31).State(L2AtExit, CsBase, Bit20))),
        new("SVM-15.16-ASID-CURRENT",
            Silent("flushing more than asked is allowed, and less needs guest memory", L2().State(L2AtEntry, GuestAsid, 1))),

        // "VMRUN loads the PAUSE counter"
        new("SVM-15.14-PAUSE-RELOAD",
            Breaks(Counted(6).Having(CpuFeature.PauseFilter)),
            Keeps(Counted(5).Having(CpuFeature.PauseFilter)),
            Keeps(Counted(4).Having(CpuFeature.PauseFilter)),
            Undecided(Evidence.GuestCpuid, Counted(6)),
            Silent("the virtual CPU has no filter", Counted(6).Having(CpuFeature.PauseFilter, false)),
            Undecided(Evidence.MachineStates, L2(Pause).State(Vmcb12AtVmrun, PauseFilterCount, 5)),
            Silent("PAUSE is not intercepted", Finds(PauseFilterCount, 5).State(L2AtEntry, PauseFilterCount, 4))),

        new("SVM-L-MSR-ACTIVE-BITMAP",
            Silent("which maps are merged when shows in what is intercepted", L2().State(L2AtEntry, MsrpmBasePa, 0x1000))),

        // "Save and restore of a nested guest changes nothing"
        new("SVM-L-RESTORE-EQUIV",
            Breaks(Asked().State(L2AtExit, InterruptShadow, 1).State(L2AtEntry, InterruptShadow, 0)),
            Keeps(L2().L2Exit(Hlt).AsksUserspace(IoReason).States([GPat, VmcbField.Gif], 1, L2AtExit, L2AtEntry)
                .State(L2AtExit, InterruptShadow, 1).State(L2AtEntry, InterruptShadow, 0)),
            Keeps(Asked().States([InterruptShadow, GPat, VmcbField.Gif], 1, L2AtExit, L2AtEntry)),
            Undecided(Evidence.MachineStates, Asked().State(L2AtExit, InterruptShadow, 1)),
            Undecided(Evidence.MachineStates, Asked().States([InterruptShadow, VmcbField.Gif], 1, L2AtExit, L2AtEntry)),
            Silent("the VMM was not asked", L2().L2Exit(Npf).State(L2AtExit, InterruptShadow, 1).State(L2AtEntry, InterruptShadow, 0))),
    ];

    private static RunStory On() => new RunStory().SvmeOn();

    private static RunStory L2(params SvmExitCode[] intercepts) => On().Vmrun([Cpuid, .. intercepts]);

    private static RunStory Left() => L2().L2Exit(Cpuid).Reflects(Cpuid);

    // VMRUN finds a field so in vmcb12.
    private static RunStory Finds(VmcbField field, ulong value) => L2().State(Vmcb12AtVmrun, field, value);

    // L2 ran with ASID 7, and VMRUN asks for a flush.
    private static RunStory Flushes(ulong control, ulong asid) =>
        L2().State(L2AtEntry, GuestAsid, 7).L2Exit(Cpuid).Reflects(Cpuid).Vmrun([Cpuid]).State(Vmcb12AtVmrun, TlbControl, control).State(L2AtEntry, GuestAsid, asid);

    private static RunStory AvicIndex(ulong index, ulong control = 0) => L2().State(L2AtEntry, IntCtl, AvicEnable | control).State(L2AtEntry, AvicPhysicalTable, 0x5000 | index);

    private static RunStory HostCode(ulong selector, ulong limit) =>
        L2().State(L1AtExit, CsSelector, selector).State(L1AtExit, GdtrLimit, limit).State(L1AtExit, Cr4Register, 0x20).State(L1AtExit, EferRegister, 0x1d00)
            .L2Exit(Cpuid).Reflects(Cpuid).State(L2AtExit, Rsp, 0);

    // L0 changes CR2 of L2 between an exit and the entry.
    private static RunStory Edited() => L2().L2Exit(Npf).State(L2AtExit, Cr2, 1).State(L2AtEntry, Cr2, 2);

    private static RunStory Trapped() => L2(DB).L2Exit(DB, RunStory.L2Rip + 1).Reflects(DB);

    private static RunStory Interrupted(ulong intCtl) => On().Vmrun([Intr]).State(Vmcb12AtVmrun, IntCtl, intCtl)
        .L2Exit(Npf, intInfo: Irq).State(L2AtExit, Rsp, 0).Interrupts(0x31, again: true);

    private static RunStory Branches() => L2().L2Exit(SwInt).Emulates("cd 80");

    private static RunStory Fetches(ulong address) => L2().L2Exit(Npf, info1: FetchByUser, info2: address).State(L2AtExit, Cr0Register, 0);

    private static RunStory Counted(ulong count) =>
        L2(Pause).State(Vmcb12AtVmrun, PauseFilterCount, 5).State(L2AtEntry, PauseFilterCount, count);

    private static RunStory Asked() => L2().L2Exit(Npf).AsksUserspace(IoReason);
}

/// <summary>Words of these rules.</summary>
internal static class StateWords
{
    /// <summary>The virtual CPU has a feature, or has it not.</summary>
    public static RunStory Having(this RunStory story, CpuFeature feature, bool has = true)
    {
        story.Records[0].Known = [.. story.Records[0].Known, vcpu => vcpu.Profile.Set(feature, has)];
        return story;
    }
}
