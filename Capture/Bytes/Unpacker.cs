using System.IO.Compression;
using System.Runtime.InteropServices;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Bytes;

/// <summary>Unpacks blocks of known size that a capture stores compressed.</summary>
internal abstract partial class Unpacker : IDisposable
{
    /// <summary>The unpacker for a compression that a file names.</summary>
    /// <exception cref="CaptureFormatException">DIF0106: not known. DIF0107: the library is not installed.</exception>
    public static Unpacker For(string algorithm, long fileOffset) => algorithm switch
    {
        "zstd" => ZstdUnpacker.Create(fileOffset),
        "zlib" => new ZlibUnpacker(),
        _ => CaptureFormatException.ThrowUnknownCompression<Unpacker>(algorithm, fileOffset),
    };

    /// <summary>Unpacks one block.</summary>
    /// <param name="packed">The compressed bytes.</param>
    /// <param name="to">Exactly as long as the unpacked block.</param>
    /// <param name="fileOffset">Where the block stands in the file, for the message.</param>
    /// <exception cref="CaptureFormatException">DIF0105: the block does not unpack to that length.</exception>
    public abstract void Unpack(ReadOnlySpan<byte> packed, Span<byte> to, long fileOffset);

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);

    private sealed class ZlibUnpacker : Unpacker
    {
        public override void Unpack(ReadOnlySpan<byte> packed, Span<byte> to, long fileOffset)
        {
            try
            {
                using var memory = new MemoryStream(packed.ToArray(), writable: false);
                using var stream = new ZLibStream(memory, CompressionMode.Decompress);
                stream.ReadExactly(to);
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
            {
                CaptureFormatException.ThrowDamagedBlock("zlib", fileOffset, to.Length);
            }
        }
    }

    private sealed partial class ZstdUnpacker : Unpacker
    {
        // The ABI of the shared library is stable since 1.0 (2016); every distribution's base system has it.
        private const string Library = "libzstd.so.1";

        private readonly nint _context;

        private ZstdUnpacker(nint context) => _context = context;

        public static ZstdUnpacker Create(long fileOffset)
        {
            try
            {
                return new ZstdUnpacker(ZSTD_createDCtx());
            }
            catch (DllNotFoundException)
            {
                return CaptureFormatException.ThrowMissingLibrary<ZstdUnpacker>(Library, "libzstd1", fileOffset);
            }
        }

        public override void Unpack(ReadOnlySpan<byte> packed, Span<byte> to, long fileOffset)
        {
            nuint length = ZSTD_decompressDCtx(_context, to, (nuint)to.Length, packed, (nuint)packed.Length);
            if (ZSTD_isError(length) != 0 || length != (nuint)to.Length)
            {
                CaptureFormatException.ThrowDamagedBlock("zstd", fileOffset, to.Length);
            }
        }

        public override void Dispose()
        {
            _ = ZSTD_freeDCtx(_context);
            base.Dispose();
        }

        [LibraryImport(Library)]
        private static partial nint ZSTD_createDCtx();

        [LibraryImport(Library)]
        private static partial nuint ZSTD_freeDCtx(nint context);

        [LibraryImport(Library)]
        private static partial nuint ZSTD_decompressDCtx(nint context, Span<byte> to, nuint capacity, ReadOnlySpan<byte> from, nuint length);

        [LibraryImport(Library)]
        private static partial uint ZSTD_isError(nuint code);
    }
}
