using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.Ctf.Tsdl;

namespace Differ.Capture.Formats.Ctf;

/// <summary>Turns the types of a description into steps, once; reading an event is doing its steps.</summary>
/// <remarks>
/// A length or tag is looked for as the format wants it: under an absolute path (<c>stream.event.header.id</c>), else among the
/// fields before it, from the inside out, and then in the parts of the event that were read before.
/// </remarks>
internal sealed class CtfCompiler
{
    /// <summary>Where parts of a packet are known under.</summary>
    public const string PacketHeader = "trace.packet.header", PacketContext = "stream.packet.context", EventHeader = "stream.event.header",
        StreamContext = "stream.event.context", EventContext = "event.context", EventFields = "event.fields";

    /// <summary>Most steps of all plans together.</summary>
    public const int MostSteps = 1 << 18;

    /// <summary>Most types inside each other, by whatever names.</summary>
    public const int MostNesting = 64;

    /// <summary>Most numbers, or ranges of them, that choose between the options of a variant.</summary>
    public const int MostRanges = 1 << 10;

    private static readonly string[] Roots = [PacketHeader, PacketContext, EventHeader, StreamContext, EventContext, EventFields];

    private readonly Dictionary<string, Frame> _roots = new(StringComparer.Ordinal);
    private string _root = "";
    private int _steps;
    private int _nesting;

    /// <summary>How many numbers are kept for later steps.</summary>
    public int Registers { get; private set; }

    /// <summary>Compiles a part of a packet.</summary>
    /// <param name="root">Where it is known under; forgets the part that was known there.</param>
    /// <param name="type">Its type; null for nothing.</param>
    /// <param name="layout">Gives the fields their places in a record; null where they go into none.</param>
    public CtfStep[] Compile(string root, TsdlStruct? type, CtfLayout? layout = null)
    {
        _root = root;
        var frame = new Frame(null);
        _roots[root] = frame;
        var steps = new List<CtfStep>();
        if (type is not null)
        {
            Struct(type, frame, steps, layout, "");
        }

        return [.. steps];
    }

    private void Struct(TsdlStruct type, Frame frame, List<CtfStep> steps, CtfLayout? layout, string prefix)
    {
        Enter();
        if (type.Align > 1)
        {
            steps.Add(Made(new CtfStep(CtfStepKind.Align, type.Align)));
        }

        foreach (TsdlField field in type.Fields)
        {
            if (field.Type is TsdlStruct inner)
            {
                var inside = new Frame(frame);
                frame.Inside[field.Name] = inside;
                Struct(inner, inside, steps, layout, $"{prefix}{field.PlainName}.");
                continue;
            }

            CtfStep step = Step(field.Name, field.Type, frame, steps);
            layout?.Add(prefix + field.PlainName, field.Type, step);
            frame.Numbers[field.Name] = (step, field.Type);
        }

        _nesting--;
    }

    private CtfStep Step(string name, TsdlType type, Frame frame, List<CtfStep> steps)
    {
        Enter();
        CtfStep step = type switch
        {
            TsdlNumber number => Number(name, number),
            TsdlEnum named => Number(name, named.Container),
            TsdlString => new CtfStep(CtfStepKind.String, type.Align),
            TsdlArray array => new CtfStep(CtfStepKind.Repeat, type.Align) { Count = array.Count, Inside = Elements(array.Element, frame) },
            TsdlSequence sequence => new CtfStep(CtfStepKind.RepeatByRegister, type.Align)
            {
                Register = Keep(Find(sequence.Length, frame).Step),
                Inside = Elements(sequence.Element, frame),
            },
            TsdlVariant variant => Choice(variant, frame),
            _ => Nested((TsdlStruct)type, frame),
        };
        _nesting--;
        steps.Add(Made(step));
        return step;
    }

    private CtfStep Number(string name, TsdlNumber number) => new(CtfStepKind.Number, number.Align)
    {
        Bits = number.Bits,
        Signed = number.Signed,
        BigEndian = number.BigEndian,
        IsEventId = _root == EventHeader && name == "id",
        IsTime = _root == EventHeader && (number.Clock.Length > 0 || name == "timestamp"),
    };

    private CtfStep Nested(TsdlStruct type, Frame frame)
    {
        var steps = new List<CtfStep>();
        Struct(type, new Frame(frame), steps, null, "");
        return new CtfStep(CtfStepKind.Repeat, type.Align) { Count = 1, Inside = [.. steps] };
    }

    private CtfStep[] Elements(TsdlType element, Frame frame)
    {
        var steps = new List<CtfStep>();
        Step("", element, new Frame(frame), steps);
        return [.. steps];
    }

    private CtfStep Choice(TsdlVariant variant, Frame frame)
    {
        (CtfStep step, TsdlType type) = Find(variant.Tag, frame);
        if (type is not TsdlEnum tag)
        {
            return CaptureFormatException.ThrowMetadata<CtfStep>($"the tag {variant.Tag} of a variant is no enum", 0);
        }

        var optionOf = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int option = 0; option < variant.Options.Count; option++)
        {
            optionOf[variant.Options[option].Name] = option;
            optionOf.TryAdd(variant.Options[option].PlainName, option);
        }

        (ulong, ulong, int)[] ranges = [.. tag.Ranges.Where(range => optionOf.ContainsKey(range.Name)).Select(range => (range.First, range.Last, optionOf[range.Name]))];
        if (ranges.Length > MostRanges)
        {
            CaptureFormatException.ThrowMetadataLimit("numbers that choose an option of a variant", MostRanges, 0);
        }

        return new CtfStep(CtfStepKind.Choose, 1)
        {
            Register = Keep(step),
            Ranges = ranges,
            RangesAreSigned = tag.Container.Signed,
            Options = [.. variant.Options.Select(option => Elements(option.Type, frame))],
        };
    }

    private int Keep(CtfStep step)
    {
        if (step.Register < 0)
        {
            step.Register = Registers++;
        }

        return step.Register;
    }

    private (CtfStep Step, TsdlType Type) Find(string path, Frame frame)
    {
        (CtfStep Step, TsdlType Type)? found = null;
        foreach (string root in Roots)
        {
            if (path.StartsWith(root + ".", StringComparison.Ordinal) && _roots.TryGetValue(root, out Frame? there))
            {
                found = there.Find(path[(root.Length + 1)..]);
            }
        }

        for (Frame? around = frame; found is null && around is not null; around = around.Outer)
        {
            found = around.Find(path);
        }

        for (int i = Array.IndexOf(Roots, _root) - 1; found is null && i >= 0; i--)
        {
            found = _roots.GetValueOrDefault(Roots[i])?.Find(path);
        }

        return found is { Step.Kind: CtfStepKind.Number } number ? number
            : CaptureFormatException.ThrowMetadata<(CtfStep, TsdlType)>($"no number {path} stands before what needs it", 0);
    }

    private void Enter()
    {
        if (++_nesting > MostNesting)
        {
            CaptureFormatException.ThrowMetadataLimit("types inside each other", MostNesting, 0);
        }
    }

    private CtfStep Made(CtfStep step)
    {
        if (++_steps > MostSteps)
        {
            CaptureFormatException.ThrowMetadataLimit("steps to read all events", MostSteps, 0);
        }

        return step;
    }

    /// <summary>The fields of a structure that were read so far.</summary>
    /// <param name="outer">The structure around.</param>
    private sealed class Frame(Frame? outer)
    {
        public Frame? Outer => outer;

        public Dictionary<string, (CtfStep Step, TsdlType Type)> Numbers { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, Frame> Inside { get; } = new(StringComparer.Ordinal);

        public (CtfStep Step, TsdlType Type)? Find(string path)
        {
            Frame frame = this;
            for (int dot = path.IndexOf('.', StringComparison.Ordinal); dot > 0; dot = path.IndexOf('.', StringComparison.Ordinal))
            {
                if (!frame.Inside.TryGetValue(path[..dot], out Frame? inside))
                {
                    return null;
                }

                frame = inside;
                path = path[(dot + 1)..];
            }

            return frame.Numbers.TryGetValue(path, out (CtfStep, TsdlType) found) ? found : null;
        }
    }
}
