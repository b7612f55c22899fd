using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.Ctf;

/// <summary>A stream: the events of one CPU in one buffer.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Files">Its files in the order of time; more than one where the recorder began new ones.</param>
/// <param name="Cpu">The host CPU; its number among the streams where packets do not say.</param>
internal sealed record CtfStream(CtfStreamKind Kind, IReadOnlyList<string> Files, int Cpu)
{
    /// <summary>Most streams; a host with 512 CPUs and four buffers has fewer than that.</summary>
    public const int MostStreams = 1 << 11;

    /// <summary>Finds the streams in a folder.</summary>
    /// <param name="schema">The description.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="metadata">Name of the file with the description.</param>
    /// <returns>The streams, bytes of all their files, and how many files are none.</returns>
    /// <exception cref="CaptureFormatException">A file is damaged.</exception>
    public static (IReadOnlyList<CtfStream> Streams, long Size, ulong Foreign) Find(CtfSchema schema, ByteFolder folder, string metadata)
    {
        var first = new List<(string Name, CtfPacket Packet)>();
        long size = 0;
        ulong foreign = 0;
        foreach (string name in folder.Names.Where(name => name != metadata))
        {
            using ByteSource source = folder.Open(name);
            if (!CtfPacket.Sniff(schema, source))
            {
                foreign += source.Length > 0 ? 1UL : 0;
                continue;
            }

            var bits = new CtfBits(name);
            first.Add((name, CtfPacket.Read(schema, source, 0, bits, new CtfDecoder(bits, schema.Registers))));
            size = Math.Min(size + source.Length, long.MaxValue / 2);
        }

        var groups = first.GroupBy(file => (file.Packet.Stream.Number, Instance: file.Packet.Instance is { } instance ? $"{instance}" : $"file {file.Name}")).ToList();
        if (groups.Count > MostStreams)
        {
            CaptureFormatException.ThrowManyStreams(MostStreams);
        }

        return ([.. groups.Select((group, i) => new CtfStream(
            group.First().Packet.Stream, [.. group.OrderBy(file => file.Packet.Begin ?? 0).ThenBy(file => file.Packet.Sequence ?? 0).Select(file => file.Name)],
            group.First().Packet.Cpu ?? i))], size, foreign);
    }
}
