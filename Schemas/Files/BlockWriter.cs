using System.Buffers.Binary;

namespace Differ.Schemas.Files;

/// <summary>Writes the blocks of a run file or a result file.</summary>
internal sealed class BlockWriter
{
    private readonly Stream _stream;
    private readonly byte[] _header = new byte[RunFile.BlockHeaderSize];

    public BlockWriter(Stream stream, ReadOnlySpan<byte> magic)
    {
        _stream = stream;
        stream.Write(magic);
        RunFile.Marker.CopyTo(_header);
    }

    /// <summary>Writes one block.</summary>
    public void Write(uint kind, ReadOnlySpan<byte> body)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_header.AsSpan(8), kind);
        BinaryPrimitives.WriteUInt32LittleEndian(_header.AsSpan(12), (uint)body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(_header.AsSpan(16), Crc32C.Of(body));
        _stream.Write(_header);
        _stream.Write(body);
    }
}
