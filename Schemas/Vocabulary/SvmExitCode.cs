using System.Globalization;

namespace Differ.Schemas.Vocabulary;

/// <summary>EXITCODE of the VMCB (APM2 appendix C). A newer processor may report numbers without a name here.</summary>
/// <param name="Value">The 64-bit code; VMEXIT_INVALID is -1, all bits set.</param>
public readonly record struct SvmExitCode(ulong Value)
{
    /// <summary>Codes that rules name.</summary>
    public static readonly SvmExitCode
        CrRead = new(0x000), CrWrite = new(0x010), Cr8Write = new(0x018), LastCrWrite = new(0x01f), DrRead = new(0x020), DrWrite = new(0x030),
        LastDrWrite = new(0x03f), Exception = new(0x040),
        Intr = new(0x060), Nmi = new(0x061), Smi = new(0x062), Init = new(0x063), VIntr = new(0x064), Cr0SelWrite = new(0x065),
        IdtrRead = new(0x066), GdtrRead = new(0x067), LdtrRead = new(0x068),
        TrRead = new(0x069), IdtrWrite = new(0x06a), GdtrWrite = new(0x06b), LdtrWrite = new(0x06c), TrWrite = new(0x06d), Rdtsc = new(0x06e), Rdpmc = new(0x06f), Pushf = new(0x070), Popf = new(0x071),
        Cpuid = new(0x072), Rsm = new(0x073), Iret = new(0x074), SwInt = new(0x075), Invd = new(0x076), Pause = new(0x077),
        Hlt = new(0x078), Invlpg = new(0x079), Invlpga = new(0x07a), Ioio = new(0x07b), Msr = new(0x07c), TaskSwitch = new(0x07d),
        FerrFreeze = new(0x07e), Shutdown = new(0x07f), Vmrun = new(0x080), Vmmcall = new(0x081), Vmload = new(0x082),
        Vmsave = new(0x083), Stgi = new(0x084), Clgi = new(0x085), Skinit = new(0x086), Rdtscp = new(0x087), Icebp = new(0x088),
        Wbinvd = new(0x089), Monitor = new(0x08a), Mwait = new(0x08b), MwaitConditional = new(0x08c), Xsetbv = new(0x08d),
        Rdpru = new(0x08e), EferWriteTrap = new(0x08f), CrWriteTrap = new(0x090), LastCrWriteTrap = new(0x09f),
        Invlpgb = new(0x0a0), IllegalInvlpgb = new(0x0a1), Invpcid = new(0x0a2),
        Mcommit = new(0x0a3), Tlbsync = new(0x0a4), BusLock = new(0x0a5), IdleHlt = new(0x0a6), Npf = new(0x400),
        AvicIncompleteIpi = new(0x401), AvicNoAccel = new(0x402), Vmgexit = new(0x403),
        HostUse = new(0xf000_0000), Invalid = new(ulong.MaxValue);

    // VMEXIT_IDLE_REQUIRED; -1 and -2 are the others.
    private const ulong LowestNegative = unchecked((ulong)-3);

    /// <summary>Highest code that has an intercept bit: the code is word * 32 + bit of the intercept vector.</summary>
    public const ulong LastIntercept = 0x0bf;

    /// <summary>Whether the code is an exception intercept, 0x40 + vector.</summary>
    public bool IsException => Value is >= 0x40 and <= 0x5f;

    /// <summary>Whether an event causes the exit, whatever the guest was doing.</summary>
    public bool IsCausedByEvent => IsException || Value is >= 0x60 and <= 0x63 || this == Shutdown || this == HostUse;

    /// <summary>Whether something from outside the guest causes the exit: INTR, NMI, SMI, INIT or a virtual interrupt.</summary>
    public bool IsAsynchronous => Value is >= 0x60 and <= 0x64;

    /// <summary>The vector of an exception intercept.</summary>
    public byte Vector => (byte)(Value & 0x1f);

    /// <summary>Whether the code is a read or write of a debug register.</summary>
    public bool IsDebugRegister => Value is >= 0x20 and <= 0x3f;

    /// <summary>Whether the code belongs to the intercept vector of the VMCB.</summary>
    public bool HasIntercept => Value <= LastIntercept;

    /// <summary>The manual's name without VMEXIT_, or the number in hexadecimal.</summary>
    public string Name => SvmExitTable.NameOf(Value);

    /// <summary>The code of which a narrower field kept the lower bits: those that the manual counts from -1 down are negative there too.</summary>
    /// <param name="value">The field, zero-extended.</param>
    /// <param name="size">Bytes of the code that it kept, 1 to 4. A wider field may hold what was cut before.</param>
    /// <returns>The code; 0xffffffff of four bytes is -1, 0xf0000000 stays what it is.</returns>
    public static SvmExitCode OfNarrow(ulong value, int size)
    {
        ulong lost = ulong.MaxValue << (8 * size);
        return new(value < unchecked(LowestNegative & ~lost) || (value & lost) != 0 ? value : value | lost);
    }

    /// <summary>Exit code of an exception intercept.</summary>
    public static SvmExitCode OfException(byte vector) => new(0x40UL + vector);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} (0x{Value:x})");
}
