namespace Differ.Replay.Model;

/// <summary>What the modelled processor can do: CPUID Fn8000_000A and the features statements of SVM depend on.</summary>
internal sealed record Features
{
    /// <summary>Nested paging.</summary>
    public bool NestedPaging { get; init; } = true;

    /// <summary>nRIP is saved.</summary>
    public bool NripSave { get; init; } = true;

    /// <summary>Decode assists.</summary>
    public bool DecodeAssists { get; init; } = true;

    /// <summary>LBR virtualization.</summary>
    public bool LbrVirtualization { get; init; } = true;

    /// <summary>SVM lock, which makes SKINIT and STGI available without EFER.SVME where SKINIT is.</summary>
    public bool SvmLock { get; init; } = true;

    /// <summary>SKINIT.</summary>
    public bool Skinit { get; init; }

    /// <summary>TSC ratio.</summary>
    public bool TscRatio { get; init; } = true;

    /// <summary>PAUSE filter.</summary>
    public bool PauseFilter { get; init; } = true;

    /// <summary>PAUSE filter threshold.</summary>
    public bool PauseThreshold { get; init; } = true;

    /// <summary>VMLOAD and VMSAVE virtualization.</summary>
    public bool VirtualVmload { get; init; } = true;

    /// <summary>Virtual GIF.</summary>
    public bool VirtualGif { get; init; } = true;

    /// <summary>Virtual NMI.</summary>
    public bool VirtualNmi { get; init; } = true;

    /// <summary>Bus lock threshold.</summary>
    public bool BusLockThreshold { get; init; } = true;

    /// <summary>Idle HLT intercept.</summary>
    public bool IdleHlt { get; init; } = true;

    /// <summary>AVIC.</summary>
    public bool Avic { get; init; } = true;

    /// <summary>Guest mode execute trap.</summary>
    public bool Gmet { get; init; } = true;

    /// <summary>Long mode.</summary>
    public bool LongMode { get; init; } = true;

    /// <summary>RDTSCP.</summary>
    public bool Rdtscp { get; init; } = true;

    /// <summary>INVPCID.</summary>
    public bool Invpcid { get; init; } = true;

    /// <summary>XSAVE and XSETBV.</summary>
    public bool Xsave { get; init; } = true;

    /// <summary>RDPRU.</summary>
    public bool Rdpru { get; init; } = true;

    /// <summary>INVLPGB and TLBSYNC.</summary>
    public bool Invlpgb { get; init; } = true;

    /// <summary>Width of physical addresses in bits.</summary>
    public int PhysicalBits { get; init; } = 40;

    /// <summary>The features a profile names, by the names CPUID gives them.</summary>
    public static IReadOnlyDictionary<string, Func<Features, bool, Features>> ByName { get; } = new Dictionary<string, Func<Features, bool, Features>>(StringComparer.OrdinalIgnoreCase)
    {
        ["np"] = static (f, on) => f with { NestedPaging = on },
        ["nrips"] = static (f, on) => f with { NripSave = on },
        ["decodeassists"] = static (f, on) => f with { DecodeAssists = on },
        ["lbrvirt"] = static (f, on) => f with { LbrVirtualization = on },
        ["svml"] = static (f, on) => f with { SvmLock = on },
        ["skinit"] = static (f, on) => f with { Skinit = on },
        ["tscratemsr"] = static (f, on) => f with { TscRatio = on },
        ["pausefilter"] = static (f, on) => f with { PauseFilter = on },
        ["pausefilterthreshold"] = static (f, on) => f with { PauseThreshold = on },
        ["vmsavevirt"] = static (f, on) => f with { VirtualVmload = on },
        ["vgif"] = static (f, on) => f with { VirtualGif = on },
        ["vnmi"] = static (f, on) => f with { VirtualNmi = on },
        ["buslockthreshold"] = static (f, on) => f with { BusLockThreshold = on },
        ["idlehlt"] = static (f, on) => f with { IdleHlt = on },
        ["avic"] = static (f, on) => f with { Avic = on },
        ["gmet"] = static (f, on) => f with { Gmet = on },
        ["lm"] = static (f, on) => f with { LongMode = on },
        ["rdtscp"] = static (f, on) => f with { Rdtscp = on },
        ["invpcid"] = static (f, on) => f with { Invpcid = on },
        ["xsave"] = static (f, on) => f with { Xsave = on },
        ["rdpru"] = static (f, on) => f with { Rdpru = on },
        ["invlpgb"] = static (f, on) => f with { Invlpgb = on },
    };
}
