using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Differ.Diff.Report.Html;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Report.Html;

/// <summary>The page: its data, its asset, and that nothing of a capture becomes markup.</summary>
public sealed partial class HtmlReportTests
{
    private const string Hostile = "</script><script>alert(1)</script><!-- \" ' & \u2028 ]]>";

    private static string Web => Path.Combine(Repository.Root, "Diff", "Report", "Html", "web");

    public static TheoryData<string> Results => ["everything", "nothing"];

    [Theory]
    [MemberData(nameof(Results))]
    public void The_data_of_a_result_is_written_as_stored(string name)
    {
        DiffResult result = name == "nothing" ? SampleResult.Empty : SampleResult.Full;
        JsonNode data = JsonNode.Parse(DataOf(Page(result)))!;
        Golden.Matches($"Diff/Report/Html/Expected/{name}.data.json", data.ToJsonString(new JsonSerializerOptions { WriteIndented = true, NewLine = "\n" }) + "\n");
    }

    [Fact]
    public void The_same_run_gives_the_same_page() => Assert.Equal(Page(SampleResult.Full), Page(SampleResult.Full));

    [Fact]
    public void What_a_capture_says_never_becomes_markup()
    {
        DiffResult result = SampleResult.Full;
        RunSummary summary = result.Summary with
        {
            Streams = [new VcpuStream(new StreamId(0), null, new ThreadId(1), Hostile, 0, 1)],
            GuestVendor = Hostile,
            Notes = [new CaptureNote(Hostile, 1, Hostile, Hostile)],
        };
        string page = Page(result with { Header = result.Header with { Capture = Hostile, HostName = Hostile, KernelRelease = Hostile }, Summary = summary });
        Assert.Equal(Page(SampleResult.Full).Split("</script").Length, page.Split("</script").Length);
        Assert.DoesNotContain("alert(1)</", page, StringComparison.Ordinal);
        string data = DataOf(page);
        Assert.DoesNotMatch("[<>&'\u2028]", data);
        Assert.Equal(PlainText.Of(Hostile), JsonNode.Parse(data)!["capture"]!["file"]!.GetValue<string>());
        Assert.Equal(PlainText.Of(Hostile), JsonNode.Parse(data)!["capture"]!["streams"]![0]!["name"]!.GetValue<string>());
    }

    [Fact]
    public void A_long_line_is_not_cut_inside_a_character()
    {
        var texts = new TextTable();
        int text = texts.Add(string.Concat(Enumerable.Repeat("\U0001F600", 4000)));
        RecordedExit exit = new RecordedExit().With(KvmEventKind.NestedVmenterFailed, (ulong)text);
        DiffResult result = SampleResult.Full;
        DivergenceClass found = result.Divergences[0] with { First = result.Divergences[0].First with { Exit = KeptExit.Of(exit.Record) } };
        Assert.InRange(Page(result with { Divergences = [found], Texts = texts }).Length, 1, 400_000);
    }

    [Fact]
    public void No_source_of_the_page_makes_markup_out_of_text() => Assert.All(
        Directory.EnumerateFiles(Path.Combine(Web, "src"), "*.js"),
        file => Assert.DoesNotMatch(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", File.ReadAllText(file)));

    [Fact]
    public void The_page_loads_nothing()
    {
        string page = Page(SampleResult.Empty);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(src|href)\s*=\s*[""']?(https?:)?//|@import|url\(", page);
    }

    [Fact]
    public void The_script_has_the_hash_that_the_page_allows()
    {
        string page = Page(SampleResult.Empty);
        string script = page[(page.LastIndexOf("<script>", StringComparison.Ordinal) + "<script>".Length)..page.LastIndexOf("</script>", StringComparison.Ordinal)];
        Assert.Contains($"script-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'", page, StringComparison.Ordinal);
    }

    // Who changes a source and forgets `npm run build` (docs/html-report.md) is told here.
    [Fact]
    public void The_committed_page_was_built_from_these_sources()
    {
        IEnumerable<string> sources = new[] { "build.mjs", "package.json", "package-lock.json", "page.html" }
            .Concat(Directory.EnumerateFiles(Path.Combine(Web, "src")).Select(file => $"src/{Path.GetFileName(file)}")).Order(StringComparer.Ordinal);
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string name in sources)
        {
            sum.AppendData(Encoding.UTF8.GetBytes(name + "\0"));
            sum.AppendData(File.ReadAllBytes(Path.Combine(Web, name)));
            sum.AppendData("\0"u8);
        }

        Assert.Equal(Convert.ToHexStringLower(sum.GetHashAndReset()), SourcesOf().Match(Page(SampleResult.Empty)).Groups[1].Value);
    }

    private static string DataOf(string page)
    {
        const string Start = "id=\"data\">";
        int from = page.IndexOf(Start, StringComparison.Ordinal) + Start.Length;
        return page[from..page.IndexOf("</script>", from, StringComparison.Ordinal)];
    }

    private static string Page(DiffResult result) => Encoding.UTF8.GetString(SampleExits.Write(new HtmlReport(), result));

    [GeneratedRegex("name=\"differ-sources\" content=\"([0-9a-f]+)\"")]
    private static partial Regex SourcesOf();
}
