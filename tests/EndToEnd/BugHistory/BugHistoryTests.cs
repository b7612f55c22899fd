using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Differ.Capture.Recording;
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

    public static TheoryData<string> ProbedRecordings => [.. ProbedBugs.All.Select(bug => bug.Name)];

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

    [Theory]
    [MemberData(nameof(ProbedRecordings))]
    public void What_tracepoints_hide_of_a_bug_probes_show(string name)
    {
        ProbedBug bug = ProbedBugs.All.Single(row => row.Name == name);
        Assert.All(Told(bug, bug.Wrong), told => Assert.Equal((new Report(bug.Rule, ""), true, true), (told.Report, told.IsCertain, told.Fails)));
        Assert.All(Told(bug, bug.Right), told => Assert.Equal(new Report("", ""), told.Report));
        Assert.All(Told(bug, bug.Wrong, hasProbes: false), told => Assert.Equal(new Report("", ""), told.Report));
    }

    [Fact]
    public void The_probes_of_these_recordings_are_those_that_differ_record_sets()
    {
        ProbePlan plan = ProbePlan.Of(EventLevel.Full, KvmTypes.Of, static _ => null, static _ => true);
        foreach (ProbedBug bug in ProbedBugs.All)
        {
            ProbeFormats shown = ProbedStory.FieldsOf(KernelLayouts.Of(Kernels[^1]), bug.Wrong);
            Assert.All(shown.Fields, one => Assert.All(
                plan.Probes.Where(probe => one.Letter == 'c' ? probe.Name is "entry" or "exit" : probe.Name == "vmrun" || (one.Letter == 'g' && probe.Name == "unmap")),
                probe => Assert.True(Shows(probe, one.Letter, one.Field), $"{bug.Name}: {probe.Name} does not show {one.Field}")));
        }
    }

    [Fact]
    public void Every_bug_that_tracepoints_hide_is_shown_by_probes_or_has_a_reason_why_not() => Assert.Equal(
        Ids(Visibility.Partly).Concat(Ids(Visibility.NotTraced)).Except(PastBugs.All.Select(bug => bug.Id)).Except(ProbedBugs.All.Select(bug => bug.Id)).Order(StringComparer.Ordinal),
        UntoldBugs.WithProbes.Keys.Order(StringComparer.Ordinal));

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
        string[] hidden = [.. KnownBugs.All.Where(bug => bug.Visibility != Visibility.Observable).Select(bug => bug.Id)];
        HashSet<string> byTracepoints = [.. PastBugs.All.Select(bug => bug.Id)], byProbes = [.. ProbedBugs.All.Select(bug => bug.Id)];
        var page = new StringBuilder(BugPage.Head(KnownBugs.All.Count, hidden.Length, hidden.Count(byTracepoints.Contains), hidden.Count(id => byTracepoints.Contains(id) || byProbes.Contains(id))));
        foreach (KnownBug bug in KnownBugs.All)
        {
            page.Append(BugPage.Row(bug, [.. PastBugs.All.Where(told => told.Id == bug.Id).Select(told => (told, IsLikely(told)))]));
        }

        Golden.Matches(Path.Combine("..", "docs", "bug-history.md"), page.ToString());
    }

    private static bool Shows(PlannedProbe probe, char letter, VmcbField field)
    {
        VmcbRow place = VmcbLayout.Of(field);
        return Regex.Matches(probe.Definition, " ([cgh])([0-9a-f]{3})=[^ ]*:x64(?:\\[([0-9]+)\\])?").Any(part =>
        {
            int start = int.Parse(part.Groups[2].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            int words = part.Groups[3].Success ? int.Parse(part.Groups[3].Value, CultureInfo.InvariantCulture) : 1;
            return part.Groups[1].Value[0] == letter && start <= place.Position && place.Position + place.Size <= start + (words * sizeof(ulong));
        });
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

    private static IEnumerable<Told> Told(ProbedBug bug, Action<ProbedStory> story, bool hasProbes = true)
    {
        string[] kernels = [.. Kernels.Where(kernel => Version.Parse(bug.From) <= Version.Parse(kernel))];
        foreach (string kernel in kernels)
        {
            foreach (Surroundings around in kernel == kernels[^1] ? Surroundings.All : Surroundings.All.Take(1))
            {
                var layouts = KernelLayouts.Of(kernel);
                ProbeFormats formats = ProbedStory.FieldsOf(layouts, story);
                TraceDatBuilder builder = KvmStory.Capture(layouts);
                foreach (EventFormat format in hasProbes ? formats.All : [])
                {
                    builder.Describe("differ", format.Text);
                }

                around.Tell(layouts, builder.Top, tracepoints => story(new ProbedStory(tracepoints, formats, hasProbes)));
                yield return Check(builder, $"{kernel} {around.Name}");
            }
        }
    }

    private static Told Check(PastBug bug, string kernel, Surroundings around, Action<KvmStory> story)
    {
        var layouts = KernelLayouts.Of(kernel);
        TraceDatBuilder builder = KvmStory.Capture(layouts, except: bug.Unrecorded);
        around.Tell(layouts, builder.Top, story);
        return Check(builder, $"{kernel} {around.Name}", bug.OnRequest ? ["--speculative"] : []);
    }

    private static Told Check(TraceDatBuilder builder, string recording, params string[] options)
    {
        CommandResult result = CommandLine.RunWith(builder.File, ["check", "-", "--format", "json", .. options]);
        Assert.Equal("", result.Errors);
        using JsonDocument report = JsonDocument.Parse(result.Output);
        JsonElement[] found = [.. report.RootElement.GetProperty("divergences").EnumerateArray()];
        JsonElement[] likely = [.. report.RootElement.GetProperty("likely").EnumerateArray()];
        JsonElement[] known = [.. report.RootElement.GetProperty("knownDepartures").EnumerateArray()];

        // A recording of a few exits of L1 may say too little to be called good.
        Assert.Contains(result.Status, new[] { 0, 1, 4 });
        return new Told(
            recording, new Report(Rules([.. found, .. likely]), Rules(known)), [.. found.Concat(likely).Concat(known).SelectMany(Named)], found.Length > 0, result.Status == 1);
    }

    private static string Rules(JsonElement[] classes) => string.Join(' ', classes.Select(one => one.GetProperty("rule").GetString()));

    private static IEnumerable<string> Named(JsonElement one) =>
        one.GetProperty("alsoBroken").EnumerateArray().Concat(one.GetProperty("alsoLikely").EnumerateArray()).Append(one.GetProperty("rule")).Select(rule => rule.GetString()!);
}

/// <summary>What is said of a recording, and every rule that is named.</summary>
internal sealed record Told(string Recording, Report Report, IReadOnlyList<string> Named, bool IsCertain, bool Fails);

/// <summary>A report: the rules of findings, certain ones first, and those of known departures.</summary>
internal sealed record Report(string Found, string Known);
