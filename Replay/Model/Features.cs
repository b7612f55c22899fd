using Differ.Replay.Manual.Tables;
using Differ.Schemas.Run;

namespace Differ.Replay.Model;

/// <summary>What the modelled processor can do, by the bits of CPUID: the same ones that rules ask a virtual CPU for.</summary>
internal sealed class Features
{
    private const uint Identification = 1, AddressSizes = 0x8000_0008;
    private const int FewestPhysicalBits = 32, MostPhysicalBits = 52;

    // A family 19h processor.
    private const uint SomeSignature = 0x00a2_0f10;

    private readonly bool[] _present;

    /// <summary>Everything but SKINIT; every bit of EFER can be set.</summary>
    public Features()
        : this([.. CpuFeature.All.Select(static feature => feature != CpuFeature.Skinit && feature != CpuFeature.LmsleUnsupported)], 40, SomeSignature)
    {
    }

    private Features(bool[] present, int physicalBits, uint signature)
    {
        _present = present;
        PhysicalBits = physicalBits;
        Signature = signature;
        Profile = new Profile { PhysicalAddressBits = physicalBits };
        foreach (CpuFeature feature in CpuFeature.All)
        {
            Profile.Set(feature, Has(feature));
        }
    }

    /// <summary>Width of physical addresses in bits.</summary>
    public int PhysicalBits { get; }

    /// <summary>Family, model and stepping as CPUID Fn0000_0001_EAX has them; INIT leaves them in EDX.</summary>
    public uint Signature { get; }

    /// <summary>The features as rules know them: nothing is unknown.</summary>
    public Profile Profile { get; }

    /// <summary>The features that leaves of CPUID show. A leaf that is missing shows none; of a function with sub-leaves the first counts.</summary>
    /// <param name="leaves">Leaves, in any order: of functions 1, 7, 8000_0001, 8000_0008, 8000_000A, 8000_001F, 8000_0021 and 8000_0022.</param>
    public static Features Of(IEnumerable<CpuidAccess> leaves)
    {
        var shown = new Profile();
        int physicalBits = FewestPhysicalBits + 4;
        uint signature = SomeSignature;
        foreach (CpuidAccess leaf in leaves.Where(static leaf => leaf.Index.Or(0) == 0))
        {
            shown.Learn(leaf);
            signature = leaf.Function == Identification ? leaf.Eax : signature;

            // The width of the processor itself: a guest's own, in bits 23:16, is that of its nested tables.
            physicalBits = leaf.Function == AddressSizes ? Math.Clamp((int)(leaf.Eax & 0xff), FewestPhysicalBits, MostPhysicalBits) : physicalBits;
        }

        return new Features([.. CpuFeature.All.Select(feature => shown.Has(feature).IsYes)], physicalBits, signature);
    }

    /// <summary>Whether the processor has a feature.</summary>
    public bool Has(CpuFeature feature) => _present[feature.Ordinal];

    /// <summary>The same with or without a feature.</summary>
    public Features With(CpuFeature feature, bool present)
    {
        bool[] changed = [.. _present];
        changed[feature.Ordinal] = present;
        return new Features(changed, PhysicalBits, Signature);
    }

    /// <summary>The same with another width of physical addresses.</summary>
    /// <param name="physicalBits">Bits, 32 to 52.</param>
    public Features WithPhysicalBits(int physicalBits) => new(_present, physicalBits, Signature);

    /// <summary>What both have: the features that a scenario supposes, on a host that may lack some. Identity and a smaller width are the host's.</summary>
    /// <param name="host">The host.</param>
    public Features On(Features host) => new(
        [.. CpuFeature.All.Select(feature => feature.IsAbsence ? Has(feature) || host.Has(feature) : Has(feature) && host.Has(feature))],
        Math.Min(PhysicalBits, host.PhysicalBits), host.Signature);

    /// <summary>What is left of this on a processor that cannot be told to lack a feature: that has what scenarios usually lack too.</summary>
    /// <param name="processor">The processor.</param>
    public Features Fixed(Features processor)
    {
        var usual = new Features();
        Features both = On(processor);
        return CpuFeature.All.Where(feature => !feature.IsAbsence && !usual.Has(feature) && processor.Has(feature)).Aggregate(both, static (all, feature) => all.With(feature, true));
    }

    /// <summary>What a scenario takes away that a processor has: names of features, and a width of addresses.</summary>
    /// <param name="processor">The processor.</param>
    public IReadOnlyList<string> TakenFrom(Features processor)
    {
        var usual = new Features();
        string[] width = PhysicalBits < usual.PhysicalBits && PhysicalBits < processor.PhysicalBits ? [$"physical addresses of {processor.PhysicalBits} bits"] : [];
        return [.. CpuFeature.All.Where(feature => !feature.IsAbsence && usual.Has(feature) && !Has(feature) && processor.Has(feature)).Select(static feature => feature.Name), .. width];
    }

    /// <summary>The names of the features that this has and a host lacks, in the manual's spelling.</summary>
    /// <param name="host">The host.</param>
    public IReadOnlyList<string> LackedBy(Features host) =>
        [.. CpuFeature.All.Where(feature => !feature.IsAbsence && Has(feature) && !host.Has(feature)).Select(static feature => feature.Name)];
}
