using System.Globalization;
using System.Text;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Schemas.Vocabulary;

public sealed class PlainTextTests
{
    private const int Texts = 300;

    private static readonly byte[] Telling = [0xc3, 0xa9, 0xe2, 0x80, 0xae, 0xed, 0xb2, 0xa0, 0xf0, 0x9f, 0x98, 0x1b, 0xff];

    [Fact]
    public void Every_character_that_controls_is_made_visible_and_every_other_one_stays() => Assert.All(Enumerable.Range(0, 0x11_0000).Where(Rune.IsValid), value =>
    {
        string text = new Rune(value).ToString();
        bool controls = Rune.GetUnicodeCategory(new Rune(value)) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator || (value & 0xfffe) == 0xfffe;
        Assert.Equal(controls ? string.Concat(text.Select(unit => $"\\u{(int)unit:x4}")) : text, PlainText.Of(text));
    });

    [Theory]
    [InlineData("", "")]
    [InlineData("CPU 0/KVM", "CPU 0/KVM")]
    [InlineData("a\tb\nc", "a\\u0009b\\u000ac")]
    [InlineData("\u001b]0;owned\u0007", "\\u001b]0;owned\\u0007")]
    public void A_text_is_one_line_of_visible_characters(string text, string plain) => Assert.Equal(plain, PlainText.Of(text));

    [Fact]
    public void A_half_of_a_character_is_shown() => Assert.Equal("😀\\ud83d", PlainText.Of("😀\ud83d"));

    [Fact]
    public void A_text_is_cut_between_characters() => Assert.Equal("a …", PlainText.Of("a😀b", 2));

    [Theory]
    [InlineData("ff", "\\xff")]
    [InlineData("c3a9", "é")]
    [InlineData("c3", "\\xc3")]
    [InlineData("c328", "\\xc3(")]
    [InlineData("f09f9880", "😀")]
    [InlineData("f09f98", "\\xf0\\x9f\\x98")]
    [InlineData("eda080", "\\xed\\xa0\\x80")]
    [InlineData("9b313b", "\\x9b1;")]
    public void A_byte_that_is_no_UTF8_is_shown(string bytes, string plain) => Assert.Equal(plain, PlainText.Of(Convert.FromHexString(bytes)));

    [Fact]
    public void Bytes_come_back_from_their_text() => Laws.HoldForChoices(Texts, static choices =>
    {
        byte[] bytes = Bytes(choices);
        return Utf8Text.Encode(Utf8Text.Decode(bytes)).AsSpan().SequenceEqual(bytes) ? null : Convert.ToHexStringLower(bytes);
    });

    [Fact]
    public void To_make_a_text_plain_twice_changes_nothing() => Laws.HoldForChoices(Texts, static choices =>
    {
        string plain = PlainText.Of(Bytes(choices));
        return PlainText.Of(plain) == plain ? null : plain;
    });

    // Half of them the bytes that characters of several bytes begin with and go on with.
    private static byte[] Bytes(int[] choices) => [.. choices.Select(choice => choice % 2 == 0 ? (byte)(choice / 2 % 256) : Telling[choice / 2 % Telling.Length])];
}
