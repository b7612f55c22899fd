using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Html;

/// <summary>A group of the rule catalogue.</summary>
/// <param name="Letter">A to L.</param>
/// <param name="Title">What its rules are about.</param>
/// <param name="First">Its first rule; the group ends where the next one starts.</param>
internal sealed record RuleGroup(string Letter, string Title, string First);

/// <summary>The groups of the rule catalogue.</summary>
internal static class RuleGroups
{
    /// <summary>In the order of the catalogue.</summary>
    public static IReadOnlyList<RuleGroup> All { get; } =
    [
        new("A", "Instruction availability and exception priority", "SVM-15.4-SVME-UD-VMRUN"),
        new("B", "Consistency checks of VMRUN", "SVM-15.5-VMRUN-EFER-SVME0"),
        new("C", "State at VMRUN and #VMEXIT", "SVM-15.5-GIF-SET"),
        new("D", "Intercepts, exit codes and EXITINFO", "SVM-C1-CODE-BIT-MAP"),
        new("E", "EXITINTINFO", "SVM-15.7-INTINFO-VALID"),
        new("F", "EVENTINJ", "SVM-15.20-INJ-UNCOND"),
        new("G", "GIF, interrupts, NMI, SMI, INIT, virtual TPR", "SVM-15.17-GIF0-INTR"),
        new("H", "nRIP and decode assists", "SVM-15.7-NRIP-INSN"),
        new("I", "Nested paging, ASID, TLB, PAT", "SVM-15.25-NP-TRANSLATE-OWNER"),
        new("J", "LBR, TSC ratio, pause filter, AVIC, SEV-ES and others", "SVM-15.23-LBRV-SWITCH"),
        new("K", "Shutdown, FERR_FREEZE, INIT, machine check", "SVM-15.14-SHUTDOWN-L1"),
        new("L", "Nested composition (L0, L1, L2)", "SVM-L-REFLECT-DEFAULT"),
    ];

    /// <summary>The group of each rule, as a position in <see cref="All"/>.</summary>
    /// <param name="rules">The rules in the order of the catalogue.</param>
    public static IReadOnlyList<int> Of(IReadOnlyList<RuleInfo> rules)
    {
        var groups = new List<int>(rules.Count);
        int group = 0;
        foreach (RuleInfo rule in rules)
        {
            for (int i = group + 1; i < All.Count; i++)
            {
                group = All[i].First == rule.Id ? i : group;
            }

            groups.Add(group);
        }

        return groups;
    }
}
