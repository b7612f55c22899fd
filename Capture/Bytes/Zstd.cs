using System.Runtime.InteropServices;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Bytes;

/// <summary>The system's zstd library.</summary>
/// <remarks>The ABI of the shared library is stable since 1.0 (2016); every distribution's base system has it.</remarks>
internal static partial class Zstd
{
    private const string Library = "libzstd.so.1";

    // ZSTD_error_frameParameter_windowTooLarge; its own limit on a stream's window is 128 MiB.
    private const int WindowTooLarge = 16;

    private static readonly SystemLibrary System = new(Library, "libzstd1");

    /// <summary>A context to unpack with, given back with <see cref="FreeContext"/>.</summary>
    /// <exception cref="CaptureFormatException">DIF0107: the library is not installed.</exception>
    public static nint CreateContext(long fileOffset) => System.First(ZSTD_createDCtx, fileOffset);

    /// <summary>Gives a context back.</summary>
    public static void FreeContext(nint context) => _ = ZSTD_freeDCtx(context);

    /// <summary>Whether what a function returned is an error.</summary>
    public static bool IsError(nuint code) => ZSTD_isError(code) != 0;

    /// <summary>Whether it is the error that a stream asks for more memory than the library gives.</summary>
    public static bool NeedsTooMuch(nuint code) => code == unchecked((nuint)(-WindowTooLarge));

    /// <summary>Unpacks a whole frame.</summary>
    /// <returns>Bytes written, or an error.</returns>
    public static nuint Unpack(nint context, ReadOnlySpan<byte> packed, Span<byte> to) =>
        ZSTD_decompressDCtx(context, to, (nuint)to.Length, packed, (nuint)packed.Length);

    /// <summary>Unpacks a part of a stream.</summary>
    /// <returns>Nothing that matters, or an error; bytes read; bytes written.</returns>
    public static (nuint Code, int Read, int Written) Step(nint context, ArraySegment<byte> packed, ArraySegment<byte> to)
    {
        using var pinned = new PinnedPieces(packed, to);
        var input = new Part(pinned.From, (nuint)packed.Count);
        var output = new Part(pinned.To, (nuint)to.Count);
        nuint code = ZSTD_decompressStream(context, ref output, ref input);
        return (code, (int)input.Done, (int)output.Done);
    }

    [LibraryImport(Library)]
    private static partial nint ZSTD_createDCtx();

    [LibraryImport(Library)]
    private static partial nuint ZSTD_freeDCtx(nint context);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_decompressDCtx(nint context, Span<byte> to, nuint capacity, ReadOnlySpan<byte> from, nuint length);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_decompressStream(nint context, ref Part to, ref Part from);

    [LibraryImport(Library)]
    private static partial uint ZSTD_isError(nuint code);

    /// <summary><c>ZSTD_inBuffer</c>, <c>ZSTD_outBuffer</c>: address, length, and how much of it is done.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Part(nint address, nuint length)
    {
        private readonly nint _address = address;
        private readonly nuint _length = length;

        public readonly nuint Done;
    }
}
