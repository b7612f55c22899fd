using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.PerfData;

/// <summary>What a file says before its events: the attributes before the records, the features behind them.</summary>
internal static class PerfFile
{
    private const int SectionSize = 16;
    private const int LargestIds = 1 << 24;
    private const int FeatureBits = 256;

    /// <summary>Reads everything but the records.</summary>
    /// <exception cref="CaptureFormatException">The file cannot be used.</exception>
    public static PerfContent Read(ByteSource source, PerfHeader header)
    {
        var content = new PerfContent();
        ReadFeatures(source, header, content);
        ReadAttributes(source, header, content);
        return content;
    }

    // Behind the data: a section for each bit that is set, in the order of the bits.
    private static void ReadFeatures(ByteSource source, PerfHeader header, PerfContent content)
    {
        var table = new SourceReader(source, header.Data.End, header.BigEndian);
        for (int feature = 0; feature < FeatureBits; feature++)
        {
            if (header.Has(feature))
            {
                content.AddFeature(feature, PerfSection.Read(table, source, "feature"), source, header.BigEndian);
            }
        }
    }

    private static void ReadAttributes(ByteSource source, PerfHeader header, PerfContent content)
    {
        long count = header.Attributes.Size / header.AttributeSize;
        for (long i = 0; i < count; i++)
        {
            long at = header.Attributes.Offset + (i * header.AttributeSize);
            byte[] bytes = new byte[header.AttributeSize - SectionSize];
            source.ReadExactly(at, bytes, "attribute");
            PerfAttribute attribute = PerfAttribute.Read(bytes, at, header.BigEndian);
            content.Attributes.Add(attribute, at);
            PerfSection ids = PerfSection.Read(new SourceReader(source, at + bytes.Length, header.BigEndian), source, "ids");
            if (ids.Size > LargestIds)
            {
                CaptureFormatException.ThrowImpossible("size of the ids", at, $"{ids.Size}");
            }

            var reader = new SourceReader(source, ids.Offset, header.BigEndian);
            while (reader.Position + sizeof(ulong) <= ids.End)
            {
                content.Attributes.AddId(reader.U64("id"), attribute, ids.Offset);
            }
        }
    }
}
