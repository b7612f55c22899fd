using System.Numerics;
using Differ.Replay.Scenarios.Generation;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Scenarios;

/// <summary>Scenarios that nobody wrote: how they are made, and made smaller.</summary>
public sealed class ScenarioGeneratorTests
{
    private static readonly ScenarioText Some = new(["vmcb12 cr4=0x660", "intercept HLT"], ["vmrun"], ["nop", "hlt"]);

    [Fact]
    public void A_seed_makes_the_same_scenarios_again()
    {
        Assert.Equal(Made(7).Select(static text => text.Write("x")), Made(7).Select(static text => text.Write("x")));
        Assert.NotEqual(Made(7).Select(static text => text.Write("x")), Made(8).Select(static text => text.Write("x")));
    }

    [Fact]
    public void Every_scenario_that_is_made_is_understood() =>
        Assert.All(Made(3), static text => Assert.Equal(text.L2.Count, text.Parse().L2.Count));

    [Fact]
    public void Each_bit_of_vmcb12_is_flipped_alone_and_each_event_injected()
    {
        ScenarioText[] all = [.. ScenarioGenerator.Singles()];
        int bits = VmcbLayout.All.Where(static row => row.Area is VmcbArea.Control or VmcbArea.Save).Sum(static row => 8 * row.Size);
        Assert.Equal(bits + (8 * 256) - 1, all.Length);
        Assert.Equal(all.Length, all.Select(static text => text.Setup[^1]).Distinct().Count());
        Assert.All(all.Take(bits), static text =>
        {
            (string _, ulong value, ulong start) = StartingState.Read(text.Setup[^1])!.Value;
            Assert.Equal(1, BitOperations.PopCount(value ^ start));
        });
    }

    [Fact]
    public void A_line_less_is_every_text_that_lacks_one() => Assert.Equal(
        [
            "intercept HLT|vmrun|nop;hlt", "vmcb12 cr4=0x660|vmrun|nop;hlt", "vmcb12 cr4=0x660;intercept HLT|vmrun|hlt",
            "vmcb12 cr4=0x660;intercept HLT|vmrun|nop", "vmcb12 cr4=0x660;intercept HLT||nop;hlt",
        ],
        Some.WithoutOneLine().Select(static text => $"{string.Join(';', text.Setup)}|{string.Join(';', text.L1)}|{string.Join(';', text.L2)}"));

    // CR4 starts with PAE, bit 5.
    [Fact]
    public void A_bit_less_is_every_value_that_is_nearer_to_the_start() =>
        Assert.Equal(["vmcb12 cr4=0x620", "vmcb12 cr4=0x460", "vmcb12 cr4=0x260"], Sorted(Some.WithOneBitLess().Select(static text => text.Setup[0])));

    [Fact]
    public void A_value_with_one_bit_of_its_own_has_nothing_nearer() => Assert.Empty((Some with { Setup = ["vmcb12 cr4=0x60"] }).WithOneBitLess());

    private static IEnumerable<string> Sorted(IEnumerable<string> texts) => texts.OrderByDescending(static text => text, StringComparer.Ordinal);

    private static ScenarioText[] Made(int seed)
    {
        var generator = new ScenarioGenerator(seed);
        var made = new List<ScenarioText>();
        for (int i = 0; i < 400; i++)
        {
            made.Add(generator.Next([.. made.Take(20)]));
        }

        return [.. made];
    }
}
