using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Differ.Tests.Support;

/// <summary>Laws that hold for all values.</summary>
internal static class Laws
{
    // Always the same values: a build does not fail by chance. DIFFER_LAWS=random takes others.
    private static Config Fixed { get; } = Environment.GetEnvironmentVariable("DIFFER_LAWS") == "random"
        ? Config.QuickThrowOnFailure
        : Config.QuickThrowOnFailure.WithReplay(FSharpOption<FsCheck.Replay>.Some(new FsCheck.Replay(new Rnd(2026, 3), FSharpOption<int>.None)));

    public static void Hold(Func<ulong, ulong, ulong, ulong, bool> law)
    {
        Gen<ulong> number = Gen.ArrayOf(Gen.Choose(0, byte.MaxValue), sizeof(ulong))
            .Select(static bytes => BitConverter.ToUInt64([.. bytes.Select(static value => (byte)value)]));
        Gen<ulong> bits = Gen.OneOf(number, Gen.Choose(0, 63).Select(static bit => 1UL << bit), Gen.Elements(0UL, ulong.MaxValue, uint.MaxValue));
        Check.One(
            Fixed,
            Prop.ForAll(Gen.Four(bits).ToArbitrary(), of => law(of.Item1, of.Item2, of.Item3, of.Item4)));
    }

    /// <summary>Holds a law against sequences of choices, from which the law builds what it needs.</summary>
    /// <param name="count">How many sequences.</param>
    /// <param name="law">The law; null when it holds, otherwise what breaks it.</param>
    public static void HoldForChoices(int count, Func<int[], string?> law)
    {
        Gen<int[]> choices = Gen.ArrayOf(Gen.Choose(0, 4095));
        Check.One(
            Fixed.WithMaxTest(count).WithStartSize(20).WithEndSize(120),
            Prop.ForAll(choices.ToArbitrary(), of => law(of) is { } broken ? Prop.Label(false, broken) : Prop.ToProperty(true)));
    }
}
