using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.TracingData;

namespace Differ.Capture.Formats.TraceDat;

/// <summary>Version 7: sections that options point to.</summary>
internal static class TraceDatV7
{
    private const ushort OptionsSection = 0;
    private const ushort CompressedFlag = 1;
    private const ushort LargestSectionId = 64;
    private const int SectionHeader = 16;
    private const int LargestOption = 1 << 24;
    private const int LargestSection = 1 << 26;
    private const int MostOptionSections = 1 << 12;
    private const uint MostCpus = 1 << 16;
    private const int LongestName = 4096;

    /// <summary>Reads everything but the events.</summary>
    public static TraceDatContent Read(ByteSource source, TraceDatHeader header)
    {
        var content = new TraceDatContent();
        Unpacker? unpacker = null;
        try
        {
            ReadOptionChain(source, header, content, ref unpacker);
            ReadDescriptions(source, header, content, ref unpacker);
            foreach (TraceDatOption option in content.Options.Where(option => option.Id == TraceDatOptions.Buffer))
            {
                content.AddBuffer(ReadBuffer(source, option, header), option.FileOffset);
            }
        }
        finally
        {
            unpacker?.Dispose();
        }

        if (content.Buffers.Count == 0)
        {
            CaptureFormatException.ThrowUnsupported("the file has no event data", "record with trace-cmd record", header.Next);
        }

        PassOthers(source, header, content);
        return content;
    }

    // Sections that nothing needs may end the file, as that of the texts that describe the others.
    private static void PassOthers(ByteSource source, TraceDatHeader header, TraceDatContent content)
    {
        for (int sections = 0; sections < MostOptionSections && content.End is { } end && end <= source.Length - SectionHeader; sections++)
        {
            var reader = new SourceReader(source, end, header.BigEndian);
            ushort id = reader.U16("section");
            ushort flags = reader.U16("flags of a section");
            _ = reader.U32("description of a section");
            ulong size = reader.U64("size of a section");
            if (id > LargestSectionId || flags > CompressedFlag || size == 0 || size > (ulong)reader.Left)
            {
                return;
            }

            content.Reach(reader.Position + (long)size);
        }
    }

    private static void ReadOptionChain(ByteSource source, TraceDatHeader header, TraceDatContent content, ref Unpacker? unpacker)
    {
        long next = header.Next;
        for (int sections = 0; next != 0; sections++)
        {
            if (sections == MostOptionSections)
            {
                CaptureFormatException.ThrowImpossible("chain of options", next, "longer than 4096 sections");
            }

            next = ReadOptions(OpenSection(source, next, OptionsSection, header, content, ref unpacker), content);
        }
    }

    // The last option of a section, number 0, tells where the next section is; 0 ends the chain.
    private static long ReadOptions(Section section, TraceDatContent content)
    {
        SourceReader reader = section.Reader;
        while (reader.Position < section.End)
        {
            ushort id = reader.U16("option");
            uint size = reader.U32("size of an option");
            if (id == TraceDatOptions.Done)
            {
                return reader.Offset("offset of the next options");
            }

            content.Describe(size, section.FileOffset);
            content.Options.Add(new TraceDatOption(id, section.FileOffset, reader.Bytes(size, LargestOption, "option")));
        }

        return 0;
    }

    private static void ReadDescriptions(ByteSource source, TraceDatHeader header, TraceDatContent content, ref Unpacker? unpacker)
    {
        bool described = false;
        foreach (TraceDatOption option in content.Options)
        {
            switch (option.Id)
            {
                case TraceDatOptions.HeaderInfo:
                    content.Page = TracingSections.ReadHeaderInfo(Pointed(source, option, header, content, ref unpacker));
                    described = true;
                    break;
                case TraceDatOptions.FtraceEvents:
                    TracingSections.ReadFtraceFormats(Pointed(source, option, header, content, ref unpacker), content);
                    break;
                case TraceDatOptions.EventFormats:
                    TracingSections.ReadEventFormats(Pointed(source, option, header, content, ref unpacker), content);
                    break;
                case TraceDatOptions.Cmdlines:
                    TracingSections.ReadCmdlines(Pointed(source, option, header, content, ref unpacker), content);
                    break;
                default:
                    break;
            }
        }

        if (!described)
        {
            CaptureFormatException.ThrowUnsupported("the file does not describe its pages", "it is cut short or damaged; record again", header.Next);
        }
    }

    private static SourceReader Pointed(ByteSource source, TraceDatOption option, TraceDatHeader header, TraceDatContent content, ref Unpacker? unpacker)
    {
        long offset = new SourceReader(new MemorySource(option.Data), 0, header.BigEndian).Offset("offset of a section");
        return OpenSection(source, offset, (ushort)option.Id, header, content, ref unpacker).Reader;
    }

    private static Section OpenSection(ByteSource source, long offset, ushort expected, TraceDatHeader header, TraceDatContent content, ref Unpacker? unpacker)
    {
        var reader = new SourceReader(source, offset, header.BigEndian);
        ushort id = reader.U16("section");
        if (id != expected)
        {
            CaptureFormatException.ThrowImpossible("section", offset, $"{id} where {expected} is expected");
        }

        ushort flags = reader.U16("flags of a section");
        _ = reader.U32("description of a section");
        long size = reader.Offset("size of a section");
        if ((flags & CompressedFlag) == 0)
        {
            var plain = new Section(reader, reader.Position + Math.Min(size, reader.Left), offset);
            content.Reach(plain.End);
            return plain;
        }

        uint packedSize = reader.U32("compressed size of a section");
        uint fullSize = reader.U32("size of an unpacked section");
        byte[] packed = reader.Bytes(packedSize, LargestSection, "compressed section");
        content.Reach(reader.Position);
        if (fullSize > LargestSection)
        {
            CaptureFormatException.ThrowImpossible("size of an unpacked section", offset, $"{fullSize}");
        }

        content.Describe(fullSize, offset);
        byte[] full = new byte[fullSize];
        unpacker ??= Unpacker.For(header.Compression, offset);
        unpacker.Unpack(packed, full, offset);
        return new Section(new SourceReader(new MemorySource(full), 0, header.BigEndian), full.Length, offset);
    }

    private static TraceDatBuffer ReadBuffer(ByteSource source, TraceDatOption option, TraceDatHeader header)
    {
        var reader = new SourceReader(new MemorySource(option.Data), 0, header.BigEndian);
        long offset = reader.Offset("offset of a buffer");
        string name = reader.CString(LongestName, "name of a buffer");
        string clock = reader.CString(LongestName, "clock of a buffer");
        uint pageSize = reader.U32("page size of a buffer");
        uint cpus = reader.U32("number of CPUs");
        if (pageSize is < 128 or > 1 << 24 || cpus > MostCpus)
        {
            CaptureFormatException.ThrowImpossible("page size and number of CPUs", option.FileOffset, $"{pageSize} and {cpus}");
        }

        var data = new List<CpuData>();
        for (uint i = 0; i < cpus; i++)
        {
            uint cpu = reader.U32("CPU");
            if (cpu > MostCpus)
            {
                CaptureFormatException.ThrowImpossible("CPU", option.FileOffset, $"{cpu}");
            }

            data.Add(new CpuData((int)cpu, reader.Offset("offset of a CPU's data"), reader.Offset("size of a CPU's data")));
        }

        var section = new SourceReader(source, offset, header.BigEndian);
        _ = section.U16("section");
        bool compressed = (section.U16("flags of a section") & CompressedFlag) != 0;
        return new TraceDatBuffer(name, clock, (int)pageSize, compressed, data);
    }

    private readonly record struct Section(SourceReader Reader, long End, long FileOffset);
}
