using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

public sealed class UnreadableCaptureTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_capture_that_cannot_be_read_comes_out_otherwise_and_the_others_are_checked()
    {
        Add("broken", [1, 2, 3]);
        Add("right", Stories.Vmmcall("6.12", right: true, new TraceDatBuilder()));
        Add("wrong", Stories.Vmmcall("6.12", right: false, new TraceDatBuilder()));
        File.WriteAllText(Path.Combine(_folder, "expected.tsv"),
            "capture\texpectation\trules\nbroken\tclean\t\nright\tclean\t\nwrong\tdiverges\tSVM-15.18-VMMCALL-UNINT-UD\nmissing\tclean\t\n");
        CommandResult result = CommandLine.Run("corpus", _folder);
        Assert.Equal((1, ""), (result.Status, result.Errors));
        Assert.Contains("FAILED       broken: expected clean , cannot be read: DIF0102", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("2 as expected, 1 otherwise, 0 unreviewed, 1 not read\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_told_in_one_line()
    {
        CommandResult result = CommandLine.Run("check", Path.Combine(_folder, "nothing.dat"));
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.Matches("^differ: [^\n]*nothing.dat[^\n]*\n$", result.Errors);
    }

    private void Add(string name, byte[] capture)
    {
        Directory.CreateDirectory(Path.Combine(_folder, name));
        File.WriteAllBytes(Path.Combine(_folder, name, "trace.dat"), capture);
    }
}
