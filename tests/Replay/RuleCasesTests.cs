using System.Text.RegularExpressions;
using Differ.Replay.Svm;
using Differ.Tests.Replay.Support;
using Differ.Tests.Replay.Svm;
using Differ.Tests.Support;

namespace Differ.Tests.Replay;

/// <summary>Rules, cases and the catalogue are the same list.</summary>
public sealed partial class RuleCasesTests
{
    private static readonly IReadOnlyList<RuleCase> Cases =
    [
        .. AvailabilityTests.All, .. VmrunChecksTests.All, .. ExitIntInfoTests.All, .. EventInjectionTests.All,
        .. InterruptControlTests.All, .. NestedGuestTests.All,
    ];

    /// <summary>Statements that no state breaks, with what they are for instead.</summary>
    private static readonly IReadOnlyDictionary<string, string> NeverBroken = new Dictionary<string, string>
    {
        ["SVM-15.4-SVME-INFER"] = "an inference",
        ["SVM-15.5-VMLOADSAVE-INTEL"] = "tells why nothing is expected",
        ["SVM-L-TDP-FLAG"] = "how a field is read",
        ["SVM-15.20-INJ-NMI-NOBLOCK"] = "L0's NMI window is not recorded",
        ["SVM-15.20-INJ-SOFT-NRIP"] = "nRIP of vmcb12 is not recorded",
        ["SVM-15.20-INJ-BP-DPL"] = "the IDT decides, and both outcomes are legal",
        ["SVM-L-CPUID-LIMITS"] = "delivery of virtual NMIs is not recorded",
        ["SVM-15.4-SVME-UD-VMMCALL"] = "always the hypercall KVM documents",
        ["SVM-15.25-NP-HOST-PG"] = "always the #UD KVM documents",
        ["SVM-L-HV-TLBFLUSH"] = "always the flush KVM documents",
        ["SVM-L-L1-DECODE"] = "always the absence KVM documents",
    };

    [Fact]
    public void Every_rule_has_cases_and_every_case_a_rule_in_the_same_order() =>
        Assert.Equal(RuleBook.All.Select(rule => rule.Info.Id), Cases.Select(of => of.Rule));

    [Fact]
    public void Every_rule_but_those_listed_has_a_state_that_breaks_it() =>
        Assert.Equal(
            NeverBroken.Keys.Order(StringComparer.Ordinal),
            Cases.Where(of => of.States.All(state => state.Says != Saying.Broken)).Select(of => of.Rule).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_rule_has_a_state_that_does_not_break_it() =>
        Assert.All(Cases, of => Assert.Contains(of.States, state => state.Says is not (Saying.Broken or Saying.Known)));

    [Fact]
    public void A_state_that_breaks_other_rules_too_names_rules_that_exist() =>
        Assert.Empty(Cases.SelectMany(of => of.States).SelectMany(state => state.Also).Except(Cases.Select(of => of.Rule)));

    [CatalogueFact]
    public void Every_rule_is_in_the_catalogue() =>
        Assert.Empty(RuleBook.All.Select(rule => rule.Info.Id).Except(IdsIn(File.ReadAllText(CatalogueFactAttribute.Catalogue!))));

    private static IEnumerable<string> IdsIn(string catalogue) => Rows().Matches(catalogue).Select(match => match.Groups[1].Value);

    [GeneratedRegex(@"^\| `(SVM-[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Rows();
}

/// <summary>A test over the catalogue of rules; skipped, and said so, where it is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CatalogueFactAttribute : FactAttribute
{
    public CatalogueFactAttribute()
    {
        if (Catalogue is null)
        {
            Skip = "no catalogue of rules: set DIFFER_RULES to its file";
        }
    }

    /// <summary>The catalogue: DIFFER_RULES, or shared/reference/svm-rules.md beside the checkout; null where there is none.</summary>
    public static string? Catalogue { get; } = Find();

    private static string? Find()
    {
        string file = Environment.GetEnvironmentVariable("DIFFER_RULES")
            ?? Path.Combine(Repository.Root, "..", "shared", "reference", "svm-rules.md");
        return File.Exists(file) ? file : null;
    }
}
