using Differ.Replay.Manual;
using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Support;

/// <summary>A vmcb12 known to the bit on a virtual CPU known to the bit; VMRUN accepts it, or one check refuses it.</summary>
/// <param name="Features">Whether the virtual CPU has all features or none.</param>
/// <param name="Fields">The fields that are not zero.</param>
internal sealed record VmrunCase(bool Features, IReadOnlyDictionary<VmcbField, ulong> Fields)
{
    /// <summary>Width of physical addresses.</summary>
    public const int PhysicalBits = 48;

    /// <summary>Legal states, as far apart as the checks need: with all features and none, with nested paging and without.</summary>
    public static IReadOnlyList<VmrunCase> Legal { get; } =
    [
        .. from features in (bool[])[true, false] from nestedPaging in (bool[])[true, false] select Plain(features, nestedPaging),
    ];

    /// <summary>The state as a condition sees it.</summary>
    /// <param name="hidden">A field that nobody knows; null for none.</param>
    public VmrunState State(VmcbField? hidden = null)
    {
        var vmcb = new Vmcb12();
        foreach (VmcbRow row in VmcbLayout.All.Where(row => row.Field != hidden))
        {
            vmcb[row.Field] = Bits64.Of(this[row.Field]);
        }

        vmcb.NestedPaging = hidden == VmcbField.NestedControl ? Truth.Unknown : Truth.Of((this[VmcbField.NestedControl] & 1) != 0);
        var profile = Profile.Of(Truth.Of(Features));
        profile.PhysicalAddressBits = PhysicalBits;
        return new VmrunState(vmcb, profile);
    }

    /// <summary>A field.</summary>
    public ulong this[VmcbField field] => Fields.GetValueOrDefault(field);

    /// <summary>The same with another value of a field.</summary>
    public VmrunCase With(VmcbField field, ulong value) => this with { Fields = new Dictionary<VmcbField, ulong>(Fields) { [field] = value } };

    /// <summary>The rules that call the state illegal.</summary>
    public IEnumerable<Rule> Refused() => VmrunChecks.Rows.Where(row => row.Illegal is { } illegal && illegal(State()).IsYes);

    /// <summary>The smallest change of a legal state in which one rule alone calls it illegal.</summary>
    public static VmrunCase Alone(Rule rule) =>
        Changes(rule).FirstOrDefault(state => state.Refused().SequenceEqual([rule]))
            ?? throw new InvalidOperationException($"{rule.Info.Id}: no small change of a legal state makes it alone decide");

    /// <summary>The bits of the fields that a rule reads of which each alone decides what it says, such as <c>EFER 12</c>.</summary>
    public IEnumerable<string> DecidingBits(Rule rule)
    {
        foreach (VmcbRow row in Read(rule))
        {
            int[] bits = [.. Enumerable.Range(0, 8 * row.Size).Where(bit => !rule.Illegal!(With(row.Field, this[row.Field] ^ (1UL << bit)).State()).IsYes)];
            if (bits.Length > 0)
            {
                yield return $"{row.Name} {Runs(bits)}";
            }
        }
    }

    /// <summary>The fields that a rule reads of this state.</summary>
    public IEnumerable<VmcbRow> Read(Rule rule)
    {
        VmrunState state = State();
        rule.Illegal!(state);
        return VmcbLayout.All.Where(row => !(state.Read & VmcbFields.Of(row.Field)).IsEmpty);
    }

    private static IEnumerable<VmrunCase> Changes(Rule rule)
    {
        IEnumerable<VmrunCase> once = Legal.SelectMany(state => Changes(rule, state));
        return once.Concat(once.SelectMany(state => Changes(rule, state)));
    }

    private static IEnumerable<VmrunCase> Changes(Rule rule, VmrunCase state) =>
        state.Read(rule).SelectMany(row => Enumerable.Range(0, 8 * row.Size).Select(bit => state[row.Field] ^ (1UL << bit)).Prepend(0UL), (row, value) => state.With(row.Field, value));

    // A guest in 64-bit mode, or in protected mode where the virtual CPU has no long mode; VMRUN is intercepted, and a #UD is injected.
    private static VmrunCase Plain(bool features, bool nestedPaging) => new(features, new Dictionary<VmcbField, ulong>
    {
        [VmcbField.EferRegister] = (1UL << Efer.SVME) | (features ? (1UL << Efer.LME) | (1UL << Efer.LMA) : 0),
        [VmcbField.Cr0Register] = (1UL << Cr0.PE) | (1UL << Cr0.PG) | (1UL << Cr0.WP),
        [VmcbField.Cr4Register] = features ? 1UL << Cr4.PAE : 0,
        [VmcbField.CsAttributes] = 1UL << 9,
        [VmcbField.GuestAsid] = 1,
        [VmcbField.InterceptMisc2] = 1,
        [VmcbField.GPat] = 0x0007_0406_0007_0406,
        [VmcbField.EventInj] = 0x8000_0306,
        [VmcbField.NestedControl] = nestedPaging ? 1UL : 0,
        [VmcbField.IopmBasePa] = 0x30000,
        [VmcbField.MsrpmBasePa] = 0x34000,
    });

    /// <summary>Bit numbers, from the lowest, with runs as <c>high:low</c>.</summary>
    public static string Runs(int[] bits)
    {
        var runs = new List<string>();
        for (int i = 0; i < bits.Length;)
        {
            int end = i;
            while (end + 1 < bits.Length && bits[end + 1] == bits[end] + 1)
            {
                end++;
            }

            runs.Add(end == i ? $"{bits[i]}" : $"{bits[end]}:{bits[i]}");
            i = end + 1;
        }

        return string.Join(" ", runs);
    }
}
