using System.Text;
using Differ.Replay.Manual;
using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using Differ.Tests.Support;

namespace Differ.Tests.Replay.Manual;

/// <summary>The conditions of VMRUN in all their uses: on a state known in part, in full, in the processor, and the states made from them.</summary>
public sealed class VmrunGuardTests
{
    private static readonly Rule[] Guarded = [.. VmrunChecks.Rows.Where(static row => row.Illegal is not null)];

    private static readonly Lazy<Dictionary<string, VmrunCase>> Cases = new(static () => Guarded.ToDictionary(static row => row.Info.Id, VmrunCase.Alone));

    public static TheoryData<string> Rules => [.. Guarded.Select(static row => row.Info.Id)];

    [Fact]
    public void A_legal_state_is_refused_by_no_rule() => Assert.All(VmrunCase.Legal, static state => Assert.Empty(state.Refused()));

    // For each rule the smallest state in which it alone refuses VMRUN, and the bits of which each alone decides that.
    [Fact]
    public void Each_rule_decides_alone_in_a_smallest_state_and_each_of_its_bits_matters()
    {
        var text = new StringBuilder();
        foreach (Rule rule in Guarded)
        {
            VmrunCase state = Cases.Value[rule.Info.Id];
            text.Append(rule.Info.Id).Append('\n').Append("  ").AppendJoin("; ", Told(state)).Append('\n');
            text.Append("  decided by ").AppendJoin(", ", state.DecidingBits(rule)).Append('\n');
        }

        Golden.Matches("Replay/Manual/vmrun-guards.txt", text.ToString());
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Who_knows_less_says_nothing_else(string id)
    {
        Rule rule = Find(id);
        foreach (VmrunCase state in VmrunCase.Legal.Append(Cases.Value[id]))
        {
            Truth known = rule.Illegal!(state.State());
            foreach (VmcbRow row in state.Read(rule))
            {
                Truth less = rule.Illegal(state.State(hidden: row.Field));
                Assert.True(less.IsUnknown || less == known, $"{row.Name}: {known} in full, {less} without the field");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void What_is_read_and_hidden_is_named_as_missing(string id)
    {
        Rule rule = Find(id);
        VmrunCase alone = Cases.Value[id];
        foreach (VmcbRow row in alone.Read(rule))
        {
            VmrunState state = alone.State(hidden: row.Field);
            if (rule.Illegal!(state).IsUnknown)
            {
                Assert.NotEqual(Evidence.None, state.Missing);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void The_processor_refuses_the_state_in_which_a_rule_decides_alone(string id)
    {
        foreach ((VmrunCase state, bool refused) in VmrunCase.Legal.Select(static state => (state, false)).Append((Cases.Value[id], true)))
        {
            Features features = new Features().WithPhysicalBits(VmrunCase.PhysicalBits);
            foreach (CpuFeature feature in CpuFeature.All)
            {
                features = features.With(feature, state.Features || feature == CpuFeature.Np);
            }

            Assert.Equal(refused, OneInstruction.VmrunRefuses(features, [.. state.Fields.Select(static field => (field.Key, field.Value))]));
        }
    }

    private static Rule Find(string id) => Guarded.Single(row => row.Info.Id == id);

    private static IEnumerable<string> Told(VmrunCase state)
    {
        VmrunCase near = VmrunCase.Legal.Where(legal => legal.Features == state.Features).MinBy(legal => Changed(legal, state).Count())!;
        return Changed(near, state).Select(row => $"{row.Name}=0x{state[row.Field]:x}")
            .Prepend($"{(state.Features ? "all features" : "no features")}, {(near[VmcbField.NestedControl] == 0 ? "no nested paging" : "nested paging")}");
    }

    private static IEnumerable<VmcbRow> Changed(VmrunCase from, VmrunCase to) => VmcbLayout.All.Where(row => from[row.Field] != to[row.Field]);
}
