namespace Differ.Capture.Bytes;

/// <summary>A part of a source; it does not own the source.</summary>
/// <param name="source">The source.</param>
/// <param name="offset">Where the part starts.</param>
/// <param name="length">Bytes of it; they are inside the source.</param>
internal sealed class SliceSource(ByteSource source, long offset, long length) : ByteSource
{
    /// <inheritdoc/>
    public override long Length => length;

    /// <inheritdoc/>
    protected override void ReadAt(long at, Span<byte> to, string field) => source.ReadExactly(offset + at, to, field);
}
