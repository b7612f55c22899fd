using System.Text;
using Differ.Cli.Browse;

namespace Differ.Tests.Cli.Browse;

public sealed class KeyReaderTests
{
    [Theory]
    [InlineData("\u001b[A", KeyKind.Up)]
    [InlineData("\u001bOB", KeyKind.Down)]
    [InlineData("\u001b[C", KeyKind.Right)]
    [InlineData("\u001b[D", KeyKind.Left)]
    [InlineData("\u001b[5~", KeyKind.PageUp)]
    [InlineData("\u001b[6~", KeyKind.PageDown)]
    [InlineData("\u001b[1~", KeyKind.Home)]
    [InlineData("\u001bOF", KeyKind.End)]
    [InlineData("\r", KeyKind.Enter)]
    [InlineData("\t", KeyKind.Tab)]
    [InlineData("\u007f", KeyKind.Backspace)]
    [InlineData("\u0003", KeyKind.Interrupt)]
    [InlineData("\u001c", KeyKind.Interrupt)]
    [InlineData("\u000c", KeyKind.Redraw)]
    public void A_sequence_is_one_key(string bytes, object kind) => Assert.Equal([new Key((KeyKind)kind)], Keys(bytes));

    [Fact]
    public void Letters_are_keys_whatever_their_bytes() => Assert.Equal(["n", "/", "ä", "€", "𝄞"], Keys("n/ä€𝄞").Select(key => key.Letter.ToString()));

    [Fact]
    public void Escape_alone_is_a_key_when_nothing_follows()
    {
        var reader = new KeyReader();
        reader.Add([0x1b]);
        Assert.False(reader.Next(isAll: false, out _));
        Assert.True(reader.IsWaiting);
        Assert.True(reader.Next(isAll: true, out Key key));
        Assert.Equal(KeyKind.Escape, key.Kind);
    }

    [Fact]
    public void A_sequence_may_come_in_pieces()
    {
        var reader = new KeyReader();
        reader.Add([0x1b]);
        reader.Add("["u8);
        Assert.False(reader.Next(isAll: false, out _));
        reader.Add("6~q"u8);
        Assert.True(reader.Next(isAll: false, out Key first));
        Assert.True(reader.Next(isAll: false, out Key second));
        Assert.Equal((KeyKind.PageDown, 'q'), (first.Kind, (char)second.Letter.Value));
    }

    [Theory]
    [InlineData("\u001b[200~x", "x")]
    [InlineData("\u001b[<0;3;4Mx", "x")]
    [InlineData("\u001b[99999999999999999999x", "999999x")]
    [InlineData("\u0001\u0002x", "x")]
    public void What_no_key_of_ours_sends_is_passed_over(string bytes, string left) => Assert.Equal(left, string.Concat(Keys(bytes).Select(key => key.Letter)));

    private static List<Key> Keys(string text)
    {
        var reader = new KeyReader();
        reader.Add(Encoding.UTF8.GetBytes(text));
        var keys = new List<Key>();
        while (reader.Next(isAll: true, out Key key))
        {
            keys.Add(key);
        }

        return keys;
    }
}
