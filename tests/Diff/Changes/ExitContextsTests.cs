using Differ.Diff.Changes;
using Differ.Diff.Results;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Changes;

public sealed class ExitContextsTests
{
    [Fact]
    public void Each_exit_gets_its_neighbours_however_near_another_is()
    {
        ExitContexts contexts = Read(100, out _, At(10), At(11), At(11), At(50));
        Assert.Equal([7UL, 8, 9, 10, 11, 12], Around(contexts, At(10)));
        Assert.Equal([8UL, 9, 10, 11, 12, 13], Around(contexts, At(11)));
        Assert.Equal([47UL, 48, 49, 50, 51, 52], Around(contexts, At(50)));
        Assert.True(contexts.AreComplete);
    }

    [Fact]
    public void At_the_ends_of_a_run_there_are_fewer()
    {
        ExitContexts contexts = Read(100, out _, At(1), At(99));
        Assert.Equal([0UL, 1, 2, 3], Around(contexts, At(1)));
        Assert.Equal([96UL, 97, 98, 99], Around(contexts, At(99)));
        Assert.False(contexts.AreComplete);
    }

    [Fact]
    public void Nothing_more_is_read_when_the_last_one_has_come()
    {
        Read(100, out int last, At(10), At(20));
        Assert.Equal(22, last);
    }

    [Fact]
    public void Exits_of_other_vcpus_are_none_of_them() => Assert.Empty(Around(Read(100, out _, new ExitPlace(new StreamId(1), 10)), new ExitPlace(new StreamId(1), 10)));

    [Fact]
    public void Nothing_that_is_wanted_is_complete_at_once() => Assert.True(new ExitContexts([]).AreComplete);

    private static ExitPlace At(ulong index) => new(new StreamId(0), index);

    private static IEnumerable<ulong> Around(ExitContexts contexts, ExitPlace place) => contexts.Around(place).Exits.Select(exit => exit.Index);

    private static ExitContexts Read(int exits, out int last, params ExitPlace[] places)
    {
        var contexts = new ExitContexts(places);
        bool isOver = false;
        contexts.Completed += () => isOver = true;
        last = 0;
        for (int i = 0; i < exits && !isOver; i++)
        {
            last = i;
            contexts.Take(new RecordedExit { Index = (ulong)i }.Record);
        }

        return contexts;
    }
}
