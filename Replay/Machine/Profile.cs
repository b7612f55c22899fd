using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Machine;

/// <summary>A feature of the virtual CPU by its CPUID bit.</summary>
/// <param name="Name">The manual's name.</param>
/// <param name="Function">CPUID function.</param>
/// <param name="Register">0 EAX, 1 EBX, 2 ECX, 3 EDX.</param>
/// <param name="Bit">Bit number.</param>
/// <param name="Ordinal">Position in <see cref="All"/>.</param>
internal sealed record CpuFeature(string Name, uint Function, int Register, int Bit, int Ordinal)
{
    /// <summary>Features that statements depend on (APM3 appendix E).</summary>
    public static readonly CpuFeature
        Xsave = new("XSAVE", 0x0000_0001, 2, 26, 0),
        Invpcid = new("INVPCID", 0x0000_0007, 1, 10, 1),
        Skinit = new("SKINIT", 0x8000_0001, 2, 12, 2),
        Rdtscp = new("RDTSCP", 0x8000_0001, 3, 27, 3),
        LongMode = new("LM", 0x8000_0001, 3, 29, 4),
        Rdpru = new("RDPRU", 0x8000_0008, 1, 4, 5),
        SvmLock = new("SVML", 0x8000_000a, 3, 2, 6),
        DecodeAssists = new("DecodeAssists", 0x8000_000a, 3, 7, 7),
        VGif = new("VGIF", 0x8000_000a, 3, 16, 8),
        VNmi = new("VNMI", 0x8000_000a, 3, 25, 9),
        TscRateMsr = new("TscRateMsr", 0x8000_000a, 3, 4, 10);

    /// <summary>The feature that brings the instruction of an intercept; null where every processor with SVM has it.</summary>
    public static CpuFeature? Behind(SvmExitCode code) =>
        code == SvmExitCode.Rdtscp ? Rdtscp
        : code == SvmExitCode.Xsetbv ? Xsave
        : code == SvmExitCode.Rdpru ? Rdpru
        : code == SvmExitCode.Invpcid ? Invpcid
        : code == SvmExitCode.Skinit ? Skinit
        : null;

    /// <summary>Every feature, in the order of the functions.</summary>
    public static IReadOnlyList<CpuFeature> All { get; } = [Xsave, Invpcid, Skinit, Rdtscp, LongMode, Rdpru, SvmLock, DecodeAssists, VGif, VNmi, TscRateMsr];
}

/// <summary>What is known of the virtual CPU: features as CPUID showed them to the guest.</summary>
internal sealed class Profile
{
    private const uint AddressSizes = 0x8000_0008;
    private readonly Truth[] _features = new Truth[CpuFeature.All.Count];

    /// <summary>Whether the virtual CPU has a feature.</summary>
    public Truth Has(CpuFeature feature) => _features[feature.Ordinal];

    /// <summary>Says that the virtual CPU has or lacks a feature.</summary>
    public void Set(CpuFeature feature, bool present) => _features[feature.Ordinal] = Truth.Of(present);

    /// <summary>Width of physical addresses in bits; 0 while not known.</summary>
    public int PhysicalAddressBits { get; set; }

    /// <summary>Learns from a leaf that L1 was shown. Sub-leaf 0 only, where a function has several.</summary>
    public void Learn(in CpuidAccess cpuid)
    {
        if (cpuid.Index.Or(0) != 0)
        {
            return;
        }

        for (int i = 0; i < _features.Length; i++)
        {
            CpuFeature feature = CpuFeature.All[i];
            if (feature.Function == cpuid.Function)
            {
                uint register = feature.Register switch { 0 => cpuid.Eax, 1 => cpuid.Ebx, 2 => cpuid.Ecx, _ => cpuid.Edx };
                _features[i] = Truth.Of(((register >> feature.Bit) & 1) != 0);
            }
        }

        if (cpuid.Function == AddressSizes)
        {
            // EAX[7:0], or the guest's own width in EAX[23:16] where that is not zero.
            int guest = (int)((cpuid.Eax >> 16) & 0xff);
            PhysicalAddressBits = guest != 0 ? guest : (int)(cpuid.Eax & 0xff);
        }
    }
}
