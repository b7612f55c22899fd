namespace Differ.Replay.Manual.Tables;

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
        Np = new("NP", 0x8000_000a, 3, 0, 11, "npt"),
        LbrVirt = new("LbrVirt", 0x8000_000a, 3, 1, 12, "lbrv"),
        NripSave = new("NRIPS", 0x8000_000a, 3, 3, 13, "nrip_save"),
        PauseFilter = new("PauseFilter", 0x8000_000a, 3, 10, 14, "pausefilter"),
        PauseThreshold = new("PauseFilterThreshold", 0x8000_000a, 3, 12, 15, "pfthreshold"),
        Avic = new("AVIC", 0x8000_000a, 3, 13, 16, "avic"),
        VirtualVmload = new("VMSAVEvirt", 0x8000_000a, 3, 15, 17, "v_vmsave_vmload"),
        BusLockThreshold = new("BusLockThreshold", 0x8000_000a, 3, 29, 18, ""),
        IdleHlt = new("IdleHlt", 0x8000_000a, 3, 30, 19, ""),
        Gmet = new("GMET", 0x8000_000a, 3, 17, 20, ""),
        Invlpgb = new("INVLPGB", 0x8000_0008, 1, 3, 21, "invlpgb"),
        Svm = new("SVM", 0x8000_0001, 2, 2, 22, "svm"),
        NoExecute = new("NX", 0x8000_0001, 3, 20, 23, "nx"),
        FastFxsave = new("FFXSR", 0x8000_0001, 3, 25, 24, "fxsr_opt"),
        TranslationCacheExtension = new("TCE", 0x8000_0001, 2, 17, 25, "tce"),
        Mcommit = new("MCOMMIT", 0x8000_0008, 1, 8, 26, ""),
        InterruptibleWbinvd = new("INT_WBINVD", 0x8000_0008, 1, 13, 27, ""),
        LmsleUnsupported = new("EferLmsleUnsupported", 0x8000_0008, 1, 20, 28, ""),
        UpperAddressIgnore = new("UpperAddressIgnore", 0x8000_0021, 0, 7, 29, ""),
        AutomaticIbrs = new("AutomaticIBRS", 0x8000_0021, 0, 8, 30, ""),
        LbrAndPmcFreeze = new("LbrAndPmcFreeze", 0x8000_0022, 0, 2, 31, "amd_lbr_pmc_freeze"),
        BusLockTrap = new("BUSLOCKTRAP", 0x0000_0007, 2, 24, 32, "bus_lock_detect"),
        Pcid = new("PCID", 0x0000_0001, 2, 17, 33, "pcid"),
        FsGsBase = new("FSGSBASE", 0x0000_0007, 1, 0, 34, "fsgsbase"),
        Smep = new("SMEP", 0x0000_0007, 1, 7, 35, "smep"),
        Smap = new("SMAP", 0x0000_0007, 1, 20, 36, "smap"),
        Umip = new("UMIP", 0x0000_0007, 2, 2, 37, "umip"),
        ProtectionKeys = new("PKU", 0x0000_0007, 2, 3, 38, "pku"),
        ShadowStacks = new("CET_SS", 0x0000_0007, 2, 7, 39, ""),
        FiveLevelPaging = new("LA57", 0x0000_0007, 2, 16, 40, "la57"),
        Sev = new("SEV", 0x8000_001f, 0, 1, 41, "sev"),
        SevEs = new("SEV_ES", 0x8000_001f, 0, 3, 42, "sev_es"),
        HostMceOverride = new("HOST_MCE_OVERRIDE", 0x8000_000a, 3, 23, 43, ""),
        X2Avic = new("x2AVIC", 0x8000_000a, 3, 18, 44, "x2avic"),
        Monitor = new("MONITOR", 0x0000_0001, 2, 3, 45, "monitor"),
        HugePages = new("Page1GB", 0x8000_0001, 3, 26, 46, "pdpe1gb");

    /// <summary>Whether the bit says that something is gone.</summary>
    public bool IsAbsence => this == LmsleUnsupported;

    /// <summary>Every feature, by <see cref="Ordinal"/>.</summary>
    public static IReadOnlyList<CpuFeature> All { get; } =
    [
        Xsave, Invpcid, Skinit, Rdtscp, LongMode, Rdpru, SvmLock, DecodeAssists, VGif, VNmi, TscRateMsr,
        Np, LbrVirt, NripSave, PauseFilter, PauseThreshold, Avic, VirtualVmload, BusLockThreshold, IdleHlt,
        Gmet, Invlpgb, Svm, NoExecute, FastFxsave, TranslationCacheExtension, Mcommit, InterruptibleWbinvd, LmsleUnsupported,
        UpperAddressIgnore, AutomaticIbrs, LbrAndPmcFreeze, BusLockTrap, Pcid, FsGsBase, Smep, Smap, Umip, ProtectionKeys,
        ShadowStacks, FiveLevelPaging, Sev, SevEs, HostMceOverride, X2Avic, Monitor, HugePages,
    ];

    /// <summary>The feature of a name, in any case; null for none.</summary>
    public static CpuFeature? Named(string name) => All.FirstOrDefault(row => string.Equals(row.Name, name, StringComparison.OrdinalIgnoreCase));
}
