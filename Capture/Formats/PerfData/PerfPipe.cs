using System.Buffers.Binary;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.PerfData;

/// <summary>What a pipe says before its events: records of their own, before the first sample.</summary>
internal static class PerfPipe
{
    private const int SizeOffset = 4;

    /// <summary>Reads up to the first record of the kernel that can be a sample.</summary>
    /// <exception cref="CaptureFormatException">The recording cannot be used.</exception>
    public static PerfContent Read(ByteSource source, PerfHeader header)
    {
        var content = new PerfContent();
        using var records = new PerfRecords(source, header.Data, header.BigEndian);
        while (records.MoveNext() && records.Type != PerfRecordType.Sample && !records.IsUnpacked)
        {
            switch (records.Type)
            {
                case PerfRecordType.HeaderAttribute:
                    ReadAttribute(records, header.BigEndian, content);
                    break;
                case PerfRecordType.HeaderFeature:
                    ReadFeature(records, source, header.BigEndian, content);
                    break;
                case PerfRecordType.HeaderTracingData:
                    content.AddFeature(PerfHeader.TracingData, records.Following, source, header.BigEndian);
                    break;
                default:
                    break;
            }
        }

        return content;
    }

    // perf_event_attr, as long as it says, then ids to the end of the record.
    private static void ReadAttribute(PerfRecords records, bool bigEndian, PerfContent content)
    {
        ReadOnlySpan<byte> body = records.Body;
        var cursor = new ByteCursor(body, records.BodyOffset, bigEndian);
        ReadOnlySpan<byte> start = cursor.Take(PerfAttribute.SmallestSize, "attr")[SizeOffset..];
        uint size = bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(start) : BinaryPrimitives.ReadUInt32LittleEndian(start);
        if (size < PerfAttribute.SmallestSize || size > body.Length)
        {
            CaptureFormatException.ThrowImpossible("attr.size", records.BodyOffset, $"{size} in a record of {body.Length} bytes");
        }

        PerfAttribute attribute = PerfAttribute.Read(body[..(int)size], records.BodyOffset, bigEndian);
        content.Attributes.Add(attribute, records.BodyOffset);
        var ids = new ByteCursor(body[(int)size..], records.BodyOffset + size, bigEndian);
        while (ids.Left >= sizeof(ulong))
        {
            content.Attributes.AddId(ids.U64("id"), attribute, records.BodyOffset);
        }
    }

    private static void ReadFeature(PerfRecords records, ByteSource source, bool bigEndian, PerfContent content)
    {
        var cursor = new ByteCursor(records.Body, records.BodyOffset, bigEndian);
        ulong feature = cursor.U64("feature");
        if (feature <= byte.MaxValue && feature != PerfHeader.TracingData)
        {
            content.AddFeature((int)feature, new PerfSection(cursor.FileOffset, cursor.Left), source, bigEndian);
        }
    }
}
