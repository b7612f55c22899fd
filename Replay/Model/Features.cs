using Differ.Replay.Manual.Tables;

namespace Differ.Replay.Model;

/// <summary>What the modelled processor can do, by the bits of CPUID: the same ones that rules ask a virtual CPU for.</summary>
internal sealed class Features
{
    private readonly bool[] _present;

    /// <summary>Everything but SKINIT; every bit of EFER can be set.</summary>
    public Features()
        : this([.. CpuFeature.All.Select(static feature => feature != CpuFeature.Skinit && feature != CpuFeature.LmsleUnsupported)], 40)
    {
    }

    private Features(bool[] present, int physicalBits)
    {
        _present = present;
        PhysicalBits = physicalBits;
        Profile = new Profile { PhysicalAddressBits = physicalBits };
        foreach (CpuFeature feature in CpuFeature.All)
        {
            Profile.Set(feature, Has(feature));
        }
    }

    /// <summary>Width of physical addresses in bits.</summary>
    public int PhysicalBits { get; }

    /// <summary>The features as rules know them: nothing is unknown.</summary>
    public Profile Profile { get; }

    /// <summary>Whether the processor has a feature.</summary>
    public bool Has(CpuFeature feature) => _present[feature.Ordinal];

    /// <summary>The same with or without a feature.</summary>
    public Features With(CpuFeature feature, bool present)
    {
        bool[] changed = [.. _present];
        changed[feature.Ordinal] = present;
        return new Features(changed, PhysicalBits);
    }

    /// <summary>The same with another width of physical addresses.</summary>
    /// <param name="physicalBits">Bits, 32 to 52.</param>
    public Features WithPhysicalBits(int physicalBits) => new(_present, physicalBits);
}
