using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Differ.Schemas.Files;

namespace Differ.Fuzz;

/// <summary>Puts checksums right, so that damage gets past them.</summary>
internal static class Checksums
{
    /// <summary>Bytes of a block of a tar archive.</summary>
    public const int TarBlock = 512;

    private const int TarSum = 148, TarSumLength = 8, TarMagic = 257;

    /// <summary>Whether a file is a tar archive with the mark that they all have since 1988.</summary>
    public static bool IsTar(byte[] file) => file.Length >= TarBlock && file.AsSpan(TarMagic).StartsWith("ustar"u8);

    /// <summary>Of the blocks of a run file.</summary>
    public static void MendRun(byte[] file)
    {
        foreach (Piece block in Shapes.Run(file))
        {
            Span<byte> bytes = block.Of(file);
            if (bytes.Length >= RunFile.BlockHeaderSize
                && BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) is var length && length <= bytes.Length - RunFile.BlockHeaderSize)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], Crc32C.Of(bytes.Slice(RunFile.BlockHeaderSize, (int)length)));
            }
        }
    }

    /// <summary>Of the headers of a tar archive.</summary>
    public static void MendTar(byte[] file)
    {
        foreach (Piece block in Shapes.Tar(file))
        {
            Span<byte> header = block.Of(file);
            if (!header[TarMagic..].StartsWith("ustar"u8))
            {
                continue;
            }

            Span<byte> sum = header.Slice(TarSum, TarSumLength);
            sum.Fill((byte)' ');
            int total = 0;
            foreach (byte one in header)
            {
                total += one;
            }

            Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Convert.ToString(total, 8).PadLeft(6, '0')}\0 "), sum);
        }
    }
}
