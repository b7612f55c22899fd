using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>Colours for a person, plain text for everything else. One class: NO_COLOR and TERM belong to the whole process.</summary>
public sealed class ColorTests : IDisposable
{
    private const string Escape = "\u001b[";

    private readonly string? _noColor = Environment.GetEnvironmentVariable("NO_COLOR");
    private readonly string? _term = Environment.GetEnvironmentVariable("TERM");

    public ColorTests()
    {
        Environment.SetEnvironmentVariable("NO_COLOR", null);
        Environment.SetEnvironmentVariable("TERM", "xterm");
    }

    private static string Capture => Fixture.Capture("svme-unchecked");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("NO_COLOR", _noColor);
        Environment.SetEnvironmentVariable("TERM", _term);
    }

    [Fact]
    public void A_pipe_gets_no_colours_unless_asked_for()
    {
        Assert.DoesNotContain(Escape, CommandLine.Run("check", Capture).Output, StringComparison.Ordinal);
        Assert.Contains(Escape, CommandLine.Run("check", Capture, "--color", "always").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_gets_colours_unless_refused()
    {
        Assert.Contains(Escape, CommandLine.RunOnTerminal("check", Capture).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Escape, CommandLine.RunOnTerminal("check", Capture, "--color", "never").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void NO_COLOR_refuses_them()
    {
        Environment.SetEnvironmentVariable("NO_COLOR", "1");
        Assert.DoesNotContain(Escape, CommandLine.RunOnTerminal("check", Capture).Output, StringComparison.Ordinal);
        Assert.Contains(Escape, CommandLine.RunOnTerminal("check", Capture, "--color", "always").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dumb_terminal_gets_none()
    {
        Environment.SetEnvironmentVariable("TERM", "dumb");
        Assert.DoesNotContain(Escape, CommandLine.RunOnTerminal("check", Capture).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Colours_change_nothing_else()
    {
        string coloured = CommandLine.Run("check", Capture, "--color", "always").Output;
        Assert.Equal(CommandLine.Run("check", Capture).Output, System.Text.RegularExpressions.Regex.Replace(coloured, "\u001b\\[[0-9;]*m", ""));
    }

    [Fact]
    public void Json_has_no_colours() =>
        Assert.DoesNotContain(Escape, CommandLine.Run("check", Capture, "--format", "json", "--color", "always").Output, StringComparison.Ordinal);
}
