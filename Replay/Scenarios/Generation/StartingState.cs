using System.Globalization;
using Differ.Replay.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Scenarios.Generation;

/// <summary>What the machine of a scenario starts with, by the words that set it.</summary>
internal static class StartingState
{
    private const string OfGuest = "vmcb12 ", OfHost = "l1 ";

    private static readonly Machine Fresh = new(new Features(), new RunLog(null));

    /// <summary>The fields of vmcb12 that VMRUN reads or #VMEXIT writes, in the order of the manual.</summary>
    public static IReadOnlyList<VmcbRow> GuestFields { get; } =
        [.. VmcbLayout.All.Where(static row => row.Area is VmcbArea.Control or VmcbArea.Save && ScenarioParser.FieldOf(ScenarioParser.NameOf(row.Field)) == row.Field)];

    /// <summary>What a field of vmcb12 holds.</summary>
    public static ulong Of(VmcbField field) => Fresh.Guest[field];

    /// <summary>The line that sets a field of vmcb12.</summary>
    public static string Line(VmcbField field, ulong value) => string.Create(CultureInfo.InvariantCulture, $"{OfGuest}{ScenarioParser.NameOf(field)}=0x{value:x}");

    /// <summary>A line that sets a field or a register: what it sets, the value, and what is there without it; null for another line.</summary>
    public static (string Name, ulong Value, ulong Start)? Read(string line)
    {
        string[] parts = line.Split('=');
        bool guest = line.StartsWith(OfGuest, StringComparison.Ordinal);
        if (parts.Length != 2 || (!guest && !line.StartsWith(OfHost, StringComparison.Ordinal)) || !Numbers.TryParse(parts[1], out ulong value))
        {
            return null;
        }

        string name = parts[0][(guest ? OfGuest : OfHost).Length..];
        ulong start = ScenarioParser.FieldOf(name) is { } field ? guest ? Fresh.Guest[field] : Fresh.Processor.State[field]
            : ScenarioParser.GeneralOf(name) is { } register ? Fresh.Processor.State.General[register] : 0;
        return (parts[0], value, start);
    }
}
