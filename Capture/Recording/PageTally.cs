using System.Buffers.Binary;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.TraceDat;
using Differ.Capture.Formats.TracingData;
using Differ.Capture.Tracepoints;

namespace Differ.Capture.Recording;

/// <summary>What came so far.</summary>
/// <param name="Exits">Exits of L1 and L2.</param>
/// <param name="ExitsOfL2">Those of L2.</param>
/// <param name="Lost">Events that were lost, as far as the pages count them.</param>
public readonly record struct RecordedCounts(ulong Exits, ulong ExitsOfL2, ulong Lost)
{
    /// <summary>Exits of L1; the two events of an exit of L2 may come in different pages.</summary>
    public ulong ExitsOfL1 => Exits - Math.Min(Exits, ExitsOfL2);
}

/// <summary>Counts exits and losses in the pages of the ring buffers as they come, for who watches.</summary>
internal sealed class PageTally
{
    private readonly RingBufferPage _page;
    private readonly int _exit, _nested;
    private bool _isDamaged;

    private PageTally(PageLayout layout, int exit, int nested) => (_page, _exit, _nested) = (new RingBufferPage(layout, bigEndian: false), exit, nested);

    /// <summary>The counts.</summary>
    public RecordedCounts Counts { get; private set; }

    /// <summary>Counts what a tracefs describes; null where it does not describe it.</summary>
    public static PageTally? Of(string tracefs)
    {
        EventLayout header = EventLayout.ParseHeaderPage(File.ReadAllText(Path.Combine(tracefs, "events/header_page")));
        return header.Find("commit") is { Size: 4 or 8 } commit && header.Find("data") is { } data && NumberOf(tracefs, "kvm_exit") is { } exit
            ? new PageTally(new PageLayout(commit.Size, data.Offset), exit, NumberOf(tracefs, "kvm_nested_vmexit") ?? -1) : null;
    }

    /// <summary>Takes a page.</summary>
    public void Take(byte[] page)
    {
        if (_isDamaged)
        {
            return;
        }

        ulong exits = 0, nested = 0;
        try
        {
            _page.Load(page, 0, page.Length, 0);
            while (_page.MoveNext())
            {
                int type = _page.Payload.Length >= sizeof(ushort) ? BinaryPrimitives.ReadUInt16LittleEndian(_page.Payload) : -1;
                exits += type == _exit ? 1UL : 0;
                nested += type == _nested ? 1UL : 0;
            }
        }
        catch (CaptureFormatException)
        {
            // Who reads the recording is told; here only the counts end.
            _isDamaged = true;
        }

        Counts = new RecordedCounts(Counts.Exits + exits, Counts.ExitsOfL2 + nested, Counts.Lost + _page.LostEvents);
    }

    private static int? NumberOf(string tracefs, string name)
    {
        string file = Path.Combine(tracefs, "events/kvm", name, "format");
        return File.Exists(file) ? EventLayout.Parse("kvm", File.ReadAllText(file))?.Id : null;
    }
}
