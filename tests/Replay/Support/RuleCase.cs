using Differ.Schemas.Model;

namespace Differ.Tests.Replay.Support;

/// <summary>One rule with the smallest stories that make it speak.</summary>
/// <param name="Rule">The rule's id.</param>
/// <param name="States">The stories.</param>
public sealed record RuleCase(string Rule, params RuleState[] States)
{
    /// <summary>The same with further stories.</summary>
    public RuleCase And(params RuleState[] more) => this with { States = [.. States, .. more] };
}

/// <summary>A story and what the rule says of its last record.</summary>
/// <param name="Story">The story.</param>
/// <param name="Says">What the rule says.</param>
/// <param name="Missing">The evidence it lacks, or assumes.</param>
/// <param name="Also">Further rules that the same fact breaks.</param>
/// <param name="Why">Why it says nothing.</param>
public sealed record RuleState(RunStory Story, Saying Says, Evidence Missing, IReadOnlyList<string> Also, string Why)
{
    /// <summary>The story breaks the rule, and no other than those named.</summary>
    public static RuleState Breaks(RunStory story, params string[] also) => new(story, Saying.Broken, Evidence.None, also, "");

    /// <summary>The same, if something is as assumed.</summary>
    public static RuleState BreaksAssuming(Evidence assumed, RunStory story, params string[] also) => new(story, Saying.Broken, assumed, also, "");

    /// <summary>The story breaks the rule in a way KVM documents.</summary>
    public static RuleState Departs(RunStory story) => new(story, Saying.Known, Evidence.None, [], "");

    /// <summary>The story keeps the rule.</summary>
    public static RuleState Keeps(RunStory story) => new(story, Saying.Kept, Evidence.None, [], "");

    /// <summary>The story does not show enough.</summary>
    public static RuleState Undecided(Evidence missing, RunStory story) => new(story, Saying.Undecided, missing, [], "");

    /// <summary>The rule has nothing to say of the story.</summary>
    public static RuleState Silent(string why, RunStory story) => new(story, Saying.Silent, Evidence.None, [], why);
}

/// <summary>The cases of a file of rules.</summary>
public interface IRuleCases
{
    /// <summary>In the order of the rules.</summary>
    static abstract IReadOnlyList<RuleCase> All { get; }
}

/// <summary>Holds each rule of a file against its cases.</summary>
/// <typeparam name="TCases">The cases.</typeparam>
public abstract class RuleTests<TCases>
    where TCases : IRuleCases
{
    public static TheoryData<string, int, Saying> States
    {
        get
        {
            var rows = new TheoryData<string, int, Saying>();
            foreach (RuleCase of in TCases.All)
            {
                for (int i = 0; i < of.States.Length; i++)
                {
                    rows.Add(of.Rule, i, of.States[i].Says);
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(States))]
    public void A_rule_says_of_a_state_what_the_manual_says(string rule, int state, Saying says)
    {
        RuleState of = TCases.All.Single(row => row.Rule == rule).States[state];
        StoryResult result = StoryResult.Of(of.Story);
        Assert.Equal(says == Saying.Broken ? of.Also.Append(rule).Order(StringComparer.Ordinal) : [], result.Broken);
        Assert.Equal(says, result.Says(rule));
        if (says == Saying.Undecided)
        {
            Assert.Equal([of.Missing], result.Missing(rule));
        }

        if (says == Saying.Broken && result.Last.Divergences.FirstOrDefault(found => found.Rule.Id == rule) is { } found)
        {
            Assert.Equal(of.Missing, found.Assumed);
        }
    }
}
