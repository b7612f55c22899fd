using Differ.Schemas.Files;

namespace Differ.Diff.Shards;

/// <summary>
/// Results of several files, added up. The sum is that of sets: the order and the grouping of the files do not show, nor whether a file was
/// added twice.
/// </summary>
/// <remarks>The memory holds which captures there are and where; what came of them stays in the files until it is told.</remarks>
/// <param name="rules">The rules of this program.</param>
/// <param name="open">Opens a file that was added, to be read again.</param>
public sealed class MergedResults(RuleSet rules, Func<string, Stream> open)
{
    private readonly ResultReader _reader = new(rules);
    private readonly Dictionary<(string Content, string Name), Entry> _entries = [];
    private readonly Dictionary<string, CaptureSource> _sources = new(StringComparer.Ordinal);
    private Judgement? _judgement;
    private Entry[]? _ordered;
    private string _first = "";

    /// <summary>By what all captures were judged.</summary>
    /// <exception cref="InvalidOperationException">No file was added.</exception>
    public Judgement Judgement => _judgement ?? throw new InvalidOperationException("no file was added");

    /// <summary>The sets that the captures are of.</summary>
    public IReadOnlyList<CaptureSource> Sources => [.. _sources.Values.OrderBy(source => source.Set, StringComparer.Ordinal)];

    /// <summary>The captures, set by set, in the order of each.</summary>
    public IReadOnlyList<MergedCapture> Captures => [.. Ordered.Select(entry => new MergedCapture(entry.Capture.Name, entry.IsRead, entry.Pages.Count > 0))];

    // Worked out once for all that is added.
    private Entry[] Ordered => _ordered ??= [.. InOrder()];

    /// <summary>Adds a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="RunFormatException">It cannot be used, or was judged otherwise than the first; nothing of it is added then.</exception>
    public void Add(string path)
    {
        using Stream file = open(path);
        var found = new List<Entry>();
        var pages = new List<(long Offset, int Length)>();
        Judgement? judgement = null;
        foreach (ResultPart part in ResultFile.Parts(file))
        {
            switch (part.Kind)
            {
                case ResultBlock.Judgement:
                    judgement = Agreed(_reader.JudgementOf(part));
                    break;
                case ResultBlock.Page:
                    pages.Add((part.Offset, part.Body.Length));
                    break;
                case ResultBlock.Capture:
                    (JudgedCapture capture, bool isRead) = ResultReader.IdentityOf(part);
                    found.Add(new Entry(capture, isRead, path, part.Offset, part.Body.Length, pages, Crc32C.Of(part.Body)));
                    pages = [];
                    break;
                default:
                    AddAll(judgement!, path, found, ResultReader.SourcesOf(part, found.Count));
                    break;
            }
        }
    }

    /// <summary>Reads what came of each of <see cref="Captures"/>.</summary>
    /// <exception cref="RunFormatException">The file is no longer what it was.</exception>
    public IEnumerable<KeptCapture> Read()
    {
        foreach (Entry entry in Ordered)
        {
            using Stream file = open(entry.Path);
            yield return _reader.CaptureOf(Body(file, entry.Offset, entry.Length), Judgement.Policy, entry.Offset);
        }
    }

    /// <summary>Writes the page of a capture.</summary>
    /// <param name="number">Which of <see cref="Captures"/>, from 0.</param>
    /// <param name="output">Where to.</param>
    public void WritePage(int number, Stream output)
    {
        Entry entry = Ordered[number];
        using Stream file = open(entry.Path);
        foreach ((long offset, int length) in entry.Pages)
        {
            output.Write(Body(file, offset, length));
        }
    }

    /// <summary>Writes all as one result file.</summary>
    /// <param name="output">Where to.</param>
    public void WriteTo(Stream output)
    {
        using var writer = new ResultWriter(output, rules, Judgement);
        foreach (Entry entry in Ordered)
        {
            using Stream file = open(entry.Path);
            foreach ((long offset, int length) in entry.Pages)
            {
                writer.Write(ResultBlock.Page, Body(file, offset, length));
            }

            writer.Write(ResultBlock.Capture, Body(file, entry.Offset, entry.Length));
        }

        writer.Finish(Sources);
    }

    private Judgement Agreed(Judgement judgement) =>
        _judgement is null || _judgement.Options == judgement.Options ? judgement : throw RunFormatException.OtherOptions(_first);

    private void AddAll(Judgement judgement, string path, List<Entry> found, IReadOnlyList<CaptureSource> sources)
    {
        _ordered = null;
        (_judgement, _first) = _judgement is null ? (judgement, path) : (_judgement, _first);
        foreach (Entry entry in found)
        {
            (string, string) key = (entry.Capture.Content, entry.Capture.Name);
            _entries[key] = _entries.TryGetValue(key, out Entry? there) && there.CompareTo(entry) <= 0 ? there : entry;
        }

        foreach (CaptureSource source in sources)
        {
            _sources[source.Set] = _sources.TryGetValue(source.Set, out CaptureSource? there) ? there.With(source) : source;
        }
    }

    // A capture that one shard could not read and another could is known.
    private IEnumerable<Entry> InOrder()
    {
        HashSet<string> known = [.. _entries.Keys.Where(key => key.Content.Length > 0).Select(key => key.Name)];
        return _entries.Values.Where(entry => entry.Capture.Content.Length > 0 || !known.Contains(entry.Capture.Name))
            .OrderBy(entry => entry.Capture.Set, StringComparer.Ordinal).ThenBy(entry => entry.Capture.Place)
            .ThenBy(entry => entry.Capture.Name, StringComparer.Ordinal).ThenBy(entry => entry.Capture.Content, StringComparer.Ordinal);
    }

    private static byte[] Body(Stream file, long offset, int length)
    {
        byte[] body = new byte[length];
        file.Position = offset;
        return file.ReadAtLeast(body, length, throwOnEndOfStream: false) == length ? body : throw RunFormatException.DamagedResult(offset);
    }

    // Of two results of one capture one is taken, whichever came first.
    private sealed record Entry(JudgedCapture Capture, bool IsRead, string Path, long Offset, int Length, IReadOnlyList<(long Offset, int Length)> Pages, uint Checksum)
    {
        public int CompareTo(Entry other) => Order.CompareTo(other.Order);

        private (bool, bool, string, int, int, uint) Order => (!IsRead, Pages.Count == 0, Capture.Set, Capture.Place, Length, Checksum);
    }
}

/// <summary>A capture of merged results.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="IsRead">Whether it could be used.</param>
/// <param name="HasPage">Whether its page was kept.</param>
public sealed record MergedCapture(string Name, bool IsRead, bool HasPage);
