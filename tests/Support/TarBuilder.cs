using System.Formats.Tar;

namespace Differ.Tests.Support;

/// <summary>Makes tar archives, of the same files always the same.</summary>
internal static class TarBuilder
{
    /// <summary>An archive of files.</summary>
    public static byte[] Of(params (string Name, byte[] Content)[] files) => Of(TarEntryFormat.Pax, files);

    /// <summary>The same in a dialect.</summary>
    public static byte[] Of(TarEntryFormat format, params (string Name, byte[] Content)[] files)
    {
        using var archive = new MemoryStream();
        using (var writer = new TarWriter(archive, format, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in files)
            {
                TarEntryType type = format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile;
                TarEntry entry = format switch
                {
                    TarEntryFormat.V7 => new V7TarEntry(type, name),
                    TarEntryFormat.Ustar => new UstarTarEntry(type, name),
                    TarEntryFormat.Gnu => new GnuTarEntry(type, name),
                    _ => new PaxTarEntry(type, name),
                };
                entry.ModificationTime = DateTimeOffset.UnixEpoch;
                entry.DataStream = new MemoryStream(content);
                writer.WriteEntry(entry);
            }
        }

        return archive.ToArray();
    }
}
