using Differ.Diff.Baseline;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Baseline;

public sealed class BaselineTests
{
    private static readonly DateOnly Today = new(2026, 6, 15);

    private static DiffResult Found { get; } = new Compared([Compared.Rule("SVM-A"), Compared.Rule("SVM-B")])
        .Take(new RecordedExit(), new ComputedParts().Add(0, [Constraint.Happens(ComparedField.ReflectedCode)])).Finish();

    private static string Fingerprint => Found.Divergences.Single().Fingerprint;

    [Theory]
    [InlineData("6.1.0-56-amd64", "", "", true)]
    [InlineData("6.1.0-56-amd64", "6.1", "6.1", true)]
    [InlineData("6.1.0-56-amd64", "6.2", "", false)]
    [InlineData("6.12.117+deb12-amd64", "6.2", "6.12", true)]
    [InlineData("6.12.117+deb12-amd64", "", "6.12.116", false)]
    [InlineData("6.12.117+deb12-amd64", "6.12.117", "6.12.117", true)]
    [InlineData("7.0-rc1", "6.2", "6.18", false)]
    [InlineData("", "6.2", "6.18", true)]
    public void A_kernel_range_takes_in_what_begins_like_its_bounds(string kernel, string from, string to, bool covered) =>
        Assert.Equal(covered, new AcceptedDeparture("0", "SVM-A", "", from, to, null).Covers(kernel));

    [Fact]
    public void An_accepted_departure_is_told_as_such_and_fails_no_more()
    {
        DiffResult judged = Of(Entry("as discussed", new DateOnly(2026, 6, 15))).Apply(Found, Today);
        Assert.False(judged.Diverges);
        Assert.Empty(judged.KnownDepartures);
        Assert.Equal("accepted: as discussed (until 2026-06-15)", judged.Accepted.Single().Known);
        Assert.Equal((0UL, 1UL), (judged.CountOf(Verdict.Diverges), judged.CountOf(Verdict.Accepted)));
        Assert.Empty(judged.Summary.Notes);
    }

    [Fact]
    public void A_likely_departure_can_be_accepted_too()
    {
        DiffResult found = new Compared([Compared.Rule("SVM-A")])
            .Take(new RecordedExit(), new ComputedParts().Add(0, Standing.Assumed, Evidence.Gif, Culprit.Hypervisor, [Constraint.Happens(ComparedField.ReflectedCode)])).Finish();
        DiffResult judged = Of(Entry("as discussed", null) with { Fingerprint = found.Likely.Single().Fingerprint }).Apply(found, Today);
        Assert.Empty(judged.Likely);
        Assert.True(judged.Accepted.Single().IsLikely);
        Assert.Equal((0UL, 1UL), (judged.CountOf(Verdict.Likely), judged.CountOf(Verdict.Accepted)));
    }

    [Fact]
    public void Remarks_on_a_baseline_leave_the_grade_alone()
    {
        DiffResult judged = Of(Entry("", new DateOnly(2026, 6, 14)), Entry("", null) with { Fingerprint = "000000000000" }).Apply(Found, Today);
        Assert.Equal(2, judged.Summary.Notes.Count);
        Assert.Equal(CaptureQuality.Of(Found).Grade, CaptureQuality.Of(judged).Grade);
    }

    [Fact]
    public void An_expired_entry_accepts_nothing_and_is_told()
    {
        DiffResult judged = Of(Entry("", new DateOnly(2026, 6, 14))).Apply(Found, Today);
        Assert.True(judged.Diverges);
        Assert.Equal(["DIF0150"], judged.Summary.Notes.Select(note => note.Code));
    }

    [Fact]
    public void An_entry_for_other_kernels_accepts_nothing()
    {
        DiffResult on61 = Found with { Header = Found.Header with { KernelRelease = "6.1.0" } };
        Assert.True(Of(Entry("", null) with { FromKernel = "6.2" }).Apply(on61, Today).Diverges);
    }

    [Fact]
    public void A_departure_that_is_gone_is_told_where_its_rule_was_asked()
    {
        AcceptedDeparture gone = Entry("", null) with { Fingerprint = "000000000000" };
        Assert.Equal(["DIF0151"], Of(gone).Apply(Found, Today).Summary.Notes.Select(note => note.Code));
        Assert.Empty(Of(gone with { Rule = "SVM-B" }).Apply(Found, Today).Summary.Notes);
    }

    [Fact]
    public void An_update_keeps_reasons_adds_what_is_new_and_sorts()
    {
        Differ.Diff.Baseline.Baseline before = Of(Entry("why", null), Entry("gone", null) with { Fingerprint = "000000000000", Rule = "SVM-B" });
        Differ.Diff.Baseline.Baseline after = before.With([("ffffffffffff", "SVM-A"), (Fingerprint, "SVM-A"), ("ffffffffffff", "SVM-A")], prune: false);
        Assert.Equal(
            new[] { (Fingerprint, "why"), ("ffffffffffff", AcceptedDeparture.NoReason) }.OrderBy(one => one.Item1, StringComparer.Ordinal).Append(("000000000000", "gone")),
            after.Accepted.Select(entry => (entry.Fingerprint, entry.Reason)));
        Assert.DoesNotContain(before.With([(Fingerprint, "SVM-A")], prune: true).Accepted, entry => entry.Rule == "SVM-B");
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        Differ.Diff.Baseline.Baseline baseline = Of(Entry("why \"so\"", new DateOnly(2027, 1, 31)) with { FromKernel = "6.1", ToKernel = "6.12" });
        using var text = new StringWriter();
        BaselineFile.Write(baseline, text);
        Assert.Equal(baseline.Accepted, BaselineFile.Read(text.ToString()).Accepted);
        Assert.Empty(new JsonSchema(File.ReadAllText(Path.Combine(Repository.Root, "docs", "baseline.schema.json"))).Check(text.ToString()));
    }

    [Theory]
    [InlineData("", "line 1: it is no JSON")]
    [InlineData("{\n\"schemaVersion\": 1,\n", "line 3: it is no JSON")]
    [InlineData("[]", "it is no baseline of Differ: it has no schemaVersion")]
    [InlineData("{\"schemaVersion\": 2}", "its schemaVersion is 2, and this Differ knows 1")]
    [InlineData("{\"schemaVersion\": 1}", "it has no list \"accepted\"; make one with differ baseline update")]
    [InlineData("{\"schemaVersion\": 1, \"accepted\": [5]}", "an entry has no text \"fingerprint\"")]
    [InlineData("{\"schemaVersion\": 1, \"accepted\": [{\"fingerprint\": \"a\", \"rule\": \"b\", \"expires\": \"soon\"}]}", "\"soon\" is no date; write it as 2027-01-31")]
    [InlineData("{\"schemaVersion\": 1, \"accepted\": [{\"fingerprint\": \"a\", \"rule\": \"b\"}]}", "\"a\" is no fingerprint; reports give it, as a093e73e0576")]
    [InlineData("{\"schemaVersion\": 1, \"accepted\": [{\"fingerprint\": \"a\\n\\u001b[2Jaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", \"rule\": \"b\"}]}", "\"a\\u000a\\u001b[2Jaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa …\" is no fingerprint; reports give it, as a093e73e0576")]
    [InlineData("{\"schemaVersion\": 1, \"accepted\": [{\"fingerprint\": \"0123456789ab\", \"rule\": \"b\", \"fromKernel\": \"six\"}]}", "\"six\" is no kernel release; write it as 6.12 or 6.12.86")]
    [InlineData("{\"schemaVersion\": 1, \"accepted\": [{\"fingerprint\": \"0123456789ab\", \"rule\": \"b\", \"fromKernel\": \"6.6\", \"toKernel\": \"6.1\"}]}", "no kernel is from \"6.6\" to \"6.1\"; fromKernel is the first one")]
    public void A_file_that_is_no_baseline_is_refused(string text, string problem) =>
        Assert.Equal(problem, Assert.Throws<BaselineFormatException>(() => BaselineFile.Read(text)).Message);

    private static AcceptedDeparture Entry(string reason, DateOnly? expires) => new(Fingerprint, "SVM-A", reason, "", "", expires);

    private static Differ.Diff.Baseline.Baseline Of(params AcceptedDeparture[] entries) => new(entries);
}
