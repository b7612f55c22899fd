using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;

namespace Differ.Replay.Scenarios;

/// <summary>CPUID of the modelled processor, as far as rules ask for it.</summary>
internal static class CpuidLeaves
{
    private const uint Identification = 1, AddressSizes = 0x8000_0008;

    /// <summary>The leaves with EAX, EBX, ECX and EDX, in the order of the functions.</summary>
    public static IEnumerable<(uint Function, uint[] Registers)> Of(Features features)
    {
        foreach (IGrouping<uint, CpuFeature> leaf in CpuFeature.All.GroupBy(static feature => feature.Function))
        {
            uint[] registers = new uint[4];
            registers[0] = leaf.Key == AddressSizes ? (uint)features.PhysicalBits : leaf.Key == Identification ? features.Signature : 0;
            foreach (CpuFeature feature in leaf)
            {
                registers[feature.Register] |= features.Has(feature) ? 1u << feature.Bit : 0;
            }

            yield return (leaf.Key, registers);
        }
    }
}
