using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Differ.Capture.Formats.Text.Forms;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.Text;

/// <summary>A first look over a text: a text says nothing of itself, so which events occur and how they are printed has to tell.</summary>
/// <remarks>
/// Only the names of kvm's events are looked for, which costs a small part of reading them. What a look over part of a text misses
/// makes rules undecided, never wrong.
/// </remarks>
internal sealed class TextSurvey
{
    private const int NarrowestTerminal = 60, WidestTerminal = 400;
    private const int LongestLook = 512, LongestName = 64;

    /// <summary>From so many bytes of its start the text as a whole is known: its clock, its printer, and where its lines were broken.</summary>
    public const int Chunk = 1 << 18;

    // The first release in which AMD hosts print an event (Linux arch/x86/kvm/trace.h, include/trace/events/kvm.h).
    private static readonly (string Name, int Since)[] Firsts =
    [
        ("kvm_unmap_hva_range", 514), ("kvm_set_spte_hva", 514), ("kvm_age_hva", 514), ("kvm_test_age_hva", 514), ("kvm_hv_hypercall_done", 514),
        ("kvm_smm_transition", 514), ("kvm_apicv_accept_irq", 517), ("kvm_apicv_inhibit_changed", 518), ("kvm_avic_kick_vcpu_slowpath", 519),
        ("kvm_avic_doorbell", 600), ("kvm_nested_vmenter", 601), ("kvm_rmp_fault", 612), ("kvm_vm_set_mem_attributes", 617),
    ];

    // Since 5.13 a failed check of VMRUN is printed as text; since 6.0 injected events say whether they are injected again.
    private const int NamedChecks = 514, ShownReinjection = 600;

    private static ReadOnlySpan<byte> Prefix => "kvm_"u8;

    private readonly ByteTable<Sighting> _names = new();
    private readonly TextLabels<Sighting> _labels = new();
    private int _since;
    private bool _immediateExit, _oldVmexit, _reinjectedException, _failedMessage;

    /// <summary>What the times of the text are, from its first event.</summary>
    public ClockUnit Unit { get; private set; }

    /// <summary>Where a terminal broke every longer line, in bytes; 0 where none did.</summary>
    public int Width { get; private set; }

    /// <summary>Whether times have no more than microseconds.</summary>
    public bool Rounded { get; private set; }

    /// <summary>Who printed the text, as far as its first event and its headings tell.</summary>
    public string Printer { get; private set; } = "text";

    /// <summary>Whether its events were copied without thread and CPU: <see cref="TextLine.ReadBare"/>.</summary>
    public bool IsBare { get; private set; }

    /// <summary>The tracer that ftrace's heading names; empty where there is none.</summary>
    public string Tracer { get; private set; } = "";

    /// <summary>Looks over a text.</summary>
    public static TextSurvey Of(TextInput input, IEnumerable<string> read)
    {
        var survey = new TextSurvey();
        foreach (string name in read)
        {
            survey._names.TryAdd(Utf8Text.Encode(name), new Sighting(name));
        }

        survey.Look(input);
        foreach ((string name, int since) in Firsts)
        {
            survey._since = Math.Max(survey._since, survey.Has(name) ? since : 0);
        }

        return survey;
    }

    /// <summary>Bytes that were looked over.</summary>
    public long Length { get; private set; }

    /// <summary>Whether an event occurs.</summary>
    public bool Has(string name) => _names.TryGet(Utf8Text.Encode(name), out Sighting seen) && seen.Seen;

    /// <summary>Takes an event that came behind what was looked over.</summary>
    /// <param name="name">The event.</param>
    /// <param name="text">Its text.</param>
    /// <returns>Whether it tells something new.</returns>
    public bool Learns(string name, ReadOnlySpan<byte> text)
    {
        if (!name.StartsWith("kvm_", StringComparison.Ordinal))
        {
            return false;
        }

        (int, bool, bool, bool, bool) before = Traits;
        NoteTraits(name, text);
        return !Has(name) || Traits != before;
    }

    /// <summary>The span of kernels whose forms of an event's text count.</summary>
    public TextEra EraOf(string name) => name switch
    {
        "kvm_entry" => _immediateExit ? TextEra.New : TextEra.Old,
        "kvm_nested_vmexit" => _oldVmexit ? TextEra.Old : TextEra.New,
        "kvm_nested_vmenter_failed" => _failedMessage || _since >= NamedChecks ? TextEra.New : TextEra.Old,
        "kvm_inj_exception" => _since >= ShownReinjection ? TextEra.New : _reinjectedException ? TextEra.Mixed : TextEra.Old,
        _ => TextEra.New,
    };

    private (int, bool, bool, bool, bool) Traits => (_since, _immediateExit, _oldVmexit, _reinjectedException, _failedMessage);

    // Names are looked for behind as much as a line may hold before them, and before as much as is looked at of their text.
    private void Look(TextInput input)
    {
        byte[] buffer = new byte[LongestLook + Chunk + LongestLook + 1];
        int length = 0, from = 1;
        bool first = true;
        for (int read = Fill(input, buffer.AsSpan(0, Chunk)); read > 0; read = Fill(input, buffer.AsSpan(length, Chunk)))
        {
            length += read;
            Length += read;
            if (first)
            {
                LookAtHead(buffer.AsSpan(0, length));
                Width = WidthOf(buffer.AsSpan(0, length));
                first = false;
            }

            from = LookAt(buffer.AsSpan(0, length), from, Math.Max(from, length - LongestLook));
            int done = Math.Max(0, from - LongestLook);
            buffer.AsSpan(done, length - done).CopyTo(buffer);
            length -= done;
            from -= done;
        }

        LookAt(buffer.AsSpan(0, length), from, length);
    }

    // What is found must not depend on how much comes at a time.
    private static int Fill(TextInput input, Span<byte> to)
    {
        int length = 0;
        for (int read = input.Read(to); read > 0; read = input.Read(to[length..]))
        {
            length += read;
            if (length == to.Length)
            {
                break;
            }
        }

        return length;
    }

    // The first event says what times are; headings and spelling say who printed it.
    private void LookAtHead(ReadOnlySpan<byte> text)
    {
        var line = new TextLine();
        bool cpus = false;
        ReadOnlySpan<byte> before = default;
        byte[] together = new byte[TextOddities.LongestHead];
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> candidate = text[range];
            Tracer = Tracer.Length > 0 ? Tracer : TextOddities.TracerOf(candidate);
            cpus |= TextOddities.IsCpuCount(candidate);
            if (line.Read(candidate.TrimEnd((byte)'\r')) || line.ReadBroken(before, candidate, together))
            {
                NoteTime(line);
                IsBare = false;
                Printer = Tracer.Length > 0 ? "ftrace text" : cpus ? "trace-cmd report" : line.System.Length > 0 ? "perf script" : "text";
                return;
            }

            if (!IsBare && line.ReadBare(candidate) && TextForm.Explains(line.Name, line.Body))
            {
                NoteTime(line);
                IsBare = true;
            }

            before = candidate.TrimEnd((byte)'\r');
        }
    }

    private void NoteTime(in TextLine line)
    {
        Unit = line.Fraction == 0 ? ClockUnit.Ticks : ClockUnit.Nanoseconds;
        Rounded = line.Fraction is > 0 and < 9;
    }

    // No line is longer, and most events that go on on the next line have that length: a mailer breaks at blanks, and hardly ever there.
    private static int WidthOf(ReadOnlySpan<byte> text)
    {
        int longest = 0, full = 0, others = 0, before = 0;
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = text[range].TrimEnd((byte)'\r');
            if (line.Length > WidestTerminal)
            {
                return 0;
            }

            if (line.Length > longest)
            {
                (longest, full, others) = (line.Length, 0, others + full);
            }

            bool goesOn = before > 0 && TextOddities.MayContinue(line);
            if (goesOn)
            {
                _ = before == longest ? full++ : others++;
            }

            before = goesOn || new TextLine().Read(line) ? line.Length : 0;
        }

        return full > 2 * others && longest >= NarrowestTerminal ? longest : 0;
    }

    // Looks for names that start in a part of a text; what stands before a name counts.
    private int LookAt(ReadOnlySpan<byte> text, int from, int until)
    {
        // "k", and "_" three letters on.
        int at = from;
        ReadOnlySpan<Vector256<byte>> first = at < until ? MemoryMarshal.Cast<byte, Vector256<byte>>(text[at..until]) : default;
        ReadOnlySpan<Vector256<byte>> last = MemoryMarshal.Cast<byte, Vector256<byte>>(text[Math.Min(at + Prefix.Length - 1, text.Length)..]);
        for (int i = 0; i < first.Length && i < last.Length; i++, at += Vector256<byte>.Count)
        {
            Vector256<byte> starts = Vector256.Equals(first[i], Vector256.Create(Prefix[0])) & Vector256.Equals(last[i], Vector256.Create(Prefix[^1]));
            for (uint found = starts.ExtractMostSignificantBits(); found != 0; found &= found - 1)
            {
                LookAtName(text, at + BitOperations.TrailingZeroCount(found));
            }
        }

        for (; at < until; at++)
        {
            LookAtName(text, at);
        }

        return at;
    }

    private void LookAtName(ReadOnlySpan<byte> text, int start)
    {
        ReadOnlySpan<byte> name = text[start..];
        if (!name.StartsWith(Prefix) || text[start - 1] is not ((byte)' ' or (byte)':' or (byte)'\t' or (byte)'\n'))
        {
            return;
        }

        if (_labels.Find(name) is { } known)
        {
            LookAtText(known.Value, name[known.Bytes.Length..]);
            return;
        }

        int end = Prefix.Length;
        while (end < name.Length && end < LongestName && TextLetters.IsEvent(name[end]))
        {
            end++;
        }

        if (end < name.Length && name[end] == ':' && IsEvent(text, start, name[..end]))
        {
            Note(name, end);
        }
    }

    // Prose names tracepoints too: what counts is a line that is the event. It may be broken before the name.
    private bool IsEvent(ReadOnlySpan<byte> text, int start, ReadOnlySpan<byte> name)
    {
        int begin = text[..start].LastIndexOf((byte)'\n') + 1;
        int length = text[start..].IndexOf((byte)'\n');
        ReadOnlySpan<byte> whole = text[begin..(length < 0 ? text.Length : start + length)];
        var line = new TextLine();
        if (line.Read(whole) || (IsBare && line.ReadBare(whole)))
        {
            return line.Name.SequenceEqual(name);
        }

        ReadOnlySpan<byte> before = begin == 0 ? default : text[(text[..(begin - 1)].LastIndexOf((byte)'\n') + 1)..(begin - 1)];
        return line.ReadBroken(before, whole, new byte[TextOddities.LongestHead]) && line.Name.SequenceEqual(name);
    }

    private void Note(ReadOnlySpan<byte> labelled, int length)
    {
        ReadOnlySpan<byte> name = labelled[..length];
        if (!_names.TryGet(name, out Sighting? seen))
        {
            if (_names.Count >= TextTraceReader.MostNames)
            {
                return;
            }

            seen = new Sighting(Utf8Text.Decode(name));
            _names.TryAdd(name.ToArray(), seen);
        }

        seen.Seen = true;
        _labels.Keep(labelled, length + 1, seen);
        LookAtText(seen, labelled[(length + 1)..]);
    }

    private void LookAtText(Sighting seen, ReadOnlySpan<byte> text)
    {
        if (!seen.Traits)
        {
            return;
        }

        // The text of an event may be broken off its name.
        text = text[..Math.Min(text.Length, LongestLook / 2)].TrimStart(" \r"u8);
        text = text.StartsWith("\n"u8) ? text.TrimStart("\n >|"u8) : text;
        int end = text.IndexOf((byte)'\n');
        NoteTraits(seen.Name, (end < 0 ? text : text[..end]).TrimStart((byte)' '));
    }

    private void NoteTraits(string name, ReadOnlySpan<byte> text)
    {
        switch (name)
        {
            case "kvm_entry":
                _immediateExit = _immediateExit || text.IndexOf("[immediate exit]"u8) >= 0;
                break;
            case "kvm_nested_vmexit":
                _oldVmexit |= text.StartsWith("rip"u8);
                break;
            case "kvm_nested_vmenter_failed":
                _failedMessage |= text.IndexOfAnyInRange((byte)'a', (byte)'z') >= 0 && !text.StartsWith("0x"u8);
                break;
            case "kvm_inj_virq":
                _since = Math.Max(_since, text.StartsWith("irq"u8) ? 0 : ShownReinjection);
                break;
            case "kvm_inj_exception":
                _reinjectedException |= text.IndexOf("reinjected"u8) >= 0;
                _since = Math.Max(_since, text.StartsWith("#"u8) && text.IndexOf((byte)'(') < 0 ? ShownReinjection : 0);
                break;
        }
    }

    private sealed class Sighting(string name)
    {
        public string Name { get; } = name;

        public bool Traits { get; } = name is "kvm_entry" or "kvm_nested_vmexit" or "kvm_nested_vmenter_failed" or "kvm_inj_virq" or "kvm_inj_exception";

        public bool Seen { get; set; }
    }
}
