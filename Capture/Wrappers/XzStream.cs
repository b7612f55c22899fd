using System.Runtime.InteropServices;
using Differ.Capture.Bytes;

namespace Differ.Capture.Wrappers;

/// <summary>Unpacks xz with the system's liblzma.</summary>
/// <remarks>Source: liblzma api/lzma/base.h and api/lzma/container.h; its ABI is stable since 5.0 (2010).</remarks>
internal sealed partial class XzStream : StreamUnpacker
{
    private const string Library = "liblzma.so.5";
    private const int Run = 0, Ok = 0, StreamEnd = 1, NoMemory = 5, MemoryLimit = 6, NoProgress = 10;

    private static readonly SystemLibrary System = new(Library, "liblzma5");

    // The library remembers where it is.
    private readonly State[] _state = GC.AllocateArray<State>(1, pinned: true);

    private XzStream()
    {
    }

    /// <inheritdoc/>
    public override string Name => "xz";

    /// <summary>Starts a stream.</summary>
    /// <exception cref="Diagnostics.CaptureFormatException">DIF0107: the library is not installed.</exception>
    public static XzStream Create()
    {
        _ = System.First(lzma_version_number, 0);
        return new XzStream();
    }

    /// <inheritdoc/>
    protected override void Free() => lzma_end(ref _state[0]);

    /// <inheritdoc/>
    protected override (UnpackOutcome Outcome, int Read, int Written) Step(ArraySegment<byte> packed, ArraySegment<byte> to)
    {
        // Streams may be filled up with zeros to a multiple of four bytes.
        int filling = IsWhole ? packed.AsSpan().IndexOfAnyExcept((byte)0) is >= 0 and int used ? used : packed.Count : 0;
        packed = packed[filling..];
        if (packed.Count == 0 && IsWhole)
        {
            return (UnpackOutcome.Goes, filling, 0);
        }

        ref State state = ref _state[0];
        if (IsWhole && lzma_stream_decoder(ref state, MostMemory, 0) != Ok)
        {
            return (UnpackOutcome.TooMuchMemory, filling, 0);
        }

        using var pinned = new PinnedPieces(packed, to);
        (state.Input, state.InputLeft) = (pinned.From, (nuint)packed.Count);
        (state.Output, state.OutputLeft) = (pinned.To, (nuint)to.Count);
        int code = lzma_code(ref state, Run);
        IsWhole = code == StreamEnd;
        UnpackOutcome outcome = code switch
        {
            Ok or StreamEnd or NoProgress => UnpackOutcome.Goes,
            NoMemory or MemoryLimit => UnpackOutcome.TooMuchMemory,
            _ => UnpackOutcome.Damaged,
        };
        return (outcome, filling + packed.Count - (int)state.InputLeft, to.Count - (int)state.OutputLeft);
    }

    [LibraryImport(Library)]
    private static partial uint lzma_version_number();

    [LibraryImport(Library)]
    private static partial int lzma_stream_decoder(ref State state, ulong memoryLimit, uint flags);

    [LibraryImport(Library)]
    private static partial int lzma_code(ref State state, int action);

    [LibraryImport(Library)]
    private static partial void lzma_end(ref State state);

    /// <summary><c>lzma_stream</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct State
    {
        public nint Input;
        public nuint InputLeft;
        private readonly ulong _inputDone;
        public nint Output;
        public nuint OutputLeft;
        private readonly ulong _outputDone;
        private readonly nint _allocator, _internal, _reserved1, _reserved2, _reserved3, _reserved4;
        private readonly ulong _seekPosition, _reserved5;
        private readonly nuint _reserved6, _reserved7;
        private readonly int _reserved8, _reserved9;
    }
}
