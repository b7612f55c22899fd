using System.Diagnostics.CodeAnalysis;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Diagnostics;

/// <summary>A capture that cannot be used. Always says what, and at which byte.</summary>
public sealed class CaptureFormatException : Exception
{
    private CaptureFormatException(string code, string message, long fileOffset)
        : base($"{code} at byte 0x{fileOffset:x}: {PlainText.Of(message)}")
    {
        Code = code;
        FileOffset = fileOffset;
    }

    private CaptureFormatException(string code, string message, long fileOffset, ulong line)
        : base($"{code} at line {line}: {PlainText.Of(message)}")
    {
        Code = code;
        FileOffset = fileOffset;
    }

    // Of a text, the line says more than the byte.
    private static CaptureFormatException At(string code, string message, long fileOffset, ulong line) =>
        line > 0 ? new(code, message, fileOffset, line) : new(code, message, fileOffset);

    /// <summary>Stable identifier, for example <c>DIF0101</c>; documented in README.md.</summary>
    public string Code { get; }

    /// <summary>Byte offset from the start of the capture file.</summary>
    public long FileOffset { get; }

    [DoesNotReturn]
    internal static void ThrowTruncated(string field, long fileOffset, long wanted, long left) => throw new CaptureFormatException(
        "DIF0101", $"{field} needs {wanted} bytes, {left} left; the file is cut short, copy or record it again", fileOffset);

    [DoesNotReturn]
    internal static T ThrowUnknownFormat<T>(long size, string known) => throw new CaptureFormatException(
        "DIF0102", size == 0 ? "the file is empty" : $"no known capture format; known are: {known}", 0);

    [DoesNotReturn]
    internal static void ThrowImpossible(string field, long fileOffset, string found) => throw new CaptureFormatException(
        "DIF0104", $"{field} cannot be {found}; the file is damaged", fileOffset);

    [DoesNotReturn]
    internal static void ThrowDamagedBlock(string algorithm, long fileOffset, int length) => throw new CaptureFormatException(
        "DIF0105", $"the {algorithm} block does not unpack to {length} bytes; the file is damaged", fileOffset);

    [DoesNotReturn]
    internal static T ThrowUnknownCompression<T>(string algorithm, long fileOffset) => throw new CaptureFormatException(
        "DIF0106", $"compression \"{algorithm}\" is not known; convert the file with trace-cmd convert --compression none", fileOffset);

    [DoesNotReturn]
    internal static T ThrowMissingLibrary<T>(string library, string package, long fileOffset) => throw new CaptureFormatException(
        "DIF0107", $"the file is compressed and {library} is not installed; install the package {package}, or unpack the file elsewhere", fileOffset);

    [DoesNotReturn]
    internal static void ThrowUnsupported(string what, string advice, long fileOffset) => throw new CaptureFormatException(
        "DIF0108", $"{what}; {advice}", fileOffset);

    [DoesNotReturn]
    internal static void ThrowNotX86(string what, long fileOffset, ulong line = 0) => throw At(
        "DIF0109", $"{what}; the capture is not of KVM on x86, or the kernel is unknown to Differ", fileOffset, line);

    [DoesNotReturn]
    internal static void ThrowForeignIsa(string what, long fileOffset, ulong line = 0) => throw At(
        "DIF0110", $"{what}; this is a capture of an Intel host", fileOffset, line);

    [DoesNotReturn]
    internal static void ThrowAnother(string format, long fileOffset) => throw new CaptureFormatException(
        "DIF0111", $"another recording follows, {format}: several were written into one file, and only the first would be judged; give each a file of its own", fileOffset);

    [DoesNotReturn]
    internal static void ThrowDamagedStream(string algorithm, long fileOffset) => throw new CaptureFormatException(
        "DIF0316", $"the {algorithm} stream does not unpack; the file is damaged", fileOffset);

    [DoesNotReturn]
    internal static void ThrowDirectory(long fileOffset) => throw new CaptureFormatException(
        "DIF0310", "this is one of several files of a recording (perf record --threads), and holds a part of its events; record without --threads", fileOffset);

    [DoesNotReturn]
    internal static void ThrowNoTracepoints(long fileOffset) => throw new CaptureFormatException(
        "DIF0311", "the recording has no tracepoints or lacks their formats; record with perf record -e 'kvm:*' -a", fileOffset);

    [DoesNotReturn]
    internal static void ThrowSampled(string tracepoint, long fileOffset) => throw new CaptureFormatException(
        "DIF0312", $"not every {tracepoint} was recorded (perf record -c or -F), so nothing can be replayed; record without -c and -F", fileOffset);

    [DoesNotReturn]
    internal static void ThrowNotSampled(string tracepoint, string what, string advice, long fileOffset) => throw new CaptureFormatException(
        "DIF0313", $"{tracepoint} was recorded without {what}; {advice}", fileOffset);

    [DoesNotReturn]
    internal static void ThrowNoIds(long fileOffset) => throw new CaptureFormatException(
        "DIF0314", "the events are recorded differently and carry no ids to tell them apart; record with perf record --sample-identifier", fileOffset);

    [DoesNotReturn]
    internal static T ThrowUnfinished<T>(long fileOffset) => throw new CaptureFormatException(
        "DIF0315", "perf record was ended before it could finish the file, which lacks the formats of the events; end it with Ctrl-C or SIGTERM", fileOffset);

    [DoesNotReturn]
    internal static void ThrowNoKvmEvents(string format, long fileOffset) => throw new CaptureFormatException(
        "DIF0361", $"the {format} file has no events of the group kvm; record the tracepoints kvm:* of the host", fileOffset);

    [DoesNotReturn]
    internal static T ThrowWideText<T>() => throw new CaptureFormatException(
        "DIF0330", "the text is UTF-16; convert it with iconv -f UTF-16 -t UTF-8", 0, 1);

    [DoesNotReturn]
    internal static void ThrowEmptyText(ulong line) => throw new CaptureFormatException(
        "DIF0331", "the text ends without one event; was tracing on (tracing_on, events/kvm/enable) when it was made?", 0, line);

    [DoesNotReturn]
    internal static void ThrowFunctionGraph(ulong line) => throw new CaptureFormatException(
        "DIF0346", "the form of ftrace's function_graph is not read; set current_tracer to nop, or take trace-cmd report", 0, line);

    [DoesNotReturn]
    internal static T ThrowPackedWith<T>(string algorithm, string command) => throw new CaptureFormatException(
        "DIF0390", $"the capture is packed with {algorithm}; unpack it with {command}", 0);

    [DoesNotReturn]
    internal static void ThrowTooDeep(int layers) => throw new CaptureFormatException(
        "DIF0391", $"the capture is packed more than {layers} times over; unpack it", 0);

    [DoesNotReturn]
    internal static void ThrowTooLarge(string algorithm, string most, long unpacked) => throw new CaptureFormatException(
        "DIF0392", $"the {algorithm} file unpacks to more than {most}; unpack it yourself if that is right", unpacked);

    [DoesNotReturn]
    internal static T ThrowCtfMetadata<T>() => throw new CaptureFormatException(
        "DIF0370", "this is the metadata of a CTF recording, whose events are in the other files of its folder; name the folder", 0);

    [DoesNotReturn]
    internal static void ThrowSecondCtf() => throw new CaptureFormatException(
        "DIF0371", "the recording is CTF 2; convert it with babeltrace2 <folder> -c sink.ctf.fs -p 'path=\"out\",ctf-version=\"1\"'", 0);

    [DoesNotReturn]
    internal static T ThrowMetadata<T>(string what, int line) => throw new CaptureFormatException(
        "DIF0372", $"the metadata cannot be read: {what}; it is damaged, or of a recorder that Differ does not know", 0, (ulong)line);

    [DoesNotReturn]
    internal static void ThrowMetadataLimit(string what, long limit, int line) => throw new CaptureFormatException(
        "DIF0373", $"the metadata has more than {limit} {what}; no recording of KVM needs so many", 0, (ulong)line);

    [DoesNotReturn]
    internal static void ThrowManyStreams(int limit) => throw new CaptureFormatException(
        "DIF0374", $"the CTF recording has more than {limit} streams; record fewer channels", 0);

    [DoesNotReturn]
    internal static void ThrowUnfinishedPacket(string file, long fileOffset) => throw new CaptureFormatException(
        "DIF0375", $"{file}: the writer did not finish the packet; where perf data convert said \"flush failed\", check the perf.data itself", fileOffset);

    [DoesNotReturn]
    internal static void ThrowBadPacket(string file, string what, long fileOffset) => throw new CaptureFormatException(
        "DIF0376", $"{file}: {what}; the file is damaged or of another recording", fileOffset);

    [DoesNotReturn]
    internal static T ThrowUnknownCtfEvent<T>(string file, ulong id, long fileOffset) => throw new CaptureFormatException(
        "DIF0377", $"{file}: the metadata does not describe event {id}, so that what follows cannot be read; the file is damaged or of another recording", fileOffset);

    [DoesNotReturn]
    internal static void ThrowLongEvent(string file, long fileOffset, bool isLong, int limit) => throw new CaptureFormatException(
        "DIF0378", isLong ? $"{file}: an event is longer than {limit} bytes; the file is damaged" : $"{file}: an event is longer than its packet; the file is damaged", fileOffset);

    [DoesNotReturn]
    internal static void ThrowNoThreads() => throw new CaptureFormatException(
        "DIF0379", "the recording does not say which thread ran; record with lttng add-context -k -t tid -t pid -t procname", 0);

    [DoesNotReturn]
    internal static void ThrowTooMuchMemory(string algorithm, int most, long fileOffset) => throw new CaptureFormatException(
        "DIF0393", $"to unpack the {algorithm} stream takes more than {most >> 20} MiB of memory; unpack it yourself if that is right", fileOffset);

    [DoesNotReturn]
    internal static void ThrowCutStream(string algorithm, long fileOffset) => throw new CaptureFormatException(
        "DIF0394", $"the {algorithm} stream ends before it is whole; the file is cut short, copy or record it again", fileOffset);

    [DoesNotReturn]
    internal static void ThrowManyMembers(int most, long fileOffset) => throw new CaptureFormatException(
        "DIF0395", $"the archive has more than {most} members; unpack it and name the captures", fileOffset);

    [DoesNotReturn]
    internal static T ThrowNoMember<T>(long fileOffset) => throw new CaptureFormatException(
        "DIF0396", "the archive holds no capture", fileOffset);

    [DoesNotReturn]
    internal static T ThrowSeveralMembers<T>(string names, long fileOffset) => throw new CaptureFormatException(
        "DIF0397", $"the archive holds several captures: {names}; unpack it and name one, or check them all with differ check", fileOffset);
}
