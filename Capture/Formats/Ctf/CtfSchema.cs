using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.Ctf.Tsdl;
using Differ.Capture.Tracepoints;

namespace Differ.Capture.Formats.Ctf;

/// <summary>The description of a recording, compiled.</summary>
internal sealed class CtfSchema
{
    private const ulong HighestFrequency = 10_000_000_000;

    private readonly Dictionary<ulong, CtfStreamKind> _streams = [];

    /// <summary>Compiles a description.</summary>
    /// <exception cref="CaptureFormatException">It contradicts itself or is too large.</exception>
    public CtfSchema(TsdlDescription description)
    {
        Description = description;
        var compiler = new CtfCompiler();
        PacketHeader = compiler.Compile(CtfCompiler.PacketHeader, description.PacketHeader, PacketHeaderLayout);
        ILookup<ulong, TsdlEvent> events = description.Events.ToLookup(one => one.Stream);
        foreach (TsdlStream stream in description.Streams)
        {
            _streams[stream.Id] = Compile(stream, events[stream.Id], compiler);
        }

        Registers = compiler.Registers;
        DoubtProbes();
        IsOfLttng = description.Events.Any(one => LttngProbes.IsNamedSo(one.Name));
    }

    /// <summary>What was compiled.</summary>
    public TsdlDescription Description { get; }

    /// <summary>The steps that read what a packet starts with.</summary>
    public CtfStep[] PacketHeader { get; }

    /// <summary>What they read.</summary>
    public CtfLayout PacketHeaderLayout { get; } = new(null);

    /// <summary>How many numbers readers keep for later steps.</summary>
    public int Registers { get; }

    /// <summary>Whether LTTng's probes of KVM recorded it.</summary>
    public bool IsOfLttng { get; }

    /// <summary>Tracepoints whose values are not what their names say.</summary>
    public List<string> Stale { get; } = [];

    /// <summary>Whether kvm_entry has half a pointer in place of the number of the vCPU.</summary>
    public bool EntryIsStale { get; private set; }

    public IReadOnlyCollection<CtfStreamKind> Streams => _streams.Values;

    /// <summary>The kinds of events.</summary>
    public IEnumerable<CtfKind> Kinds => _streams.Values.SelectMany(stream => stream.Kinds.Values);

    /// <summary>The kind of a stream; null where the description has none.</summary>
    public CtfStreamKind? Find(ulong id) => _streams.GetValueOrDefault(id);

    private CtfStreamKind Compile(TsdlStream stream, IEnumerable<TsdlEvent> events, CtfCompiler compiler)
    {
        var context = new CtfLayout(null);
        CtfStep[] contextSteps = compiler.Compile(CtfCompiler.PacketContext, stream.PacketContext, context);
        CtfStep[] header = compiler.Compile(CtfCompiler.EventHeader, stream.EventHeader);
        var kinds = new Dictionary<ulong, CtfKind>();
        foreach (TsdlEvent one in events)
        {
            kinds[one.Id] = CtfKind.Of(one, stream, compiler);
        }

        string name = stream.EventHeader is null ? "" : ClockIn(stream.EventHeader);
        TsdlClock clock = Description.Clocks.Find(one => one.Name == name) ?? Description.Clocks.FirstOrDefault() ?? new TsdlClock("", 1_000_000_000);
        if (clock.Frequency is 0 or > HighestFrequency)
        {
            CaptureFormatException.ThrowMetadata<bool>($"clock {clock.Name} has {clock.Frequency} ticks per second", 0);
        }

        return new CtfStreamKind(stream.Id, _streams.Count, contextSteps, context, header, kinds, clock.Name, clock.Frequency);
    }

    private static string ClockIn(TsdlType type) => type switch
    {
        TsdlNumber number => number.Clock,
        TsdlStruct structure => structure.Fields.Select(field => ClockIn(field.Type)).FirstOrDefault(clock => clock.Length > 0) ?? "",
        TsdlVariant variant => variant.Options.Select(field => ClockIn(field.Type)).FirstOrDefault(clock => clock.Length > 0) ?? "",
        _ => "",
    };

    private void DoubtProbes()
    {
        HashSet<string> probes = [.. Description.Events.Where(one => LttngProbes.IsNamedSo(one.Name)).Select(one => LttngProbes.Split(one.Name).Name)];
        EventLayout? exit = Kinds.FirstOrDefault(kind => kind.Type.Layout is { System: "kvm", Name: "kvm_exit" })?.Type.Layout;
        foreach (CtfStreamKind stream in _streams.Values)
        {
            foreach ((ulong id, CtfKind kind) in stream.Kinds.Where(pair => probes.Contains(pair.Value.Type.Layout.Name)).ToList())
            {
                if (!LttngProbes.IsStale(kind.Type.Layout, exit))
                {
                    continue;
                }

                Stale.Add(kind.Type.Layout.Name);
                if (KvmTracepoints.Find("kvm", kind.Type.Layout.Name) is { Role: TracepointRole.Entry })
                {
                    EntryIsStale = true;
                }
                else
                {
                    stream.Replace(id, kind.Cut());
                }
            }
        }
    }
}
