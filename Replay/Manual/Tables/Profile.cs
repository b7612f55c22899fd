using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Manual.Tables;

/// <summary>What is known of the virtual CPU: features as CPUID showed them to the guest, and what the user says where it did not.</summary>
/// <param name="told">What the user says; null for nothing.</param>
internal sealed class Profile(CpuDescription? told = null)
{
    private const uint AddressSizes = 0x8000_0008;
    private readonly SortedSet<string> _contradicted = new(StringComparer.Ordinal);
    private readonly Truth[] _features = told?.CopyFeatures() ?? new Truth[CpuFeature.All.Count];

    /// <summary>A virtual CPU with all features, with none, or of which nothing is known.</summary>
    public static Profile Of(Truth features)
    {
        var profile = new Profile();
        Array.Fill(profile._features, features);
        return profile;
    }

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
