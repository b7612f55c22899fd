using Differ.Capture.Tracepoints;

namespace Differ.Capture.Formats.Text;

/// <summary>An event by name, with every form its text can have in this capture.</summary>
internal sealed class TextEvent
{
    private readonly TextForm[] _forms;

    /// <summary>A tracepoint that Differ reads.</summary>
    public TextEvent(string name, IReadOnlyList<TextForm> forms)
    {
        Name = name;
        _forms = [.. forms];
        Type = forms[0].Type;
    }

    /// <summary>An event Differ has no use for.</summary>
    public TextEvent(string system, string name)
    {
        Name = name;
        _forms = [];
        Type = new TraceEventType(EventLayout.Of(system, name, []));
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The kind of event; of the first form, where there are several.</summary>
    public TraceEventType Type { get; }

    /// <summary>Whether its text is read for a sink.</summary>
    /// <param name="everything">Whether the sink wants events Differ has no use for, too.</param>
    public bool IsRead(bool everything) => _forms.Length > 0 && (everything || Type.Binding is not null);

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
