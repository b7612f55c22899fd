using System.Globalization;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.Ctf.Tsdl;

/// <summary>Reads the description of a recording, written in TSDL.</summary>
/// <remarks>
/// <code>
/// trace { byte_order = le; packet.header := struct { … }; };   env { name = value; };   clock { name = …; freq = …; };
/// stream { id = 0; event.header := …; packet.context := …; event.context := …; };
/// event { name = "…"; id = 0; stream_id = 0; context := …; fields := struct { … }; };
/// </code>
/// Source: the Common Trace Format, version 1.8.3, sections 7 and C.
/// </remarks>
internal sealed class TsdlParser
{
    /// <summary>Most kinds of events.</summary>
    public const int MostEvents = 1 << 16;

    private const int MostStreams = 1 << 10;
    private const int MostPairs = 1 << 12;

    private readonly TsdlWords _words;
    private readonly TsdlTypes _types;
    private readonly TsdlDescription _description = new();

    private TsdlParser(string text, bool bigEndian)
    {
        _words = new TsdlWords(text);
        _types = new TsdlTypes(_words) { BigEndian = bigEndian };
        _description.BigEndian = bigEndian;
    }

    /// <summary>Reads a description.</summary>
    /// <exception cref="CaptureFormatException">DIF0372: it says something that is not TSDL. DIF0373: it is too large.</exception>
    public static TsdlDescription Parse(string text)
    {
        TsdlDescription description = new TsdlParser(text, bigEndian: false).Parse();

        // LTTng names its types before it says the byte order that they have.
        return description.BigEndian ? new TsdlParser(text, bigEndian: true).Parse() : description;
    }

    private TsdlDescription Parse()
    {
        while (_words.Peek.Kind != TsdlTokenKind.End)
        {
            switch (_words.Peek.Text)
            {
                case "typedef":
                    _words.Take();
                    _types.ReadTypedef();
                    break;
                case "typealias":
                    _words.Take();
                    _types.ReadTypealias();
                    break;
                case "trace" or "env" or "clock" or "stream" or "event" or "callsite":
                    ReadBlock(_words.Take().Text);
                    break;
                case ";":
                    _words.Take();
                    break;
                default:
                    _types.ReadType();
                    _words.Expect(";");
                    break;
            }
        }

        return _description;
    }

    private void ReadBlock(string kind)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        var types = new Dictionary<string, TsdlType>(StringComparer.Ordinal);
        _words.Expect("{");
        while (!_words.TakeIf("}"))
        {
            if (_words.TakeIf("typedef"))
            {
                _types.ReadTypedef();
            }
            else if (_words.TakeIf("typealias"))
            {
                _types.ReadTypealias();
            }
            else
            {
                ReadPair(pairs, types);
            }
        }

        _words.TakeIf(";");
        Keep(kind, pairs, types);
    }

    private void ReadPair(Dictionary<string, string> pairs, Dictionary<string, TsdlType> types)
    {
        string name = _words.Peek.Kind == TsdlTokenKind.Text ? _words.Take().Text : _words.TakeName();
        while (_words.TakeIf("."))
        {
            name = $"{name}.{_words.TakeName()}";
        }

        if (_words.TakeIf(":="))
        {
            types[name] = _types.ReadType();
        }
        else
        {
            _words.Expect("=");
            pairs[name] = _words.TakeValue();
        }

        _words.Expect(";");
        if (pairs.Count > MostPairs)
        {
            CaptureFormatException.ThrowMetadataLimit("values in a block", MostPairs, _words.Peek.Line);
        }
    }

    private void Keep(string kind, Dictionary<string, string> pairs, Dictionary<string, TsdlType> types)
    {
        switch (kind)
        {
            case "trace":
                _description.BigEndian = pairs.GetValueOrDefault("byte_order", "le") is "be" or "network";
                _description.Uuid = pairs.GetValueOrDefault("uuid", "").Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
                _description.PacketHeader = Struct(types, "packet.header");
                break;
            case "env":
                foreach ((string name, string value) in pairs)
                {
                    _description.Environment[name] = value;
                }

                break;
            case "clock":
                _description.Clocks.Add(new TsdlClock(pairs.GetValueOrDefault("name", ""), Number(pairs, "freq", 1_000_000_000)));
                break;
            case "stream":
                _description.Streams.Add(new TsdlStream(
                    Number(pairs, "id", 0), Struct(types, "packet.context"), Struct(types, "event.header"), Struct(types, "event.context")));
                break;
            case "event":
                _description.Events.Add(new TsdlEvent(
                    Number(pairs, "stream_id", 0), Number(pairs, "id", 0), pairs.GetValueOrDefault("name", ""), Struct(types, "context"), Struct(types, "fields")));
                break;
            default:
                break;
        }

        if (_description.Events.Count > MostEvents || _description.Streams.Count > MostStreams || _description.Clocks.Count > MostStreams)
        {
            CaptureFormatException.ThrowMetadataLimit("events, or 1024 streams or clocks", MostEvents, _words.Peek.Line);
        }
    }

    private ulong Number(Dictionary<string, string> pairs, string name, ulong otherwise)
    {
        if (!pairs.TryGetValue(name, out string? text))
        {
            return otherwise;
        }

        TsdlToken number = new TsdlLexer(text).Next();
        return number.Kind == TsdlTokenKind.Number ? number.Number
            : CaptureFormatException.ThrowMetadata<ulong>(string.Create(CultureInfo.InvariantCulture, $"{name} cannot be {text}"), _words.Peek.Line);
    }

    private TsdlStruct? Struct(Dictionary<string, TsdlType> types, string name) => !types.TryGetValue(name, out TsdlType? type) ? null
        : type as TsdlStruct ?? CaptureFormatException.ThrowMetadata<TsdlStruct>($"{name} is no structure", _words.Peek.Line);
}
