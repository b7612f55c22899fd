using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Schemas.Vocabulary;

/// <summary>Kleene's logic, and registers of which some bits are known.</summary>
public sealed class KnownBitsTests
{
    private static readonly Truth[] Answers = [Truth.No, Truth.Unknown, Truth.Yes];

    [Fact]
    public void And_or_and_not_keep_the_laws_of_a_lattice()
    {
        foreach (Truth a in Answers)
        {
            Assert.Equal(a, !!a);
            foreach (Truth b in Answers)
            {
                Assert.Equal(a & b, b & a);
                Assert.Equal(!(a & b), !a | !b);
                Assert.Equal(a, a & (a | b));
                foreach (Truth c in Answers)
                {
                    Assert.Equal(a & (b & c), a & b & c);
                    Assert.Equal(a & (b | c), (a & b) | (a & c));
                }
            }
        }
    }

    [Fact]
    public void What_is_decided_agrees_with_logic_and_what_is_not_says_so()
    {
        Assert.Equal([Truth.No, Truth.No, Truth.No], Answers.Select(a => a & Truth.No));
        Assert.Equal([Truth.No, Truth.Unknown, Truth.Unknown], Answers.Select(a => a & Truth.Unknown));
        Assert.Equal([Truth.Yes, Truth.Yes, Truth.Yes], Answers.Select(a => a | Truth.Yes));
        Assert.Equal([Truth.Unknown, Truth.Unknown, Truth.Yes], Answers.Select(a => a | Truth.Unknown));
        Assert.True((!Truth.Unknown).IsUnknown);
    }

    [Fact]
    public void Knowing_more_bits_never_changes_an_answer() => Laws.Hold((ulong value, ulong known, ulong more, ulong mask) =>
    {
        Bits64 part = new(value, known), rest = new(value, known | more);
        return Agrees(part.Any(mask), rest.Any(mask)) && Agrees(part.Equal(more, mask), rest.Equal(more, mask)) && Agrees(part[5], rest[5]);
    });

    [Fact]
    public void A_known_register_answers_as_its_number_does() => Laws.Hold((ulong value, ulong other, ulong mask, ulong _) =>
    {
        Bits64 bits = Bits64.Of(value);
        return bits.Any(mask) == Truth.Of((value & mask) != 0) && bits.Equal(other, mask) == Truth.Of((value & mask) == (other & mask));
    });

    [Fact]
    public void An_unknown_bit_has_no_say() => Laws.Hold((ulong value, ulong known, ulong noise, ulong mask) =>
        new Bits64(value, known).Any(mask) == new Bits64(value ^ (noise & ~known), known).Any(mask));

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    public void A_bit_can_be_set_cleared_and_hidden(int bit)
    {
        Assert.True(default(Bits64).Set(bit)[bit].IsYes);
        Assert.True(Bits64.Of(ulong.MaxValue).Clear(bit)[bit].IsNo);
        Assert.True(Bits64.Of(ulong.MaxValue).Hide(bit)[bit].IsUnknown);
        Assert.Equal(63, System.Numerics.BitOperations.PopCount(Bits64.Of(0).Hide(bit).Known));
    }

    private static bool Agrees(Truth part, Truth rest) => part.IsUnknown || part == rest;
}
