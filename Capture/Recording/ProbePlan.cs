using System.Globalization;
using System.Text.RegularExpressions;
using Differ.Capture.Btf;

namespace Differ.Capture.Recording;

/// <summary>How much is recorded.</summary>
public enum EventLevel
{
    /// <summary>The tracepoints of KVM alone.</summary>
    Stock,

    /// <summary>Probes too, with what decides most, for busy hosts.</summary>
    Lean,

    /// <summary>Probes with all that Differ reads.</summary>
    Full,
}

/// <summary>A probe as it is set in one kernel.</summary>
/// <param name="Name">Name of the event.</param>
/// <param name="Symbol">The function.</param>
/// <param name="Definition">The line for <c>kprobe_events</c>.</param>
/// <param name="Reads">Reads of memory at each hit.</param>
/// <param name="Evidence">What stays unknown without it.</param>
public sealed record PlannedProbe(string Name, string Symbol, string Definition, int Reads, string Evidence);

/// <summary>The probes that fit one kernel, by what it has and never by its version.</summary>
/// <param name="Level">How much is recorded.</param>
/// <param name="Probes">The probes.</param>
/// <param name="Missing">What this kernel does not show and why, one a line.</param>
public sealed partial record ProbePlan(EventLevel Level, IReadOnlyList<PlannedProbe> Probes, IReadOnlyList<string> Missing)
{
    // Linux kernel/trace/trace_probe.h: MAX_ARRAY_LEN, MAX_TRACE_ARGS; an event is refused above 3072 bytes.
    private const int MostElements = 64, MostArguments = 128, MostBytes = 3072;

    /// <summary>Instructions that an exit takes longer, with kvm's tracepoints and the probes <c>entry</c> and <c>exit</c>.</summary>
    public int InstructionsPerExit => RecordingCost.Of(EventLevel.Stock) - RecordingCost.Unrecorded
        + Probes.Where(probe => probe.Name is "entry" or "exit").Sum(probe => RecordingCost.OfProbe + (RecordingCost.OfRead * probe.Reads));

    /// <summary>Makes the plan.</summary>
    /// <param name="level">How much is recorded.</param>
    /// <param name="btf">The types of a module; null where there are none.</param>
    /// <param name="obstacle">Why a probe cannot be set at a place, or is not hit there; null where it is.</param>
    /// <param name="isModule">Whether a module is one, and no part of the kernel.</param>
    internal static ProbePlan Of(EventLevel level, Func<string, BtfTypes?> btf, Func<ProbePlace, string?> obstacle, Func<string, bool> isModule)
    {
        var probes = new List<PlannedProbe>();
        var missing = new List<string>();
        if (level == EventLevel.Stock)
        {
            return new(level, probes, missing);
        }

        BtfTypes? amd = btf("kvm_amd");
        if (amd?.Find("vcpu_svm.vcpu") is not { Offset: 0 })
        {
            return new(level, probes, ["all probes: the types of kvm_amd have no vcpu_svm that starts with the vcpu"]);
        }

        foreach (ProbeTemplate template in ProbeTemplates.All)
        {
            if (Place(template, btf, obstacle, missing) is { } place)
            {
                probes.Add(Fill(level, template, place, [amd, btf(place.Module)!], isModule(place.Module), missing));
            }
        }

        return new(level, probes, missing);
    }

    private static ProbePlace? Place(ProbeTemplate template, Func<string, BtfTypes?> btf, Func<ProbePlace, string?> obstacle, List<string> missing)
    {
        var reasons = new List<string>();
        foreach (ProbePlace place in template.Places)
        {
            string? reason = Mismatch(place, btf(place.Module)) ?? obstacle(place);
            if (reason is null)
            {
                if (place.Loss.Length > 0)
                {
                    missing.Add($"{template.Name} is set on {place.Symbol} ({string.Join("; ", reasons)}); not seen: {place.Loss}");
                }

                return place;
            }

            reasons.Add($"{place.Symbol} {reason}");
        }

        missing.Add($"{template.Name} is not set ({string.Join("; ", reasons)}); not seen: {template.Evidence}");
        return null;
    }

    private static string? Mismatch(ProbePlace place, BtfTypes? types)
    {
        if (types?.FindFunction(place.Symbol) is not { } parameters)
        {
            return "is no function in BTF";
        }

        for (int i = 0; i < place.Parameters.Length; i++)
        {
            if (i >= parameters.Count || !Fits(place.Parameters[i], parameters[i].Type))
            {
                return $"has other parameters ({string.Join(", ", parameters.Select(parameter => $"{parameter.Type} {parameter.Name}"))})";
            }
        }

        return null;
    }

    // vcpu_svm starts with the vcpu, so that either pointer is the other.
    private static bool Fits(string wanted, string found) =>
        wanted is "*" || wanted == found || (wanted is "kvm_vcpu*" or "vcpu_svm*" && found is "kvm_vcpu*" or "vcpu_svm*");

    private static PlannedProbe Fill(EventLevel level, ProbeTemplate template, ProbePlace place, BtfTypes[] types, bool isModule, List<string> missing)
    {
        var fields = new List<string>();
        var left = new List<string>();
        int reads = 0, bytes = 0;
        foreach (string field in level == EventLevel.Lean ? template.Lean : template.Full)
        {
            string name = field[..field.IndexOf('=', StringComparison.Ordinal)];
            (int count, int size) = Extent(field);
            if (place.NotThere.Contains(name))
            {
                continue;
            }

            if (Offsets(field, types) is not { } filled || count > MostElements || fields.Count == MostArguments || bytes + (count * size) > MostBytes)
            {
                left.Add(name);
                continue;
            }

            fields.Add(filled);
            reads += filled.Contains('(', StringComparison.Ordinal) ? count : 0;
            bytes += count * size;
        }

        if (left.Count > 0)
        {
            missing.Add($"{template.Name} without {string.Join(", ", left)}: this kernel keeps no such thing where Differ knows it");
        }

        string symbol = isModule ? $"{place.Module}:{place.Symbol}" : place.Symbol;
        return new(
            template.Name, symbol, $"{(template.AtReturn ? 'r' : 'p')}:{Tracepoints.Probes.Group}/{template.Name} {symbol} {string.Join(' ', fields)}", reads, template.Evidence);
    }

    private static (int Count, int Size) Extent(string field)
    {
        Match type = FieldType().Match(field);
        return (type.Groups["count"].Success ? int.Parse(type.Groups["count"].Value, CultureInfo.InvariantCulture) : 1, int.Parse(type.Groups["bits"].Value, CultureInfo.InvariantCulture) / 8);
    }

    // vcpu_svm is known to kvm_amd alone, whatever module the function is in.
    private static string? Offsets(string field, BtfTypes[] types)
    {
        bool found = true;
        string filled = Member().Replace(field, paths =>
        {
            BtfPlace? place = paths.Groups[1].Value.Split('|').SelectMany(path => types.Select(one => one.Find(path))).FirstOrDefault(place => place is { BitWidth: 0, Offset: < int.MaxValue });
            found &= place is not null;
            return place is null ? "" : place.Offset.ToString(CultureInfo.InvariantCulture);
        });
        return found ? filled : null;
    }

    [GeneratedRegex(@"\{([^}]*)\}")]
    private static partial Regex Member();

    [GeneratedRegex(@":[xus](?<bits>\d+)(\[(?<count>\d+)\])?$")]
    private static partial Regex FieldType();
}
