using Differ.Replay;
using Differ.Schemas.Model;

namespace Differ.Tests.Replay;

public sealed class RuleNeedsTests
{
    public static TheoryData<string> Rules => [.. RuleBook.Statements.Select(rule => rule.Id)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Every_rule_can_be_asked_about_an_exit_of_which_nothing_is_known(string rule) =>
        Assert.DoesNotContain(Evidence.None, RuleNeeds.Of(rule));

    [Theory]
    [InlineData("SVM-15.4-SVME-UD-INVLPGA", Evidence.EferSvme)]
    [InlineData("SVM-15.5-VMRUN-CR4-MBZ", Evidence.VmcbSaveArea)]
    [InlineData("SVM-15.9-UNSUPPORTED-INSN", Evidence.GuestCpuid)]
    [InlineData("SVM-L-REFLECT-DEFAULT", Evidence.Vmcb12Controls)]
    public void A_rule_names_what_it_may_lack(string rule, Evidence evidence) => Assert.Contains(evidence, RuleNeeds.Of(rule));
}
