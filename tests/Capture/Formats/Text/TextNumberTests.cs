using System.Globalization;
using System.Numerics;
using System.Text;
using Differ.Capture.Formats.Text;

namespace Differ.Tests.Capture.Formats.Text;

public sealed class TextNumberTests
{
    public static TheoryData<string> Behind => ["", " ", "z", "/9999999", " rip 0x1000", ":12345678", "\u00e9\u00e9\u00e9\u00e9"];

    [Theory]
    [MemberData(nameof(Behind))]
    public void Digits_count_up_to_the_first_letter_that_is_none(string behind)
    {
        var random = new Random(7);
        for (int digits = 1; digits <= 24; digits++)
        {
            for (int i = 0; i < 50; i++)
            {
                Reads(Number(random, digits, "0123456789"), behind, hexadecimal: false);
                Reads(Number(random, digits, "0123456789abcdef"), behind, hexadecimal: true);
                Reads(Number(random, digits, "0123456789ABCDEF"), behind, hexadecimal: true);
            }
        }
    }

    [Fact]
    public void Every_byte_is_a_digit_or_ends_a_number()
    {
        for (int letter = 0; letter <= byte.MaxValue; letter++)
        {
            for (int at = 0; at < 10; at++)
            {
                byte[] text = Encoding.ASCII.GetBytes("1111111111");
                text[at] = (byte)letter;
                Assert.Equal(char.IsAsciiDigit((char)letter) ? 10 : at, TextNumber.Decimal(text, out _));
                Assert.Equal(char.IsAsciiHexDigit((char)letter) ? 10 : at, TextNumber.Hexadecimal(text, out _));
            }
        }
    }

    [Fact]
    public void A_number_at_a_known_place_is_the_one_that_is_read()
    {
        var random = new Random(7);
        for (int digits = 1; digits <= TextPlace.MostDigits; digits++)
        {
            foreach (bool hexadecimal in (bool[])[false, true])
            {
                string number = Number(random, digits, hexadecimal ? "0123456789abcdefABCDEF" : "0123456789");
                byte[] line = Encoding.ASCII.GetBytes("what stands before " + number + " ");
                var place = new TextPlace(19, digits, hexadecimal);
                int read = 0;
                Assert.True(TextNumber.Take(line.AsSpan(19), hexadecimal, out ulong value, ref read));
                Assert.Equal(value, place.Read(line));
                Assert.Equal(unchecked(0 - value), (place with { IsNegated = true }).Read(line));
            }
        }
    }

    private static string Number(Random random, int digits, string of) => new(random.GetItems<char>(of, digits));

    private static void Reads(string number, string behind, bool hexadecimal)
    {
        byte[] text = Encoding.UTF8.GetBytes(number + behind);
        var expected = BigInteger.Parse("0" + number, hexadecimal ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture);
        int at = 0;
        bool read = TextNumber.Take(text, hexadecimal, out ulong value, ref at);
        Assert.Equal(expected <= ulong.MaxValue, read);
        Assert.Equal(read ? (number.Length, expected) : (0, value), (at, new BigInteger(value)));
    }
}
