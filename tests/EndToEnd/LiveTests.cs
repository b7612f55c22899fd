using System.IO.Pipes;
using System.Text;
using Differ.Cli;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>A pipe whose writer goes on: what departs is told before it ends.</summary>
public sealed class LiveTests
{
    private const string Kernel = "6.12";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static TheoryData<string> Formats => ["perf", "text"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_departure_is_told_while_the_writer_is_silent_and_the_report_comes_when_it_ends(string format)
    {
        using var live = new LiveRun();
        live.Write(Capture(format));
        live.WaitFor("the hypervisor departs");
        Assert.Equal("", live.Output);
        live.End();
        Assert.Contains("1 diverge, in 1 class", live.Output, StringComparison.Ordinal);
        Assert.Equal(1, live.Status);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void An_interruption_ends_a_silent_pipe_and_the_report_comes(string format)
    {
        using var live = new LiveRun();
        live.Write(Capture(format));
        live.WaitFor("the hypervisor departs");
        live.Interrupt();
        Assert.Contains("1 diverge, in 1 class", live.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_perf_that_is_killed_inside_a_record_costs_what_it_had_not_written_and_no_more()
    {
        byte[] whole = Capture("perf");
        CommandResult result = CommandLine.RunWith([.. whole, 9, 0, 0], "check", "-");
        Assert.Equal(1, result.Status);
        Assert.Contains("DIF0303", result.Output, StringComparison.Ordinal);
    }

    private static byte[] Capture(string format) => format == "perf" ? StoryFiles.Perf(Kernel, Tell, pipe: true) : StoryFiles.Text(Kernel, Tell);

    private static void Tell(KvmStory story)
    {
        Stories.Vmmcall(story, right: false);
        story.ExitFromL2(Differ.Schemas.Vocabulary.SvmExitCode.Intr.Value, Stories.L2Rip + 0x40).Entry(Stories.L2Rip + 0x40);
    }

    private sealed class LiveRun : IDisposable
    {
        private readonly AnonymousPipeServerStream _writer = new(PipeDirection.Out);
        private readonly AnonymousPipeClientStream _reader;
        private readonly StringBuilder _errors = new();
        private readonly MemoryStream _output = new();
        private readonly CancellationTokenSource _cancel = new();
        private readonly Task<int> _run;

        public LiveRun()
        {
            _reader = new AnonymousPipeClientStream(PipeDirection.In, _writer.ClientSafePipeHandle);
            var terminal = new Terminal(
                new StreamWriter(_output) { AutoFlush = true }, TextWriter.Synchronized(new StringWriter(_errors)), _reader, _output, false, false);
            _run = Task.Run(() => Program.Run(["check", "-"], terminal, _cancel.Token));
        }

        public string Output => Encoding.UTF8.GetString(_output.ToArray());

        public int Status => _run.Result;

        public void Write(byte[] bytes) => _writer.Write(bytes);

        public void WaitFor(string words) => Assert.True(
            SpinWait.SpinUntil(() => _errors.ToString().Contains(words, StringComparison.Ordinal) || _run.IsCompleted, Patience) && !_run.IsCompleted, _errors.ToString());

        public void End()
        {
            _writer.Dispose();
            Assert.True(_run.Wait(Patience));
        }

        public void Interrupt()
        {
            _cancel.Cancel();
            Assert.True(_run.Wait(Patience));
        }

        public void Dispose()
        {
            _writer.Dispose();
            _run.Wait(Patience);
            _reader.Dispose();
            _cancel.Dispose();
        }
    }
}
