using System.Globalization;
using System.Text;
using Differ.Capture;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Formats.Ctf;
using Differ.Schemas.Run;

namespace Differ.Tests.Support;

/// <summary>Builds small CTF recordings: a description, packets, and what stands in them.</summary>
/// <example><c>new CtfBuilder { Events = "event { id = 0; name = \"kvm:kvm_exit\"; … };" }.Packet("stream_0", writer => …).Files</c></example>
internal sealed class CtfBuilder
{
    public const string Uuid = "00112233445566778899aabbccddeeff";

    private readonly Dictionary<string, List<byte>> _streams = new(StringComparer.Ordinal);

    public bool BigEndian { get; init; }

    /// <summary>Whether the description is in packets, as LTTng writes it.</summary>
    public bool PacketsOfText { get; init; }

    /// <summary>What stands before the events in the description.</summary>
    public string Start { get; init; } = CtfDescriptions.Lttng;

    /// <summary>The kinds of events.</summary>
    public string Events { get; set; } = "";

    /// <summary>The recording.</summary>
    public Dictionary<string, byte[]> Files
    {
        get
        {
            var files = _streams.ToDictionary(stream => stream.Key, stream => stream.Value.ToArray(), StringComparer.Ordinal);
            files["metadata"] = Metadata();
            return files;
        }
    }

    /// <summary>Adds a packet with the context of <see cref="CtfDescriptions.Lttng"/>.</summary>
    /// <param name="file">The stream.</param>
    /// <param name="events">Writes the events.</param>
    /// <param name="cpu">The CPU.</param>
    /// <param name="begin">The clock where it begins.</param>
    /// <param name="end">The clock where it ends.</param>
    /// <param name="discarded">Events lost so far.</param>
    /// <param name="sequence">Its number.</param>
    /// <param name="instance">Number of the stream.</param>
    public CtfBuilder Packet(
        string file, Action<BitWriter> events, int cpu = 0, ulong begin = 0, ulong end = 0, ulong discarded = 0, ulong sequence = 0, ulong? instance = null)
    {
        byte[] Build(ulong content, ulong size)
        {
            var writer = new BitWriter(BigEndian);
            writer.Write(0xc1fc1fc1, 32).Write(Convert.FromHexString(Uuid)).Write(0, 32).Write(instance ?? (ulong)cpu, 64)
                .Write(begin, 64).Write(end, 64).Write(content, 64).Write(size, 64).Write(sequence, 64).Write(discarded, 64).Write((ulong)cpu, 32);
            events(writer);
            content = (ulong)writer.Position;
            return size > 0 ? writer.ToBytes() : Build(content, ((content + 7) / 8 * 8) + 64);
        }

        byte[] packet = Build(0, 0);
        _streams.TryAdd(file, []);
        _streams[file].AddRange([.. packet, .. new byte[8]]);
        return this;
    }

    /// <summary>Adds anything as a file.</summary>
    public CtfBuilder Bytes(string file, params byte[] bytes)
    {
        _streams.TryAdd(file, []);
        _streams[file].AddRange(bytes);
        return this;
    }

    /// <summary>Opens a recording as a capture.</summary>
    public static CaptureSession Open(IReadOnlyDictionary<string, byte[]> files) => CaptureSession.Of(new MemoryFolder(files), new CtfFormat(), "ctf", 0);

    /// <summary>A recording as records.</summary>
    public static Recording Records(IReadOnlyDictionary<string, byte[]> files)
    {
        using CaptureSession session = Open(files);
        var sink = new KeepingSink();
        RunSummary summary = session.ReadExits(sink);
        return new Recording(session.Header, session.Texts, sink.Records, summary);
    }

    /// <summary>What <c>differ show --events</c> prints of a recording.</summary>
    public static string Dump(IReadOnlyDictionary<string, byte[]> files)
    {
        using CaptureSession session = Open(files);
        var text = new StringWriter(CultureInfo.InvariantCulture);
        session.DumpEvents(text);
        return text.ToString();
    }

    /// <summary>The order of events and losses.</summary>
    public static CollectingSink Collect(IReadOnlyDictionary<string, byte[]> files)
    {
        using ITraceReader reader = new CtfFormat().Open(new MemoryFolder(files));
        var sink = new CollectingSink();
        reader.Read(sink, new CaptureNotes(), null, default);
        return sink;
    }

    /// <summary>The number of the refusal of a recording.</summary>
    /// <exception cref="InvalidOperationException">It is read.</exception>
    public static CaptureFormatException Refusal(IReadOnlyDictionary<string, byte[]> files)
    {
        try
        {
            _ = Dump(files);
        }
        catch (CaptureFormatException refused)
        {
            return refused;
        }

        throw new InvalidOperationException("the recording was read, not refused");
    }

    private byte[] Metadata()
    {
        byte[] text = Encoding.UTF8.GetBytes((BigEndian ? Start.Replace("byte_order = le", "byte_order = be", StringComparison.Ordinal) : Start) + Events);
        if (!PacketsOfText)
        {
            return text;
        }

        var packets = new List<byte>();
        foreach (byte[] piece in text.Chunk(100))
        {
            packets.AddRange(new BitWriter(BigEndian).Write(0x75d11d57, 32).Write(Convert.FromHexString(Uuid)).Write(0, 32)
                .Write(8 * ((ulong)piece.Length + 37), 32).Write(8 * ((ulong)piece.Length + 40), 32).Write([0, 0, 0, 1, 8]).Write(piece).Write([0, 0, 0]).ToBytes());
        }

        return [.. packets];
    }
}
