using System.Buffers.Binary;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.PerfData;

/// <summary>The attributes of a recording, and which of them a sample belongs to.</summary>
internal sealed class PerfAttributes
{
    // One id per event and CPU; 2^20 are a thousand events on a thousand CPUs.
    private const int MostIds = 1 << 20;
    private const int MostAttributes = 1 << 14;
    private const int RecentIds = 1 << 9;

    private readonly List<PerfAttribute> _all = [];
    private readonly Dictionary<ulong, PerfAttribute> _byId = [];
    private PerfAttribute? _only;
    private int _idOffset = -1;

    // The last ids by their lowest bits: ids are given out one after the other, and neighbours are in use together.
    private readonly (ulong Id, PerfAttribute? Attribute)[] _recent = new (ulong, PerfAttribute?)[RecentIds];

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<PerfAttribute> All => _all;

    /// <summary>Adds an attribute.</summary>
    /// <param name="attribute">The attribute.</param>
    /// <param name="fileOffset">Where it stands in the file.</param>
    /// <exception cref="CaptureFormatException">DIF0104: more than any recording has.</exception>
    public void Add(PerfAttribute attribute, long fileOffset)
    {
        if (_all.Count == MostAttributes)
        {
            CaptureFormatException.ThrowImpossible("number of attributes", fileOffset, $"more than {MostAttributes}");
        }

        attribute.Instance = _all.Count(other => other.Type == attribute.Type && other.Config == attribute.Config);
        _all.Add(attribute);
    }

    /// <summary>Gives an attribute the id of one of its events.</summary>
    /// <exception cref="CaptureFormatException">DIF0104: more than any recording has.</exception>
    public void AddId(ulong id, PerfAttribute attribute, long fileOffset)
    {
        if (_byId.Count == MostIds)
        {
            CaptureFormatException.ThrowImpossible("number of ids", fileOffset, $"more than {MostIds}");
        }

        _byId[id] = attribute;
    }

    /// <summary>Decides how samples are told apart, once all attributes are known.</summary>
    /// <exception cref="CaptureFormatException">DIF0314: they cannot be.</exception>
    public void Settle(long fileOffset)
    {
        PerfAttribute first = _all[0];

        // Of tracepoints that are all recorded alike, and once each, the raw data says which one a sample is of.
        bool alike = _all.TrueForAll(other => other.IsTracepoint && other.Instance == 0
            && other.SampleType == first.SampleType && other.ReadFormat == first.ReadFormat);
        if (_all.Count == 1 || alike)
        {
            _only = first;
            return;
        }

        _idOffset = first.IdOffset;
        if (_idOffset < 0 || _all.Exists(other => other.IdOffset != _idOffset))
        {
            CaptureFormatException.ThrowNoIds(fileOffset);
        }
    }

    /// <summary>The attribute of a sample; null where the file does not describe it.</summary>
    /// <param name="body">The sample behind its header.</param>
    /// <param name="bigEndian">Byte order.</param>
    public PerfAttribute? Of(ReadOnlySpan<byte> body, bool bigEndian)
    {
        if (_only is { } only)
        {
            return only;
        }

        if (body.Length < _idOffset + sizeof(ulong))
        {
            return null;
        }

        ReadOnlySpan<byte> at = body[_idOffset..];
        ulong id = bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(at) : BinaryPrimitives.ReadUInt64LittleEndian(at);
        ref (ulong Id, PerfAttribute? Attribute) recent = ref _recent[(int)(id & (RecentIds - 1))];
        if (recent.Id != id || recent.Attribute is null)
        {
            recent = (id, _byId.GetValueOrDefault(id));
        }

        return recent.Attribute;
    }

    /// <summary>The attribute an id belongs to; null where the file does not say.</summary>
    public PerfAttribute? OfId(ulong id) => _byId.GetValueOrDefault(id);
}
