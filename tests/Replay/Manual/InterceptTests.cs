using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.Replay.Support.RuleState;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay.Manual;

/// <summary>Group D, in the order of the rules.</summary>
public sealed class InterceptTests : RuleTests<InterceptTests>, IRuleCases
{
    private const string BitMap = "SVM-C1-CODE-BIT-MAP", ByDefault = "SVM-L-REFLECT-DEFAULT", Immediate = "SVM-L-REFLECT-IMMEDIATE",
        CodeEq = "SVM-L-NI-CODE-EQ", InfoEq = "SVM-L-NI-INFO-EQ", EmuCheck = "SVM-L-EMU-CHECK", NoSpurious = "SVM-L-EMU-NOSPURIOUS",
        ExcCode = "SVM-15.12-EXC-CODE", MsrUnion = "SVM-L-MSR-UNION", SelOnly = "SVM-15.9-CR0-SEL-ONLY-CR0", SelBits = "SVM-15.9-CR0-SEL-BITS";

    private const ulong Decoded = 1UL << 63, Fetch = 1 << 4, Final = 1UL << 32, Walk = 1UL << 33;
    private const ulong MapAt = 0x9000;
    private const uint OutByte = 0x60_0010, InByte = 0x60_0011, InWordAt67 = 0x67_0021, VIrq = 1 << 8;

    private static readonly SvmExitCode Cr3Read = new(0x003), Cr0Write = new(0x010), Cr3Write = new(0x013), Dr7Write = new(0x037), LdtrWrite = new(0x06c),
        DB = OfException(1), BP = OfException(3), UD = OfException(6), DF = OfException(8), GP = OfException(13), PF = OfException(14);

    private static readonly uint Gate = Event(EventType.Exception, 13);
    private static readonly SvmExitCode[] Contributory =
        [.. ExceptionVector.All.Where(row => row.Class == ExceptionClass.Contributory).Select(row => OfException(row.Vector))];

    public static IReadOnlyList<RuleCase> All => [.. CodesAndBits, .. ControlRegisters, .. Forms, .. Ports, .. Msrs, .. Exceptions, .. NestedPageFaults, .. Rest];

    private static IReadOnlyList<RuleCase> CodesAndBits =>
    [
        // "Intercept exit codes equal the bit position of the flag in the intercept vector"
        new(BitMap,
            Breaks(L2().L2Exit(Cpuid).Reflects(Cpuid), ByDefault),
            Breaks(L2().L2Exit(Intr).Reflects(Shutdown), "SVM-15.14-SHUTDOWN-NOINT"),
            Keeps(L2(Cpuid).L2Exit(Cpuid).Reflects(Cpuid)),
            Keeps(L2().L2Exit(Npf).Reflects(Npf)),
            Keeps(L2().L2Exit(Invalid).Reflects(Invalid)),
            Keeps(L2().L2Exit(Intr).Reflects(HostUse)),
            Keeps(L2().L2Exit(Intr).Reflects(Intr).EntersSmm())),

        // "Only defined exit codes may be reported"
        new("SVM-C1-CODE-DEFINED",
            Breaks(L2().L1Exit(new(0x200)), "SVM-15.6-EXIT-ONCE"),
            Breaks(new RunStory().L1Exit(new(0x3ff))),
            Breaks(L2().L2Exit(Npf).Reflects(new(0x404)), CodeEq),
            Silent("L1 is shown what the manual says", L2(Cpuid).L2Exit(Cpuid).Reflects(Cpuid)),
            Silent("L1 is shown what the manual says", L2().L2Exit(Npf).Reflects(Npf)),
            Silent("the code is defined", new RunStory().L1Exit(Cpuid))),

        // "EXITCODE is 64 bits; upper half is 0 for normal exits and all ones for failures."
        new("SVM-C1-UPPER32",
            Breaks(new RunStory().L1Exit(new(0x1_0000_0072)), "SVM-C1-CODE-DEFINED"),
            Breaks(L2(Cpuid).L2Exit(Npf).Reflects(new(0x1_0000_0072)), "SVM-C1-CODE-DEFINED", CodeEq),
            Silent("L1 is shown what the manual says", L2().L2Exit(Invalid).Reflects(Invalid))),
    ];

    private static IReadOnlyList<RuleCase> ControlRegisters =>
    [
        // "MOV from CRn with vmcb12 CR-read bit n -> exit 0x00+n"
        new("SVM-15.9-CR-READ-MAP",
            Breaks(L2(Cr3Read).L2Exit(Cr3Read, info1: Decoded), ByDefault, Immediate),
            Breaks(L2().L2Exit(Cr3Read, info1: Decoded).Reflects(Cr3Read, info1: Decoded), BitMap, ByDefault),
            Breaks(L2(Cr3Read).L2Exit(Npf).Emulates("0f 20 d8"), EmuCheck),
            Keeps(L2(Cr3Read).L2Exit(Cr3Read, info1: Decoded).Reflects(Cr3Read, info1: Decoded)),
            Keeps(L2(Cr3Read).L2Exit(Npf).Emulates("0f 20 d8").Reflects(Cr3Read)),
            Silent("nothing is read", L2(Cr3Read).L2Exit(Npf))),

        // "MOV to CRn with CR-write bit n -> exit 0x10+n"
        new("SVM-15.9-CR-WRITE-MAP",
            Breaks(L2(Cr3Write).L2Exit(Cr3Write, info1: Decoded).WritesCr(3, 0), ByDefault, Immediate),
            Breaks(L2(Cr3Write).L2Exit(Cr3Write, info1: Decoded).WritesCr(3, 0).Reflects(Cr3Write, info1: Decoded)),
            Breaks(L2(Cr0Write).L2Exit(Npf).Emulates("0f 06"), EmuCheck),
            Keeps(L2(Cr3Write).L2Exit(Cr3Write, info1: Decoded).Reflects(Cr3Write, info1: Decoded)),
            Keeps(L2().L2Exit(Cr3Write, info1: Decoded).WritesCr(3, 0))),

        // "fires only if a bit other than TS or MP changes"
        new(SelBits,
            Breaks(WritesCr0(0x8000_0011).L2Exit(Cr0Write, info1: Decoded).WritesCr(0, 0x8000_0019).Reflects(Cr0SelWrite)),
            Breaks(WritesCr0(0x8000_0011).L2Exit(Cr0Write, info1: Decoded).WritesCr(0, 0x11)),
            Keeps(WritesCr0(0x8000_0011).L2Exit(Cr0Write, info1: Decoded).WritesCr(0, 0x11).Reflects(Cr0SelWrite)),
            Keeps(WritesCr0(0x8000_0011).L2Exit(Cr0Write, info1: Decoded).WritesCr(0, 0x8000_0019)),
            Keeps(WritesCr0(0x8000_0011).L2Exit(Cr0Write, info1: Decoded).WritesCr(0, 0x8000_0013)),
            Breaks(WritesCr0(0x8000_0011).L2Exit(Cr0Write, info1: Decoded).WritesCr(0, 0x8000_0013).Reflects(Cr0SelWrite)),
            Breaks(WritesCr0(0x8000_0011).L2Exit(Cr0Write, info1: Decoded).WritesCr(0, 0x8000_0015)),
            Undecided(Evidence.ControlRegisters, L2(Cr0SelWrite).L2Exit(Cr0Write, info1: Decoded).WritesCr(0, 0x11)),
            Undecided(Evidence.ControlRegisters, L2(Cr0SelWrite).L2Exit(Cr0Write).Emulates("0f 22 c0"))),

        // "LMSW treats the selective intercept as non-selective (always exits)."
        new("SVM-15.9-CR0-SEL-LMSW",
            Breaks(L2(Cr0SelWrite).L2Exit(Cr0Write).Emulates("0f 01 f0")),
            Breaks(L2(Cr0SelWrite).L2Exit(Cr0Write).Emulates("0f 01 f0").Reflects(Cr0Write), BitMap, ByDefault, "SVM-15.9-CR-WRITE-MAP"),
            Keeps(L2(Cr0SelWrite).L2Exit(Cr0Write).Emulates("0f 01 f0").Reflects(Cr0SelWrite)),
            Keeps(L2(Cr0SelWrite).L2Exit(Cr0Write).Emulates("0f 01 f0").Raises(13, 0)),
            Keeps(L2(Cr0SelWrite).L2Exit(Cr0Write).Emulates("0f 01 30").Reflects(Npf, (1UL << 32) | 4)),
            Silent("the plain intercept is active", L2(Cr0SelWrite, Cr0Write).L2Exit(Cr0Write).Reflects(Cr0Write))),

        // "CLTS never checks the selective CR0 intercept."
        new("SVM-15.9-CR0-SEL-CLTS",
            Breaks(L2(Cr0SelWrite).L2Exit(Cr0Write).Emulates("0f 06").Reflects(Cr0SelWrite)),
            Keeps(L2(Cr0SelWrite).L2Exit(Cr0Write).Emulates("0f 06"))),

        // "Selective intercept applies to CR0 only"
        new(SelOnly,
            Breaks(L2(Cr0SelWrite).L2Exit(Cr3Write).Emulates("0f 22 d8").Reflects(Cr0SelWrite)),
            Keeps(L2(Cr0SelWrite).L2Exit(Cr3Write).Emulates("0f 22 d8"))),

        // "When both are active the non-selective CR0-write intercept wins"
        new("SVM-15.9-CR0-SEL-PRIO",
            Breaks(L2(Cr0SelWrite, Cr0Write).L2Exit(Cr0Write).Reflects(Cr0SelWrite), ByDefault, "SVM-15.9-CR-WRITE-MAP"),
            Breaks(L2(Cr0SelWrite, Cr0Write).L2Exit(Cr0SelWrite).Reflects(Cr0SelWrite)),
            Keeps(L2(Cr0SelWrite, Cr0Write).L2Exit(Cr0Write).Reflects(Cr0Write))),
    ];

    private static IReadOnlyList<RuleCase> Forms =>
    [
        // "MOV CRx sets EXITINFO1[63]=1 and [3:0]=GPR": bits 62:4 are 0.
        new("SVM-15.8-CR-INFO1",
            Breaks(new RunStory().L1Exit(Cr0Write, info1: Decoded | 0x10)),
            Silent("the form is kept", new RunStory().L1Exit(Cr0Write, info1: Decoded | 0xf)),
            Silent("without bit 63 nothing is defined", new RunStory().L1Exit(Cr0Write, info1: 0x1234))),

        // "MOV DRx: EXITINFO1[3:0]=GPR, [63:4]=0."
        new("SVM-15.8-DR-INFO1",
            Breaks(new RunStory().L1Exit(Cr0Write, info1: Decoded).L1Exit(Dr7Write, info1: 0x10)),
            Undecided(Evidence.VmcbControlArea, new RunStory().L1Exit(Dr7Write, info1: 0x10)),
            Silent("the form is kept", new RunStory().L1Exit(Dr7Write, info1: 0xf))),

        // "INTn intercept: EXITINFO1[7:0]=vector, rest 0."
        new("SVM-15.8-INTN-INFO1",
            Breaks(new RunStory().L1Exit(Cr0Write, info1: Decoded).L1Exit(SwInt, info1: 0x180)),
            Breaks(L2Decoding(SwInt).L2Exit(Npf).Emulates("cd 80").Reflects(SwInt, info1: 0x180)),
            Silent("L1 is shown what the manual says", L2Decoding(SwInt).L2Exit(Npf).Emulates("cd 80").Reflects(SwInt, info1: 0x80)),
            Undecided(Evidence.VmcbControlArea, new RunStory().L1Exit(SwInt, info1: 0x180)),
            Silent("L1 is not shown decode assists", L2(SwInt).L2Exit(Npf).Emulates("cd 80").Reflects(SwInt, info1: 0x180))),

        // "INVLPG: EXITINFO1=linear address"
        new("SVM-15.8-INVLPG-INFO1",
            Breaks(new RunStory().L1Exit(Cr0Write, info1: Decoded).L1Exit(Invlpg, info1: 0x0800_0000_0000_0000)),
            Undecided(Evidence.VmcbControlArea, new RunStory().L1Exit(Invlpg, info1: 0x0800_0000_0000_0000)),
            Silent("the address is canonical", new RunStory().L1Exit(Invlpg, info1: 0xffff_8000_0000_0000))),

        // "Guest instruction bytes are stored for data #PF/NPF"
        new("SVM-15.8-INSNBYTES",
            Undecided(Evidence.InstructionBytes, L2().L2Exit(Npf).Happens(KvmEventKind.EmulateInstruction, RunStory.L2Rip, 0, 0, 0, 0, 9, 0)),
            Silent("there are bytes", L2().L2Exit(Npf).Emulates("8b 00"))),
    ];

    private static IReadOnlyList<RuleCase> Ports =>
    [
        // "exactly one of SZ8/16/32; decode must match the following kvm_pio"
        new("SVM-15.10-IOIO-INFO1",
            Breaks(L1Port(0x60_0031)),
            Breaks(L1Port(0x60_0001)),
            Breaks(L1Port(0x60_0013)),
            Breaks(L1Port(0x60_0191)),
            Breaks(L2Port(InByte).AccessesPort(false, 0x61, 1)),
            Breaks(L2Port(InByte).AccessesPort(true, 0x60, 1)),
            Breaks(L2(Ioio).L2Exit(Npf).Emulates("e4 60").Reflects(Ioio, info1: 0x60_0031)),
            Keeps(L2Port(InByte).AccessesPort(false, 0x60, 1)),
            Silent("L1 is shown what the manual says", L2(Ioio).L2Exit(Npf).Emulates("e4 60").Reflects(Ioio, info1: InByte)),
            Silent("the form is kept", L1Port(InByte))),

        // "INS always ES=0, OUTS default DS=3": KVM leaves it out.
        new("SVM-15.10-IOIO-SEG",
            BreaksAssuming(Evidence.InstructionBytes, L2(Ioio).L2Exit(Npf).Emulates("6e").Reflects(Ioio, info1: OutByte | 4)),
            Keeps(L2(Ioio).L2Exit(Npf).Emulates("6e").Reflects(Ioio, info1: OutByte | 4 | (3 << 10))),
            Keeps(L2(Ioio).L2Exit(Npf).Emulates("6c").Reflects(Ioio, info1: InByte | 4)),
            Keeps(L2(Ioio).L2Exit(Npf).Emulates("64 6e").Reflects(Ioio, info1: OutByte | 4 | (4 << 10))),
            Silent("no string", L2(Ioio).L2Exit(Npf).Emulates("e4 60").Reflects(Ioio, info1: InByte))),

        // "EXITINFO2 = rIP of the instruction after IN/OUT."
        new("SVM-15.10-IOIO-INFO2",
            Breaks(new RunStory().L1Exit(Ioio, info1: InByte, info2: 0x1000).Stays()),
            Breaks(new RunStory().L1Exit(Ioio, info1: InByte, info2: 0x1010).Entry(0x1010)),
            Breaks(L1Port(InByte).Entry(0x1001), "SVM-15.8-RIP-AFTER-IO"),
            Keeps(L1Port(InByte).AsksUserspace(10).Entry(0x8000)),
            Silent("L1 goes on behind", L1Port(InByte)),
            Silent("L1 is raised an exception", L1Port(InByte).Raises(13, 0)),
            Silent("16-bit code goes round", new RunStory().L1Exit(Ioio, 0xffff, InByte, 1).Entry(1))),

        // "same port+size must give a consistent decision": a guess, for the map may have changed.
        new("SVM-15.10-IOIO-BYTES",
            Undecided(Evidence.IoPermissionMap, L2Port(InByte)),
            Undecided(Evidence.IoPermissionMap, L2Port(InByte).Reflects(Ioio, info1: InByte, info2: 0x2003).Vmrun([Ioio]).L2Exit(Ioio)),
            Keeps(L2Port(InByte).L2Exit(Ioio)),
            Breaks(L2(Ioio).Knowing(static v => v.PortIntercepted = Truth.Yes).L2Exit(Ioio), "SVM-15.10-IOIO-PRIO"),
            Breaks(ReadsPorts(InByte, MapAt + 0xc, 1, 0x01), "SVM-15.10-IOIO-PRIO"),
            Keeps(ReadsPorts(InByte, MapAt + 0xc, 1, 0xfe)),
            Breaks(ReadsPorts(InWordAt67, MapAt + 0xc, 2, 0x0100), "SVM-15.10-IOIO-PRIO"),
            Keeps(ReadsPorts(InWordAt67, MapAt + 0xc, 2, 0xfe7f)),
            Undecided(Evidence.IoPermissionMap, ReadsPorts(InWordAt67, MapAt + 0xc, 1, 0x7f)),
            Silent("L1 does not intercept ports", L2().L2Exit(Ioio))),

        // "With IOIO_PROT=0 no I/O intercept for L1"
        new("SVM-15.10-IOIO-PROT-OFF",
            Breaks(L2().L2Exit(Ioio).Reflects(Ioio), BitMap),
            Keeps(L2().L2Exit(Ioio)),
            Silent("ports are protected", L2(Ioio).L2Exit(Ioio).Reflects(Ioio))),

        // "it must not be re-made after the I/O was performed"
        new("SVM-15.10-IOIO-NO-RECHECK",
            Breaks(L2(Ioio).L2Exit(Npf).Emulates("6c").AccessesPort(false, 0x60, 1).Reflects(Ioio, info1: InByte | 4)),
            Breaks(L2(Ioio).L2Exit(Ioio, info1: InByte).AccessesPort(false, 0x60, 1).Reflects(Ioio, info1: InByte)),
            Keeps(L2(Ioio).L2Exit(Npf).Emulates("6c").AccessesPort(false, 0x60, 1)),
            Silent("HLT accesses no port", L2().L2Exit(Hlt).AccessesPort(false, 0x60, 1)),
            Silent("no port was accessed", L2(Ioio).L2Exit(Ioio).Reflects(Ioio))),
    ];

    private static IReadOnlyList<RuleCase> Msrs =>
    [
        // "EXITINFO1=0 for RDMSR, 1 for WRMSR."
        new("SVM-15.11-MSR-INFO1",
            Breaks(new RunStory().L1Exit(SvmExitCode.Msr, info1: 2)),
            Breaks(L2().L2Exit(SvmExitCode.Msr, info1: 1).Msr(false, 0x10, 0)),
            Breaks(L2(SvmExitCode.Msr).L2Exit(Npf).Emulates("0f 32").Reflects(SvmExitCode.Msr, info1: 2)),
            Keeps(L2().L2Exit(SvmExitCode.Msr).Msr(false, 0x10, 0)),
            Silent("the form is kept", new RunStory().L1Exit(SvmExitCode.Msr, info1: 1))),

        // "MSRPM: 2 bits per MSR": never recorded.
        new("SVM-15.11-MSRPM-LAYOUT",
            Undecided(Evidence.MsrPermissionMap, L2(SvmExitCode.Msr).L2Exit(SvmExitCode.Msr).Msr(false, 0x10, 0)),
            Breaks(L2(SvmExitCode.Msr).Knowing(static v => v.MsrIntercepted = Truth.Yes).L2Exit(SvmExitCode.Msr).Msr(false, 0x10, 0), "SVM-15.11-MSR-PRIO"),

            // RDMSR 174h: two bits a register, so bit 0 of byte 5dh of the map.
            Breaks(ReadsMap(0x174, MapAt + 0x5c, 4, 0x100).Msr(false, 0x174, 0), "SVM-15.11-MSR-PRIO"),
            Keeps(ReadsMap(0x174, MapAt + 0x5c, 4, 0x100).Reflects(SvmExitCode.Msr)),
            Silent("the map has only the bit of WRMSR, and that of another register", ReadsMap(0x174, MapAt + 0x5c, 4, 0x600).Msr(false, 0x174, 0)),
            Undecided(Evidence.MsrPermissionMap, ReadsMap(0x174, MapAt + 0x60, 4, 0xffff_ffff).Msr(false, 0x174, 0)),
            Silent("L1 does not intercept", L2().L2Exit(SvmExitCode.Msr).Msr(false, 0x10, 0))),

        // "any MSR outside the three ranges is always intercepted"
        new("SVM-15.11-MSR-UNCOVERED",
            Breaks(L2(SvmExitCode.Msr).L2Exit(SvmExitCode.Msr).Msr(false, 0x4000_0000, 0), "SVM-15.11-MSR-PRIO"),
            Silent("the map covers it", L2(SvmExitCode.Msr).L2Exit(SvmExitCode.Msr).Msr(false, 0x1fff, 0)),
            Silent("L1 does not intercept", L2().L2Exit(SvmExitCode.Msr).Msr(false, 0x4000_0000, 0))),

        // "MSR_PROT=0: RDMSR/WRMSR are not intercepted for L1."
        new("SVM-15.11-MSR-PROT-OFF",
            Breaks(L2().L2Exit(SvmExitCode.Msr).Reflects(SvmExitCode.Msr), BitMap),
            Keeps(L2().L2Exit(SvmExitCode.Msr).Msr(false, 0x10, 0))),
    ];

    private static IReadOnlyList<RuleCase> Exceptions =>
    [
        // "Exception intercept n -> exit 0x40+n only if vmcb bit n set."
        new(ExcCode,
            Breaks(L2(PF).L2Exit(GP).Reflects(GP), BitMap),
            Silent("L1 is shown what the manual says", L2(GP).L2Exit(GP).Reflects(GP)),
            Silent("intercepts are not known", new RunStory().L2Exit(GP).Reflects(GP))),

        // "intercepts put the error code in EXITINFO1"
        new("SVM-15.12-EXC-ERRCODE",
            Breaks(L2(GP).L2Exit(GP, info1: 8).Reflects(GP, info1: 16), InfoEq),
            Keeps(L2(GP).L2Exit(GP, info1: 8).Reflects(GP, info1: 0xff_0000_0008)),
            Breaks(L2(PF).L2Exit(Ioio).Emulates("6c").Reflects(PF, info1: 0x4d0_0215)),
            Breaks(L2(PF).L2Exit(Ioio).Emulates("6c").Reflects(PF, info1: 0x12)),
            Breaks(L2().L2Exit(PF, info1: 0x100).Stays()),
            Breaks(L2(PF).L2Exit(Ioio).Emulates("6c").Reflects(PF, info1: 0x50)),
            Breaks(L2(GP).L2Exit(Ioio).Emulates("6c").Reflects(GP, info1: 0x1_0000)),
            Breaks(L2(DF).L2Exit(Ioio).Emulates("6c").Reflects(DF, info1: 1)),
            Keeps(L2(PF).L2Exit(PF, info1: 0x8000_0007).Reflects(PF, info1: 0x8000_0007)),
            Keeps(L2(PF).L2Exit(PF, info1: 0x11).Reflects(PF, info1: 0x11)),
            Keeps(L2(PF).L2Exit(PF, info1: 9).Reflects(PF, info1: 9)),
            Keeps(L2(PF).L2Exit(PF, info1: 0x23).Reflects(PF, info1: 0x23)),
            Keeps(L2(PF).L2Exit(PF, info1: 0xff_0000_0019).Reflects(PF, info1: 0xff_0000_0019)),
            Keeps(L2(GP).L2Exit(Ioio, rip: 0x2000).Reflects(GP, info1: 0x1_0000)),
            Silent("no error code", L2(UD).L2Exit(UD, info1: 8).Reflects(UD, info1: 16))),

        // "EXITINFO2 = faulting address"
        new("SVM-15.12-PF-INFO2",
            Breaks(L2Paged(PF).L2Exit(PF, info2: 0x111).Reflects(PF, info2: 0x222), InfoEq),
            Keeps(L2Paged(PF).L2Exit(PF, info2: 0x111).Reflects(PF, info2: 0x111)),
            Silent("the host may use shadow paging", new RunStory().SvmeOn().Vmrun([PF], nestedPaging: false).L2Exit(PF, info2: 0x111).Reflects(PF, info2: 0x111))),

        // "INT1/ICEBP does not trigger the #DB intercept"
        new("SVM-15.12-DB-ICEBP",
            BreaksAssuming(Evidence.InstructionBytes, L2(DB).L2Exit(Npf).Emulates("f1").Reflects(DB)),
            Keeps(L2(DB).L2Exit(Npf).Emulates("f1")),
            Silent("the processor itself reports #DB", L2(DB).L2Exit(DB, 0x2001).Emulates("f1").Reflects(DB))),

        // "saved rIP is the instruction itself": not recorded.
        new("SVM-15.12-BP-RIP",
            Undecided(Evidence.VmcbSaveArea, L2(BP).L2Exit(BP).Reflects(BP)),
            Silent("L1 is not shown it", L2().L2Exit(BP).Raises(3))),

        // "Exception bits 2 and 9 are not implemented"
        new("SVM-15.12-VEC2-9",
            Breaks(L2(OfException(9)).L2Exit(Intr).Reflects(OfException(9))),
            Silent("L1 is shown what the manual says", L2(GP).L2Exit(GP).Reflects(GP))),

        // "External interrupts and INTn never check exception intercepts"
        new("SVM-15.12-SWINT-NOEXC",
            Breaks(L2Injecting(Event(EventType.Interrupt, 13), GP).Reflects(GP), "SVM-L-RUN-PENDING"),
            Undecided(Evidence.GuestRun, L2Injecting(Event(EventType.Interrupt, 13), GP).L2Exit(GP).Reflects(GP)),
            Undecided(Evidence.GuestRun, L2Injecting(Event(EventType.Interrupt, 13), GP).L2Exit(GP, 0x3000).Reflects(GP)),
            Silent("it is not the first exit", L2Injecting(Event(EventType.Interrupt, 13), GP).L2Exit(Npf).L2Exit(GP).Reflects(GP)),
            Silent("the delivery was interrupted", L2Injecting(Event(EventType.Interrupt, 13), GP).L2Exit(GP, intInfo: Event(EventType.Interrupt, 13))
                .Reflects(GP, intInfo: Event(EventType.Interrupt, 13)))),

        // "checked for its own intercept before being combined into #DF"
        new("SVM-15.12-COMBINE-ORDER",
            Breaks(L2(GP, DF).L2Exit(GP, intInfo: Gate).Reflects(DF, intInfo: 0), "SVM-L-EXC-REFLECT-FIRST", "SVM-15.7-INTINFO-VALID", "SVM-L-NI-INTINFO-EQ"),
            Breaks(L2(Contributory).L2Exit(Npf, intInfo: Gate).Raises(8, 0)),
            Keeps(L2(GP).L2Exit(GP, intInfo: Gate).Reflects(GP, intInfo: Gate)),
            Silent("the second may be one that L1 does not intercept", L2(GP, PF).L2Exit(Npf, intInfo: Gate).Raises(8, 0)),
            Silent("L1 does not intercept the second", L2().L2Exit(GP, intInfo: Gate).Raises(8, 0))),
    ];

    private static IReadOnlyList<RuleCase> NestedPageFaults =>
    [
        // "EXITINFO1[15:0]=TSS selector"
        new("SVM-15.14-TASKSW-INFO",
            Breaks(new RunStory().L1Exit(TaskSwitch, info1: 0x1_0000)),
            Breaks(new RunStory().L1Exit(TaskSwitch, info2: (1UL << 36) | (1UL << 38))),
            Breaks(new RunStory().L1Exit(TaskSwitch, info2: 1UL << 44)),
            Silent("the form is kept", new RunStory().L1Exit(TaskSwitch, info1: 0x28, info2: 1UL << 36)),
            Silent("an exception has an error code", new RunStory().L1Exit(TaskSwitch, info2: 1UL << 44, intInfo: Gate))),

        // "A task switch checks only the task-switch intercept"
        new("SVM-15.14-TASKSW-SINGLE",
            BreaksAssuming(Evidence.InstructionBytes, L2(LdtrWrite).L2Exit(TaskSwitch).Emulates("0f 00 d0").Reflects(LdtrWrite)),
            Keeps(L2(TaskSwitch).L2Exit(TaskSwitch).Reflects(TaskSwitch)),
            Silent("L1 is shown nothing", L2().L2Exit(TaskSwitch))),

        // "exactly one of bits 32, 33"
        new("SVM-15.25-NPF-INFO1",
            Breaks(new RunStory().L1Exit(Npf, info1: 4)),
            Breaks(new RunStory().L1Exit(Npf, info1: Final | Walk | 6)),
            Breaks(L2().L2Exit(Npf).Emulates("8b 00").Reflects(Npf, info1: 4)),
            Breaks(new RunStory().L1Exit(Npf, info1: Final | Fetch | 6)),
            Breaks(L2().L2Exit(Npf).Emulates("8b 00").Reflects(Npf, info1: Final | Fetch | 6)),
            Silent("L1 is shown what the manual says", L2().L2Exit(Npf).Reflects(Npf)),
            Undecided(Evidence.VmcbControlArea, new RunStory().L1Exit(Npf, info1: Final | Fetch)),
            Silent("the form is kept", new RunStory().L1Exit(Npf, info1: Walk | 6))),

        // "EXITINFO2 = faulting guest physical address."
        new("SVM-15.25-NPF-INFO2",
            Breaks(L2().L2Exit(Npf, info1: Final | 4, info2: 0x1000).Faults(0x2000)),
            BreaksAssuming(Evidence.NestedPageTables, L2().L2Exit(Npf, info1: Final | 4, info2: 0x1000).Faults(0x1000).Reflects(Npf, Final | 4, 0x2000), InfoEq),
            Keeps(L2().L2Exit(Npf, info1: Final | 4, info2: 0x1000).Faults(0x1000))),

        // "Reflecting a hardware NPF to L1 keeps the final/page-walk indication."
        new("SVM-15.25-NPF-STAGE-KEEP",
            Breaks(L2().L2Exit(Npf, info1: Walk | 6).Reflects(Npf, info1: Final | 6), InfoEq),
            Keeps(L2().L2Exit(Npf, info1: Walk | 6).Reflects(Npf, info1: Walk | 6)),
            Silent("L0 emulated an instruction", L2().L2Exit(Npf, info1: Walk | 6).Emulates("8b 00").Reflects(Npf, info1: Final | 6))),

        // "P bit reflects the nested PTE"
        new("SVM-15.25-NPF-P-KEEP",
            BreaksAssuming(Evidence.NestedPageTables, L2().L2Exit(Npf, info1: Walk | 7).Reflects(Npf, info1: Walk | 6)),
            Keeps(L2().L2Exit(Npf, info1: Walk | 7).Reflects(Npf, info1: Walk | 7)),
            Silent("the page was not present", L2().L2Exit(Npf, info1: Walk | 6).Reflects(Npf, info1: Walk | 6))),
    ];

    private static IReadOnlyList<RuleCase> Rest =>
    [

        // "reserved bits zero"
        new("SVM-15.13-SMI-INFO1",
            Breaks(new RunStory().L1Exit(Smi, info1: 4)),
            Breaks(new RunStory().L1Exit(Smi, info1: 1 << 9)),
            Breaks(new RunStory().L1Exit(Smi, info1: 1 << 13)),
            Silent("the segment of a string access", new RunStory().L1Exit(Smi, info1: 0x60_0007_0000_0000 | (7 << 10))),
            Silent("the form is kept", new RunStory().L1Exit(Smi, info1: 0x60_0003_0000_0003))),

        // "EXITINFO1=EXITINFO2=0"
        new("SVM-15.14-BUSLOCK-INFO",
            Breaks(new RunStory().L1Exit(BusLock, info2: 1)),
            Breaks(L2(BusLock).L2Exit(BusLock).Reflects(BusLock, info1: 1), InfoEq),
            Silent("L1 is shown what the manual says", L2(BusLock).L2Exit(BusLock).Reflects(BusLock)),
            Silent("both are zero", new RunStory().L1Exit(BusLock))),

        // "only for SEV-ES guests"
        new("SVM-15.35-TRAP-INFO1",
            Breaks(L2().L2Exit(EferWriteTrap)),
            Undecided(Evidence.GuestCpuid, new RunStory().L1Exit(EferWriteTrap)),
            Silent("the state is encrypted", new RunStory().Knowing(static v => v.SevEs = Truth.Yes).L1Exit(EferWriteTrap))),

        // "EXITINFO1=ICRH:ICRL; EXITINFO2[63:32]=ID, [11:0] index"
        new("SVM-15.29-AVIC-IPI-INFO",
            Breaks(AvicIpi(0x1_0000_00fd, 0x1_0000_0003, 1, 0xfd, 2, 3)),
            Breaks(AvicIpi(0x1_0000_00fd, 0x6_0000_0003, 1, 0xfd, 6, 3)),
            Keeps(AvicIpi(0x1_0000_00fd, 0x5_0000_0003, 1, 0xfd, 5, 3)),
            Keeps(AvicIpi(0x1_0000_00fd, 0x1_0000_0003, 1, 0xfd, 1, 3))),

        // "EXITINFO1[11:4] offset, bit32 write; EXITINFO2[7:0] vector"
        new("SVM-15.29-AVIC-NOACCEL-INFO",
            Breaks(new RunStory().L1Exit(AvicNoAccel, info1: 0x1_0000_0080).Happens(KvmEventKind.AvicUnacceleratedAccess, 0x80, 1, 0, 0)),
            Keeps(new RunStory().L1Exit(AvicNoAccel, info1: 0x1_0000_0080).Happens(KvmEventKind.AvicUnacceleratedAccess, 0x80, 1, 1, 0))),

        // "HLT intercept beats Idle-HLT"
        new("SVM-15.9-HLT-IDLEHLT",
            Breaks(L2(Hlt, IdleHlt).L2Exit(IdleHlt).Reflects(IdleHlt)),
            Keeps(L2(Hlt, IdleHlt).L2Exit(Hlt).Reflects(Hlt)),
            Silent("only one is set", L2(IdleHlt).L2Exit(IdleHlt).Reflects(IdleHlt))),

        // "WBNOINVD is covered by the WBINVD intercept"
        new("SVM-15.9-WBNOINVD",
            BreaksAssuming(Evidence.GuestCpuid, L2(Wbinvd).L2Exit(Npf).Emulates("f3 0f 09"), EmuCheck),
            Keeps(L2(Wbinvd).L2Exit(Npf).Emulates("f3 0f 09").Reflects(Wbinvd)),
            Silent("L1 does not intercept it", L2().L2Exit(Npf).Emulates("f3 0f 09"))),

        // "info2 in 0..3 else #GP expected"
        new("SVM-15.9-INVPCID-INFO",
            BreaksAssuming(Evidence.InstructionBytes, new RunStory().L1Exit(Invpcid, info2: 4)),
            Keeps(new RunStory().L1Exit(Invpcid, info2: 4).Raises(13, 0)),
            Silent("the type exists", new RunStory().L1Exit(Invpcid, info2: 3))),

        // "PAUSE intercept with PauseFilterCount=0 exits on every PAUSE"
        new("SVM-15.14-PAUSE-COUNT",
            Breaks(L2().L2Exit(Pause).Reflects(Pause), BitMap, ByDefault, "SVM-L-PAUSE-OWNER"),
            Breaks(L2(Pause).Knowing(static v => v.Vmcb12[VmcbField.PauseFilterCount] = Bits64.Of(0)).L2Exit(Pause), ByDefault, Immediate),
            Keeps(L2().L2Exit(Pause)),
            Silent("the count is not known", L2(Pause).L2Exit(Pause).Reflects(Pause))),

        // "Shutdown with the intercept set exits 0x7f"
        new("SVM-15.14-SHUTDOWN-CODE",
            Breaks(L2(Shutdown).L2Exit(Shutdown), "SVM-15.14-SHUTDOWN-L1", ByDefault, Immediate),
            Breaks(L2().L2Exit(Shutdown).Reflects(Shutdown), BitMap, ByDefault, "SVM-15.14-SHUTDOWN-NOINT"),
            Keeps(L2(Shutdown).L2Exit(Shutdown).Reflects(Shutdown)),
            Keeps(L2().L2Exit(Shutdown).AsksUserspace(UserspaceExit.ShutdownReason))),

        // "V_IRQ stays pending": L1 may clear it.
        new("SVM-15.13-VINTR-CODE",
            Keeps(LeftForVirq().Vmrun([VIntr], VIrq)),
            Undecided(Evidence.VmcbControlArea, LeftForVirq().Vmrun([VIntr])),
            Silent("another vmcb12", LeftForVirq().Vmrun([VIntr], vmcb: 0x6000))),
    ];

    private static RunStory L2(params SvmExitCode[] intercepts) => new RunStory().SvmeOn().Vmrun(intercepts);

    // L0 reads a word of L1's map for the access of L2 at hand.
    private static RunStory ReadsMap(uint msr, ulong address, ulong length, ulong value) => L2(SvmExitCode.Msr).State(StateMoment.Vmcb12AtVmrun, VmcbField.MsrpmBasePa, MapAt)
        .L2Exit(SvmExitCode.Msr).State(StateMoment.L2AtExit, VmcbField.GuestRcx, msr).Happens(KvmEventKind.GuestRead, address, length, value);

    private static RunStory ReadsPorts(ulong info1, ulong address, ulong length, ulong value) => L2(Ioio).State(StateMoment.Vmcb12AtVmrun, VmcbField.IopmBasePa, MapAt)
        .L2Exit(Ioio, info1: info1, info2: RunStory.L2Rip + 3).State(StateMoment.L2AtExit, VmcbField.Rsp, 0).Happens(KvmEventKind.GuestRead, address, length, value);

    private static RunStory L2Decoding(params SvmExitCode[] intercepts) => new RunStory().L1Sees(0x8000_000a, edx: 1 << 7).SvmeOn().Vmrun(intercepts);

    private static RunStory L2Paged(params SvmExitCode[] intercepts) => L2(intercepts).L2Exit(Npf);

    private static RunStory L2Injecting(uint eventInj, params SvmExitCode[] intercepts) => new RunStory().SvmeOn().Vmrun(intercepts, eventInj: eventInj);

    private static RunStory WritesCr0(ulong value) => L2(Cr0SelWrite).L2Exit(Cr0Write, info1: Decoded).WritesCr(0, value);

    private static RunStory L1Port(ulong info1) => new RunStory().L1Exit(Ioio, info1: info1, info2: RunStory.L1Rip + 3);

    private static RunStory L2Port(ulong info1) => L2(Ioio).L2Exit(Ioio, info1: info1, info2: RunStory.L2Rip + 3);

    private static RunStory AvicIpi(ulong info1, ulong info2, ulong high, ulong low, ulong id, ulong index) =>
        new RunStory().L1Exit(SvmExitCode.AvicIncompleteIpi, info1: info1, info2: info2).Happens(KvmEventKind.AvicIncompleteIpi, high, low, id, index);

    private static RunStory LeftForVirq() => new RunStory().SvmeOn().Vmrun([VIntr], VIrq).L2Exit(VIntr).Reflects(VIntr);
}
