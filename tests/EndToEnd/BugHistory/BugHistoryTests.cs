using System.Text;
using System.Text.Json;
using Differ.Diff.Knowledge;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd.BugHistory;

/// <summary>The history of KVM: what its old kernels recorded is reported, and what the corrected ones record is not.</summary>
public sealed class BugHistoryTests
{
    // A late one of each generation of layouts.
    private static readonly string[] Kernels = ["4.14", "5.4", "5.8", "5.10", "5.15", "6.1", "6.12", "7.1"];

    public static TheoryData<string> Recordings => [.. PastBugs.All.Select(bug => bug.Name)];

    [Theory]
    [MemberData(nameof(Recordings))]
    public void A_bug_is_reported_by_its_rule_whatever_else_was_recorded(string name)
    {
        PastBug bug = PastBugs.All.Single(row => row.Name == name);
        string rules = string.Join(' ', [bug.Rule, .. bug.Consequences]);
        Report expected = bug.AsKnown ? new Report("", rules) : new Report(rules, "");
        Assert.All(Told(bug, bug.Wrong), told =>
        {
            Assert.Equal(expected, told.Report);
            Assert.Equal(told.IsCertain, told.Fails);
            Assert.Equal(bug.Instead.Length > 0, !told.Named.Intersect(KnownBugs.All.Single(known => known.Id == bug.Id).Rules).Any());
        });
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Without_the_bug_nothing_is_reported(string name)
    {
        PastBug bug = PastBugs.All.Single(row => row.Name == name);
        Assert.All(Told(bug, bug.Right), told => Assert.Equal(new Report("", ""), told.Report));
    }

    [Fact]
    public void Every_bug_of_which_something_is_recorded_is_told_or_has_a_reason_why_not() => Assert.Equal(
        Ids(Visibility.Observable).Concat(Ids(Visibility.Partly)).Order(StringComparer.Ordinal),
        PastBugs.All.Select(bug => bug.Id).Distinct().Concat(UntoldBugs.All.Keys).Order(StringComparer.Ordinal));

    [Fact]
    public void Nothing_is_claimed_of_a_bug_that_no_tracepoint_shows() =>
        Assert.Empty(Ids(Visibility.NotTraced).Intersect(PastBugs.All.Select(bug => bug.Id)));

    [Fact]
    public void What_is_by_design_is_told_as_such() => Assert.Equal(
        KnownBugs.All.Where(bug => bug.State == BugState.ByDesign).Select(bug => bug.Id),
        PastBugs.All.Where(bug => bug.AsKnown).Select(bug => bug.Id).Concat(UntoldBugs.All.Keys).Distinct().Order(StringComparer.Ordinal)
            .Where(id => KnownBugs.All.Single(bug => bug.Id == id).State == BugState.ByDesign));

    [Fact]
    public void The_page_lists_what_is_told_of_each_bug()
    {
        var page = new StringBuilder(BugPage.Head);
        foreach (KnownBug bug in KnownBugs.All.Where(bug => bug.Visibility != Visibility.NotTraced))
        {
            page.Append(BugPage.Row(bug, [.. PastBugs.All.Where(told => told.Id == bug.Id).Select(told => (told, IsLikely(told)))]));
        }

        Golden.Matches(Path.Combine("..", "docs", "bug-history.md"), page.ToString());
    }

    // On the newest kernel that shows it.
    private static bool IsLikely(PastBug bug) => !bug.AsKnown
        && !Check(bug, Kernels.Last(kernel => Version.Parse(kernel) <= Version.Parse(bug.To)), Surroundings.All[0], bug.Wrong).IsCertain;

    private static IEnumerable<string> Ids(Visibility visibility) => KnownBugs.All.Where(bug => bug.Visibility == visibility).Select(bug => bug.Id);

    // On every kernel with nothing else in it, and on the newest in all surroundings.
    private static IEnumerable<Told> Told(PastBug bug, Action<KvmStory> story)
    {
        string[] kernels = [.. Kernels.Where(kernel => Version.Parse(bug.From) <= Version.Parse(kernel) && Version.Parse(kernel) <= Version.Parse(bug.To))];
        Assert.NotEmpty(kernels);
        foreach (string kernel in kernels)
        {
            foreach (Surroundings around in kernel == kernels[^1] ? Surroundings.All : Surroundings.All.Take(1))
            {
                yield return Check(bug, kernel, around, story);
            }
        }
    }

    private static Told Check(PastBug bug, string kernel, Surroundings around, Action<KvmStory> story)
    {
        var layouts = KernelLayouts.Of(kernel);
        TraceDatBuilder builder = KvmStory.Capture(layouts, except: bug.Unrecorded);
        around.Tell(layouts, builder.Top, story);
        CommandResult result = CommandLine.RunWith(builder.File, ["check", "-", "--format", "json", .. bug.OnRequest ? (string[])["--speculative"] : []]);
        Assert.Equal("", result.Errors);
        using JsonDocument report = JsonDocument.Parse(result.Output);
        JsonElement[] found = [.. report.RootElement.GetProperty("divergences").EnumerateArray()];
        JsonElement[] likely = [.. report.RootElement.GetProperty("likely").EnumerateArray()];
        JsonElement[] known = [.. report.RootElement.GetProperty("knownDepartures").EnumerateArray()];

        // A recording of a few exits of L1 may say too little to be called good.
        Assert.Contains(result.Status, new[] { 0, 1, 4 });
        return new Told(
            $"{kernel} {around.Name}", new Report(Rules([.. found, .. likely]), Rules(known)), [.. found.Concat(likely).Concat(known).SelectMany(Named)], found.Length > 0, result.Status == 1);
    }

    private static string Rules(JsonElement[] classes) => string.Join(' ', classes.Select(one => one.GetProperty("rule").GetString()));

    private static IEnumerable<string> Named(JsonElement one) =>
        one.GetProperty("alsoBroken").EnumerateArray().Concat(one.GetProperty("alsoLikely").EnumerateArray()).Append(one.GetProperty("rule")).Select(rule => rule.GetString()!);
}

/// <summary>What is said of a recording, and every rule that is named.</summary>
internal sealed record Told(string Recording, Report Report, IReadOnlyList<string> Named, bool IsCertain, bool Fails);

/// <summary>A report: the rules of findings, certain ones first, and those of known departures.</summary>
internal sealed record Report(string Found, string Known);
