using Differ.Schemas.Vocabulary;
using Iced.Intel;
using static Differ.Replay.Manual.Tables.ExitInfoBits;

namespace Differ.Replay.Manual.Tables;

/// <summary>What the manual says of an exit code, or of a run of them. Names and sections are in <see cref="SvmExitTable"/>.</summary>
/// <param name="First">First code of the run.</param>
/// <param name="Last">Last code.</param>
internal sealed record ExitRow(ulong First, ulong Last)
{
    /// <summary>Where RIP goes is free, or told by EXITINFO2, in <see cref="RipStep"/>.</summary>
    public const int AnyRip = -1, RipByInfo2 = 16;

    /// <summary>One code.</summary>
    public ExitRow(SvmExitCode code)
        : this(code.Value, code.Value)
    {
    }

    /// <summary>The instructions with this intercept. MOV from and to CRn and DRn have one for each register.</summary>
    public IReadOnlyList<Mnemonic> Instructions { get; init; } = [];

    /// <summary>The feature that brings the instruction; null where every processor with SVM has it.</summary>
    public CpuFeature? Feature { get; init; }

    /// <summary>Bytes of the instruction without prefixes, behind which L0 usually goes on; 0 where RIP stays.</summary>
    public int RipStep { get; init; } = AnyRip;

    /// <summary>Whether nRIP is saved: for instruction intercepts, IOIO, MSR and the exceptions of INT3, INTO and BOUND; otherwise it is 0 (15.7.1).</summary>
    public bool SavesNextRip { get; init; }

    /// <summary>Bits of EXITINFO1 that mean something.</summary>
    public ulong Info1 { get; init; }

    /// <summary>Bits of EXITINFO2 that mean something.</summary>
    public ulong Info2 { get; init; }

    /// <summary>Whether EXITINFO1 is a decode assist: without that feature it is undefined (15.8).</summary>
    public bool Info1IsAssist { get; init; }

    /// <summary>Whether EXITINFO1 and 2 are defined to the bit, by statements of their own.</summary>
    public bool DefinesInfo { get; init; }

    /// <summary>Bits of EXITINFO1 that the manual leaves open: "undefined for intercepts where their use is not indicated" (15.6).</summary>
    public ulong Undefined1 => DefinesInfo ? 0 : ~(Info1 | Zero1);

    /// <summary>The same of EXITINFO2.</summary>
    public ulong Undefined2 => DefinesInfo ? 0 : ~(Info2 | Zero2);

    /// <summary>Bits of EXITINFO1 that are zero.</summary>
    public ulong Zero1 { get; init; }

    /// <summary>Bits of EXITINFO2 that are zero.</summary>
    public ulong Zero2 { get; init; }

    /// <summary>Whether the hypervisor of an SEV-ES guest sees the exit at once; every other becomes #VC in the guest (15.35.4, table 15-33).</summary>
    public bool IsAutomatic { get; init; }

    /// <summary>Of an automatic exit: whether the processor moves RIP behind the instruction.</summary>
    public bool AutomaticAdvancesRip { get; init; }

    /// <summary>The row of an instruction intercept.</summary>
    /// <param name="code">The code.</param>
    /// <param name="ripStep">Bytes, or <see cref="AnyRip"/>.</param>
    /// <param name="instructions">The instructions.</param>
    public static ExitRow Of(SvmExitCode code, int ripStep, params Mnemonic[] instructions) =>
        new(code) { RipStep = ripStep, SavesNextRip = true, Instructions = instructions };
}

/// <summary>The exit codes of appendix C with what the manual says of each: the one place for facts by exit code.</summary>
internal static class ExitTable
{
    // The upper half is undefined.
    private const ulong Everything = ulong.MaxValue, ErrorCode = 0xffff_ffff;

    // L0 lets a debug register access or an IRET run again: their RIP is free. What L1's tables allow is recomputed for a nested page
    // fault: the stage and whether the access writes are the hardware's. The last row: VMEXIT_INVALID and what is counted down from it.
    private static readonly ExitRow[] Rows =
    [
        new(0x000, 0x00f) { RipStep = 3, SavesNextRip = true, Info1 = Everything, Info1IsAssist = true, Instructions = [Mnemonic.Smsw] },
        new(0x010, 0x01f) { RipStep = 2, SavesNextRip = true, Info1 = Everything, Info1IsAssist = true, Instructions = [Mnemonic.Lmsw, Mnemonic.Clts] },
        new(0x020, 0x03f) { SavesNextRip = true, Info1 = Everything, Info1IsAssist = true, Zero1 = DrZero },
        .. Enumerable.Range(0, 32).Select(static vector => Exception((byte)vector)),
        new(SvmExitCode.Intr) { RipStep = 0, IsAutomatic = true },
        new(SvmExitCode.Nmi) { RipStep = 0, IsAutomatic = true },
        new(SvmExitCode.Smi) { RipStep = 0, IsAutomatic = true, Info1 = Everything, Zero1 = SmiZero },
        new(SvmExitCode.Init) { IsAutomatic = true },
        new(SvmExitCode.VIntr) { RipStep = 0, IsAutomatic = true },
        ExitRow.Of(SvmExitCode.Cr0SelWrite, 2) with { Info1 = Everything, Info1IsAssist = true },
        ExitRow.Of(SvmExitCode.IdtrRead, ExitRow.AnyRip, Mnemonic.Sidt),
        ExitRow.Of(SvmExitCode.GdtrRead, ExitRow.AnyRip, Mnemonic.Sgdt),
        ExitRow.Of(SvmExitCode.LdtrRead, ExitRow.AnyRip, Mnemonic.Sldt),
        ExitRow.Of(SvmExitCode.TrRead, ExitRow.AnyRip, Mnemonic.Str),
        ExitRow.Of(SvmExitCode.IdtrWrite, ExitRow.AnyRip, Mnemonic.Lidt),
        ExitRow.Of(SvmExitCode.GdtrWrite, ExitRow.AnyRip, Mnemonic.Lgdt),
        ExitRow.Of(SvmExitCode.LdtrWrite, ExitRow.AnyRip, Mnemonic.Lldt),
        ExitRow.Of(SvmExitCode.TrWrite, ExitRow.AnyRip, Mnemonic.Ltr),
        ExitRow.Of(SvmExitCode.Rdtsc, 2, Mnemonic.Rdtsc),
        ExitRow.Of(SvmExitCode.Rdpmc, 2, Mnemonic.Rdpmc),
        ExitRow.Of(SvmExitCode.Pushf, ExitRow.AnyRip, Mnemonic.Pushf, Mnemonic.Pushfd, Mnemonic.Pushfq),
        ExitRow.Of(SvmExitCode.Popf, ExitRow.AnyRip, Mnemonic.Popf, Mnemonic.Popfd, Mnemonic.Popfq),
        ExitRow.Of(SvmExitCode.Cpuid, 2, Mnemonic.Cpuid),
        ExitRow.Of(SvmExitCode.Rsm, ExitRow.AnyRip, Mnemonic.Rsm),
        ExitRow.Of(SvmExitCode.Iret, ExitRow.AnyRip, Mnemonic.Iret, Mnemonic.Iretd, Mnemonic.Iretq),
        ExitRow.Of(SvmExitCode.SwInt, ExitRow.AnyRip, Mnemonic.Int) with { Info1 = Everything, Info1IsAssist = true, Zero1 = VectorZero },
        ExitRow.Of(SvmExitCode.Invd, 2, Mnemonic.Invd),
        ExitRow.Of(SvmExitCode.Pause, 2, Mnemonic.Pause) with { IsAutomatic = true, AutomaticAdvancesRip = true },
        ExitRow.Of(SvmExitCode.Hlt, 1, Mnemonic.Hlt) with { IsAutomatic = true, AutomaticAdvancesRip = true },
        ExitRow.Of(SvmExitCode.Invlpg, 3, Mnemonic.Invlpg) with { Info1 = Everything, Info1IsAssist = true },
        ExitRow.Of(SvmExitCode.Invlpga, 3, Mnemonic.Invlpga),
        ExitRow.Of(SvmExitCode.Ioio, ExitRow.RipByInfo2, Mnemonic.In, Mnemonic.Out, Mnemonic.Insb, Mnemonic.Insw, Mnemonic.Insd,
            Mnemonic.Outsb, Mnemonic.Outsw, Mnemonic.Outsd) with { Info1 = Everything, Info2 = Everything, Zero1 = PortZero },
        ExitRow.Of(SvmExitCode.Msr, 2, Mnemonic.Rdmsr, Mnemonic.Wrmsr) with { Info1 = Everything, Zero1 = MsrZero },
        new(SvmExitCode.TaskSwitch) { Info1 = Everything, Info2 = Everything, Zero1 = SelectorZero },
        new(SvmExitCode.Shutdown) { IsAutomatic = true },
        ExitRow.Of(SvmExitCode.Vmrun, ExitRow.AnyRip, Mnemonic.Vmrun),

        // Outside an SEV-ES guest VMGEXIT is VMMCALL (15.35.6).
        ExitRow.Of(SvmExitCode.Vmmcall, 3, Mnemonic.Vmmcall, Mnemonic.Vmgexit),
        ExitRow.Of(SvmExitCode.Vmload, 3, Mnemonic.Vmload),
        ExitRow.Of(SvmExitCode.Vmsave, 3, Mnemonic.Vmsave),
        ExitRow.Of(SvmExitCode.Stgi, 3, Mnemonic.Stgi),
        ExitRow.Of(SvmExitCode.Clgi, 3, Mnemonic.Clgi),
        ExitRow.Of(SvmExitCode.Skinit, 3, Mnemonic.Skinit) with { Feature = CpuFeature.Skinit },
        ExitRow.Of(SvmExitCode.Rdtscp, 3, Mnemonic.Rdtscp) with { Feature = CpuFeature.Rdtscp },
        ExitRow.Of(SvmExitCode.Icebp, ExitRow.AnyRip, Mnemonic.Int1),
        ExitRow.Of(SvmExitCode.Wbinvd, 2, Mnemonic.Wbinvd, Mnemonic.Wbnoinvd),
        ExitRow.Of(SvmExitCode.Monitor, 3, Mnemonic.Monitor, Mnemonic.Monitorx),
        ExitRow.Of(SvmExitCode.Mwait, 3, Mnemonic.Mwait, Mnemonic.Mwaitx),
        ExitRow.Of(SvmExitCode.MwaitConditional, 3),
        ExitRow.Of(SvmExitCode.Xsetbv, 3, Mnemonic.Xsetbv) with { Feature = CpuFeature.Xsave },
        ExitRow.Of(SvmExitCode.Rdpru, 3, Mnemonic.Rdpru) with { Feature = CpuFeature.Rdpru },
        new(SvmExitCode.EferWriteTrap) { IsAutomatic = true, AutomaticAdvancesRip = true, DefinesInfo = true },
        new(0x090, 0x09f) { IsAutomatic = true, AutomaticAdvancesRip = true, DefinesInfo = true },
        ExitRow.Of(SvmExitCode.Invlpgb, ExitRow.AnyRip, Mnemonic.Invlpgb) with { Feature = CpuFeature.Invlpgb },
        ExitRow.Of(SvmExitCode.IllegalInvlpgb, ExitRow.AnyRip),
        ExitRow.Of(SvmExitCode.Invpcid, 5, Mnemonic.Invpcid) with
        {
            Feature = CpuFeature.Invpcid, Info1 = Everything, Info2 = Everything, Zero2 = ~InvpcidTypes,
        },
        ExitRow.Of(SvmExitCode.Mcommit, ExitRow.AnyRip, Mnemonic.Mcommit),
        ExitRow.Of(SvmExitCode.Tlbsync, ExitRow.AnyRip, Mnemonic.Tlbsync) with { Feature = CpuFeature.Invlpgb },
        new(SvmExitCode.BusLock) { IsAutomatic = true, Info1 = Everything, Info2 = Everything, Zero1 = Everything, Zero2 = Everything },
        ExitRow.Of(SvmExitCode.IdleHlt, ExitRow.AnyRip) with { IsAutomatic = true, AutomaticAdvancesRip = true },
        new(SvmExitCode.Npf) { RipStep = 0, IsAutomatic = true, Info1 = 0xffff_ffff_0000_0000 | Write, Info2 = Everything, DefinesInfo = true },
        new(SvmExitCode.AvicIncompleteIpi) { RipStep = 0, DefinesInfo = true },
        new(SvmExitCode.AvicNoAccel) { RipStep = 0, DefinesInfo = true },
        new(SvmExitCode.Vmgexit) { IsAutomatic = true, AutomaticAdvancesRip = true },
        new(unchecked((ulong)-4), ulong.MaxValue) { IsAutomatic = true },
    ];

    private static readonly ExitRow Plain = new(0, 0);

    private static readonly ExitRow[] ByCode = Index();

    private static readonly sbyte[] RipSteps = [.. ByCode.Select(static row => (sbyte)row.RipStep)];

    /// <summary>The exit code of the intercept of an instruction, by its mnemonic.</summary>
    public static IReadOnlyDictionary<Mnemonic, SvmExitCode> ByInstruction { get; } = Rows
        .SelectMany(static row => row.Instructions.Select(instruction => (Instruction: instruction, Code: new SvmExitCode(row.First))))
        .ToDictionary(static pair => pair.Instruction, static pair => pair.Code);

    /// <summary>The row of a code; a row that says nothing where the manual says nothing.</summary>
    public static ExitRow Of(SvmExitCode code) =>
        code.Value < (ulong)ByCode.Length ? ByCode[code.Value] : code.Value >= Rows[^1].First ? Rows[^1] : Plain;

    /// <summary><see cref="ExitRow.RipStep"/> of a code; asked of every exit (benchmark ReplayBenchmarks.Check).</summary>
    public static int RipStepOf(SvmExitCode code) => code.Value < (ulong)RipSteps.Length ? RipSteps[code.Value] : ExitRow.AnyRip;

    private static ExitRow Exception(byte vector) => new(SvmExitCode.OfException(vector))
    {
        SavesNextRip = vector is ExceptionVector.BP or ExceptionVector.OF or ExceptionVector.BR,
        Info1 = ExceptionVector.PushesErrorCode(vector) ? ErrorCode : 0,
        Info2 = vector == ExceptionVector.PF ? Everything : 0,
        IsAutomatic = vector == ExceptionVector.MC,
    };

    private static ExitRow[] Index()
    {
        var index = new ExitRow[Rows[^2].Last + 1];
        Array.Fill(index, Plain);
        foreach (ExitRow row in Rows[..^1])
        {
            Array.Fill(index, row, (int)row.First, (int)(row.Last - row.First) + 1);
        }

        return index;
    }
}
