using Differ.Cli.Browse;
using Differ.Diff.Writing;

namespace Differ.Tests.Cli.Browse;

public sealed class LineTests
{
    private static readonly Ink Coloured = new(enabled: true);

    [Fact]
    public void What_is_too_long_is_cut_at_the_last_column() => Assert.Equal("abcde", Line.Of("abcdefgh").Rendered(5, Ink.None));

    [Fact]
    public void A_wide_character_takes_two_columns_and_is_never_halved()
    {
        Assert.Equal("a漢", Line.Of("a漢字").Rendered(4, Ink.None));
        Assert.Equal("a漢字", Line.Of("a漢字").Rendered(5, Ink.None));
        Assert.Equal("e\u0301f", Line.Of("e\u0301fg").Rendered(2, Ink.None));
    }

    [Fact]
    public void Parts_have_their_colours_and_none_without_ink()
    {
        var line = Line.Of(("diverges", Style.Bad), ("  conforms", Style.Good));
        Assert.Equal($"{Coloured.Bad("diverges")}{Coloured.Good("  con")}", line.Rendered(13, Coloured));
        Assert.Equal("diverges  con", line.Rendered(13, Ink.None));
    }

    [Fact]
    public void The_selected_line_is_marked_over_the_whole_width_also_without_colours() =>
        Assert.Equal("\u001b[7mabc  \u001b[0m", Line.Of("abc").Selected().Rendered(5, Ink.None));

    [Fact]
    public void Nothing_in_a_recording_controls_the_terminal()
    {
        Assert.Equal("a\\u001b[2Jb", Line.Of("a\u001b[2Jb").Text);
        Assert.Equal("x\\u001b]0;t\\u0007", Assert.Single(Line.OfReport("x\u001b]0;t\u0007\n")).Text);
    }

    [Fact]
    public void A_report_keeps_its_colours()
    {
        Line[] lines = [.. Line.OfReport((output, ink) => output.Write($"one {ink.Bad("two")} three\n{ink.Dim("four")}\n"))];
        Assert.Equal(["one two three", "four"], lines.Select(line => line.Text));
        Assert.Equal($"one {Coloured.Bad("two")} three", lines[0].Rendered(80, Coloured));
        Assert.Equal(Coloured.Dim("four"), lines[1].Rendered(80, Coloured));
    }

    [Fact]
    public void A_long_line_is_broken_between_words_and_goes_on_indented()
    {
        var line = Line.Of(("  recorded one two ", Style.Plain), ("three four", Style.Bad));
        Assert.Equal(["  recorded one two", "      three four"], line.Wrapped(20).Select(part => part.Text));
        Assert.Equal($"      {Coloured.Bad("three four")}", line.Wrapped(20).Last().Rendered(20, Coloured));
        Assert.All(Line.Of(new string('x', 100)).Wrapped(30), part => Assert.InRange(part.Text.Length, 1, 30));
        Assert.Equal(100, Line.Of(new string('x', 100)).Wrapped(30).Sum(part => part.Text.Trim().Length));
    }

    [Fact]
    public void Two_lines_stand_beside_each_other() =>
        Assert.Equal($"abc  {Coloured.Bad("right")}", Line.Of("abcdef").Beside(3, Line.Of("  ")).Text[..3] + Line.Of("").Beside(2, Line.Of("right", Style.Bad)).Rendered(80, Coloured));
}
