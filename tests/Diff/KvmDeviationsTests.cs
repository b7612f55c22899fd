using Differ.Diff.Compare;
using Differ.Replay;

namespace Differ.Tests.Diff;

public sealed class KvmDeviationsTests
{
    public static TheoryData<string> Rules => [.. KvmDeviations.All.Select(deviation => deviation.Rule).Distinct()];

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_departure_names_a_rule_of_the_book(string rule) => Assert.Contains(rule, RuleBook.Statements.Select(statement => statement.Id));

    [Fact]
    public void Every_departure_says_why_and_where_KVM_says_so() => Assert.All(KvmDeviations.All, deviation =>
    {
        Assert.NotEmpty(deviation.Reason);
        Assert.Matches("^Linux (Documentation|arch/x86/kvm)/[^ ]+\\.(rst|c|h)(, .+)?$", deviation.Source);
    });

    [Fact]
    public void No_departure_is_listed_twice() =>
        Assert.Equal(KvmDeviations.All.Count, KvmDeviations.All.Select(deviation => (deviation.Rule, string.Join('|', deviation.When))).Distinct().Count());
}
