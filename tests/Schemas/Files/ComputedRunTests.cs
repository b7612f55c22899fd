using Google.Protobuf;
using Differ.Schemas.Files;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using Proto = Differ.Schemas.Proto;

namespace Differ.Tests.Schemas.Files;

public sealed class ComputedRunTests
{
    private static readonly RuleInfo Rule = new(
        "SVM-TEST", "15.9", RuleScope.Processor, Visibility.Partly, Confidence.Certain, Severity.Medium, "A statement.", "What it needs.", "What follows.");

    [Fact]
    public void A_header_survives_with_its_rules()
    {
        var header = new RunHeader
        {
            Origin = RunOrigin.Computed,
            Capture = "trace.dat",
            CaptureSize = ulong.MaxValue,
            Format = "trace.dat v7",
            KernelRelease = "6.12.1",
            HostName = "host",
            Clock = "x86-tsc",
            ClockUnit = ClockUnit.Ticks,
            Listed = new TracepointSet(0xa000_0000_0000_0005),
            ListIsSelective = true,
            NamesFailedChecks = true,
            ShowsReinjection = true,
            PretendsNestedExits = true,
            Rules = [Rule, Rule with { Id = "SVM-OTHER" }],
        };
        RunHeader read = HeaderCodec.DecodeHeader(HeaderCodec.Encode(header), 0);
        Assert.Equal(header.Rules, read.Rules);
        Assert.Equal(header, read with { Rules = header.Rules });

        Proto.Header message = Proto.Header.Parser.ParseFrom(HeaderCodec.Encode(header));
        Assert.Equal((RunFile.Version, Apm.Revision), (message.Version, message.Manual));
    }

    [Fact]
    public void Numbers_that_no_version_has_are_read_as_unknown_ones()
    {
        Proto.Header message = Proto.Header.Parser.ParseFrom(HeaderCodec.Encode(new RunHeader { Rules = [Rule] }));
        (message.Rules[0].Scope, message.Rules[0].Visibility, message.Rules[0].Confidence, message.Rules[0].Severity) = (256, uint.MaxValue, 1U << 31, 1000);
        RuleInfo read = HeaderCodec.DecodeHeader(message.ToByteArray(), 0).Rules[0];
        Assert.Equal(Rule.Id, read.Id);
        Assert.Equal((255, 255, 255, 255), ((int)read.Scope, (int)read.Visibility, (int)read.Confidence, (int)read.Severity));
    }

    [Fact]
    public void What_was_computed_comes_back_beside_its_exit()
    {
        Recording recorded = Records.Many(4);
        var sink = new Pairs();
        using ComputedReader reader = ComputedReader.Open(new MemoryStream(Computed(recorded, static index => index != 1)), recorded.Header, rules =>
        {
            Assert.Equal([Rule], rules);
            return sink;
        });
        foreach (KeptRecord record in recorded.Records)
        {
            reader.Take(record.View);
        }

        reader.Finish();
        Assert.Equal(0UL, reader.Damages);

        // The second exit of each stream was left out: nothing is said of it.
        Assert.Equal([(0, 0UL, 1), (1, 0UL, 1), (0, 1UL, 0), (1, 1UL, 0)], sink.Seen.Select(seen => (seen.Stream, seen.Index, seen.Expectations)));
        Assert.Equal(new Constraint(ComparedField.Exception, Relation.Equal, 6, ulong.MaxValue), sink.First);
    }

    [Fact]
    public void The_generated_classes_read_what_is_written()
    {
        Recording recorded = Records.Many(2);
        Proto.ComputedExit message = RunFileTests.Blocks(Computed(recorded, static _ => true)).Where(block => block.Kind == BlockKind.ComputedExits)
            .SelectMany(block => Proto.ComputedExits.Parser.ParseFrom(block.Body).Exits).First();
        Proto.Expectation expectation = Assert.Single(message.Expectations);
        Proto.Constraint constraint = Assert.Single(Assert.Single(expectation.Outcomes).Constraints);
        Assert.Equal((0U, (uint)ComparedField.Exception, (uint)Relation.Equal, 6UL, ulong.MaxValue),
            (expectation.Rule, constraint.Field, constraint.Relation, constraint.Value, constraint.Mask));
    }

    [Theory]
    [InlineData(0, 1, 1, true)]
    [InlineData(1, 1, 1, false)]
    [InlineData(0, 0, 1, false)]
    [InlineData(0, 255, 1, false)]
    [InlineData(0, 100000, 1, false)]
    [InlineData(0, 1, 99, false)]
    [InlineData(0, 1, 256, false)]
    public void A_message_about_what_does_not_exist_is_refused(uint rule, uint field, uint relation, bool good)
    {
        var message = new Proto.ComputedExit();
        var expectation = new Proto.Expectation { Rule = rule };
        var outcome = new Proto.Outcome();
        outcome.Constraints.Add(new Proto.Constraint { Field = field, Relation = relation });
        expectation.Outcomes.Add(outcome);
        message.Expectations.Add(expectation);
        Assert.Equal(good, StoredComputedExit.Of(message, rules: 1) is not null);
    }

    [Fact]
    public void A_run_that_was_not_computed_from_this_one_is_refused()
    {
        Recording recorded = Records.Many(4);
        byte[] computed = Computed(recorded, static _ => true);
        Assert.Equal("DIF0206", Assert.Throws<RunFormatException>(() =>
            ComputedReader.Open(new MemoryStream(computed), recorded.Header with { Capture = "other" }, _ => new Pairs())).Code);
    }

    [Fact]
    public void Exits_that_the_recorded_run_does_not_have_are_refused()
    {
        Recording recorded = Records.Many(4);
        using ComputedReader reader = ComputedReader.Open(new MemoryStream(Computed(recorded, static _ => true)), recorded.Header, _ => new Pairs());
        reader.Take(recorded.Records[0].View);
        Assert.Equal("DIF0206", Assert.Throws<RunFormatException>(reader.Finish).Code);
    }

    internal static byte[] Computed(Recording recorded, Func<ulong, bool> says)
    {
        using var memory = new MemoryStream();
        using var writer = new RunWriter(memory, recorded.Header with { Origin = RunOrigin.Computed, Rules = [Rule] }, recorded.Texts);
        foreach (KeptRecord record in recorded.Records)
        {
            bool said = says(record.Index);
            writer.Take(record.View, new ComputedExit(
                0x81,
                said ? [new Expectation(0, default, default, default, 0, 1)] : [],
                said ? [new Outcome(0, 1)] : [],
                said ? [new Constraint(ComparedField.Exception, Relation.Equal, 6, ulong.MaxValue)] : []));
        }

        writer.Finish(recorded.Summary);
        return memory.ToArray();
    }

    private sealed class Pairs : IComputedSink
    {
        public List<(int Stream, ulong Index, int Expectations)> Seen { get; } = [];

        public Constraint First { get; private set; }

        public void Take(in ExitRecord recorded, in ComputedExit computed)
        {
            if (Seen.Count == 0)
            {
                First = computed.ConstraintsOf(computed.OutcomesOf(computed.Expectations[0])[0])[0];
            }

            Seen.Add((recorded.Stream.Value, recorded.Index, computed.Expectations.Length));
        }
    }
}
