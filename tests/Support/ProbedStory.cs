using System.Buffers.Binary;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Support;

/// <summary>A story with the probes of differ record beside the tracepoints.</summary>
/// <remarks>It keeps a VMCB of L1, of L2 and vmcb12, of which only what the story sets is shown; what is set in one and not in another is 0 there.</remarks>
/// <param name="story">The tracepoints.</param>
/// <param name="formats">The layouts; while the story is told for the first time they take the fields.</param>
/// <param name="writes">Whether the layouts are made, so that events can be written.</param>
internal sealed class ProbedStory(KvmStory story, ProbeFormats formats, bool writes)
{
    private const ulong VmcbOfL1 = 0xffff_8881_0000_1000, VmcbOfL2 = 0xffff_8881_0000_2000, Mapped = 0xffff_8881_0000_7000;

    private readonly Dictionary<VmcbField, ulong> _l1 = [], _l2 = [], _vmcb12 = [];
    private bool _gif;

    /// <summary>The tracepoints.</summary>
    public KvmStory Story => story;

    /// <summary>What fields a story speaks of.</summary>
    public static ProbeFormats FieldsOf(KernelLayouts kernel, Action<ProbedStory> tell)
    {
        var formats = new ProbeFormats();
        tell(new ProbedStory(new KvmStory(static (_, _, _) => { }, kernel), formats, writes: false));
        formats.Make();
        return formats;
    }

    /// <summary>A field of L1's VMCB is from now on.</summary>
    /// <remarks>While vmcb12 is read, only what VMRUN saves is shown of it.</remarks>
    public ProbedStory L1(VmcbField field, ulong value) => Set(_l1, field, value, VmcbLayout.Of(field).Area == VmcbArea.Save ? ['c', 'h'] : ['c']);

    /// <summary>A field of the VMCB with which L0 runs L2 is from now on.</summary>
    public ProbedStory L2(VmcbField field, ulong value) => Set(_l2, field, value, 'c');

    /// <summary>A field of vmcb12 is from now on.</summary>
    public ProbedStory Vmcb12(VmcbField field, ulong value) => Set(_vmcb12, field, value, 'g');

    /// <summary>GIF is from now on, and the processor does not keep it.</summary>
    public ProbedStory Gif(bool value)
    {
        _gif = value;
        formats.HasGif = true;
        return L1(VmcbField.IntCtl, 0);
    }

    /// <summary>L1 exits.</summary>
    public ProbedStory L1Exit(ulong code, ulong rip, ulong info1 = 0)
    {
        story.Exit(code, rip, info1);
        return Machine("exit", _l1, VmcbOfL1);
    }

    /// <summary>L1 is entered.</summary>
    public ProbedStory L1Entry(ulong rip)
    {
        story.Entry(rip);
        return Machine("entry", _l1, VmcbOfL1);
    }

    /// <summary>L2 exits.</summary>
    public ProbedStory L2Exit(ulong code, ulong rip, ulong info1 = 0, ulong info2 = 0, uint intInfo = 0)
    {
        story.ExitFromL2(code, rip, info1, info2, intInfo);
        return Machine("exit", _l2, VmcbOfL2);
    }

    /// <summary>L2 is entered.</summary>
    public ProbedStory L2Entry(ulong rip, uint eventInj = 0)
    {
        story.Entry(rip, eventInj);
        return Machine("entry", _l2, VmcbOfL2);
    }

    /// <summary>L0 finds vmcb12 for VMRUN.</summary>
    public ProbedStory Found() => Add("vmrun", record => Fill(Fill(record, 'g', _vmcb12), 'h', _l1));

    /// <summary>L0 lets the page of vmcb12 go behind a #VMEXIT.</summary>
    public ProbedStory Left(ulong vmcb12) => Add("vmexit", record => record.With("vmcb12", vmcb12))
        .Add("unmap", record => Fill(record.With("gfn", vmcb12 >> 12).With("hva", Mapped), 'g', _vmcb12));

    private ProbedStory Machine(string probe, Dictionary<VmcbField, ulong> image, ulong vmcb) =>
        Add(probe, record => Fill(record.With("vmcb", vmcb).With("vmcb02", VmcbOfL2).WithAny("gif", _gif ? 1UL : 0), 'c', image));

    private EventRecord Fill(EventRecord record, char letter, Dictionary<VmcbField, ulong> image)
    {
        foreach ((_, VmcbField field) in formats.Fields.Where(one => one.Letter == letter))
        {
            byte[] bytes = new byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, image.GetValueOrDefault(field));
            record.With(ProbeFormats.NameOf(letter, field), bytes[..VmcbLayout.Of(field).Size]);
        }

        return record;
    }

    private ProbedStory Set(Dictionary<VmcbField, ulong> image, VmcbField field, ulong value, params char[] letters)
    {
        image[field] = value;
        foreach (char letter in letters)
        {
            formats.Show(letter, field);
        }

        return this;
    }

    private ProbedStory Add(string probe, Func<EventRecord, EventRecord> fill)
    {
        if (writes)
        {
            story.Add(fill(story.Probe(formats[probe])));
        }

        return this;
    }
}
