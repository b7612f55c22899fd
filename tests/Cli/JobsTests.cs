using Differ.Cli;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class JobsTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Any_number_of_jobs_gives_the_same_bytes()
    {
        Fill();
        string[] one = All(1);
        Assert.Contains("/cut: DIF0101", one[0], StringComparison.Ordinal);
        Assert.Contains("/no-capture: DIF0102", one[0], StringComparison.Ordinal);
        Assert.All([2, 5], jobs => Assert.Equal(one, All(jobs)));
    }

    [Fact]
    public void A_number_below_one_is_refused()
    {
        CommandResult result = CommandLine.Run("check", Repository.Fixtures, "--jobs", "0");
        Assert.Equal((64, "differ: --jobs 0 is no number of jobs; write 1 or more; see differ check --help\n"), (result.Status, result.Errors));
    }

    [Fact]
    public void An_interruption_ends_all_jobs()
    {
        CommandResult result = CommandLine.RunUntil(new CancellationToken(canceled: true), "check", Repository.Fixtures, "--jobs", "3");
        Assert.Equal((130, "", "differ: interrupted\n"), (result.Status, result.Output, result.Errors));
    }

    [Fact]
    public void Progress_is_that_of_all_captures()
    {
        using var text = new StringWriter();
        var progress = new SharedProgress(new Terminal(text, text, Stream.Null, Stream.Null, outputIsTerminal: true, errorIsTerminal: true), 4);
        Thread.Sleep(250);
        progress.For(2).Progress!(1_000_000, 0.4);
        Assert.StartsWith("\r\u001b[K10 %  ", text.ToString(), StringComparison.Ordinal);
        Thread.Sleep(250);
        progress.End(2);
        Assert.Contains("\r\u001b[K25 %  ", text.ToString(), StringComparison.Ordinal);
        Assert.Null(new SharedProgress(new Terminal(text, text, Stream.Null, Stream.Null, outputIsTerminal: true, errorIsTerminal: false), 4).For(0).Progress);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    public void What_comes_of_inputs_is_taken_in_their_order(int jobs)
    {
        var taken = new List<int>();
        int most = 0, now = 0;
        Jobs.InOrder([.. Enumerable.Range(0, 20)], jobs, (input, number, _) =>
        {
            int running = Interlocked.Increment(ref now);
            InterlockedMax(ref most, running);
            Thread.Sleep(input % 3);
            Interlocked.Decrement(ref now);
            return (input, number);
        }, one => taken.Add(one.input == one.number ? one.input : -1), CancellationToken.None);
        Assert.Equal(Enumerable.Range(0, 20), taken);
        Assert.InRange(most, 1, jobs);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Where_one_fails_those_before_are_taken_and_none_behind(int jobs)
    {
        var taken = new List<int>();
        int running = 0;
        Assert.Equal("5", Assert.Throws<InvalidOperationException>(() => Jobs.InOrder([.. Enumerable.Range(0, 9)], jobs, (input, _, _) =>
        {
            Interlocked.Increment(ref running);
            Thread.Sleep(input % 2);
            Interlocked.Decrement(ref running);
            return input is 5 or 7 ? throw new InvalidOperationException($"{input}") : input;
        }, taken.Add, CancellationToken.None)).Message);
        Assert.Equal(Enumerable.Range(0, 5), taken);
        Assert.Equal(0, running);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Where_taking_fails_the_work_has_ended(int jobs)
    {
        int running = 0;
        Assert.Throws<InvalidOperationException>(() => Jobs.InOrder([.. Enumerable.Range(0, 100)], jobs, (input, _, _) =>
        {
            Interlocked.Increment(ref running);
            Thread.Sleep(1);
            return Interlocked.Decrement(ref running);
        }, _ => throw new InvalidOperationException(), CancellationToken.None));
        Assert.Equal(0, running);
    }

    [Fact]
    public void No_more_wait_to_be_taken_than_may()
    {
        int done = 0;
        Jobs.InOrder([.. Enumerable.Range(0, 40)], 4, (_, _, _) => Interlocked.Increment(ref done), _ =>
        {
            Thread.Sleep(1);
            Assert.True(Interlocked.Decrement(ref done) <= 6);
        }, CancellationToken.None, ahead: 6);
        Assert.Equal(0, done);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (int seen = Volatile.Read(ref most); value > seen; seen = Interlocked.CompareExchange(ref most, value, seen))
        {
        }
    }

    // Captures, one that is cut short and one that is none, and what is expected of each.
    private void Fill()
    {
        string[] names = ["reflected-cpuid", "two-cpus", "few-events", "processor-fault"];
        foreach (string name in names)
        {
            Directory.CreateDirectory(_scratch[name]);
            File.Copy(Fixture.Capture(name), Path.Combine(_scratch[name], "trace.dat"));
        }

        Directory.CreateDirectory(_scratch["cut"]);
        Directory.CreateDirectory(_scratch["no-capture"]);
        _scratch.Write("cut/trace.dat", File.ReadAllBytes(Fixture.Capture("svme-unchecked")).AsSpan(0, 20_000));
        _scratch.Write("no-capture/trace.dat", "no capture"u8);
        File.WriteAllLines(_scratch["expected.tsv"], ["capture\texpectation\trules", .. names.Append("cut").Append("no-capture").Append("gone").Select(static name => $"{name}\tconforms\t")]);
    }

    private string[] All(int jobs)
    {
        using var pages = new Scratch();
        string[] more = ["--jobs", $"{jobs}"];
        CommandResult check = CommandLine.Run(["check", _scratch["."], "--format", "json", "--report", $"html={pages["all.html"]}", "--report", $"text={pages["all.txt"]}", .. more]);
        CommandResult coverage = CommandLine.Run(["rules", "--coverage", _scratch["."], .. more]);
        CommandResult export = CommandLine.Run(["export", "--parquet", pages["tables"], _scratch["."], .. more]);
        CommandResult compare = CommandLine.Run(["compare", _scratch["."], _scratch["."], .. more]);
        return
        [
            check.Errors, $"{check.Status}", check.Output, coverage.Errors, coverage.Output, export.Errors, $"{export.Status}", compare.Errors, compare.Output,
            CommandLine.Run(["corpus", _scratch["."], .. more]).Output,
            .. Directory.EnumerateFiles(pages["."], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
                .Select(file => $"{Path.GetRelativePath(pages["."], file)} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}"),
        ];
    }
}
