using System.Text;
using Differ.Cli;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>Whoever reads standard output may go away, as head does: the other reports of the command are wanted all the same.</summary>
public sealed class ClosedOutputTests
{
    [Theory]
    [InlineData("--report", "json=report.json")]
    [InlineData("--format", "json", "--report", "json=report.json")]
    [InlineData("--report", "html=-", "--report", "json=report.json")]
    [InlineData("--report", "perfetto=-", "--report", "html=out.html", "--report", "json=report.json")]
    public void Reports_in_files_are_complete_although_nobody_reads_standard_output(params string[] options)
    {
        using var scratch = new Scratch();
        string capture = Fixture.Capture("l2-vmmcall-not-intercepted-6.1");
        string[] words = ["check", capture, .. options.Select(option => option.EndsWith(".json", StringComparison.Ordinal) || option.EndsWith(".html", StringComparison.Ordinal)
            ? $"{option.Split('=')[0]}={scratch[option.Split('=')[1]]}" : option)];
        using var errors = new StringWriter();
        using var gone = new GoneStream();
        using var writer = new StreamWriter(gone, new UTF8Encoding(false)) { AutoFlush = true };
        Assert.Equal(ExitStatus.Agrees, Program.Run(words, new Terminal(writer, errors, Stream.Null, gone, outputIsTerminal: false, errorIsTerminal: false)));
        Assert.Equal("", errors.ToString());
        Assert.Equal(CommandLine.Run("check", capture, "--format", "json").Output, File.ReadAllText(scratch["report.json"]));
        Assert.All(scratch.Files.Where(file => file != "report.json"), file => Assert.EndsWith("</html>", File.ReadAllText(scratch[file]).TrimEnd(), StringComparison.Ordinal));
        Assert.Equal(options.Count(option => option.Contains("=report", StringComparison.Ordinal) || option.Contains("=out", StringComparison.Ordinal)), scratch.Files.Count);
    }

    // A pipe whose reader is gone, as Linux tells it.
    private sealed class GoneStream : MemoryStream
    {
        private const int BrokenPipe = 32;

        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe", BrokenPipe);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    }
}
