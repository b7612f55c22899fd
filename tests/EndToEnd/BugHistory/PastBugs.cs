namespace Differ.Tests.EndToEnd.BugHistory;

/// <summary>Every recording of an old bug, by what it is about.</summary>
internal static class PastBugs
{
    public static IReadOnlyList<PastBug> All { get; } =
        [.. InstructionBugs.All, .. VmrunBugs.All, .. ReflectionBugs.All, .. DeliveryBugs.All, .. MachineBugs.All];
}
