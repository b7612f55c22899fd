namespace Differ.Diff.Results;

/// <summary>What is said of one exit, from best to worst; an exit gets the worst that one of its rules gives it.</summary>
public enum Verdict : byte
{
    /// <summary>Every value of what is not seen explains what is seen.</summary>
    Conforms,

    /// <summary>The hypervisor departs in a way it documents.</summary>
    KnownDeparture,

    /// <summary>It breaks a rule that the configuration ignores.</summary>
    Ignored,

    /// <summary>It departs in a way that the baseline accepts.</summary>
    Accepted,

    /// <summary>Some values of what is not seen explain what is seen and some do not.</summary>
    Undecided,

    /// <summary>No value of what is not seen explains what is seen, provided something is as a rule assumes.</summary>
    Likely,

    /// <summary>No value of what is not seen explains what is seen.</summary>
    Diverges,
}
