namespace Differ.Schemas.Vocabulary;

/// <summary>A group of the rule catalogue.</summary>
/// <param name="Letter">A to L.</param>
/// <param name="Title">What its rules are about.</param>
public sealed record RuleGroup(char Letter, string Title)
{
    /// <summary>Every group, in the catalogue's order.</summary>
    public static IReadOnlyList<RuleGroup> All { get; } =
    [
        new('A', "Instruction availability and exception priority"),
        new('B', "Consistency checks of VMRUN"),
        new('C', "State at VMRUN and #VMEXIT"),
        new('D', "Intercepts, exit codes and EXITINFO"),
        new('E', "EXITINTINFO"),
        new('F', "EVENTINJ"),
        new('G', "GIF, interrupts, NMI, SMI, INIT, virtual TPR"),
        new('H', "nRIP and decode assists"),
        new('I', "Nested paging, ASID, TLB, PAT"),
        new('J', "LBR, TSC ratio, pause filter, AVIC, SEV-ES and others"),
        new('K', "Shutdown, FERR_FREEZE, INIT, machine check"),
        new('L', "Nested composition (L0, L1, L2)"),
    ];
}
