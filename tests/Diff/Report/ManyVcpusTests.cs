using System.Collections;
using Differ.Diff;
using Differ.Diff.Align;
using Differ.Diff.Findings;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Report;

/// <summary>A recording may have tens of thousands of vCPUs: what is said of each must not look at all the others.</summary>
public sealed class ManyVcpusTests
{
    private const int Few = 300, Many = 1200, Times = Many / Few;

    public static TheoryData<string> Formats => [.. ReportFormats.All.Select(format => format.Name)];

    public static TheoryData<string> FormatsOfExits => [.. ReportFormats.OfExits.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_report_looks_at_vCPUs_in_proportion_to_their_number(string format) => InProportion(result =>
        ReportFormats.Find(format)!.Write(FindingSet.Of(result), TextWriter.Null, Ink.None));

    [Theory]
    [MemberData(nameof(FormatsOfExits))]
    public void A_report_of_exits_does_so_too(string format) => InProportion(result =>
    {
        using IExitReport report = ReportFormats.FindOfExits(format)!.Begin(result.Header, Stream.Null);
        for (int stream = 0; stream < result.Summary.Streams.Count; stream++)
        {
            report.Take(new RecordedExit { Stream = stream }.Record, Verdict.Conforms, null);
        }

        report.Finish(result);
    });

    [Fact]
    public void Streams_of_two_runs_are_paired_in_proportion_to_their_number() =>
        InProportion(result => Assert.True(StreamPairs.ByVcpu(result.Summary.Streams, result.Summary.Streams).AreByNumber));

    [Fact]
    public void Every_stream_is_found_by_its_number_and_no_other_is()
    {
        var summary = new RunSummary { Streams = [.. Streams(Few).Where(stream => stream.Id.Value % 3 != 0)] };
        Assert.All(Enumerable.Range(-1, Few + 2), number => Assert.Equal(
            number is >= 0 and < Few && number % 3 != 0 ? number : null, summary.StreamOf(new StreamId(number))?.Id.Value));
    }

    // Found by halving, a stream costs a little more the more there are.
    private static void InProportion(Action<DiffResult> write)
    {
        long few = Looks(Few, write), many = Looks(Many, write);
        Assert.InRange(many, 0, 2 * Times * Math.Max(few, Few));
    }

    private static long Looks(int count, Action<DiffResult> write)
    {
        var streams = new Counting([.. Streams(count)]);
        DiffResult full = SampleResult.Full;
        StreamShare[] shares = [.. Enumerable.Range(0, count).Select(number => new StreamShare(new StreamId(number), 1))];
        write(full with
        {
            Summary = full.Summary with { Streams = streams },
            Divergences = [.. full.Divergences.Select(found => found with { Streams = shares })],
        });
        return streams.Looks;
    }

    private static IEnumerable<VcpuStream> Streams(int count) => Enumerable.Range(0, count)
        .Select(number => new VcpuStream(new StreamId(number), new VcpuId(0), new ThreadId(1000 + number), "CPU 0/KVM", number, 1));

    // Counts how many elements are looked at.
    private sealed class Counting(VcpuStream[] streams) : IReadOnlyList<VcpuStream>
    {
        public long Looks { get; private set; }

        public int Count => streams.Length;

        public VcpuStream this[int index]
        {
            get
            {
                Looks++;
                return streams[index];
            }
        }

        public IEnumerator<VcpuStream> GetEnumerator()
        {
            foreach (VcpuStream stream in streams)
            {
                Looks++;
                yield return stream;
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
