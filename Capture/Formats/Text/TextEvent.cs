using Differ.Capture.Tracepoints;

namespace Differ.Capture.Formats.Text;

/// <summary>An event by name, with every form its text can have in this capture.</summary>
internal sealed class TextEvent
{
    private const int MostForms = 8;

    private readonly List<TextForm> _forms;

    /// <summary>A tracepoint that Differ reads.</summary>
    /// <param name="number">Tells it from others.</param>
    /// <param name="name">Its name.</param>
    /// <param name="forms">Every form its text can have.</param>
    public TextEvent(int number, string name, IReadOnlyList<TextForm> forms)
    {
        Number = number;
        Name = name;
        _forms = [.. forms];
        Type = forms[0].Type;
    }

    /// <summary>An event Differ has no use for.</summary>
    /// <param name="number">Tells it from others.</param>
    /// <param name="system">Its group.</param>
    /// <param name="name">Its name.</param>
    public TextEvent(int number, string system, string name)
    {
        Number = number;
        Name = name;
        _forms = [];
        Type = new TraceEventType(EventLayout.Of(system, name, []));
        MayBeProbe = system is "" or Probes.Group && Probes.Find(Probes.Group, name) is not null;
    }

    /// <summary>Tells it from others.</summary>
    public int Number { get; }

    public string Name { get; }

    /// <summary>Whether it has the name of a probe that Differ reads: how its text goes is learned from its lines.</summary>
    public bool MayBeProbe { get; }

    /// <summary>Whether it is an exit from a guest, or an entry.</summary>
    public bool IsOfGuest => Name is "kvm_exit" or "kvm_entry";

    /// <summary>The kind of event; of the first form, where there are several.</summary>
    public TraceEventType Type { get; }

    /// <summary>Whether its text is read for a sink.</summary>
    /// <param name="everything">Whether the sink wants events Differ has no use for, too.</param>
    public bool IsRead(bool everything) => _forms.Count > 0 && (everything || _forms[0].Type.IsUsed);

    /// <summary>Takes a form that was learned.</summary>
    /// <returns>False where there are too many.</returns>
    public bool Add(TextForm form)
    {
        bool fits = _forms.Count < MostForms;
        if (fits)
        {
            _forms.Add(form);
        }

        return fits;
    }

    /// <summary>Reads its text.</summary>
    /// <param name="text">What stands behind the name.</param>
    /// <param name="record">Takes the record.</param>
    /// <param name="length">Its length.</param>
    /// <param name="whole">Whether the form explains the whole text.</param>
    /// <returns>The form; null when none fits.</returns>
    public TextForm? Read(ReadOnlySpan<byte> text, Span<byte> record, out int length, out bool whole)
    {
        // The first form that explains the whole text, else the one that explains most of it.
        TextForm? best = null;
        int most = -1;
        foreach (TextForm form in _forms)
        {
            if (form.Read(text, record, out length, out int used) && used > most)
            {
                (best, most) = (form, used);
                if (used == text.Length)
                {
                    whole = true;
                    return form;
                }
            }
        }

        whole = false;
        length = 0;
        _ = best?.Read(text, record, out length, out _);
        return best;
    }
}
