using System.IO.Compression;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Bytes;

/// <summary>Unpacks blocks of known size that a capture stores compressed.</summary>
internal abstract class Unpacker : IDisposable
{
    /// <summary>The unpacker for a compression that a file names.</summary>
    /// <exception cref="CaptureFormatException">DIF0106: not known. DIF0107: the library is not installed.</exception>
    public static Unpacker For(string algorithm, long fileOffset) => algorithm switch
    {
        "zstd" => new ZstdUnpacker(Zstd.CreateContext(fileOffset)),
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
            catch (Exception e) when (e is InvalidDataException or IOException)
            {
                // It reads memory: whatever zlib says, as of a dictionary that it would need, is the data's fault.
                CaptureFormatException.ThrowDamagedBlock("zlib", fileOffset, to.Length);
            }
        }
    }

    private sealed class ZstdUnpacker(nint context) : Unpacker
    {
        public override void Unpack(ReadOnlySpan<byte> packed, Span<byte> to, long fileOffset)
        {
            nuint length = Zstd.Unpack(context, packed, to);
            if (Zstd.IsError(length) || length != (nuint)to.Length)
            {
                CaptureFormatException.ThrowDamagedBlock("zstd", fileOffset, to.Length);
            }
        }

        public override void Dispose()
        {
            Zstd.FreeContext(context);
            base.Dispose();
        }
    }
}
