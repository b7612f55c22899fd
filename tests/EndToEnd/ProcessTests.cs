using System.Diagnostics;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>What a shell can do to the program: descriptors that are closed, full or something else, limits, names that are bytes, signals.</summary>
public sealed class ProcessTests : IDisposable
{
    private const string Capture = "a.dat";

    // Of a pipe; what follows is kept in a file.
    private const int MoreThanIsLookedAt = (1 << 20) + (1 << 17);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromMinutes(2);

    private readonly Scratch _scratch = new();
    private readonly byte[] _bytes = File.ReadAllBytes(Fixture.Capture("svme-unchecked"));

    private static byte[] Departing { get; } = StoryFiles.Text("6.12", story => Stories.Vmmcall(story, right: false));

    public ProcessTests() => _scratch.Write(Capture, _bytes);

    // Names that are no texts are nothing that the runtime could take away.
    public void Dispose()
    {
        Shell.Run(_scratch[""], "rm -rf -- *");
        _scratch.Dispose();
    }

    [Theory]
    [InlineData("differ check nosuch 2>&-", "")]
    [InlineData("differ check nosuch 2>/dev/full", "")]
    [InlineData("differ check - <&-", "standard input is closed")]
    [InlineData("differ check a.dat >&-", "cannot write standard output: standard output is closed")]
    [InlineData("differ check a.dat >/dev/full", "cannot write standard output: No space left on device")]
    [InlineData("differ convert a.dat -o - >/dev/full", "cannot write standard output: No space left on device")]
    [InlineData("ulimit -f 1; differ check a.dat --format json >f", "cannot write standard output: File too large")]
    [InlineData("ulimit -f 8; differ check a.dat --report json=f >/dev/null", "cannot write f: it would be larger than files may be here")]
    [InlineData("gzip -k a.dat; ulimit -f 8; differ check a.dat.gz", "a.dat.gz: what is unpacked cannot be written to ")]
    [InlineData("gzip -k a.dat; TMPDIR=$PWD/none differ check a.dat.gz", "a.dat.gz: no temporary file can be made in ")]
    [InlineData("differ convert a.dat -o ''", "cannot write '': the name of the file to write is empty")]
    [InlineData("differ check /dev/zero", "/dev/zero: DIF0102 at byte 0x0: no known capture format")]
    [InlineData("differ check /proc/cpuinfo", "/proc/cpuinfo: DIF0102 at byte 0x0: no known capture format")]
    [InlineData("differ check $'no\\e[31m\\xff\\n::error::x'", "no\\u001b[31m\\xff\\u000a::error::x:")]
    public void What_cannot_be_done_is_said_in_one_line_where_a_line_can_be_written(string script, string line) => IsRefused(script, 2, line);

    [Theory]
    [InlineData("differ check a.dat >>a.dat", "standard output")]
    [InlineData("differ show a.dat 1<>a.dat", "standard output")]
    [InlineData("differ show a.dat --events >>a.dat", "standard output")]
    [InlineData("differ stats - <a.dat >>a.dat", "standard output")]
    [InlineData("differ explain SVM-15.4-SVME-UD-VMLOAD --in a.dat >>a.dat", "standard output")]
    [InlineData("differ compare a.dat a.dat >>a.dat", "standard output")]
    [InlineData("mkdir d; ln a.dat d/b.dat; differ rules --coverage d >>a.dat", "standard output")]
    [InlineData("differ convert - -o a.dat <a.dat", "a.dat")]
    [InlineData("differ check - --report html=a.dat <a.dat", "a.dat")]
    [InlineData("differ convert a.dat -o /dev/stdout >>a.dat", "standard output")]
    [InlineData("ln a.dat b.dat; differ convert b.dat -o a.dat", "a.dat")]
    [InlineData("ln -s . d; differ check d/a.dat --report json=a.dat", "a.dat")]
    [InlineData("echo 'policy.max-lost = 5' >differ.toml; differ check a.dat --report json=differ.toml", "differ.toml")]
    [InlineData("echo 'cpu = \"cpu\"' >f.toml; echo physbits=40 >cpu; differ check a.dat --config f.toml --report json=cpu", "cpu")]
    public void What_is_read_is_not_written_over(string script, string name) => IsRefused(script, 64, $"{name} is what is read, and would be replaced");

    [Theory]
    [InlineData("differ convert a.dat -o b.difr >&- 2>&- <&-; differ show b.difr --exit 0", 0, "stream 0 exit 0")]
    [InlineData("differ check <(cat a.dat)", 1, "\nfile      (pipe), ")]
    [InlineData("differ check <(gzip -c a.dat)", 1, "\nfile      (pipe), ")]
    [InlineData("differ check a.dat --report json=>(cat >json) >/dev/null; until grep -q '^}' json; do sleep 0.1; done; differ explain SVM-15.4-SVME-UD-VMLOAD --in <(cat json)", 0, "In a.dat")]
    [InlineData("differ baseline update <(differ check a.dat --format json) -o known; differ check a.dat --baseline <(cat known)", 0, "accepted: not reviewed")]
    [InlineData("differ baseline update a.dat -o known 2>/dev/null; differ bisect a.dat --fingerprint $(grep -m1 -o '[0-9a-f]\\{12\\}' known) --in <(cat known)", 1, "bad: ")]
    [InlineData("differ bisect <(cat a.dat) --rule SVM-15.4-SVME-UD-VMLOAD", 1, "bad: ")]
    [InlineData("ln -s /dev/stdout link; differ convert a.dat -o link | differ check -; readlink link", 0, "/dev/stdout\n")]
    [InlineData("ln -s /dev/fd/1 link; (echo first; differ convert a.dat -o link; echo last) >f; tail -n 1 f; readlink link", 0, "last\n/dev/fd/1\n")]
    [InlineData("mkfifo pipe; differ check a.dat --report jsonl=pipe >/dev/null & cat pipe; wait; stat -c %F pipe", 0, "fifo\n")]
    [InlineData("cp a.dat $'n\\xff.dat'; differ check $'n\\xff.dat'", 1, "\nfile      n\\xff.dat, ")]
    [InlineData("mkdir d; cp a.dat $'d/n\\xfe.dat'; differ check d", 1, "\nfile      n\\xfe.dat, ")]
    [InlineData("mkdir $'d\\xfd'; cp a.dat $'d\\xfd'; differ check $'d\\xfd'", 1, "\nfile      a.dat, ")]
    [InlineData("differ convert a.dat -o $'o\\xfc'; mv $'o\\xfc' o; differ check o", 1, "\nfile      a.dat, ")]
    [InlineData("cp a.dat $'\\e[31m\\n::error::x'; differ check $'\\e[31m\\n::error::x'", 1, "\nfile      \\u001b[31m\\u000a::error::x, ")]
    public void What_a_shell_offers_in_place_of_a_file_is_one(string script, int status, string contained)
    {
        CommandResult result = Shell.Run(_scratch[""], script);
        Assert.True(result.Status == status, $"{result.Status}: {result.Errors}");
        Assert.Contains(contained, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_is_as_wide_as_a_screen() => Assert.All(
        Shell.Run(_scratch[""], "differ --help; differ check --help").Output.Split('\n'), line => Assert.InRange(line.Length, 0, 130));

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    [InlineData("QUIT")]
    [InlineData("USR1")]
    [InlineData("ALRM")]
    public void A_signal_ends_what_waits_for_ever_within_a_second_and_leaves_nothing(string signal)
    {
        // The pipe stays open: it waits where no token can reach it.
        using Process differ = Shell.StartDiffer(_scratch[""], "convert", "-", "-o", "run");
        for (int written = 0; written < MoreThanIsLookedAt; written += Departing.Length)
        {
            differ.StandardInput.BaseStream.Write(Departing);
        }

        differ.StandardInput.BaseStream.Flush();
        WaitUntil(() => HasOpenFile(differ));
        var since = Stopwatch.StartNew();
        Shell.Signal(differ, signal);
        Assert.True(differ.WaitForExit(Patience));
        Assert.Equal((130, "differ: interrupted\n"), (differ.ExitCode, differ.StandardError.ReadToEnd()));
        Assert.InRange(since.Elapsed, TimeSpan.Zero, Soon + AllowanceForLoad);
        Assert.Equal([Capture], _scratch.Files);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void A_signal_ends_a_stream_and_the_report_comes(string signal)
    {
        using Process differ = Shell.StartDiffer(_scratch[""], "check", "-", "--report", "json=report");
        differ.StandardInput.BaseStream.Write(Departing);
        differ.StandardInput.BaseStream.Flush();
        Assert.Contains("KVM diverges", differ.StandardError.ReadLine(), StringComparison.Ordinal);
        Shell.Signal(differ, signal);
        Assert.Contains("1 diverge", differ.StandardOutput.ReadToEnd(), StringComparison.Ordinal);
        Assert.True(differ.WaitForExit(Patience));
        Assert.Equal(1, differ.ExitCode);
        Assert.Equal([Capture, "report"], _scratch.Files);
    }

    [Theory]
    [InlineData("ulimit -f 8")]
    [InlineData("export TMPDIR=$PWD/none")]
    public void A_pipe_that_cannot_be_kept_is_read_once(string limit)
    {
        _scratch.Write("text", [.. Enumerable.Repeat(Departing, (MoreThanIsLookedAt / Departing.Length) + 1).SelectMany(bytes => bytes)]);
        CommandResult result = Shell.Run(_scratch[""], $"{limit}; cat text | differ check -");
        Assert.True(result.Status == 1, result.Errors);
        Assert.Equal(WithoutName(Shell.Run(_scratch[""], "differ check text").Output), WithoutName(result.Output));

        static IEnumerable<string> WithoutName(string report) => ReportText.WithoutCommands(report).Split('\n').Where(line => !line.StartsWith("file ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_process_that_is_killed_leaves_neither_a_copy_nor_a_part_of_a_file()
    {
        // Kept open, so that the copy of a pipe is never complete.
        using Process differ = Shell.StartDiffer(_scratch[""], "convert", "-", "-o", "run");
        differ.StandardInput.BaseStream.Write(_bytes);
        differ.StandardInput.BaseStream.Flush();
        WaitUntil(() => HasOpenFile(differ));
        Assert.Equal([Capture], _scratch.Files);
        differ.Kill();
        Assert.True(differ.WaitForExit(Patience));
        Assert.Equal([Capture], _scratch.Files);
    }

    private void IsRefused(string script, int status, string line)
    {
        CommandResult result = Shell.Run(_scratch[""], script);
        Assert.True(result.Status == status, $"{result.Status}: {result.Errors}");
        Assert.Equal(line.Length > 0 ? 1 : 0, result.Errors.Count(letter => letter == '\n'));
        Assert.StartsWith(line.Length > 0 ? $"differ: {line}" : "", result.Errors, StringComparison.Ordinal);
        Assert.Equal(_bytes, File.ReadAllBytes(_scratch[Capture]));
        Assert.DoesNotContain(_scratch.Files, name => name.Contains("partial", StringComparison.Ordinal));
    }

    // Tests run beside others, and a process takes its time to start what it starts.
    private static TimeSpan AllowanceForLoad => TimeSpan.FromSeconds(9);

    private static void WaitUntil(Func<bool> holds) => Assert.True(SpinWait.SpinUntil(holds, Patience));

    // A file in the folder that is not yet complete: without a name, or with one that nobody can know.
    private bool HasOpenFile(Process process)
    {
        try
        {
            return !process.HasExited && Directory.EnumerateFileSystemEntries($"/proc/{process.Id}/fd").Select(link => new FileInfo(link).LinkTarget ?? "")
                .Any(target => target.StartsWith(_scratch[""], StringComparison.Ordinal)
                    && (target.EndsWith("(deleted)", StringComparison.Ordinal) || target.EndsWith(".partial", StringComparison.Ordinal)));
        }
        catch (IOException)
        {
            // A descriptor was closed meanwhile.
            return false;
        }
    }
}
