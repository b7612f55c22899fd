using Differ.Cli;
using Differ.Diff.Writing;

namespace Differ.Tests.Cli;

public sealed class PlainWriterTests
{
    [Theory]
    [InlineData("a line\n\tand another\n", "a line\n\tand another\n")]
    [InlineData("\u001b[32mgreen\u001b[0m", "\\u001b[32mgreen\\u001b[0m")]
    [InlineData("a\rb\u007f\u009b\u202e\u2028\u061c\ufeff", "a\\u000db\\u007f\\u009b\\u202e\\u2028\\u061c\\ufeff")]
    [InlineData("é 😀 שלום", "é 😀 שלום")]
    public void Lines_and_tabs_pass_and_nothing_else_that_controls(string text, string plain) => Assert.Equal(plain, Written(colours: false, text));

    [Fact]
    public void Only_colours_of_Differ_pass_and_only_where_there_are_any()
    {
        var ink = new Ink(enabled: true);
        string text = ink.Bad("x") + ink.Dim("y") + "\u001b[31mz\u001b]0;t\u0007";
        Assert.Equal(ink.Bad("x") + ink.Dim("y") + "\\u001b[31mz\\u001b]0;t\\u0007", Written(colours: true, text));
        Assert.DoesNotContain('\u001b', Written(colours: false, text));
    }

    [Fact]
    public void A_character_may_come_in_two_pieces()
    {
        Assert.Equal("a😀b", Written(colours: false, "a\ud83d", "\ude00b"));
        Assert.Equal("a\\ud83db", Written(colours: false, "a\ud83d", "b"));
        Assert.Equal("a\\ud83d", Written(colours: false, "a\ud83d"));
        Assert.Equal("\\ud800x\\xff", Written(colours: false, "\ud800x\udcff"));
    }

    private static string Written(bool colours, params string[] pieces)
    {
        using var inner = new StringWriter();
        using var writer = new PlainWriter(inner) { HasColours = colours };
        foreach (string piece in pieces)
        {
            writer.Write(piece);
        }

        writer.Flush();
        return inner.ToString();
    }
}
