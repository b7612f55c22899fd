using System.Text.RegularExpressions;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>
/// The session of somebody who knows one command: from a capture to the function of KVM, the fix and the exits around, in three commands. Each
/// after the first is copied from the screen.
/// </summary>
public sealed partial class NewcomerTests
{
    [TerminalTheory]
    [InlineData("l2-vmmcall-not-intercepted-6.1", 200, 50, "vmmcall_interception", "6.12.86")]
    [InlineData("l2-vmmcall-not-intercepted-6.1", 80, 24, "vmmcall_interception", "6.12.86")]
    [InlineData("svme-unchecked", 120, 40, null, null)]
    public void Three_commands_lead_to_the_function_the_fix_and_the_exits_around(string fixture, int width, int height, string? function, string? fixedIn)
    {
        using var terminal = new TerminalSession(Repository.Root, width, height);
        string capture = Path.GetRelativePath(Repository.Root, Fixture.Capture(fixture));

        string report = terminal.Run($"differ check {capture}");
        Assert.StartsWith("diverges: ", report, StringComparison.Ordinal);

        string explanation = terminal.Run(Copied(report, "explain"));
        Match decided = Decided().Match(explanation);
        Assert.True(decided.Success, explanation);
        Assert.Contains("Known bugs of KVM that break it", explanation, StringComparison.Ordinal);
        Assert.True(function is null || decided.Groups[1].Value == function, explanation);
        Assert.True(fixedIn is null || Regex.IsMatch(explanation, $@"\n +fixed in [0-9., ]*{Regex.Escape(fixedIn)}, commit [0-9a-f]{{12}}"), explanation);

        string exits = terminal.Run(Copied(explanation, "exits"));
        Assert.Matches(@"\nstream \d+ exit \d+  vCPU \d+  diverges SVM-\S+ \([0-9a-f]{12}\)\n", exits);
        Assert.Contains("  expected  ", exits, StringComparison.Ordinal);
        Assert.True(PlaceLine().Count(exits) >= 2, exits);
    }

    // What stands behind a word of a report, to be copied.
    private static string Copied(string printed, string word) => Regex.Match(printed, $@"\n   {word} +(differ \S.*\S)") is { Success: true } line ? line.Groups[1].Value
        : throw new InvalidOperationException($"nothing to copy behind {word} in\n{printed}");

    [GeneratedRegex(@"\n  decided by (\S+)(?:, \S+)* in KVM\n")]
    private static partial Regex Decided();

    [GeneratedRegex(@"^stream \d+ exit \d+ ", RegexOptions.Multiline)]
    private static partial Regex PlaceLine();
}
