using System.Text;
using Differ.Capture.Formats.TraceDat;
using Differ.Capture.Formats.TracingData;

namespace Differ.Capture.Recording;

/// <summary>Puts a trace.dat together, version 6, from what tracefs says of its events and the pages of each CPU.</summary>
/// <remarks>Source: trace-cmd Documentation/trace-cmd/trace-cmd.dat.v6.5.txt. <see cref="TraceDatFormat"/> reads it.</remarks>
internal static class TraceDatWriter
{
    // VERSION of trace-cmd: a text of the recorder about itself, which trace-cmd report --version prints.
    private const int Version = 9;

    /// <summary>Writes everything.</summary>
    /// <param name="to">Where it goes.</param>
    /// <param name="tracefs">The tracefs.</param>
    /// <param name="systems">Groups of events that were on.</param>
    /// <param name="options">Texts by the number of their option.</param>
    /// <param name="pageSize">Bytes of a page.</param>
    /// <param name="cpus">Whole pages of each CPU by its number; null where there is none.</param>
    public static void Write(Stream to, string tracefs, IEnumerable<string> systems, IReadOnlyList<(int Option, string Text)> options, int pageSize, IReadOnlyList<Stream?> cpus)
    {
        using var bytesOfHead = new MemoryStream();
        var head = new BinaryWriter(bytesOfHead);
        head.Write(TracingSections.Magic);
        head.Write("6\0\0\b"u8);
        head.Write(pageSize);
        head.Write("header_page\0"u8);
        Sized(head, Path.Combine(tracefs, "events/header_page"));
        head.Write("header_event\0"u8);
        Sized(head, Path.Combine(tracefs, "events/header_event"));

        Formats(head, Path.Combine(tracefs, "events/ftrace"));
        string[] groups = [.. systems.Where(system => Directory.Exists(Path.Combine(tracefs, "events", system)))];
        head.Write(groups.Length);
        foreach (string system in groups)
        {
            head.Write(Encoding.UTF8.GetBytes(system + "\0"));
            Formats(head, Path.Combine(tracefs, "events", system));
        }

        // No addresses of the kernel and no texts of its own: nothing needs them.
        head.Write(0);
        head.Write(0);
        Sized(head, Path.Combine(tracefs, "saved_cmdlines"));
        head.Write(cpus.Count);
        head.Write("options  \0"u8);
        foreach ((int option, string text) in options.Where(one => one.Text.Length > 0))
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text + "\0");
            head.Write((ushort)option);
            head.Write(bytes.Length);
            head.Write(bytes);
        }

        head.Write((ushort)TraceDatOptions.Done);
        head.Write("flyrecord\0"u8);
        WritePages(to, head, pageSize, cpus);
    }

    /// <summary>The option that holds what the recorder says of the host.</summary>
    public static (int Option, string Text) Facts(IEnumerable<string> lines) => (Version, string.Join('\n', lines));

    // A table of where each CPU's pages are, and the pages, each CPU's at the start of a page.
    private static void WritePages(Stream to, BinaryWriter head, int pageSize, IReadOnlyList<Stream?> cpus)
    {
        const int Entry = 2 * sizeof(ulong);
        long Aligned(long position) => (position + pageSize - 1) / pageSize * pageSize;
        long table = head.BaseStream.Position;
        long first = Aligned(table + ((long)cpus.Count * Entry)), at = first;
        foreach (Stream? pages in cpus)
        {
            head.Write(at);
            head.Write(pages?.Length ?? 0);
            at = Aligned(at + (pages?.Length ?? 0));
        }

        head.Write(new byte[first - head.BaseStream.Position]);
        head.Flush();
        head.BaseStream.Position = 0;
        head.BaseStream.CopyTo(to);
        foreach (Stream pages in cpus.OfType<Stream>())
        {
            pages.Position = 0;
            pages.CopyTo(to);
        }
    }

    private static void Formats(BinaryWriter head, string folder)
    {
        string[] files = [.. Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).Select(path => Path.Combine(path, "format")).Where(File.Exists)];
        head.Write(files.Length);
        foreach (string file in files)
        {
            Sized(head, file);
        }
    }

    private static void Sized(BinaryWriter head, string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        head.Write((ulong)bytes.Length);
        head.Write(bytes);
    }
}
