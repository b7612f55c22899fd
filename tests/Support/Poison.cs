using System.Text;
using Differ.Schemas.Files;
using Google.Protobuf;
using Proto = Differ.Schemas.Proto;

namespace Differ.Tests.Support;

/// <summary>
/// Names that write on a terminal, in recordings of every format, runs, reports and lists. A recording is made with an innocent name of
/// the same length, which is then replaced wherever it stands.
/// </summary>
internal static class Poison
{
    /// <summary>For names in recordings: one of Differ's own colours, the direction of writing, a control of eight bits; 12 bytes.</summary>
    public const string Name = "\u001b[32m\u202eP\u009bQ";

    /// <summary>For names that may have any length and any character: what ends a line and gives an order to CI besides.</summary>
    public const string Long = Name + "\r\n::warning::P\u2028\u2066\u061c\u0085\u007f\t\u001b]0;P\u0007";

    /// <summary>What stands in place of <see cref="Name"/> while a recording is made.</summary>
    public const string Innocent = "PPPPPPPPPPPP";

    private const string Kernel = "6.12";

    /// <summary>A recording of every format that departs, by the name of its file.</summary>
    public static IReadOnlyDictionary<string, byte[]> Recordings { get; } = new Dictionary<string, byte[]>(StringComparer.Ordinal)
    {
        ["v6"] = Replace(TraceDat(6)),
        ["v7"] = Replace(TraceDat(7)),
        ["perf"] = Replace(Perf(pipe: false)),
        ["perf-pipe"] = Replace(Perf(pipe: true)),
        ["text"] = Replace(Encoding.ASCII.GetBytes(Text)),
        ["ctf.tar"] = TarBuilder.Of([.. Ctf.Select(file => ($"ctf/{file.Key}", Replace(file.Value)))]),
        ["nettrace"] = Replace(NetTraceBuilder.Like(TraceDat(7, withForeignEvent: false), KernelLayouts.Of(Kernel), new NetTraceBuilder().Describe("kvm", Innocent, 900, (Innocent, 6)))),
        ["difr"] = Run(Recording.Of(TraceDat(7)).ToRun()),
    };

    /// <summary>A run with its own checksums.</summary>
    public static byte[] Run(byte[] innocent) =>
        [.. RunFile.Magic, .. Schemas.Files.RunFileTests.Blocks(innocent).SelectMany(block => Schemas.Files.RunFileTests.Block(block.Kind, Replace(block.Body)))];

    /// <summary>A computed run whose rules say anything.</summary>
    public static byte[] Model(byte[] model) => [.. RunFile.Magic, .. Schemas.Files.RunFileTests.Blocks(model).SelectMany(block => Schemas.Files.RunFileTests.Block(
        block.Kind, block.Kind == BlockKind.Header ? Rules(block.Body) : block.Body))];

    /// <summary>A text of JSON with the long poison for the innocent name.</summary>
    public static string Json(string text) => text.Replace(Innocent, Escaped(Long), StringComparison.Ordinal);

    /// <summary>The long poison as JSON has it.</summary>
    public static string Escaped(string text) => string.Concat(text.Select(letter => $"\\u{(int)letter:x4}"));

    private static Dictionary<string, byte[]> Ctf
    {
        get
        {
            Dictionary<string, byte[]> files = CtfStories.Perf(TraceDat(7, withForeignEvent: false), KernelLayouts.Of(Kernel));
            string metadata = Encoding.UTF8.GetString(files["metadata"]);
            files["metadata"] = Encoding.UTF8.GetBytes(((string[])["host = \"host\"", "release = \"6.12.0\"", "tracer_name = \"perf\""]).Aggregate(
                metadata, static (text, said) => text.Replace(said, $"{said.Split('=')[0]}= \"{Innocent}\"", StringComparison.Ordinal)));
            return files;
        }
    }

    private static string Text => Encoding.ASCII.GetString(StoryFiles.Text(Kernel, story => Stories.Vmmcall(story, right: false))).Replace("CPU 0/KVM-", $"{Innocent}-", StringComparison.Ordinal);

    private static byte[] TraceDat(int version, bool withForeignEvent = true)
    {
        var layouts = KernelLayouts.Of(Kernel);
        TraceDatBuilder builder = KvmStory.Capture(layouts, new TraceDatBuilder { Version = version })
            .Option(5, $"Linux {Innocent} {Innocent} x86_64").Clock(Innocent).Thread(100, Innocent)
            .Describe(Innocent, new EventFormat(Innocent, 901, $"u32 {Innocent} @8", 12).Text);
        var story = new KvmStory(builder.Top, layouts);
        if (withForeignEvent)
        {
            story.Add(new EventFormat(Innocent, 901, $"u32 {Innocent} @8", 12).Record(100).With(Innocent, 1UL));
        }

        Tell(story);
        return builder.File;
    }

    private static byte[] Perf(bool pipe)
    {
        var layouts = KernelLayouts.Of(Kernel);
        PerfDataBuilder builder = new PerfDataBuilder { Pipe = pipe }.Feature(3, Innocent).Feature(4, Innocent);
        var events = layouts.Formats.ToDictionary(format => format.Name, format => new PerfEvent(PerfTracepoint.Of(format), (ulong)format.Id), StringComparer.Ordinal);
        foreach (PerfEvent one in events.Values)
        {
            builder.Event(one);
        }

        builder.Comm(100, Innocent);
        Tell(new KvmStory((cpu, time, record) => builder.Sample(events[record.Format.Name], time, cpu, record.Thread, record.ToBytes(bigEndian: false)), layouts));
        return builder.FinishedRound().File;
    }

    // A departure, and a failed check of VMRUN with a text.
    private static void Tell(KvmStory story)
    {
        Stories.Vmmcall(story, right: false);
        story.Add(story.Record("kvm_nested_vmenter_failed").With("msg", Innocent).With("err", 0UL));
        story.ExitFromL2(Differ.Schemas.Vocabulary.SvmExitCode.Intr.Value, Stories.L2Rip + 0x40).Entry(Stories.L2Rip + 0x40);
    }

    private static byte[] Rules(byte[] body)
    {
        Proto.Header header = Proto.Header.Parser.ParseFrom(body);
        foreach (Proto.Rule rule in header.Rules)
        {
            (rule.Statement, rule.Evidence, rule.Sections, rule.Expected) = (Long, Long, Long, Long);
        }

        return header.ToByteArray();
    }

    private static byte[] Replace(byte[] file)
    {
        byte[] name = Encoding.UTF8.GetBytes(Name), innocent = Encoding.ASCII.GetBytes(Innocent);
        Assert.Equal(innocent.Length, name.Length);
        byte[] poisoned = [.. file];
        for (int at = poisoned.AsSpan().IndexOf(innocent); at >= 0; at = poisoned.AsSpan().IndexOf(innocent))
        {
            name.CopyTo(poisoned, at);
        }

        return poisoned;
    }
}
