using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using Differ.Schemas.Run;

namespace Differ.Capture.Formats.Text;

/// <summary>A first look over a text: a text says nothing of itself, so which events occur and how they are printed has to tell.</summary>
/// <remarks>
/// A file is looked over whole, a pipe by its first MiB. Only the names of kvm's events are looked for, which costs a small part
/// of reading them. What a look over part of a text misses makes rules undecided, never wrong.
/// </remarks>
internal sealed class TextSurvey
{
    // Fewer kinds of events than this may be a choice of someone's; more, and some that show nothing of a vCPU, are all of kvm.
    private const int FewestOfAll = 8, FewestUnread = 3;
    private const int NarrowestTerminal = 60, WidestTerminal = 400;
    private const int Chunk = 1 << 18, LongestLook = 512, LongestName = 64;

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

    /// <summary>Whether the text shows that every tracepoint of kvm was recorded.</summary>
    public bool IsAllOfKvm { get; private set; }

    /// <summary>Looks over a text.</summary>
    public static TextSurvey Of(TextInput input, IEnumerable<string> read)
    {
        var survey = new TextSurvey();
        foreach (string name in read)
        {
            survey._names.TryAdd(Encoding.UTF8.GetBytes(name), new Sighting(name, true));
        }

        survey.Look(input);
        survey.Conclude();
        return survey;
    }

    /// <summary>Whether an event occurs.</summary>
    public bool Has(string name) => _names.TryGet(Encoding.UTF8.GetBytes(name), out Sighting seen) && seen.Seen;

    /// <summary>The span of kernels whose forms of an event's text count.</summary>
    public TextEra EraOf(string name) => name switch
    {
        "kvm_entry" => _immediateExit ? TextEra.New : TextEra.Old,
        "kvm_nested_vmexit" => _oldVmexit ? TextEra.Old : TextEra.New,
        "kvm_nested_vmenter_failed" => _failedMessage || _since >= NamedChecks ? TextEra.New : TextEra.Old,
        "kvm_inj_exception" => _since >= ShownReinjection ? TextEra.New : _reinjectedException ? TextEra.Mixed : TextEra.Old,
        _ => TextEra.New,
    };

    private void Look(TextInput input)
    {
        byte[] buffer = new byte[Chunk + LongestLook + 1];
        int length = 0;
        bool first = true;
        for (int read = input.Read(buffer.AsSpan(0, Chunk)); read > 0; read = input.Read(buffer.AsSpan(length, Chunk)))
        {
            length += read;
            if (first)
            {
                LookAtHead(buffer.AsSpan(0, length));
                Width = WidthOf(buffer.AsSpan(0, length));
                first = false;
            }

            int done = LookAt(buffer.AsSpan(0, length), Math.Max(0, length - LongestLook));
            buffer.AsSpan(done, length - done).CopyTo(buffer);
            length -= done;
        }

        LookAt(buffer.AsSpan(0, length), length);
    }

    // The first event says what times are; headings and spelling say who printed it.
    private void LookAtHead(ReadOnlySpan<byte> text)
    {
        var line = new TextLine();
        bool tracer = false, cpus = false;
        ReadOnlySpan<byte> before = default;
        byte[] together = new byte[TextOddities.LongestHead];
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> candidate = text[range];
            tracer |= candidate.IndexOf("# tracer:"u8) >= 0;
            cpus |= candidate.StartsWith("cpus="u8);
            if (line.Read(candidate.TrimEnd((byte)'\r')) || line.ReadBroken(before, candidate, together))
            {
                Unit = line.Fraction == 0 ? ClockUnit.Ticks : ClockUnit.Nanoseconds;
                Rounded = line.Fraction is > 0 and < 9;
                Printer = tracer ? "ftrace text" : cpus ? "trace-cmd report" : line.System.Length > 0 ? "perf script" : "text";
                return;
            }

            before = candidate.TrimEnd((byte)'\r');
        }
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

    // Looks for names that start in a text before a place, but not at its start: what stands before a name counts.
    private int LookAt(ReadOnlySpan<byte> text, int until)
    {
        if (until == 0)
        {
            return 0;
        }

        // "k", and "_" three letters on.
        int at = 1;
        ReadOnlySpan<Vector256<byte>> first = MemoryMarshal.Cast<byte, Vector256<byte>>(text[at..until]);
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

        return until - 1;
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

        if (end < name.Length && name[end] == ':')
        {
            Note(name, end);
        }
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

            seen = new Sighting(Encoding.Latin1.GetString(name), false);
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
            default:
                _reinjectedException |= text.IndexOf("reinjected"u8) >= 0;
                _since = Math.Max(_since, text.StartsWith("#"u8) && text.IndexOf((byte)'(') < 0 ? ShownReinjection : 0);
                break;
        }
    }

    private void Conclude()
    {
        foreach ((string name, int since) in Firsts)
        {
            _since = Math.Max(_since, Has(name) ? since : 0);
        }

        int seen = 0, unread = 0;
        foreach (Sighting sighting in _names.Values.Where(sighting => sighting.Seen))
        {
            seen++;
            unread += sighting.Read ? 0 : 1;
        }

        IsAllOfKvm = seen >= FewestOfAll && unread >= FewestUnread;
    }

    private sealed class Sighting(string name, bool read)
    {
        public string Name { get; } = name;

        public bool Read { get; } = read;

        public bool Traits { get; } = name is "kvm_entry" or "kvm_nested_vmexit" or "kvm_nested_vmenter_failed" or "kvm_inj_virq" or "kvm_inj_exception";

        public bool Seen { get; set; }
    }
}
