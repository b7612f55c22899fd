using System.Globalization;

namespace Differ.Diff.Results;

/// <summary>A departure that a team knows and lives with.</summary>
/// <param name="Fingerprint">The class, as reports name it.</param>
/// <param name="Rule">The rule it breaks, for the reader.</param>
/// <param name="Reason">Why it is accepted.</param>
/// <param name="FromKernel">The first kernel release it is accepted on; empty for all before <paramref name="ToKernel"/>.</param>
/// <param name="ToKernel">The last one; <c>6.1</c> takes in every 6.1.x. Empty for all after <paramref name="FromKernel"/>.</param>
/// <param name="Expires">The last day it is accepted; null for no end.</param>
public sealed record AcceptedDeparture(string Fingerprint, string Rule, string Reason, string FromKernel, string ToKernel, DateOnly? Expires)
{
    /// <summary>What <see cref="Reason"/> says until a person has written one.</summary>
    public const string NoReason = "not reviewed";

    /// <summary>Whether it is meant for a kernel; a capture that does not name its kernel is within every range.</summary>
    public bool Covers(string kernel) => kernel.Length == 0
        || ((FromKernel.Length == 0 || Compare(kernel, FromKernel) >= 0) && (ToKernel.Length == 0 || Compare(kernel, ToKernel) <= 0));

    /// <summary>Whether its bounds leave no kernel.</summary>
    public bool IsForNoKernel => FromKernel.Length > 0 && ToKernel.Length > 0 && Compare(FromKernel, ToKernel) > 0;

    /// <summary>Whether a text is a release, or its first numbers, so that it can be a bound.</summary>
    public static bool IsRelease(string text) => NumbersOf(text).Count > 0;

    /// <summary>Whether a day is behind its end.</summary>
    public bool HasExpired(DateOnly today) => Expires is { } last && today > last;

    // By the numbers of a release, as many as the bound has: 6.12.117+deb12 is at the bound 6.12.
    private static int Compare(string kernel, string bound)
    {
        List<ulong> numbers = NumbersOf(kernel), limits = NumbersOf(bound);
        for (int i = 0; i < limits.Count; i++)
        {
            int order = (i < numbers.Count ? numbers[i] : 0).CompareTo(limits[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    private static List<ulong> NumbersOf(string release)
    {
        var numbers = new List<ulong>();
        foreach (string part in release.Split('.', '-', '+', '_'))
        {
            if (!ulong.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
            {
                break;
            }

            numbers.Add(number);
        }

        return numbers;
    }
}
