using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Differ.Cli;
using Differ.Diff;
using Differ.Diff.Statistics;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>
/// Every verb in every format over recordings, runs, reports, lists and files whose names write on terminals: what comes out has ends of
/// lines, tabs and Differ's own colours, and no other control character.
/// </summary>
public sealed partial class PoisonTests : IDisposable
{
    private const string Shown = "\\u001b[32m\\u202eP\\u009bQ";

    private static readonly string[] SeenInReport = ["v6", "v7", "perf", "perf-pipe", "text", "difr"];

    private readonly Scratch _scratch = new();

    public PoisonTests()
    {
        foreach ((string name, byte[] bytes) in Poison.Recordings)
        {
            _scratch.Write(FileOf(name), bytes);
        }
    }

    public static TheoryData<string> Recordings => [.. Poison.Recordings.Keys];

    private static IEnumerable<string> TextFormats => ReportFormats.Names.Where(name => ReportFormats.FindOfExits(name) is null);

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Nothing_of_a_recording_comes_out_raw(string recording)
    {
        string file = _scratch[FileOf(recording)];
        string report = Clean("check", file);
        Assert.True(!SeenInReport.Contains(recording) || report.Contains(Shown, StringComparison.Ordinal), report);
        Clean("check", file, "--color", "always");
        Assert.All(TextFormats, format => Clean("check", file, "--report", format));
        Assert.All(ReportFormats.Names, format => Clean("check", file, "--report", $"{format}={_scratch["report"]}"));
        Clean("check", file, file, _scratch["missing"] + Poison.Long);
        Clean("show", file);
        Clean("show", file, "--events");
        Clean("show", file, "--counts");
        Clean("show", file, "--vcpu", "77");
        Assert.All(StatsFormats.All, format => Clean("stats", file, "--format", format.Name));
        Assert.All(StatsFormats.All, format => Clean("stats", file, file, "--format", format.Name));
        Assert.All(ReportFormats.Explanations, format => Clean("explain", "SVM-15.18-VMMCALL-UNINT-UD", "--in", file, "--format", format.Name));
        Clean("explain", "0123456789ab", "--in", file);
        Assert.All(ReportFormats.Coverages, format => Clean("rules", "--coverage", file, "--format", format.Name));
        Assert.All(ChangeFormats.Names, format => Clean("compare", file, file, "--report", format));
        Clean("selftest", file, "--samples", "1");
        Clean("bisect", file);
        Clean("baseline", "update", file, "-o", "-");
        Clean("convert", file, "-o", _scratch["run"]);
        Clean("replay", _scratch["run"], "-o", _scratch["model"]);
        Clean("replay", file, "-o", _scratch["again"]);
    }

    [Fact]
    public void Nothing_of_a_computed_run_comes_out_raw()
    {
        string run = _scratch[FileOf("difr")];
        Clean("replay", run, "-o", _scratch["model"]);
        string model = _scratch.Write("poisoned", Poison.Model(File.ReadAllBytes(_scratch["model"])));
        Assert.All(TextFormats, format => Clean("diff", run, model, "--format", format));
        Assert.Contains(Shown, Clean("diff", run, model), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_of_a_folder_an_archive_or_an_expectation_comes_out_raw()
    {
        string folder = Directory.CreateDirectory(_scratch["folder" + Poison.Long]).FullName, other = Directory.CreateDirectory(_scratch["other"]).FullName;
        foreach (string name in (string[])["v6", "v7"])
        {
            File.Copy(_scratch[FileOf(name)], Path.Combine(folder, FileOf(name)));
            File.Copy(_scratch[FileOf("v7")], Path.Combine(other, FileOf(name)));
        }

        File.WriteAllBytes(Path.Combine(folder, "z.tar"), TarBuilder.Of((Poison.Long, Poison.Recordings["v6"]), (Poison.Name, Poison.Recordings["v7"])));
        File.WriteAllText(Path.Combine(folder, "expected.tsv"), string.Create(CultureInfo.InvariantCulture,
            $"capture\n{FileOf("v6").Replace('\n', ' ').Replace('\t', ' ')}\tdiverges\t{Poison.Name}\n{FileOf("missing").Replace('\n', ' ')}\tclean\n"));
        File.WriteAllBytes(Path.Combine(folder, "empty" + Poison.Long), []);
        Directory.CreateSymbolicLink(Path.Combine(folder, "link" + Poison.Long), ".");
        Assert.Contains("empty" + Shown, Clean("check", folder), StringComparison.Ordinal);
        Assert.Contains("link" + Shown, Clean("check", folder), StringComparison.Ordinal);
        Assert.All(TextFormats, format => Clean("check", folder, "--report", format));
        Assert.All(ChangeFormats.Names, format => Clean("compare", folder, other, "--report", format));
        Assert.All(ReportFormats.Coverages, format => Clean("rules", "--coverage", folder, "--format", format.Name));
        Clean("corpus", folder);
        Clean("show", folder);
        Clean("show", Path.Combine(folder, "z.tar"));
        Clean("check", folder, "--report", $"html={_scratch["page"]}");
    }

    [Fact]
    public void Nothing_that_people_and_programs_wrote_comes_out_raw()
    {
        string capture = _scratch[FileOf("v7")], list = _scratch[$"known{Poison.Long}"];
        Clean("baseline", "update", capture, "-o", list);
        File.WriteAllText(list, File.ReadAllText(list).Replace("not reviewed", Poison.Escaped(Poison.Long), StringComparison.Ordinal));
        Assert.Contains("accepted: " + Shown, Clean("check", capture, "--baseline", list), StringComparison.Ordinal);
        Assert.All(TextFormats, format => Clean("check", capture, "--baseline", list, "--report", format));
        Clean("baseline", "update", capture, "-o", list);
        Assert.Contains(Poison.Long, Differ.Diff.Baseline.BaselineFile.Read(File.ReadAllText(list)).Accepted.Select(entry => entry.Reason));
        File.WriteAllText(list, File.ReadAllText(list).Replace("\"expires\": \"\"", "\"expires\": \"2000-01-01\"", StringComparison.Ordinal).Replace("SVM-15", $"{Poison.Escaped(Poison.Long)}SVM-15", StringComparison.Ordinal));
        Clean("check", capture, "--baseline", list);

        string config = _scratch.Write($"config{Poison.Long}", "[policy]\nfail-on = \"likely\"\n[[ignore]]\nrule = \"SVM-15.18-VMMCALL-UNINT-UD\"\nreason = \"ours\"\n"u8);
        Assert.Contains($"config{Shown}", Clean("check", capture, "--config", config), StringComparison.Ordinal);
        Assert.All(TextFormats, format => Clean("check", capture, "--config", config, "--report", format));
        Assert.All(
            (string[])["[policy]\nmax-lost = \"{0}\"", "\"{0}\" = 1", "[policy]\nfail-on = \"{0}\"", "baseline = \"{0}\"", "[[ignore]]\nrule = \"SVM-15.4-SVME-UD-VMLOAD\"\nreason = \"{0}\"", "'{1}'"],
            said =>
            {
                File.WriteAllText(config, string.Format(CultureInfo.InvariantCulture, said, Poison.Escaped(Poison.Long), Poison.Long));
                Clean("check", capture, "--config", config);
            });
        Assert.All((string[])["--fail-on", "--max-lost", "--max-undecided", "--require", "--culprit", "--config", "--cpu", "--baseline"], option => Clean("check", capture, option, Poison.Long));

        string report = _scratch["report.json"], written = CommandLine.Run("check", capture, "--format", "json").Output;
        string fingerprint = Fingerprint().Match(written).Groups[1].Value;
        File.WriteAllText(report, written.Replace("CPU", Poison.Escaped(Poison.Long), StringComparison.Ordinal)
            .Replace("VMMCALL\"", $"{Poison.Escaped(Poison.Long)}\"", StringComparison.Ordinal).Replace("exception raised", Poison.Escaped(Poison.Long), StringComparison.Ordinal));
        Assert.Contains(Shown, Clean("explain", fingerprint, "--in", report), StringComparison.Ordinal);
        File.WriteAllText(report, written.Replace("SVM-15", $"{Poison.Escaped(Poison.Long)}SVM-15", StringComparison.Ordinal));
        Assert.Contains(Shown, Clean("explain", fingerprint, "--in", report), StringComparison.Ordinal);
        Clean("baseline", "update", report, "-o", "-");
        Clean("bisect", capture, "--fingerprint", fingerprint, "--in", report);
        Clean("bisect", capture, "--fingerprint", fingerprint, "--in", list);
        Clean("bisect", capture, "--acts-otherwise", report);
        Clean("bisect", capture, "--acts-otherwise", capture, "--new-since", Poison.Long);
        Clean("bisect", Poison.Long, "--rule", Poison.Long);

        Clean("check", capture, "--cpu", _scratch.Write("cpu", Encoding.UTF8.GetBytes($"{Poison.Long}=1\n")));
        Clean("model", _scratch.Write("scenario", Encoding.UTF8.GetBytes($"scenario {Poison.Name}\nintercept HLT\nL1: vmrun\nL2: hlt\nscenario {Poison.Long}\n")));
        Assert.All(Verbs.All.Select(verb => verb.Build(Silent()).Name), verb => Clean(verb, Poison.Long, $"--{Poison.Long}", Poison.Long));
        Clean(Poison.Long);
        Clean("explain", Poison.Long);
        Clean("check", $"http://{Poison.Long}");
        Clean("check", capture, "--report", Poison.Long);
        Clean("convert", capture, "-o", _scratch[$"none{Poison.Long}/x"]);
    }

    private static string FileOf(string recording) => recording + Poison.Long;

    // What comes out on a pipe and on a terminal, on both streams, and what is written into files.
    private string Clean(params string[] words)
    {
        CommandResult piped = CommandLine.Run(words), shown = CommandLine.RunOnTerminal(words);
        string said = string.Join(' ', words);
        Assert.True(piped.Status is not 3, piped.Errors);
        bool mayHaveColours = words.Contains("always");
        IsClean(mayHaveColours ? OwnColours().Replace(piped.Output, "") : piped.Output, said);
        IsClean(piped.Errors, said);
        IsClean(OwnColours().Replace(shown.Output, ""), said);
        IsClean(OwnColours().Replace(shown.Errors, ""), said);
        foreach (string file in (string[])["report", "page"])
        {
            if (File.Exists(_scratch[file]))
            {
                IsClean(words.Any(word => word.StartsWith("perfetto=", StringComparison.Ordinal)) ? "" : File.ReadAllText(_scratch[file]), said);
                File.Delete(_scratch[file]);
            }
        }

        return piped.Output + piped.Errors;
    }

    private static void IsClean(string text, string said)
    {
        int at = text.AsSpan().IndexOfAny(Controls);
        Assert.True(at < 0, $"{said}: {(at < 0 ? "" : $"U+{(int)text[at]:x4} in {text.Substring(Math.Max(0, at - 40), Math.Min(80, text.Length - Math.Max(0, at - 40)))}")}");
        Assert.DoesNotContain(text.Split('\n'), line => line.StartsWith("::warning::P", StringComparison.Ordinal));
    }

    private static readonly System.Buffers.SearchValues<char> Controls = System.Buffers.SearchValues.Create(
        [.. Enumerable.Range(0, 0x10000).Select(value => (char)value).Where(letter => letter is not ('\n' or '\t') && char.GetUnicodeCategory(letter)
            is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)]);

    private static Terminal Silent() => new(TextWriter.Null, TextWriter.Null, Stream.Null, Stream.Null, false, false);

    // Colours of the text report, and what shows progress and wipes it off.
    [GeneratedRegex("\u001b\\[(1;31|32|33|1|2|0)m|\r\u001b\\[K")]
    private static partial Regex OwnColours();

    [GeneratedRegex("\"fingerprint\": \"([0-9a-f]{12})\"")]
    private static partial Regex Fingerprint();
}
