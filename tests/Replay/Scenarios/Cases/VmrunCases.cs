using Differ.Replay;
using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Replay.Rules;
using Differ.Replay.Scenarios.Generation;
using Differ.Replay.State;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Scenarios.Cases;

/// <summary>The cases of a condition of VMRUN.</summary>
internal static class VmrunCases
{
    private static readonly string[] Setup = ["intercept VMMCALL HLT"], Run = ["vmrun"], Guest = ["nop", "vmmcall"];

    private static readonly Rule[] Guarded = [.. RuleBook.All.Where(static row => row.Illegal is not null)];

    // With an injected #UD, without nested paging, or on a processor without one feature: some conditions hold there only.
    private static readonly GuestState[] Bases =
    [
        .. new GuestState[]
        {
            new([], new Features(), []),
            new([], new Features(), [new(VmcbField.EventInj, 0x8000_0306)]),
            new([], new Features(), [new(VmcbField.NestedControl, 0)]),
        }.Concat(CpuFeature.All.Where(static feature => new Features().Has(feature)).Select(static feature =>
            new GuestState([$"cpu -{feature.Name.ToLowerInvariant()}"], new Features().With(feature, false), []))),
    ];

    private static readonly GuestState[] Legal = [.. Bases.Where(static state => state.IsLegal)];

    /// <summary>The cases of a rule; empty where no small change of a legal state makes it alone refuse VMRUN.</summary>
    public static IEnumerable<ConditionCase> Of(Rule rule)
    {
        GuestState[] refused = [.. Bases.Where(state => state.IsRefusedBy(rule)), .. Singles(rule)];
        GuestState[] cases = refused.Length > 0 ? refused : [.. Pairs(rule).Take(1)];
        return cases.Select(state => Case(rule, state.InWords, state)).Concat(cases.Take(1).SelectMany(state => Near(rule, state)).Select(state => Case(rule, $"not yet with {state.InWords}", state)));
    }

    // The legal states with one bit changed, at both ends of every run of bits that makes the rule alone refuse them.
    private static IEnumerable<GuestState> Singles(Rule rule)
    {
        var shown = new HashSet<(VmcbField, int)>();
        foreach (GuestState legal in Legal)
        {
            foreach (VmcbRow row in legal.ReadBy(rule))
            {
                int[] bits = [.. Bits(row).Where(bit => !shown.Contains((row.Field, bit)) && legal.With(row.Field, bit).IsRefusedBy(rule))];
                foreach (int bit in BitRuns.Ends(bits))
                {
                    yield return legal.With(row.Field, bit);
                }

                shown.UnionWith(bits.Select(bit => (row.Field, bit)));
            }
        }
    }

    private static IEnumerable<GuestState> Pairs(Rule rule) =>
        Legal.Take(3).SelectMany(legal => legal.Changes(rule)).SelectMany(once => once.Changes(rule)).Where(state => state.IsRefusedBy(rule));

    // The legal states beside it: one bit that the rule reads is otherwise. L2's program is 64-bit code.
    private static IEnumerable<GuestState> Near(Rule rule, GuestState refused) => refused.ReadBy(rule)
        .SelectMany(row => BitRuns.Ends([.. Bits(row).Where(bit => refused.With(row.Field, bit) is { IsLegal: true, RunsGuest: true, Changed.Count: > 0 })]), (row, bit) => refused.With(row.Field, bit));

    private static IEnumerable<int> Bits(VmcbRow row) => Enumerable.Range(0, 8 * row.Size);

    private static ConditionCase Case(Rule rule, string what, GuestState state) => new(rule.Info.Id, what, new ScenarioText([.. state.Cpu, .. Setup, .. state.Lines], Run, Guest));

    /// <summary>vmcb12 of the machine that scenarios start with, with some fields changed.</summary>
    /// <param name="Cpu">The lines that change the processor.</param>
    /// <param name="Features">The processor.</param>
    /// <param name="Changed">The fields, and what they hold.</param>
    private sealed record GuestState(string[] Cpu, Features Features, IReadOnlyList<KeyValuePair<VmcbField, ulong>> Changed)
    {
        /// <summary>Whether every rule accepts it.</summary>
        public bool IsLegal => Accepts(State(), except: null);

        /// <summary>Whether VMRUN starts L2 in 64-bit mode.</summary>
        public bool RunsGuest => State().StartsIn64BitMode.IsYes;

        /// <summary>What is changed, for a title.</summary>
        public string InWords => string.Join(", ", Cpu.Concat(Changed.Select(static one => $"{VmcbLayout.Of(one.Key).Name} 0x{one.Value:x}")));

        /// <summary>The lines that set the fields.</summary>
        public IEnumerable<string> Lines => Changed.Select(static one => StartingState.Line(one.Key, one.Value));

        /// <summary>The same with a bit changed.</summary>
        public GuestState With(VmcbField field, int bit) => With(field, this[field] ^ (1UL << bit));

        /// <summary>Whether a rule refuses it, and no other does or may.</summary>
        public bool IsRefusedBy(Rule rule)
        {
            VmrunState state = State();
            return rule.Illegal!(state).IsYes && Accepts(state, rule);
        }

        /// <summary>The fields that a rule reads of it.</summary>
        public IEnumerable<VmcbRow> ReadBy(Rule rule)
        {
            VmrunState asked = State();
            rule.Illegal!(asked);
            return VmcbLayout.All.Where(row => !(asked.Read & VmcbFields.Of(row.Field)).IsEmpty);
        }

        /// <summary>The states in which one bit of a field that the rule reads is otherwise, or the field is zero.</summary>
        public IEnumerable<GuestState> Changes(Rule rule) =>
            ReadBy(rule).SelectMany(row => Bits(row).Select(bit => With(row.Field, bit)).Append(With(row.Field, 0UL)));

        private ulong this[VmcbField field] => Changed.Where(one => one.Key == field).Select(static one => (ulong?)one.Value).FirstOrDefault() ?? StartingState.Of(field);

        private static bool Accepts(VmrunState state, Rule? except) => Guarded.All(row => row == except || row.Illegal!(state).IsNo);

        private GuestState With(VmcbField field, ulong value)
        {
            IEnumerable<KeyValuePair<VmcbField, ulong>> others = Changed.Where(one => one.Key != field);
            return this with { Changed = [.. value == StartingState.Of(field) ? others : others.Append(new(field, value))] };
        }

        private VmrunState State()
        {
            var vmcb = new Vmcb12();
            foreach (VmcbRow row in VmcbLayout.All)
            {
                vmcb[row.Field] = Bits64.Of(this[row.Field]);
            }

            vmcb.NestedPaging = Truth.Of(Features.Has(CpuFeature.Np) && (this[VmcbField.NestedControl] & 1) != 0);
            return new VmrunState(vmcb, Features.Profile);
        }
    }
}
