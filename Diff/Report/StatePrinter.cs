using System.Globalization;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>Writes what a recorder with probes saw of VMCBs and registers, and where two moments differ, for a person.</summary>
public static class StatePrinter
{
    private const string NotRecorded = "(not recorded)";

    private static readonly (StateMoment Moment, string Name, string Text)[] Names =
    [
        (StateMoment.L1AtExit, "l1-exit", "L1 at its exit"),
        (StateMoment.Vmcb12AtVmrun, "vmcb12-vmrun", "vmcb12 as VMRUN or VMLOAD finds it"),
        (StateMoment.L2AtEntry, "l2-entry", "L2 as it is entered (vmcb02)"),
        (StateMoment.L2AtExit, "l2-exit", "L2 at its exit (vmcb02)"),
        (StateMoment.Vmcb12AfterExit, "vmcb12-after", "vmcb12 as L1 is shown it, or VMSAVE leaves it"),
        (StateMoment.L1AtEntry, "l1-entry", "L1 as it is entered"),
    ];

    /// <summary>Names of the moments, for a command line.</summary>
    public static IReadOnlyList<string> Moments { get; } = [.. Names.Select(static one => one.Name)];

    /// <summary>The moment with a name; null where there is none.</summary>
    public static StateMoment? MomentOf(string name) => Names.Where(one => one.Name == name).Select(static one => (StateMoment?)one.Moment).FirstOrDefault();

    /// <summary>A moment in words.</summary>
    public static string TextOf(StateMoment moment) => Names.First(one => one.Moment == moment).Text;

    /// <summary>Every field that is known, moment by moment.</summary>
    public static IEnumerable<string> Lines(MachineStates states)
    {
        foreach ((StateMoment moment, _, string text) in Names.Where(one => !states[one.Moment].IsEmpty))
        {
            yield return text;
            foreach (VmcbRow row in VmcbLayout.All)
            {
                if (states.At(moment, row.Position) is { IsKnown: true } value)
                {
                    yield return $"  {row.Name,-38} {Value(row, value)}";
                }
            }
        }
    }

    /// <summary>The fields of one moment that are others at another one, or known at one of them only.</summary>
    public static IEnumerable<string> Difference(StateImage from, StateImage to)
    {
        foreach (VmcbRow row in VmcbLayout.All)
        {
            Observed<ulong> before = from.At(row.Position, row.Size), after = to.At(row.Position, row.Size);
            if (before.IsKnown != after.IsKnown || (before.IsKnown && before.Value != after.Value))
            {
                yield return $"  {row.Name,-38} {Value(row, before)} -> {Value(row, after)}";
            }
        }
    }

    private static string Value(VmcbRow row, Observed<ulong> value) => !value.IsKnown ? NotRecorded
        : row.Field == VmcbField.ExitCode ? new SvmExitCode(value.Value).ToString()
        : string.Create(CultureInfo.InvariantCulture, $"0x{value.Value:x}");
}
