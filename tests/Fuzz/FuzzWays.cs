using System.Globalization;
using System.Numerics;
using Differ.Capture;
using Differ.Capture.Btf;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.Ctf;
using Differ.Capture.Recording;
using Differ.Diff;
using Differ.Diff.Baseline;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Schemas.Files;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Fuzz;

/// <summary>The ways into the product, each from bytes to a report.</summary>
internal static class FuzzWays
{
    private const int MostItems = 4, WordsOfPlace = 4, LongestWord = 16;

    /// <summary><c>differ check</c> of a capture, as it is read where all of it can be reached.</summary>
    public static FuzzWay Check { get; } = Of("check", static input => Judge(OpenWhole(input)));

    /// <summary><c>differ show --events</c>.</summary>
    public static FuzzWay Events { get; } = Of("events", static input =>
    {
        using CaptureSession session = OpenWhole(input);
        session.DumpEvents(TextWriter.Null);
        return new FuzzOutcome(FuzzOutcome.Verdict, "events");
    });

    /// <summary>Every form of report.</summary>
    public static FuzzWay Reports { get; } = Of("reports", static input =>
    {
        using CaptureSession session = OpenWhole(input);
        FuzzReports.Write(session.Header, session.Texts, sink => session.ReadExits(sink));
        return new FuzzOutcome(FuzzOutcome.Verdict, "reports");
    });

    /// <summary>A packed file or an archive on disk, with all captures in it.</summary>
    public static FuzzWay PackedFile { get; } = Of("file", static input =>
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, input.File);
            _ = CaptureFile.Rank(path, out _);
            using CaptureFile file = CaptureFile.Open(path);
            return Items(file);
        }
        finally
        {
            File.Delete(path);
        }
    });

    /// <summary><c>differ check</c> of a run; <c>differ diff</c> of a computed run and the run it was made of.</summary>
    public static FuzzWay Run { get; } = Of("run", static input => RunReader.IsComputed(new MemoryStream(input.File, writable: false))
        ? Model(Seeds.RunOfModel, input.File) : Judge(RunReader.Open(new MemoryStream(input.File, writable: false))));

    /// <summary>Every form of report of a run.</summary>
    public static FuzzWay RunReports { get; } = Of("reports", static input =>
    {
        using RunReader reader = RunReader.Open(new MemoryStream(input.File, writable: false));
        FuzzReports.Write(reader.Header, reader.Texts, sink => reader.ReadExits(sink));
        return new FuzzOutcome(FuzzOutcome.Verdict, "reports");
    });

    /// <summary><c>differ check --baseline</c>, and a report in the place of one.</summary>
    public static FuzzWay Baseline { get; } = Of("baseline", static input =>
    {
        Baseline baseline = BaselineFile.Read(System.Text.Encoding.UTF8.GetString(input.File));
        _ = baseline.With([("0123456789ab", "RULE")], prune: true);
        BaselineFile.Write(baseline, TextWriter.Null);
        return new FuzzOutcome(FuzzOutcome.Verdict, Bucket((ulong)baseline.Accepted.Count));
    });

    /// <summary><c>differ baseline update</c> of a report.</summary>
    public static FuzzWay Report { get; } = Of("report", static input =>
        new FuzzOutcome(FuzzOutcome.Verdict, Bucket((ulong)BaselineFile.ReadReport(System.Text.Encoding.UTF8.GetString(input.File)).Count)));

    /// <summary><c>differ explain</c> of a report.</summary>
    public static FuzzWay Explained { get; } = Of("explain", static input =>
    {
        try
        {
            DiffResult result = JsonReportReader.Read(new MemoryStream(input.File, writable: false), static id => RuleBook.Statements.FirstOrDefault(rule => rule.Id == id));
            return new FuzzOutcome(FuzzOutcome.Verdict, Bucket((ulong)result.Divergences.Count));
        }
        catch (FormatException e)
        {
            return new FuzzOutcome("no report", Place(e.Message));
        }
    });

    /// <summary><c>differ record</c> plans its probes by the types of kvm_amd.</summary>
    public static FuzzWay Btf { get; } = Of("btf", static input =>
    {
        BtfTypes kernel = BtfTypes.Read(KvmTypes.Bytes().Kernel), types = BtfTypes.Read(input.File, kernel);
        ProbePlan plan = ProbePlan.Of(EventLevel.Full, _ => types, _ => null, _ => true);
        return new FuzzOutcome(FuzzOutcome.Verdict, Bucket((ulong)plan.Probes.Count));
    });

    /// <summary>What <c>differ replay</c> makes of a run.</summary>
    public static byte[] ModelOf(byte[] run)
    {
        using RunReader reader = RunReader.Open(new MemoryStream(run));
        using var memory = new MemoryStream();
        using var writer = new RunWriter(memory, reader.Header with { Origin = RunOrigin.Computed, Rules = RuleBook.Statements }, reader.Texts);
        RunSummary summary = reader.ReadExits(new Replayer(reader.Header, reader.Texts, writer));
        writer.Finish(summary);
        return memory.ToArray();
    }

    /// <summary>A way for which a diagnostic is a good end.</summary>
    public static FuzzWay Of(string name, Func<FuzzInput, FuzzOutcome> read) => new(name, input =>
    {
        try
        {
            return read(input);
        }
        catch (CaptureFormatException e)
        {
            return new FuzzOutcome(e.Code, Place(e.Message));
        }
        catch (RunFormatException e)
        {
            return new FuzzOutcome(e.Code, Place(e.Message));
        }
        catch (BaselineFormatException e)
        {
            return new FuzzOutcome(BaselineFile.BaselineCode, Place(e.Message));
        }
    });

    /// <summary>Choices that are the same whenever the bytes are.</summary>
    public static Random RandomOf(byte[] bytes) => new(unchecked((int)Crc32C.Of(bytes)));

    private static CaptureSession OpenWhole(FuzzInput input) => input.IsFolder
        ? CaptureSession.Of(new MemoryFolder(input.Files), new CtfFormat(), "", 0)
        : CaptureSession.Of(new MemorySource(input.File), "", 0);

    private static FuzzOutcome Items(CaptureFile file)
    {
        var outcomes = new List<FuzzOutcome>();
        foreach (CaptureItem item in file.Items.Take(MostItems))
        {
            outcomes.Add(item.IsRun ? Judge(item.OpenRun()) : Judge(item.OpenCapture()));
        }

        return outcomes.Count == 1 ? outcomes[0] : new FuzzOutcome(FuzzOutcome.Verdict, $"{outcomes.Count} captures {string.Join('|', outcomes)}");
    }

    private static FuzzOutcome Judge(CaptureSession session)
    {
        using (session)
        {
            return Tell(Replayed(session.Header, session.Texts, sink => session.ReadExits(sink)));
        }
    }

    private static FuzzOutcome Judge(RunReader reader)
    {
        using (reader)
        {
            return Tell(Replayed(reader.Header, reader.Texts, sink => reader.ReadExits(sink)));
        }
    }

    private static FuzzOutcome Model(byte[] recorded, byte[] model)
    {
        using RunReader reader = RunReader.Open(new MemoryStream(recorded));
        Comparison? comparison = null;
        using ComputedReader computed = ComputedReader.Open(
            new MemoryStream(model, writable: false), reader.Header, rules => comparison = new Comparison(reader.Header, rules, reader.Texts));
        RunSummary summary = reader.ReadExits(computed);
        computed.Finish();
        return Tell(comparison!.Finish(summary with { Notes = [.. summary.Notes, .. computed.Notes] }));
    }

    private static DiffResult Replayed(RunHeader header, TextTable texts, Func<IExitSink, RunSummary> read)
    {
        var comparison = new Comparison(header, RuleBook.Statements, texts);
        return comparison.Finish(read(new Replayer(header, texts, comparison)));
    }

    /// <summary>How a run ended that could be judged.</summary>
    public static FuzzOutcome Tell(DiffResult result) => new(FuzzOutcome.Verdict, string.Join(' ',
        [
            $"exits {Bucket(result.Summary.Exits)}", $"events {Bucket(result.Summary.Events)}", $"streams {Bucket((ulong)result.Summary.Streams.Count)}",
            .. result.Verdicts.Where(pair => pair.Value > 0).Select(pair => $"{pair.Key}").Order(StringComparer.Ordinal),
            $"classes {Bucket((ulong)result.Divergences.Count)}", .. result.Summary.Notes.Select(note => note.Code).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ]));

    private static string Bucket(ulong count) => string.Create(CultureInfo.InvariantCulture, $"{64 - BitOperations.LeadingZeroCount(count)}");

    /// <summary>What a diagnostic is about: its first words name the part of the file; numbers and what the file says do not matter.</summary>
    public static string Place(string message)
    {
        int start = message.IndexOf(": ", StringComparison.Ordinal);
        return string.Join(' ', message[(start < 0 ? 0 : start + 2)..].Split(' ')
            .Where(word => word.Length <= LongestWord && word.All(char.IsAsciiLetter)).Take(WordsOfPlace));
    }
}
