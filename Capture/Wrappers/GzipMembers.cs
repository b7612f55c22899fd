using System.Runtime.InteropServices;
using Differ.Capture.Bytes;

namespace Differ.Capture.Wrappers;

/// <summary>Unpacks gzip with the system's libz, which tells a file that is cut from one that is whole.</summary>
/// <remarks>Source: zlib.h; its ABI is stable since 1.0. The most it takes is 64 KiB.</remarks>
internal sealed partial class GzipMembers : StreamUnpacker
{
    private const string Library = "libz.so.1";
    private const int NoFlush = 0, Ok = 0, StreamEnd = 1, NoMemory = -4, NoProgress = -5;

    // The largest window, and the header of gzip (inflateInit2).
    private const int Window = 15 + 16;

    private static readonly SystemLibrary System = new(Library, "zlib1g");

    // The library remembers where it is.
    private readonly State[] _state = GC.AllocateArray<State>(1, pinned: true);
    private bool _begun;

    private GzipMembers()
    {
    }

    /// <inheritdoc/>
    public override string Name => "gzip";

    /// <summary>Starts a stream.</summary>
    /// <exception cref="Diagnostics.CaptureFormatException">DIF0107: the library is not installed.</exception>
    public static GzipMembers Create()
    {
        _ = System.First(zlibVersion, 0);
        return new GzipMembers();
    }

    /// <inheritdoc/>
    protected override void Free() => _ = inflateEnd(ref _state[0]);

    /// <inheritdoc/>
    protected override (UnpackOutcome Outcome, int Read, int Written) Step(ArraySegment<byte> packed, ArraySegment<byte> to)
    {
        // A file may be filled up with zeros to the block of a tape.
        int filling = IsWhole && _begun ? packed.AsSpan().IndexOfAnyExcept((byte)0) is >= 0 and int used ? used : packed.Count : 0;
        packed = packed[filling..];
        if (packed.Count == 0 && IsWhole)
        {
            return (UnpackOutcome.Goes, filling, 0);
        }

        ref State state = ref _state[0];
        if (IsWhole && (_begun ? inflateReset(ref state) : inflateInit2_(ref state, Window, zlibVersion(), Marshal.SizeOf<State>())) != Ok)
        {
            return (UnpackOutcome.TooMuchMemory, filling, 0);
        }

        _begun = true;
        using var pinned = new PinnedPieces(packed, to);
        (state.Input, state.InputLeft) = (pinned.From, (uint)packed.Count);
        (state.Output, state.OutputLeft) = (pinned.To, (uint)to.Count);
        int code = inflate(ref state, NoFlush);
        IsWhole = code == StreamEnd;
        UnpackOutcome outcome = code switch
        {
            Ok or StreamEnd or NoProgress => UnpackOutcome.Goes,
            NoMemory => UnpackOutcome.TooMuchMemory,
            _ => UnpackOutcome.Damaged,
        };
        return (outcome, filling + packed.Count - (int)state.InputLeft, to.Count - (int)state.OutputLeft);
    }

    [LibraryImport(Library)]
    private static partial nint zlibVersion();

    [LibraryImport(Library)]
    private static partial int inflateInit2_(ref State state, int windowBits, nint version, int size);

    [LibraryImport(Library)]
    private static partial int inflateReset(ref State state);

    [LibraryImport(Library)]
    private static partial int inflate(ref State state, int flush);

    [LibraryImport(Library)]
    private static partial int inflateEnd(ref State state);

    /// <summary><c>z_stream</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct State
    {
        public nint Input;
        public uint InputLeft;
        private readonly nuint _inputDone;
        public nint Output;
        public uint OutputLeft;
        private readonly nuint _outputDone;
        private readonly nint _message, _state, _allocate, _free, _opaque;
        private readonly int _dataType;
        private readonly nuint _adler, _reserved;
    }
}
