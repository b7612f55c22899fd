namespace Differ.Tests.EndToEnd.BugHistory;

/// <summary>Bugs of which no recording can prove anything, with what explains what it shows.</summary>
internal static class UntoldBugs
{
    /// <summary>By the bug's row.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        ["BUG-099"] = "IN and OUT that the guest may not execute raise this #GP by the manual, too: the port that VMware answers instead is in a register",
        ["BUG-114"] = "the address is in RAX, which no tracepoint carries: where it is not aligned the same #GP is right",
        ["BUG-138"] = "debug registers are in no tracepoint: the #DB may have another cause",
    };
}
