using System.Text;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.Text.Forms;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.Text;

/// <summary>The events of a text in the order of its lines.</summary>
internal sealed class TextTraceReader : ITraceReader
{
    /// <summary>Most different names of events.</summary>
    public const int MostNames = 4096;

    private readonly ByteSource? _source;
    private readonly KeptPipe? _pipe;
    private readonly bool _mayStartOver;
    private readonly Func<TextInput> _input;
    private readonly long _length;
    private readonly TextSurvey _survey;
    private readonly ByteTable<TextEvent> _events = new();
    private readonly List<TraceEventType> _types = [];
    private readonly Dictionary<int, string> _names = [];
    private readonly Dictionary<int, ulong> _overruns = [];
    private readonly TextSources _sources = new();
    private TextParts? _parts;

    /// <summary>Looks a text over.</summary>
    /// <param name="source">What to release in the end.</param>
    /// <param name="pipe">The pipe that is read; null for a file.</param>
    /// <param name="input">The text, from its start.</param>
    /// <param name="sample">What there is to look over before.</param>
    /// <param name="length">Bytes of the text; 0 where nobody knows.</param>
    public TextTraceReader(ByteSource? source, KeptPipe? pipe, Func<TextInput> input, TextInput sample, long length)
    {
        _source = source;
        _pipe = pipe;
        _mayStartOver = pipe is { StopsWhenFull: true };
        ReadsAsFile = pipe is null || pipe.Start.Length >= TextSurvey.Chunk;
        _input = input;
        _length = length;
        _survey = TextSurvey.Of(sample, TextForms.All.Select(item => item.Name));
        foreach ((string name, IReadOnlyList<TextRow> rows) in TextForms.All)
        {
            AddKnown(name, rows);
        }

        Header = new RunHeader
        {
            Format = _survey.Printer,
            ClockUnit = _survey.Unit,
            MayBeEdited = true,
        };
    }

    /// <inheritdoc/>
    public RunHeader Header { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TraceEventType> Types => _types;

    /// <inheritdoc/>
    public bool BigEndian => false;

    /// <inheritdoc/>
    public IReadOnlyDictionary<int, string> ThreadNames => _names;

    /// <inheritdoc/>
    public IReadOnlyDictionary<int, int> MachineOfThread { get; } = new Dictionary<int, int>();

    /// <inheritdoc/>
    public IReadOnlyDictionary<int, ulong> Overruns => _overruns;

    /// <inheritdoc/>
    public bool IsInOrder => false;

    /// <inheritdoc/>
    public bool IsLoose => _survey.IsBare;

    /// <inheritdoc/>
    public bool ReadsAsFile { get; private set; }

    /// <inheritdoc/>
    public (int Host, int Thread) PlaceOf(int thread) => _sources.Of(thread);

    /// <inheritdoc/>
    public TracepointSet? HeardOf(int thread) => _parts?.HeardOf(thread);

    /// <summary>What the first look found.</summary>
    public TextSurvey Survey => _survey;

    /// <inheritdoc/>
    public void Read(IEventSink sink, CaptureNotes notes, Action<ulong, double>? progress, CancellationToken cancel)
    {
        if (_survey.Rounded)
        {
            notes.Add(TextNotes.Rounded);
        }

        notes.Add(_survey.IsBare ? TextNotes.Bare : TextNotes.Unsaid);

        if (_pipe is not null)
        {
            _pipe.Silent = sink.Rest;
        }

        _parts = new TextParts(thread => _sources.Of(thread).Host);
        new TextPass(this, new TextLines(_input()), _parts, sink, notes, cancel).Run(_length, progress);
    }

    /// <summary>The event with a name; null when there are too many names.</summary>
    public TextEvent? EventOf(ReadOnlySpan<byte> system, ReadOnlySpan<byte> name)
    {
        if (_events.TryGet(name, out TextEvent found))
        {
            return found;
        }

        if (_events.Count >= MostNames)
        {
            return null;
        }

        string text = Utf8Text.Decode(name);
        string group = system.Length > 0 ? Utf8Text.Decode(system) : text.StartsWith("kvm_", StringComparison.Ordinal) ? "kvm" : "";
        found = new TextEvent(_events.Count, group, text);
        _events.TryAdd(name.ToArray(), found);
        _types.Add(found.Type);
        return found;
    }

    /// <summary>Whether an event tells what the first look could not know, so that all has to be read again.</summary>
    /// <param name="found">The event.</param>
    /// <param name="line">Its line, which is of no shape that came before.</param>
    /// <param name="end">Bytes of the text up to the end of the line: of what the first look has seen, a second one finds no more.</param>
    public bool StartsOver(TextEvent found, in TextLine line, long end)
    {
        bool learned = _mayStartOver && end > _survey.Length && _survey.Learns(found.Name, line.Body);
        ReadsAsFile &= !learned;
        return learned;
    }

    /// <summary>Learns how the text of a probe goes.</summary>
    /// <param name="found">The event.</param>
    /// <param name="text">A text that goes in no way that came before.</param>
    /// <returns>Whether it is one of a probe, and is known now.</returns>
    public bool Learns(TextEvent found, ReadOnlySpan<byte> text)
    {
        if (!found.MayBeProbe || TextProbes.FormOf(found.Name, text) is not { } form || !found.Add(form))
        {
            return false;
        }

        form.Type.Probe = BoundProbe.Bind(form.Type.Layout, BigEndian);
        _types.Add(form.Type);
        return true;
    }

    /// <summary>The number under which a thread is kept: that of its line, but for threads of a second host.</summary>
    public int ThreadOf(in TextLine line) => _sources.KeyOf(line.Source, line.Thread);

    /// <summary>Notes the name of a thread.</summary>
    public void NameThread(int thread, ReadOnlySpan<byte> name)
    {
        if (name.Length > 0 && _names.Count < (1 << 16) && !_names.ContainsKey(thread))
        {
            _names.Add(thread, Utf8Text.Decode(name));
        }
    }

    /// <summary>Notes how many events a heading says were overwritten.</summary>
    public void NoteOverrun(ulong events) => _overruns[0] = events;

    /// <inheritdoc/>
    public void Dispose() => _source?.Dispose();

    private void AddKnown(string name, IReadOnlyList<TextRow> rows)
    {
        TextEra era = _survey.EraOf(name);
        var forms = rows.Where(row => (row.Era & era) != 0).SelectMany(row => TextForm.Of(name, row)).ToList();
        foreach (TextForm form in forms)
        {
            // What occurs was recorded, and nobody took it out. Silence of the others proves nothing, be the text as long as it may.
            form.Type.IsListed = _survey.Has(name);
            _types.Add(form.Type);
        }

        _events.TryAdd(Encoding.UTF8.GetBytes(name), new TextEvent(_events.Count, name, forms));
    }
}
