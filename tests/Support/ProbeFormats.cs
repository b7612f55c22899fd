using System.Globalization;
using System.Text;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Support;

/// <summary>The layouts of the probes for one recording: they show the fields that its story speaks of, and no others.</summary>
internal sealed class ProbeFormats
{
    private const int FirstField = 40;

    private readonly SortedSet<VmcbField> _ofCurrent = [], _ofVmcb12 = [], _ofL1 = [];
    private readonly Dictionary<string, EventFormat> _formats = [];

    /// <summary>Whether GIF is shown.</summary>
    public bool HasGif { get; set; }

    /// <summary>Fields of the VMCB that runs, of vmcb12, and of L1's VMCB while vmcb12 is read.</summary>
    public IEnumerable<(char Letter, VmcbField Field)> Fields =>
        [.. _ofCurrent.Select(static one => ('c', one)), .. _ofVmcb12.Select(static one => ('g', one)), .. _ofL1.Select(static one => ('h', one))];

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<EventFormat> All => _formats.Values;

    /// <summary>The layout of a probe.</summary>
    public EventFormat this[string name] => _formats[name];

    /// <summary>The name of a field of a VMCB in a probe.</summary>
    public static string NameOf(char letter, VmcbField field) => string.Create(CultureInfo.InvariantCulture, $"{letter}{VmcbLayout.Of(field).Position:x3}");

    /// <summary>A field is shown.</summary>
    public void Show(char letter, VmcbField field) => (letter == 'g' ? _ofVmcb12 : letter == 'h' ? _ofL1 : _ofCurrent).Add(field);

    /// <summary>Makes the layouts of what is shown.</summary>
    public void Make()
    {
        string gif = HasGif ? ", u8 gif @32" : "";
        foreach (string name in (string[])["entry", "exit"])
        {
            Add(name, $"s32 vcpu @8, u64 vmcb @16, u64 vmcb02 @24{gif}", ('c', _ofCurrent));
        }

        Add("vmrun", "s32 vcpu @8", ('g', _ofVmcb12), ('h', _ofL1));
        Add("unmap", "s32 vcpu @8, u64 gfn @16, u64 hva @24", ('g', _ofVmcb12));
        Add("vmexit", "s32 vcpu @8, u64 vmcb12 @16");
    }

    private void Add(string name, string numbers, params (char Letter, IEnumerable<VmcbField> Fields)[] images)
    {
        var text = new StringBuilder(numbers);
        int at = FirstField;
        foreach ((char letter, IEnumerable<VmcbField> fields) in images)
        {
            foreach (VmcbField field in fields)
            {
                int size = VmcbLayout.Of(field).Size;
                text.Append(CultureInfo.InvariantCulture, $", u8 {NameOf(letter, field)}[{size}] @{at}");
                at += size;
            }
        }

        _formats[name] = new EventFormat(name, 900 + _formats.Count, text.ToString(), (at + 7) & ~7);
    }
}
