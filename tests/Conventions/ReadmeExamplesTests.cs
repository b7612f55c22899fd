using System.Text.RegularExpressions;
using Differ.Tests.Support;

namespace Differ.Tests.Conventions;

/// <summary>What the README shows of a program's output is what the program prints; a line that is no longer printed has to be shown anew.</summary>
public sealed partial class ReadmeExamplesTests
{
    [Fact]
    public void Every_line_shown_under_Ask_further_is_printed()
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        string section = readme[readme.IndexOf("## Ask further", StringComparison.Ordinal)..readme.IndexOf("## How it works", StringComparison.Ordinal)];
        string[] commands = [.. Command().Matches(section).Select(match => match.Groups[1].Value.Replace("tests/Fixtures", Repository.Fixtures, StringComparison.Ordinal))];
        string[] printed = [.. commands.SelectMany(command => CommandLine.Run(command.Split(' ')).Output.Split('\n'))];
        Assert.Equal(2, commands.Length);
        Assert.Empty(Block().Matches(section).SelectMany(match => match.Groups[1].Value.Split('\n')).Except(printed));
    }

    [GeneratedRegex("^    differ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex("```text\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
