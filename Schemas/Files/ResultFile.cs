using System.Buffers.Binary;

namespace Differ.Schemas.Files;

/// <summary>Kinds of blocks in a result file; the numbers are in the file.</summary>
internal enum ResultBlock : uint
{
    /// <summary>By what the captures were judged.</summary>
    Judgement = 1,

    /// <summary>A part of the page of the capture that follows.</summary>
    Page = 2,

    /// <summary>One capture.</summary>
    Capture = 3,

    /// <summary>The sets that the captures are of: the end.</summary>
    Sources = 4,
}

/// <summary>A block of a result file.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Offset">Where its body starts.</param>
/// <param name="Body">The body.</param>
internal readonly record struct ResultPart(ResultBlock Kind, long Offset, byte[] Body);

/// <summary>The result file; Proto/result.proto describes it.</summary>
public static class ResultFile
{
    /// <summary>Version written, and highest version read.</summary>
    public const uint Version = 1;

    // Of a block that claims more than there is, no more than this is asked of the memory at once.
    private const int Piece = 1 << 20;
    private const int LargestBody = 1 << 30;

    /// <summary>First bytes of every result file.</summary>
    public static ReadOnlySpan<byte> Magic => "DIFRES1\n"u8;

    /// <summary>Reads every block of a file from its start to its end.</summary>
    /// <exception cref="RunFormatException">DIF0210, DIF0212: it is no result file, a block is damaged, or the end is missing.</exception>
    internal static IEnumerable<ResultPart> Parts(Stream file)
    {
        byte[] start = new byte[RunFile.BlockHeaderSize];
        if (file.ReadAtLeast(start.AsSpan(0, Magic.Length), Magic.Length, throwOnEndOfStream: false) < Magic.Length || !start.AsSpan(0, Magic.Length).SequenceEqual(Magic))
        {
            throw RunFormatException.NotAResult();
        }

        long offset = Magic.Length;
        ResultBlock kind = ResultBlock.Judgement;
        for (bool isFirst = true; ; isFirst = false)
        {
            int read = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
            if (read == 0 && !isFirst && kind == ResultBlock.Sources)
            {
                yield break;
            }

            bool isWhole = read == start.Length && start.AsSpan(0, RunFile.Marker.Length).SequenceEqual(RunFile.Marker) && (isFirst || kind != ResultBlock.Sources);
            kind = (ResultBlock)BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(8));
            byte[]? body = isWhole && Enum.IsDefined(kind) && (kind == ResultBlock.Judgement) == isFirst ? Body(file, start) : null;
            yield return body is not null ? new ResultPart(kind, offset + start.Length, body) : throw RunFormatException.DamagedResult(offset);
            offset += start.Length + body.Length;
        }
    }

    private static byte[]? Body(Stream file, byte[] start)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(12));
        if (length > LargestBody)
        {
            return null;
        }

        byte[] body = new byte[Math.Min((int)length, Piece)];
        for (int filled = 0; ;)
        {
            int read = file.ReadAtLeast(body.AsSpan(filled), body.Length - filled, throwOnEndOfStream: false);
            filled += read;
            if (filled < body.Length)
            {
                return null;
            }

            if (filled == length)
            {
                return Crc32C.Of(body) == BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(16)) ? body : null;
            }

            Array.Resize(ref body, (int)Math.Min(length, (long)body.Length * 2));
        }
    }
}
