using Differ.Capture.Diagnostics;
using Differ.Capture.Vcpus;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Vcpus;

public sealed class LimitsTests
{
    [Fact]
    public void Unfinished_records_share_what_they_may_hold()
    {
        var room = new EventBudget(most: 40);
        RecordBuffer one = new(room), other = new(room);
        int held = Fill(one) + Fill(other);
        Assert.InRange(held, 1, 40 + 32);
        Assert.False(one.Add(Records.Happen(KvmEventKind.MsrAccess)));
    }

    [Fact]
    public void A_long_record_gives_back_what_it_took()
    {
        var room = new EventBudget(most: RecordBuffer.Limit);
        var record = new RecordBuffer(room);
        Assert.Equal(RecordBuffer.Limit, Fill(record));
        Assert.False(room.Take(RecordBuffer.Limit / 2));
        record.Reset();
        Assert.True(room.Take(RecordBuffer.Limit));
    }

    [Fact]
    public void A_thread_without_a_guest_keeps_no_more_than_there_is_room_for()
    {
        var room = new EventBudget(most: 3);
        var thread = new VcpuThread(1, room);
        for (int i = 0; i < 5; i++)
        {
            thread.Wait(Records.Happen(KvmEventKind.MsrAccess), Observed<ulong>.Unseen);
        }

        Assert.Equal(2UL, thread.Dropped);
        var sink = new KeepingSink();
        ExitAssembler stream = thread.Switch(0, (_, vcpu) => new ExitAssembler(new StreamId(0), 1, vcpu, sink, new RunHeader(), new CaptureNotes(), room))!;
        Assert.True(room.Take(3));
        stream.End();
        Assert.Equal(3, Assert.Single(sink.Records).Events.Length);
    }

    // What is put in order in one step must not be looked for among all that came before.
    [Fact]
    public void Streams_of_one_number_are_as_many_machines() => Assert.Equal(
        Enumerable.Range(0, 1000),
        Machines.Of([.. Enumerable.Range(0, 1000).Select(i => new ExitAssembler(new StreamId(i), i, 0, new KeepingSink(), new RunHeader(), new CaptureNotes(), new EventBudget()))],
            new Dictionary<int, int>(), _ => 0));

    private static int Fill(RecordBuffer record)
    {
        int held = 0;
        for (; record.Add(Records.Happen(KvmEventKind.MsrAccess)); held++)
        {
        }

        return held;
    }
}
