using System.Runtime.InteropServices;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Wrappers;

/// <summary>Unpacks frames of lz4 with the system's liblz4.</summary>
/// <remarks>Source: lz4's lib/lz4frame.h. Its blocks are at most 4 MiB long.</remarks>
internal sealed partial class Lz4Stream : StreamUnpacker
{
    private const string Library = "liblz4.so.1";
    private const uint Version = 100;

    private static readonly SystemLibrary System = new(Library, "liblz4-1");

    private readonly nint _context;

    private Lz4Stream(nint context) => _context = context;

    /// <inheritdoc/>
    public override string Name => "lz4";

    /// <summary>Starts a stream.</summary>
    /// <exception cref="CaptureFormatException">DIF0107: the library is not installed.</exception>
    public static Lz4Stream Create()
    {
        nint context = System.First(static () => LZ4F_isError(LZ4F_createDecompressionContext(out nint made, Version)) == 0 ? made : 0, 0);
        if (context == 0)
        {
            CaptureFormatException.ThrowTooMuchMemory("lz4", MostMemory, 0);
        }

        return new Lz4Stream(context);
    }

    /// <inheritdoc/>
    protected override void Free() => _ = LZ4F_freeDecompressionContext(_context);

    /// <inheritdoc/>
    protected override (UnpackOutcome Outcome, int Read, int Written) Step(ArraySegment<byte> packed, ArraySegment<byte> to)
    {
        nuint read = (nuint)packed.Count, written = (nuint)to.Count;
        nuint code = LZ4F_decompress(_context, to, ref written, packed, ref read, 0);
        if (LZ4F_isError(code) != 0)
        {
            return (UnpackOutcome.Damaged, 0, 0);
        }

        if (read > 0 || written > 0)
        {
            IsWhole = code == 0;
        }

        return (UnpackOutcome.Goes, (int)read, (int)written);
    }

    [LibraryImport(Library)]
    private static partial nuint LZ4F_createDecompressionContext(out nint context, uint version);

    [LibraryImport(Library)]
    private static partial nuint LZ4F_freeDecompressionContext(nint context);

    [LibraryImport(Library)]
    private static partial nuint LZ4F_decompress(nint context, Span<byte> to, ref nuint toLength, ReadOnlySpan<byte> from, ref nuint fromLength, nint options);

    [LibraryImport(Library)]
    private static partial uint LZ4F_isError(nuint code);
}
