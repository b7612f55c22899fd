using System.Runtime.InteropServices;
using Differ.Capture.Bytes;

namespace Differ.Capture.Wrappers;

/// <summary>Unpacks bzip2 with the system's libbz2.</summary>
/// <remarks>Source: bzip2's bzlib.h. The most it takes is 4 MiB.</remarks>
internal sealed partial class Bzip2Stream : StreamUnpacker
{
    private const string Library = "libbz2.so.1.0";
    private const int Ok = 0, StreamEnd = 4, NoMemory = -3;

    private static readonly SystemLibrary System = new(Library, "libbz2-1.0");

    // The library remembers where it is.
    private readonly State[] _state = GC.AllocateArray<State>(1, pinned: true);

    private Bzip2Stream()
    {
    }

    /// <inheritdoc/>
    public override string Name => "bzip2";

    /// <summary>Starts a stream.</summary>
    /// <exception cref="Diagnostics.CaptureFormatException">DIF0107: the library is not installed.</exception>
    public static Bzip2Stream Create()
    {
        _ = System.First(BZ2_bzlibVersion, 0);
        return new Bzip2Stream();
    }

    /// <inheritdoc/>
    protected override void Free() => _ = BZ2_bzDecompressEnd(ref _state[0]);

    /// <inheritdoc/>
    protected override (UnpackOutcome Outcome, int Read, int Written) Step(ArraySegment<byte> packed, ArraySegment<byte> to)
    {
        if (packed.Count == 0 && IsWhole)
        {
            return (UnpackOutcome.Goes, 0, 0);
        }

        ref State state = ref _state[0];
        if (IsWhole && BZ2_bzDecompressInit(ref state, 0, 0) != Ok)
        {
            return (UnpackOutcome.TooMuchMemory, 0, 0);
        }

        using var pinned = new PinnedPieces(packed, to);
        (state.Input, state.InputLeft) = (pinned.From, (uint)packed.Count);
        (state.Output, state.OutputLeft) = (pinned.To, (uint)to.Count);
        int code = BZ2_bzDecompress(ref state);
        IsWhole = code == StreamEnd;
        if (IsWhole)
        {
            _ = BZ2_bzDecompressEnd(ref state);
        }

        UnpackOutcome outcome = code is Ok or StreamEnd ? UnpackOutcome.Goes : code == NoMemory ? UnpackOutcome.TooMuchMemory : UnpackOutcome.Damaged;
        return (outcome, packed.Count - (int)state.InputLeft, to.Count - (int)state.OutputLeft);
    }

    [LibraryImport(Library)]
    private static partial nint BZ2_bzlibVersion();

    [LibraryImport(Library)]
    private static partial int BZ2_bzDecompressInit(ref State state, int verbosity, int small);

    [LibraryImport(Library)]
    private static partial int BZ2_bzDecompress(ref State state);

    [LibraryImport(Library)]
    private static partial int BZ2_bzDecompressEnd(ref State state);

    /// <summary><c>bz_stream</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct State
    {
        public nint Input;
        public uint InputLeft;
        private readonly uint _inputDoneLow, _inputDoneHigh;
        public nint Output;
        public uint OutputLeft;
        private readonly uint _outputDoneLow, _outputDoneHigh;
        private readonly nint _state, _allocate, _free, _opaque;
    }
}
