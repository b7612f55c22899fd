using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class CorpusVerbTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("reflected-cpuid", "conforms", "", 0)]
    [InlineData("reflected-cpuid", "clean", "", 0)]
    [InlineData("reflected-cpuid", "not diverges", "", 0)]
    [InlineData("reflected-cpuid", "undecided", "", 0)]
    [InlineData("reflected-cpuid", "inconclusive", "", 1)]
    [InlineData("reflected-cpuid", "diverges", "SVM-L-REFLECT-DEFAULT", 1)]
    [InlineData("reflected-cpuid", "likely", "SVM-L-REFLECT-DEFAULT", 1)]
    [InlineData("reflected-cpuid", "refused", "", 1)]
    [InlineData("reflected-cpuid", "conform", "", 1)]
    [InlineData("reader-stopped", "inconclusive", "", 0)]
    [InlineData("svme-unchecked", "diverges", "SVM-15.4-SVME-UD-VMRUN|SVM-15.4-SVME-UD-VMLOAD", 0)]
    [InlineData("svme-unchecked", "diverges", "SVM-15.4-SVME-UD-VMRUN", 1)]
    [InlineData("svme-unchecked", "diverges", "SVM-15.4-SVME", 0)]
    [InlineData("svme-unchecked", "diverges", "SVM-15.4-SVM", 1)]
    [InlineData("svme-unchecked", "diverges", "", 0)]
    [InlineData("svme-unchecked", "conforms", "", 1)]
    [InlineData("svme-unchecked", "unreviewed", "", 0)]
    [InlineData("processor-fault", "processor", "", 0)]
    [InlineData("processor-fault", "diverges", "SVM-15.7-INTINFO-TYPE", 1)]
    public void A_capture_is_held_against_its_row(string fixture, string expectation, string rules, int status)
    {
        File.Copy(Fixture.Capture(fixture), _scratch["one"]);
        CommandResult result = Run($"one\t{expectation}\t{rules}");
        Assert.Equal((status, ""), (result.Status, result.Errors));
        Assert.Equal(status == 1, result.Output.StartsWith("FAILED       one: expected ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_is_no_capture_is_refused_as_expected()
    {
        _scratch.Write("one", "no capture"u8);
        Assert.Equal(0, Run("one\trefused\t").Status);
        Assert.Equal(1, Run("one\tconforms\t").Status);
    }

    [Fact]
    public void An_expectation_that_nobody_knows_is_told()
    {
        File.Copy(Fixture.Capture("reflected-cpuid"), _scratch["one"]);
        Assert.Contains("expected conform (which is no expectation) , found nothing", Run("one\tconform\t").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_collection_of_which_something_is_missing_is_not_all_as_expected()
    {
        Assert.Equal(4, Run("gone\tconforms\t").Status);
        Assert.Equal(4, Run().Status);
    }

    private CommandResult Run(params string[] rows)
    {
        File.WriteAllText(_scratch["expected.tsv"], string.Concat(rows.Prepend("capture\texpectation\trules").Select(row => row + "\n")));
        return CommandLine.Run("corpus", _scratch[""]);
    }
}
