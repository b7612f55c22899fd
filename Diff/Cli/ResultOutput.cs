using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Shards;

namespace Differ.Cli;

/// <summary>The result file that a check writes of its captures.</summary>
internal sealed class ResultOutput : IDisposable
{
    private readonly OutputFile _file;
    private readonly ResultWriter _writer;
    private readonly ContentHash _contents;
    private readonly CaptureSource _source;

    private ResultOutput(OutputFile file, ResultWriter writer, ContentHash contents, CaptureSource source, bool withPages)
    {
        (_file, _writer, _contents, _source) = (file, writer, contents, source);
        HasPages = withPages;
    }

    /// <summary>Whether it gets the pages of captures.</summary>
    public bool HasPages { get; }

    /// <summary>The captures to check, by their places in the set.</summary>
    public IReadOnlyList<int> Places => _source.Places;

    /// <summary>Opens the file.</summary>
    /// <param name="wish">What is asked for; it names a file.</param>
    /// <param name="set">All captures.</param>
    /// <param name="judgement">By what they are judged.</param>
    /// <param name="contents">Names captures by their content.</param>
    /// <param name="read">Files and folders that are read.</param>
    /// <param name="terminal">Where standard output is.</param>
    public static ResultOutput Open(ShardWish wish, InputSet set, Judgement judgement, ContentHash contents, IReadOnlyList<string> read, Terminal terminal)
    {
        var plan = ShardPlan.Of(set.All);
        terminal.RefuseBinary(wish.Result!);
        OutputFile file = OutputFile.Create(wish.Result!, read, terminal);
        return new ResultOutput(
            file, new ResultWriter(file.Stream, OwnRules.Set, judgement), contents,
            new CaptureSource(plan.Set, set.All.Count, plan.PlacesOf(wish.Shard), [wish.Shard], set.LeftOut), wish.WithPages);
    }

    /// <summary>Writes a capture that was judged.</summary>
    /// <param name="capture">The capture.</param>
    /// <param name="place">Its place in the set.</param>
    /// <param name="result">What came of it.</param>
    /// <param name="page">Its page; null for none.</param>
    public void Write(NamedInput capture, int place, DiffResult result, Stream? page)
    {
        page?.CopyTo(_writer.Page);
        _writer.Write(Identity(capture, place), result);
    }

    /// <summary>Writes a capture that cannot be used.</summary>
    public void Write(NamedInput capture, int place, UnreadCapture unread) => _writer.Write(Identity(capture, place), unread);

    /// <summary>The file is complete: gives it its name.</summary>
    public void Complete()
    {
        _writer.Finish([_source]);
        _file.Complete();
    }

    public void Dispose()
    {
        _writer.Dispose();
        _file.Dispose();
    }

    private JudgedCapture Identity(NamedInput capture, int place)
    {
        try
        {
            return new JudgedCapture(_contents.Of(capture), capture.Name, capture.File, _source.Set, place);
        }
        catch (Exception fault) when (UnusableInput.Is(fault))
        {
            return new JudgedCapture("", capture.Name, capture.File, _source.Set, place);
        }
    }
}
