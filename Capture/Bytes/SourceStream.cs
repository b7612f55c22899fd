using Differ.Schemas.Files;

namespace Differ.Capture.Bytes;

/// <summary>A source as a stream, for libraries that read streams; it does not own the source.</summary>
internal sealed class SourceStream(ByteSource source) : ReadOnlyStream
{
    /// <inheritdoc/>
    public override long Length => source.Length;

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int read = source.Read(Position, buffer);
        Position += read;
        return read;
    }
}
