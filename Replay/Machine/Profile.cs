using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Machine;

/// <summary>A feature of the virtual CPU by its CPUID bit.</summary>
/// <param name="Name">The manual's name.</param>
/// <param name="Function">CPUID function.</param>
/// <param name="Register">0 EAX, 1 EBX, 2 ECX, 3 EDX.</param>
/// <param name="Bit">Bit number.</param>
/// <param name="Ordinal">Position in <see cref="All"/>.</param>
/// <param name="Flag">Its word in the <c>flags</c> line of Linux' /proc/cpuinfo; empty where Linux prints none.</param>
internal sealed record CpuFeature(string Name, uint Function, int Register, int Bit, int Ordinal, string Flag)
{
    /// <summary>Features that statements depend on (APM3 appendix E).</summary>
    public static readonly CpuFeature
        Xsave = new("XSAVE", 0x0000_0001, 2, 26, 0, "xsave"),
        Invpcid = new("INVPCID", 0x0000_0007, 1, 10, 1, "invpcid"),
        Skinit = new("SKINIT", 0x8000_0001, 2, 12, 2, "skinit"),
        Rdtscp = new("RDTSCP", 0x8000_0001, 3, 27, 3, "rdtscp"),
        LongMode = new("LM", 0x8000_0001, 3, 29, 4, "lm"),
        Rdpru = new("RDPRU", 0x8000_0008, 1, 4, 5, "rdpru"),
        SvmLock = new("SVML", 0x8000_000a, 3, 2, 6, "svm_lock"),
        DecodeAssists = new("DecodeAssists", 0x8000_000a, 3, 7, 7, "decodeassists"),
        VGif = new("VGIF", 0x8000_000a, 3, 16, 8, "vgif"),
        VNmi = new("VNMI", 0x8000_000a, 3, 25, 9, "vnmi"),
        TscRateMsr = new("TscRateMsr", 0x8000_000a, 3, 4, 10, "tsc_scale"),
        NestedPaging = new("NP", 0x8000_000a, 3, 0, 11, "npt"),
        LbrVirt = new("LbrVirt", 0x8000_000a, 3, 1, 12, "lbrv"),
        NripSave = new("NRIPS", 0x8000_000a, 3, 3, 13, "nrip_save"),
        PauseFilter = new("PauseFilter", 0x8000_000a, 3, 10, 14, "pausefilter"),
        PauseThreshold = new("PauseFilterThreshold", 0x8000_000a, 3, 12, 15, "pfthreshold"),
        Avic = new("AVIC", 0x8000_000a, 3, 13, 16, "avic"),
        VirtualVmload = new("VMSAVEvirt", 0x8000_000a, 3, 15, 17, "v_vmsave_vmload"),
        BusLockThreshold = new("BusLockThreshold", 0x8000_000a, 3, 29, 18, ""),
        IdleHlt = new("IdleHlt", 0x8000_000a, 3, 30, 19, "");

    /// <summary>The feature that brings the instruction of an intercept; null where every processor with SVM has it.</summary>
    public static CpuFeature? Behind(SvmExitCode code) =>
        code == SvmExitCode.Rdtscp ? Rdtscp
        : code == SvmExitCode.Xsetbv ? Xsave
        : code == SvmExitCode.Rdpru ? Rdpru
        : code == SvmExitCode.Invpcid ? Invpcid
        : code == SvmExitCode.Skinit ? Skinit
        : null;

    /// <summary>Every feature, by <see cref="Ordinal"/>.</summary>
    public static IReadOnlyList<CpuFeature> All { get; } =
    [
        Xsave, Invpcid, Skinit, Rdtscp, LongMode, Rdpru, SvmLock, DecodeAssists, VGif, VNmi, TscRateMsr,
        NestedPaging, LbrVirt, NripSave, PauseFilter, PauseThreshold, Avic, VirtualVmload, BusLockThreshold, IdleHlt,
    ];
}

/// <summary>What is known of the virtual CPU: features as CPUID showed them to the guest, and what the user says where it did not.</summary>
/// <param name="told">What the user says; null for nothing.</param>
internal sealed class Profile(CpuDescription? told = null)
{
    private const uint AddressSizes = 0x8000_0008;
    private readonly SortedSet<string> _contradicted = new(StringComparer.Ordinal);
    private readonly Truth[] _features = told?.CopyFeatures() ?? new Truth[CpuFeature.All.Count];

    /// <summary>Whether the virtual CPU has a feature.</summary>
    public Truth Has(CpuFeature feature) => _features[feature.Ordinal];

    /// <summary>Says that the virtual CPU has or lacks a feature.</summary>
    public void Set(CpuFeature feature, bool present) => _features[feature.Ordinal] = Truth.Of(present);

    /// <summary>Width of physical addresses in bits; 0 while not known.</summary>
    public int PhysicalAddressBits { get; set; } = told?.PhysicalAddressBits ?? 0;

    /// <summary>Where the recording showed otherwise than the user says.</summary>
    public IReadOnlyCollection<string> Contradicted => _contradicted;

    /// <summary>Learns from a leaf that L1 was shown, whatever the user says. Sub-leaf 0 only, where a function has several.</summary>
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
                Note(told?.Contradiction(feature, _features[i]));
            }
        }

        if (cpuid.Function == AddressSizes)
        {
            // EAX[7:0], or the guest's own width in EAX[23:16] where that is not zero.
            int guest = (int)((cpuid.Eax >> 16) & 0xff);
            PhysicalAddressBits = guest != 0 ? guest : (int)(cpuid.Eax & 0xff);
            Note(told?.Contradiction(PhysicalAddressBits));
        }
    }

    private void Note(string? contradiction)
    {
        if (contradiction is not null)
        {
            _contradicted.Add(contradiction);
        }
    }
}
