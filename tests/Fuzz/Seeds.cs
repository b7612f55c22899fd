using System.Globalization;
using System.Text;
using Differ.Diff;
using Differ.Diff.Writing;
using Differ.Replay;
using Differ.Tests.Support;

namespace Differ.Fuzz;

/// <summary>Sound inputs, made by the builders of the tests: a checkout without captures has them too.</summary>
internal static class Seeds
{
    private static readonly string[] Kernels = ["4.14", "5.10", "6.1", "6.12", "7.1"];

    /// <summary>The run that computed runs among the seeds belong to.</summary>
    public static byte[] RunOfModel { get; } = Recording.Of(StoryFiles.TraceDat("6.12", Tell)).ToRun();

    /// <summary>Of trace-cmd: versions, packings, byte orders, sizes of pages, several CPUs, buffers and options.</summary>
    public static IReadOnlyList<FuzzInput> TraceDat() =>
    [
        .. Kernels.Select(kernel => new FuzzInput(StoryFiles.TraceDat(kernel, Tell))),
        .. Kernels.Select(kernel => new FuzzInput(StoryFiles.TraceDat(kernel, Tell, version: 6))),
        .. (IEnumerable<FuzzInput>)[Story("zlib"), Story("zstd")],
        .. from version in (int[])[6, 7]
           from big in (bool[])[false, true]
           select new FuzzInput(SmallTraceDat(version, big)),
    ];

    /// <summary>Of perf record into a file.</summary>
    public static IReadOnlyList<FuzzInput> PerfFile() => Perf(pipe: false);

    /// <summary>Of perf record into a pipe.</summary>
    public static IReadOnlyList<FuzzInput> PerfPipe() => Perf(pipe: true);

    /// <summary>The forms of text.</summary>
    public static IReadOnlyList<FuzzInput> Text() => [.. Kernels.SelectMany(kernel => TextSeeds.All(kernel, Tell)).Select(text => new FuzzInput(Encoding.UTF8.GetBytes(text)))];

    /// <summary>Of dotnet-trace, versions 4 to 6.</summary>
    public static IReadOnlyList<FuzzInput> NetTrace()
    {
        var layouts = KernelLayouts.Of("6.12");
        byte[] recorded = StoryFiles.TraceDat("6.12", Tell);
        return
        [
            .. from version in (int[])[4, 5, 6]
               from packed in (bool[])[true, false]
               from sorted in (bool[])[true, false]
               select new FuzzInput(NetTraceBuilder.Like(recorded, layouts, new NetTraceBuilder { Version = version, Packed = packed, Sorted = sorted })),
            new FuzzInput(NetTraceBuilder.Like(recorded, layouts, new NetTraceBuilder { CutsDescriptions = true })),
        ];
    }

    /// <summary>Of perf data convert and LTTng.</summary>
    public static IReadOnlyList<FuzzInput> Ctf()
    {
        KernelLayouts old = KernelLayouts.Of("5.4"), young = KernelLayouts.Of("6.12");
        byte[] ofOld = StoryFiles.TraceDat("5.4", Tell), ofYoung = StoryFiles.TraceDat("6.12", Tell);
        return
        [
            new FuzzInput(CtfStories.Perf(ofYoung, young)),
            new FuzzInput(CtfStories.Perf(ofOld, old)),
            new FuzzInput(CtfStories.Lttng(ofOld, old)),
            new FuzzInput(CtfStories.Lttng(ofOld, old, new CtfBuilder { PacketsOfText = true })),
            new FuzzInput(CtfStories.Lttng(ofOld, old, new CtfBuilder { BigEndian = true })),
        ];
    }

    /// <summary>Captures of every format in every packing and in archives.</summary>
    public static IReadOnlyList<FuzzInput> Packed()
    {
        byte[][] bare = [SmallTraceDat(7, big: false), StoryFiles.Perf("6.12", Tell, pipe: true), StoryFiles.Text("6.12", Tell), RunOfModel];
        (string Name, byte[] Content)[] recording = [.. CtfStories.Perf(StoryFiles.TraceDat("6.12", Tell), KernelLayouts.Of("6.12")).Select(file => ($"ctf/{file.Key}", file.Value))];
        byte[][] archives =
        [
            TarBuilder.Of(("trace.dat", bare[0])),
            TarBuilder.Of(recording),
            TarBuilder.Of([("a/trace.dat", bare[0]), ("a/perf.data.gz", Packer.All["gzip"](bare[1])), ("notes", [1, 2, 3]), ("run.difr", bare[3]), .. recording]),
            TarBuilder.Of(System.Formats.Tar.TarEntryFormat.Gnu, ($"{new string('d', 120)}/trace.txt", bare[2])),
            TarBuilder.Of(System.Formats.Tar.TarEntryFormat.V7, ("trace.txt", bare[2])),
        ];
        return
        [
            .. from pack in Packer.All.Values
               from file in bare.Append(archives[2])
               select new FuzzInput(pack(file)),
            .. PackedTexts.All.Values.Concat(archives).Select(file => new FuzzInput(file)),
        ];
    }

    /// <summary>Run files, with every kind of event, and computed ones.</summary>
    public static IReadOnlyList<FuzzInput> Runs() =>
    [
        .. Kernels.Select(kernel => new FuzzInput(Recording.Of(StoryFiles.TraceDat(kernel, Tell)).ToRun())),
        new FuzzInput(Records.Everything().ToRun()), new FuzzInput(Records.Many(40).ToRun()), new FuzzInput(FuzzWays.ModelOf(RunOfModel)),
    ];

    /// <summary>What is read while it is being written.</summary>
    public static IReadOnlyList<FuzzInput> Live() => [.. Text(), .. PerfPipe(), new FuzzInput(RunOfModel), new FuzzInput(Records.Many(40).ToRun())];

    /// <summary>Two recordings of a guest: on two kernels, by two recorders, with and without a departure, and of a run.</summary>
    public static IReadOnlyList<FuzzInput> Pairs() =>
    [
        .. Kernels.Zip(Kernels.Skip(1), (before, after) => Pair(StoryFiles.TraceDat(before, Tell), StoryFiles.TraceDat(after, Wrong))),
        .. Kernels.Select(kernel => Pair(StoryFiles.Text(kernel, Wrong), StoryFiles.Text(kernel, Tell))),
        Pair(SmallTraceDat(7, big: false), SmallTraceDat(6, big: true)),
        Pair(StoryFiles.Perf("6.1", Tell), StoryFiles.Perf("6.12", Tell, pipe: true)),
        Pair(StoryFiles.TraceDat("6.12", Tell), StoryFiles.Text("6.12", Tell)),
        Pair(RunOfModel, StoryFiles.TraceDat("6.12", Wrong)),
        Pair(Records.Everything().ToRun(), Records.Many(40).ToRun()),
    ];

    /// <summary>Types of modules.</summary>
    public static IReadOnlyList<FuzzInput> Btf() => [new(KvmTypes.Bytes().Amd), new(KvmTypes.Bytes().Kvm)];

    /// <summary>Baselines and reports.</summary>
    public static IReadOnlyList<FuzzInput> Baselines()
    {
        var report = new StringWriter(CultureInfo.InvariantCulture);
        using var session = Differ.Capture.CaptureSession.Open(new MemoryStream(StoryFiles.TraceDat("6.12", Wrong)));
        var comparison = new Comparison(session.Header, RuleBook.Statements, session.Texts);
        ReportFormats.Find("json")!.Write(Differ.Diff.Findings.FindingSet.Of(comparison.Finish(session.ReadExits(new Replayer(session.Header, session.Texts, comparison)))), report, Ink.None);
        const string Accepted = """
            {
              "schemaVersion": 1,
              "accepted": [
                { "fingerprint": "0123456789ab", "rule": "SVM-15.9-VMMCALL", "reason": "known", "fromKernel": "5.4", "toKernel": "6.12.1", "expires": "2027-01-31" },
                { "fingerprint": "fedcba987654", "rule": "SVM-15.5-VMRUN", "reason": "", "fromKernel": "", "toKernel": "", "expires": "" }
              ]
            }

            """;
        return [new FuzzInput(Encoding.UTF8.GetBytes(Accepted)), new FuzzInput(Encoding.UTF8.GetBytes(report.ToString()))];
    }

    private static FuzzInput Pair(byte[] inBase, byte[] inTest) => new(new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["base"] = inBase, ["test"] = inTest });

    private static FuzzInput Story(string compression) => new(StoryFiles.TraceDat("6.12", Tell, compression: compression));

    // Twice, so that there is more than one way to order and to lose; the second guest gets what it must not.
    private static void Tell(KvmStory story)
    {
        Stories.Vmmcall(story, right: true);
        Wrong(story);
    }

    private static void Wrong(KvmStory story) => Stories.Vmmcall(story, right: false);

    private static byte[] SmallTraceDat(int version, bool big)
    {
        var layouts = KernelLayouts.Of("6.12");
        var trace = new TraceDatBuilder { Version = version, BigEndian = big, LongSize = big ? 4 : 8, PageSize = 256, OptionsPerSection = 3 };
        foreach (EventFormat format in layouts.Formats)
        {
            trace.Describe("kvm", format.Text);
        }

        trace.Uname("6.12.0").Clock("x86-tsc").TscToNs(1 << 20, 21, 5).Guest("guest", 100, 101).Thread(100, "CPU 0/KVM").Thread(101, "CPU 1/KVM");
        Tell(new KvmStory(trace.Top, layouts));
        Tell(new KvmStory(trace.Top, layouts, thread: 101, vcpu: 1) { Cpu = 1, Time = 1_000_500 });
        return trace.File;
    }

    private static IReadOnlyList<FuzzInput> Perf(bool pipe) =>
    [
        .. Kernels.Select(kernel => new FuzzInput(StoryFiles.Perf(kernel, Tell, pipe))),
        new FuzzInput(StoryFiles.Perf("6.12", Tell, pipe, packed: true)),
        .. from big in (bool[])[false, true]
           from type in (uint[])[81, 83]
           select new FuzzInput(SmallPerf(pipe, big, type)),
    ];

    private static byte[] SmallPerf(bool pipe, bool big, uint packing)
    {
        PerfEvent entry = new(PerfTracepoint.Entry, 11), exit = new(PerfTracepoint.Exit, 12) { Flags = [18, 9] };
        PerfDataBuilder file = new PerfDataBuilder { Pipe = pipe, BigEndian = big }.Event(entry).Event(exit).Feature(3, "host").Feature(4, "6.12.0");
        file.IdIndex((11, 0), (12, 1)).Comm(7, "CPU 0/KVM").Fork(8, 7).Lost(11, 5, 900, 0).Record(71, 0, 0, 0, 0, 0, 0, 0, 0);
        file.Packed(inside => inside.Entry(entry, 1000).Exit(exit, 1500).Entry(entry, 1600, cpu: 1).LostSamples(12, 2, 1700, 1).Exit(exit, 1550, cpu: 1), 100, packing);
        return file.FinishedRound().Entry(entry, 3000).Exit(exit, 2500).FinishedRound().Lost(12, 7, 2600, 1).FinishedRound().File;
    }
}
