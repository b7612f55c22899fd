using System.Buffers.Binary;
using Differ.Diff;
using Differ.Diff.Findings;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.Shards;
using Differ.Diff.Writing;
using Differ.Replay;
using Differ.Schemas.Files;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Diff.Report;

namespace Differ.Tests.Diff.Shards;

public sealed class ResultFileTests
{
    private static readonly JudgedCapture Capture = new("c0ffee", "one", "one.dat", "5e7", 0);

    public static TheoryData<string> Sets => ["everything", "nothing", "several"];

    [Theory]
    [MemberData(nameof(Sets))]
    public void Every_report_tells_the_same_of_results_that_were_kept(string name)
    {
        FindingSet before = SampleFindings.All[name];
        before = before with { Checked = [.. before.Checked.Select(one => CheckedCapture.Of(one.Name, one.File, OfTracepoints(one.Result)) with { Page = one.Page })] };
        RuleSet rules = RulesOf(before);
        Judgement judgement = Judgement.Of(rules, before.Policy, [], "");
        CheckedCapture[] after = [.. before.Checked.Select(one => CheckedCapture.Of(one.Name, one.File, Kept(one.Result, rules, judgement)) with { Page = one.Page })];
        foreach (IReportFormat format in ReportFormats.All)
        {
            Assert.Equal(Written(format, before), Written(format, before with { Checked = after }));
        }
    }

    // A result may have been written by anybody.
    [Fact]
    public void Texts_of_a_result_are_made_plain()
    {
        FindingSet hostile = SampleFindings.HostileSet;
        RuleSet rules = RulesOf(hostile);
        DiffResult after = Kept(hostile.Checked[0].Result, rules, Judgement.Of(rules, hostile.Policy, [], ""));
        Assert.All(
            (string[])[after.KnownDepartures[0].Known!, Assert.Single(after.Divergences[0].First.Recorded).Text, after.Header.HostName],
            text => Assert.True(text.Contains("\\u001b", StringComparison.Ordinal) && text == PlainText.Of(text), text));
    }

    [Fact]
    public void A_file_with_any_byte_changed_is_refused_and_so_is_any_part_of_it()
    {
        (byte[] file, RuleSet rules) = Sample();
        Assert.NotNull(Read(file, rules).Result);
        for (int at = 0; at < file.Length; at++)
        {
            byte[] damaged = [.. file];
            damaged[at] ^= 1;
            Assert.Contains(Assert.Throws<RunFormatException>(() => Read(damaged, rules)).Code, (string[])["DIF0210", "DIF0212"]);
            Assert.Contains(Assert.Throws<RunFormatException>(() => Read(file[..at], rules)).Code, (string[])["DIF0210", "DIF0212"]);
        }
    }

    [Theory]
    [InlineData("DIF0210", "something else")]
    [InlineData("DIF0211", "newer")]
    [InlineData("DIF0212", "twice")]
    [InlineData("DIF0213", "other rules")]
    public void A_file_that_cannot_be_used_says_why(string code, string what)
    {
        (byte[] file, RuleSet rules) = Sample();
        byte[] judgement = [8, 2];
        byte[] given = what switch
        {
            "something else" => [.. "DIFRUN1\n and something"u8],
            "newer" => [.. ResultFile.Magic, .. RunFile.Marker, 1, 0, 0, 0, 2, 0, 0, 0, .. Checksum(judgement), .. judgement],
            "twice" => [.. file, .. file],
            _ => file,
        };
        RunFormatException fault = Assert.Throws<RunFormatException>(() => Read(given, what == "other rules" ? new RuleSet([], "differ 99") : rules));
        Assert.Equal(code, fault.Code);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public void The_hash_of_a_rule_set_is_of_its_rules_and_of_the_version()
    {
        RuleInfo[] rules = [.. RuleBook.Statements];
        string hash = new RuleSet(rules, "one").Hash;
        Assert.Equal(hash, new RuleSet([.. rules], "one").Hash);
        Assert.Distinct(
            [hash, new RuleSet(rules, "other").Hash, new RuleSet(rules[1..], "one").Hash, new RuleSet([rules[0] with { Expected = "other" }, .. rules[1..]], "one").Hash]);
    }

    // Values of states are no events of a record, but in the sample.
    private static DiffResult OfTracepoints(DiffResult result)
    {
        return result with
        {
            Divergences = Classes(result.Divergences),
            Likely = Classes(result.Likely),
            Accepted = Classes(result.Accepted),
            Ignored = Classes(result.Ignored),
            KnownDepartures = Classes(result.KnownDepartures),
        };

        static DivergenceClass[] Classes(IEnumerable<DivergenceClass> classes) => [.. classes.Select(found => found with
        {
            First = found.First with { Exit = Exit(found.First.Exit), Before = [.. found.First.Before.Select(Exit)], After = [.. found.First.After.Select(Exit)] },
        })];

        static KeptExit Exit(KeptExit exit) => exit with { Events = [.. exit.Events.Where(one => one.Kind != KvmEventKind.StateValue)] };
    }

    private static DiffResult Kept(DiffResult result, RuleSet rules, Judgement judgement)
    {
        using var file = new MemoryStream();
        Write(file, result, rules, judgement, []);
        file.Position = 0;
        return new ResultReader(rules).ReadOne(file, Stream.Null).Capture.Result!;
    }

    private static void Write(Stream file, DiffResult result, RuleSet rules, Judgement judgement, byte[] page)
    {
        using var writer = new ResultWriter(file, rules, judgement);
        writer.Page.Write(page);
        writer.Write(Capture, result);
        writer.Finish([new CaptureSource(Capture.Set, 1, [0], [new Shard(1, 1)], [])]);
    }

    private static (byte[] File, RuleSet Rules) Sample()
    {
        RuleSet rules = RulesOf(SampleFindings.One);
        using var file = new MemoryStream();
        Write(file, SampleResult.Empty, rules, Judgement.Of(rules, Policy.Default, [], ""), [1, 2, 3]);
        return (file.ToArray(), rules);
    }

    private static KeptCapture Read(byte[] file, RuleSet rules) => new ResultReader(rules).ReadOne(new MemoryStream(file), Stream.Null).Capture;

    private static RuleSet RulesOf(FindingSet findings) => new(
        [
            .. findings.Checked.SelectMany(capture => capture.Result.Classes.SelectMany(found => found.AlsoBroken.Concat(found.AlsoLikely).Prepend(found.Rule))
                    .Concat(capture.Result.Rules.Select(count => count.Rule)).Concat(capture.Result.Undecided.SelectMany(one => one.Rules.Select(share => share.Rule))))
                .DistinctBy(rule => rule.Id),
        ],
        "differ 1");

    private static string Written(IReportFormat format, FindingSet findings)
    {
        using var text = new StringWriter();
        format.Write(findings, text, Ink.None);
        return text.ToString();
    }

    private static byte[] Checksum(byte[] body)
    {
        byte[] sum = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(sum, Crc32C.Of(body));
        return sum;
    }
}
