using System.Text;
using Differ.Replay;
using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using Differ.Tests.Support;

namespace Differ.Tests.Replay.Manual;

/// <summary>The exceptions of instructions in all their uses: on a state known in part, in full, in the processor, and the states made from them.</summary>
public sealed class InstructionExceptionTests
{
    private static readonly Lazy<Dictionary<string, IReadOnlyList<InstructionCase>>> Cases =
        new(static () => InstructionExceptions.Rows.ToDictionary(static row => row.Info.Id, InstructionCase.Alone));

    public static TheoryData<string> Rules => [.. InstructionExceptions.Rows.Select(static row => row.Info.Id)];

    [Fact]
    public void Every_rule_that_names_an_exception_is_among_them() =>
        Assert.Equal(RuleBook.All.Where(static row => row.Raises is not null).Select(static row => row.Info.Id).Order(), InstructionExceptions.Rows.Select(static row => row.Info.Id).Order());

    [Fact]
    public void What_is_legal_raises_nothing() =>
        Assert.All(InstructionExceptions.Rows.SelectMany(InstructionCase.Legal), static one =>
        {
            Assert.Null(one.First);
            Assert.Empty(one.Raised());
        });

    // For each rule and each of its instructions: the bits that make it alone raise its exception where nothing was raised, a bit at a
    // time; and the smallest state in which it does, with the bits of which each alone decides that.
    [Fact]
    public void Each_rule_decides_alone_in_a_smallest_state_and_each_of_its_bits_matters()
    {
        var text = new StringBuilder();
        foreach (Rule rule in InstructionExceptions.Rows)
        {
            text.Append(rule.Info.Id).Append(": ").Append(ExceptionVector.All[rule.Raises!.Vector].Name).Append('\n');
            foreach (InstructionCase legal in InstructionCase.Legal(rule))
            {
                text.Append("  ").Append(legal).Append("; then raised by ").AppendJoin(", ", legal.RaisingBits(rule).DefaultIfEmpty("no bit alone")).Append('\n');
            }

            foreach (InstructionCase state in Cases.Value[rule.Info.Id])
            {
                text.Append("  ").Append(state).Append("; decided by ").AppendJoin(", ", state.DecidingBits(rule)).Append('\n');
            }
        }

        Golden.Matches("Replay/Manual/instruction-exceptions.txt", text.ToString());
    }

    // "SVM instructions check #UD before #GP": where both apply, the first in the order of the rules is raised.
    [Fact]
    public void Undefined_comes_before_general_protection()
    {
        foreach (SvmExitCode instruction in (SvmExitCode[])[SvmExitCode.Vmrun, SvmExitCode.Vmload, SvmExitCode.Vmsave, SvmExitCode.Stgi, SvmExitCode.Clgi, SvmExitCode.Invlpga])
        {
            var nothing = new InstructionCase(instruction, 0, Features: false, InSmm: false, Operand: 1, new Dictionary<VmcbField, ulong> { [VmcbField.Cpl] = 3 });
            Assert.Equal(ExceptionVector.UD, nothing.First);
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Who_knows_less_says_nothing_else(string id)
    {
        Rule rule = Find(id);
        foreach (InstructionCase state in InstructionCase.Legal(rule).Concat(Cases.Value[id]))
        {
            Truth known = rule.Raises!.When(state.State);
            foreach (InstructionCase less in state.KnowingLess())
            {
                Differ.Replay.State.InstructionState asked = less.State;
                Truth answer = rule.Raises.When(asked);
                Assert.True(answer.IsUnknown || answer == known, $"{less.Hidden}: {known} in full, {answer} without the register");
                Assert.False(answer.IsUnknown && asked.Missing == Evidence.None, $"{less.Hidden} is not named as missing");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void The_processor_raises_what_a_rule_says_where_it_decides_alone(string id)
    {
        Rule rule = Find(id);
        foreach ((InstructionCase state, byte? expected) in InstructionCase.Legal(rule).Select(static state => (state, (byte?)null)).Concat(Cases.Value[id].Select(state => (state, (byte?)rule.Raises!.Vector))))
        {
            // SKINIT is absent without its feature, whatever else holds.
            if (state.Features || state.Instruction != SvmExitCode.Skinit)
            {
                Features features = CpuFeature.All.Aggregate(new Features().WithPhysicalBits(InstructionCase.PhysicalBits), (all, feature) => all.With(feature, state.Features));
                Assert.Equal((state.ToString(), expected), (state.ToString(), OneInstruction.Raises(features, state)));
            }
        }
    }

    private static Rule Find(string id) => InstructionExceptions.Rows.Single(row => row.Info.Id == id);
}
