using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.TracingData;

namespace Differ.Capture.Formats.TraceDat;

/// <summary>Version 6: one part after the other.</summary>
internal static class TraceDatV6
{
    private const int TagLength = 10;
    private const int LargestOption = 1 << 24;
    private const uint MostCpus = 1 << 16;

    /// <summary>Reads everything but the events.</summary>
    public static TraceDatContent Read(ByteSource source, TraceDatHeader header)
    {
        var content = new TraceDatContent();
        var reader = new SourceReader(source, header.Next, header.BigEndian);
        content.Page = TracingSections.ReadHeaderInfo(reader);
        TracingSections.ReadFtraceFormats(reader, content);
        TracingSections.ReadEventFormats(reader, content);
        reader.Skip(reader.U32("size of kallsyms"), "kallsyms");
        reader.Skip(reader.U32("size of printk formats"), "printk formats");
        TracingSections.ReadCmdlines(reader, content);
        uint cpus = Cpus(reader.U32("number of CPUs"), reader.Position);

        string tag = ReadTag(reader);
        if (tag == "options  ")
        {
            ReadOptions(reader, content);
            tag = ReadTag(reader);
        }

        TraceDatOptions options = new(content.Options, header.BigEndian);
        cpus = Cpus(Math.Max(cpus, options.CpuCount), reader.Position);
        content.AddBuffer(ReadBuffer(reader, tag, "", cpus, header), header.Next);
        foreach (TraceDatOption option in content.Options.Where(option => option.Id == TraceDatOptions.Buffer))
        {
            content.AddBuffer(ReadInstance(source, option, cpus, header), option.FileOffset);
        }

        return content;
    }

    private static uint Cpus(uint count, long at)
    {
        if (count > MostCpus)
        {
            CaptureFormatException.ThrowImpossible("number of CPUs", at, $"{count}");
        }

        return count;
    }

    private static string ReadTag(SourceReader reader) => reader.Text(TagLength, TagLength, "tag").TrimEnd('\0');

    private static void ReadOptions(SourceReader reader, TraceDatContent content)
    {
        for (ushort id = reader.U16("option"); id != 0; id = reader.U16("option"))
        {
            uint size = reader.U32("size of an option");
            long at = reader.Position;
            content.Describe(size, at);
            content.Options.Add(new TraceDatOption(id, at, reader.Bytes(size, LargestOption, "option")));
        }
    }

    // An instance: a tag again, perhaps options, then the table of CPUs.
    private static TraceDatBuffer ReadInstance(ByteSource source, TraceDatOption option, uint cpus, TraceDatHeader header)
    {
        var described = new SourceReader(new MemorySource(option.Data), 0, header.BigEndian);
        long offset = described.Offset("offset of an instance");
        string name = described.CString(LargestOption, "name of an instance");
        var reader = new SourceReader(source, offset, header.BigEndian);
        string tag = ReadTag(reader);
        if (tag == "options  ")
        {
            ReadOptions(reader, new TraceDatContent());
            tag = ReadTag(reader);
        }

        return ReadBuffer(reader, tag, name, cpus, header);
    }

    private static TraceDatBuffer ReadBuffer(SourceReader reader, string tag, string name, uint cpus, TraceDatHeader header)
    {
        if (tag != "flyrecord")
        {
            CaptureFormatException.ThrowUnsupported(
                tag == "latency  " ? "the file holds a latency trace, which is text" : "the file has no event data here",
                "record with trace-cmd record", reader.Position - TagLength);
        }

        var data = new List<CpuData>();
        for (uint cpu = 0; cpu < cpus; cpu++)
        {
            data.Add(new CpuData((int)cpu, reader.Offset("offset of a CPU's data"), reader.Offset("size of a CPU's data")));
        }

        return new TraceDatBuffer(name, "", header.PageSize, Compressed: false, data);
    }
}
