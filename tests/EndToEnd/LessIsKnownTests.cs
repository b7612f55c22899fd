using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>A recording that shows less accuses nobody of more: an exit that does not diverge in the whole recording does not in a part of it.</summary>
/// <remarks>DIFFER_LAWS=random takes other parts each time; with a folder of captures at hand it takes parts of each of them, too.</remarks>
public sealed class LessIsKnownTests
{
    private const int Parts = 8;
    private const long LargestCapture = 700_000;

    private static readonly int Seed = Environment.GetEnvironmentVariable("DIFFER_LAWS") == "random" ? Random.Shared.Next() : 2026;

    public static TheoryData<string> Captures =>
        [.. Fixture.Names.Where(name => Fixture.Capture(name).EndsWith(".dat", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_part_of_a_recording_shows_no_other_divergence(string capture) => Holds(Fixture.Capture(capture));

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_second_machine_on_the_host_changes_nothing(string capture)
    {
        using RecordedEvents whole = RecordedEvents.Of(Fixture.Capture(capture));
        const ulong Later = 12_345;
        IReadOnlySet<ulong> diverging = whole.DivergingExits();
        Assert.Empty(whole.MergedWith(whole, 500_000, Later).DivergingExits().Except(diverging).Except(diverging.Select(time => time + Later)));
    }

    [CorpusFact]
    public void So_it_is_with_the_captures_of_the_collection()
    {
        string[] captures = [.. Directory.GetFiles(Repository.Corpus!, "trace.dat", SearchOption.AllDirectories)
            .Where(path => new FileInfo(path).Length <= LargestCapture).Order(StringComparer.Ordinal)];
        Assert.NotEmpty(captures);
        Assert.All(captures.Where((_, at) => at % 8 == Seed % 8), Holds);
    }

    private static void Holds(string path)
    {
        using RecordedEvents whole = RecordedEvents.Of(path);
        IReadOnlySet<ulong> diverging = whole.DivergingExits();
        var random = new Random(Seed);
        for (int i = 0; i < Parts && whole.Events.Count > 0; i++)
        {
            int at = random.Next(whole.Events.Count);
            var dropped = whole.Names.Where(_ => random.Next(4) == 0).ToHashSet(StringComparer.Ordinal);
            var kept = whole.Names.Where(name => name is "kvm_exit" or "kvm_entry" or "kvm_nested_vmexit" || random.Next(3) == 0).ToHashSet(StringComparer.Ordinal);
            RecordedEvents holed = whole.WithHoles(random, random.Next(1, 12));
            Assert.Empty(whole.Cut(at, whole.Events.Count).DivergingExits().Except(diverging));
            Assert.Empty(whole.Cut(0, at).DivergingExits().Except(diverging));
            Assert.Empty(holed.DivergingExits().Except(diverging));
            Assert.Empty(holed.Cut(Math.Min(at, holed.Events.Count), holed.Events.Count).DivergingExits().Except(diverging));
            Assert.Empty(whole.Without(dropped).DivergingExits().Except(diverging));
            Assert.Empty(whole.Without(whole.Names.Except(kept).ToHashSet(StringComparer.Ordinal)).DivergingExits().Except(diverging));
        }
    }
}
