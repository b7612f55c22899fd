using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class BisectVerbTests : IDisposable
{
    private const string Rule = "SVM-15.18-VMMCALL-UNINT-UD";

    private readonly Scratch _scratch = new();

    private string Bad => _scratch.Write("bad.dat", Story(right: false));

    private string Good => _scratch.Write("good.dat", Story(right: true));

    private string Broken => _scratch.Write("broken.dat", "no capture"u8);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_broken_rule_is_bad_and_a_kept_one_is_good()
    {
        AssertSays(1, "bad: ", "--rule", Rule, Bad);
        AssertSays(0, "good: ", "--rule", Rule, Good);
        AssertSays(1, "bad: ");
        AssertSays(0, "good: ", Good);
    }

    [Fact]
    public void A_rule_that_was_never_asked_cannot_be_judged() => AssertSays(125, "cannot judge: ", "--rule", "SVM-15.27-SKINIT-ABSENT", Good);

    [Fact]
    public void A_capture_that_cannot_be_used_cannot_be_judged()
    {
        AssertSays(125, "cannot judge: ", Broken);
        AssertSays(125, "cannot judge: ", _scratch["missing.dat"]);
    }

    [Fact]
    public void A_capture_with_many_holes_says_bad_but_not_good()
    {
        AssertSays(125, "cannot judge: too much was lost", Fixture.Capture("small-buffer"), "--most-loss", "0");
        AssertSays(0, "good: ", Fixture.Capture("small-buffer"), "--most-loss", "100");
    }

    [Fact]
    public void A_fingerprint_chooses_one_class()
    {
        string fingerprint = CommandLine.Run("bisect", Bad).Output.Split("fingerprint ")[1][..12];
        AssertSays(1, "bad: ", "--fingerprint", fingerprint, Bad);
        AssertSays(0, "good: ", "--fingerprint", "000000000000", Bad);
    }

    [Fact]
    public void What_a_base_has_too_is_not_bad()
    {
        AssertSays(0, "good: ", "--new-since", Bad, Bad);
        AssertSays(1, "bad: ", "--new-since", Good, Bad);
        AssertSays(125, "cannot judge: ", "--new-since", Good, Fixture.Capture("two-cpus"));
    }

    [Theory]
    [InlineData(1, "bad: 2 bad, 1 good, 0 cannot judge", "bad", "good", "bad")]
    [InlineData(0, "good: 1 bad, 2 good, 0 cannot judge", "good", "good", "bad")]
    [InlineData(125, "cannot judge: 1 bad, 1 good, 1 cannot judge: a tie", "bad", "good", "broken")]
    [InlineData(125, "cannot judge: 1 bad, 0 good, 2 cannot judge; 2 votes are asked for", "bad", "broken", "broken")]
    public void The_majority_decides(int status, string says, params string[] captures)
    {
        string[] paths = [.. captures.Select(name => name == "bad" ? Bad : name == "good" ? Good : Broken)];
        AssertSays(status, says, ["--votes", "2", .. paths]);
    }

    [Theory]
    [InlineData("bisect")]
    [InlineData("bisect", "--rule", "SVM-0", "a.dat")]
    [InlineData("bisect", "--no-such-option", "a.dat")]
    [InlineData("bisect", "--new-since", "missing.dat", "a.dat")]
    [InlineData("bisect", "a.dat", "--votes", "many")]
    [InlineData("bisect", "a.dat", "--votes", "0")]
    [InlineData("bisect", "a.dat", "--most-loss", "-1")]
    [InlineData("bisect", "a.dat", "--fingerprint", "VMMCALL")]
    public void A_wrong_command_stops_the_bisection(params string[] words)
    {
        CommandResult result = CommandLine.Run(words);
        Assert.Equal((255, ""), (result.Status, result.Output));
        Assert.StartsWith("differ: ", result.Errors, StringComparison.Ordinal);
    }

    private static byte[] Story(bool right) => Stories.Vmmcall("6.12", right, new TraceDatBuilder());

    private void AssertSays(int status, string start, params string[] words)
    {
        CommandResult result = CommandLine.Run(["bisect", .. words.Length == 0 ? [Bad] : words]);
        Assert.Equal((status, ""), (result.Status, result.Errors));
        Assert.StartsWith(start, result.Output, StringComparison.Ordinal);
        Assert.Equal(result.Output.Length - 1, result.Output.IndexOf('\n', StringComparison.Ordinal));
    }
}
