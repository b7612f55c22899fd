using System.Globalization;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Manual.Tables;

/// <summary>What the user says of the virtual CPU, for what a recording does not show. What it shows is believed before this.</summary>
/// <remarks>
/// A text, one thing a line: <c>name=1</c> or <c>name=0</c> with a CPUID name, <c>physbits=N</c>, the <c>flags</c> and
/// <c>address sizes</c> lines of /proc/cpuinfo inside L1, or all of that file. A feature that no line names stays unknown:
/// a guest's Linux prints only the flags it knows.
/// </remarks>
public sealed class CpuDescription
{
    private const string PhysicalBits = "physbits";

    // APM2 5.1: physical addresses have at most 52 bits.
    private const int FewestBits = 32, MostBits = 52;

    // The other lines of /proc/cpuinfo on x86.
    private static readonly string[] Passed =
    [
        "processor", "vendor_id", "cpu family", "model", "model name", "stepping", "microcode", "cpu MHz", "cache size", "physical id",
        "siblings", "core id", "cpu cores", "apicid", "initial apicid", "fpu", "fpu_exception", "cpuid level", "wp", "bugs", "bogomips",
        "TLB size", "clflush size", "cache_alignment", "power management",
    ];

    private readonly Truth[] _features = new Truth[CpuFeature.All.Count];

    private CpuDescription()
    {
    }

    /// <summary>Width of physical addresses in bits; 0 where the text does not say.</summary>
    public int PhysicalAddressBits { get; private set; }

    /// <summary>Reads a text.</summary>
    /// <exception cref="FormatException">A line makes no sense; the message names it and says what to do.</exception>
    public static CpuDescription Read(TextReader text)
    {
        var description = new CpuDescription();
        int number = 0;
        while (text.ReadLine() is { } line)
        {
            number++;
            string content = line.Trim();
            if (content.Length > 0 && content[0] != '#' && description.Take(content) is { } problem)
            {
                throw new FormatException($"line {number}: {problem}");
            }
        }

        return description;
    }

    /// <summary>The features, by <see cref="CpuFeature.Ordinal"/>.</summary>
    internal Truth[] CopyFeatures() => [.. _features];

    /// <summary>What the text says wrong where the recording shows a feature; null for nothing.</summary>
    internal string? Contradiction(CpuFeature feature, Truth shown) =>
        _features[feature.Ordinal].IsUnknown || _features[feature.Ordinal] == shown ? null : $"{feature.Name} is {(shown.IsYes ? 1 : 0)}";

    /// <summary>What the text says wrong where the recording shows the width of physical addresses; null for nothing.</summary>
    internal string? Contradiction(int shownBits) =>
        PhysicalAddressBits == 0 || PhysicalAddressBits == shownBits ? null : $"{PhysicalBits} is {shownBits}";

    // What is wrong with the line; null for nothing.
    private string? Take(string line)
    {
        int equals = line.IndexOf('=', StringComparison.Ordinal), colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0)
        {
            return TakeCpuinfo(line[..colon].TrimEnd(), line[(colon + 1)..].Trim());
        }

        return equals < 0 ? $"\"{line}\" is no name=value" : TakeValue(line[..equals].TrimEnd(), line[(equals + 1)..].TrimStart());
    }

    private string? TakeValue(string name, string value)
    {
        if (string.Equals(name, PhysicalBits, StringComparison.OrdinalIgnoreCase))
        {
            return TakeBits(value);
        }

        if (CpuFeature.Named(name) is not { } feature)
        {
            return $"no feature is called {name}; known are {PhysicalBits}, {string.Join(", ", CpuFeature.All.Select(row => row.Name))}";
        }

        if (value is not ("0" or "1"))
        {
            return $"{name} is 0 or 1, not \"{value}\"";
        }

        _features[feature.Ordinal] = Truth.Of(value == "1");
        return null;
    }

    private string? TakeCpuinfo(string key, string value)
    {
        switch (key)
        {
            case "flags":
                string[] flags = value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                foreach (CpuFeature feature in CpuFeature.All.Where(row => row.Flag.Length > 0 && flags.Contains(row.Flag)))
                {
                    _features[feature.Ordinal] = Truth.Yes;
                }

                return null;
            case "address sizes":
                return TakeBits(value.Split(' ')[0]);
            default:
                return Passed.Contains(key) ? null : $"\"{key}\" is no line of /proc/cpuinfo; write name=value";
        }
    }

    private string? TakeBits(string value)
    {
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int bits) || bits is < FewestBits or > MostBits)
        {
            return $"physical addresses have {FewestBits} to {MostBits} bits, not \"{value}\"";
        }

        PhysicalAddressBits = bits;
        return null;
    }
}
