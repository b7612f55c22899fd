using System.Globalization;
using Differ.Capture.Disk;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff.Results;
using Differ.Diff.Shards;
using Differ.Diff.Writing;
using Differ.Schemas.Files;

namespace Differ.Cli;

/// <summary>
/// Results of earlier checks in a folder: a result file for each capture, named by everything that the result depends on. What cannot be read there
/// is judged again.
/// </summary>
/// <remarks>Several processes may use one folder: a file appears whole, and what two of them write is the same.</remarks>
internal sealed class ResultCache
{
    private const string Ending = ".difs";

    private readonly string _folder;
    private readonly string _judged;
    private readonly ContentHash _contents;
    private readonly Terminal _terminal;
    private bool _isTold;

    /// <summary>The results in a folder, which need not be there yet.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="how">What captures are judged by.</param>
    /// <param name="withPages">Whether the pages of captures are wanted.</param>
    /// <param name="contents">Names captures by their content.</param>
    /// <param name="terminal">Where a fault of the folder is told.</param>
    public ResultCache(string folder, Judging how, bool withPages, ContentHash contents, Terminal terminal)
    {
        (_folder, _contents, _terminal) = (folder, contents, terminal);

        // The verdict on a recording is made of its result and the policy, later; a page has it in it.
        Policy seen = withPages ? how.Policy : new Policy { Ignored = how.Policy.Ignored, Speculative = how.Policy.Speculative };
        Judgement judgement = Judgement.Of(OwnRules.Set, seen, withPages ? how.Accepted.Accepted : [], how.CpuText);
        string today = withPages && how.Accepted.Accepted.Any(entry => entry.Expires is not null) ? terminal.Today.ToString("o", CultureInfo.InvariantCulture) : "";
        _judged = string.Join('\n', OwnRules.Set.Hash, OwnRules.HashOfProgram(), judgement.Options, withPages, today);
    }

    /// <summary>What is known of a capture.</summary>
    /// <param name="capture">The capture.</param>
    /// <returns>Where its result is, or is to be; null where it cannot be read, or only once.</returns>
    public CachedResult? Of(NamedInput capture)
    {
        if (RunInput.IsReadOnce(capture.Path))
        {
            return null;
        }

        try
        {
            string content = _contents.Of(capture);
            string key = ContentHash.OfText($"{_judged}\n{content}\n{Path.GetFileName(capture.Path)}\n{capture.Member}\n");
            return new CachedResult(this, Path.Combine(_folder, key[..2], key + Ending), new JudgedCapture(content, capture.Name, capture.File, "", 0), key);
        }
        catch (Exception fault) when (UnusableInput.Is(fault))
        {
            return null;
        }
    }

    /// <summary>A fault of the folder costs time and no result: it is told once.</summary>
    internal void Tell(Exception fault)
    {
        if (!Interlocked.Exchange(ref _isTold, true) && !_terminal.IsQuiet)
        {
            string reason = FileNode.Of(_folder) is { Kind: not FileKind.Folder } ? "it is no folder" : UnusableInput.ReasonOf(fault);
            _terminal.Tell($"{_folder}: nothing can be kept there: {reason}; it is checked as without --cache");
        }
    }

    /// <summary>Makes a file that appears whole.</summary>
    internal NewFile? Create(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return NewFile.Create(path, FileNode.Of(path), _terminal.Leftovers);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Tell(fault);
            return null;
        }
    }
}

/// <summary>The result of one capture in a <see cref="ResultCache"/>.</summary>
internal sealed class CachedResult(ResultCache cache, string path, JudgedCapture capture, string key) : IDisposable
{
    private readonly ResultReader _reader = new(OwnRules.Set);
    private NewFile? _file;
    private ResultWriter? _writer;

    /// <summary>Takes what was found before, unless anything is wrong with it.</summary>
    /// <param name="policy">What it is judged by now.</param>
    /// <param name="page">Gets the page that was kept; null where none is wanted.</param>
    /// <returns>The result, before a baseline is applied; null where there is none.</returns>
    public DiffResult? Read(Policy policy, Stream? page)
    {
        try
        {
            if (FileNode.Of(path) is not { Kind: FileKind.Regular })
            {
                return null;
            }

            using Stream file = DiskFile.Read(path);
            (Judgement judgement, KeptCapture kept) = _reader.ReadOne(file, Stream.Null);
            if (judgement.Options != key || kept.Capture.Content != capture.Content || kept.Result is null)
            {
                return null;
            }

            // The page is passed on only now that the whole file is known to be good.
            if (page is not null)
            {
                file.Position = 0;
                _ = _reader.ReadOne(file, page);
            }

            return kept.Result with { Policy = policy };
        }
        catch (Exception fault) when (fault is RunFormatException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Begins to write a new one.</summary>
    /// <returns>Where its page is to be written; null where nothing can be kept.</returns>
    public Stream? Begin()
    {
        _file = cache.Create(path);
        _writer = _file is null ? null : new ResultWriter(_file.Stream, OwnRules.Set, new Judgement(OwnRules.Set.Hash, OwnRules.Set.Version, key, Policy.Default));
        return _writer is null ? null : new PageOfCache(this, _writer.Page);
    }

    /// <summary>Keeps a result.</summary>
    /// <param name="result">The result, before a baseline is applied.</param>
    public void Keep(DiffResult result) => Try(() =>
    {
        _writer!.Write(capture, result);
        _writer.Finish([new CaptureSource("", 1, [0], [], [])]);
        _file!.Stream.Flush();
        _file.Commit();
    });

    public void Dispose()
    {
        _writer?.Dispose();
        _file?.Dispose();
    }

    // Where there is no room for it, the capture is checked all the same.
    private void Try(Action write)
    {
        if (_file is null)
        {
            return;
        }

        try
        {
            write();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            cache.Tell(fault);
            _file.Dispose();
            _file = null;
        }
    }

    private sealed class PageOfCache(CachedResult result, Stream page) : ForwardStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            byte[] piece = buffer.ToArray();
            result.Try(() => page.Write(piece));
        }
    }
}
