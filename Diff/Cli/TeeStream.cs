using Differ.Diff.Writing;

namespace Differ.Cli;

/// <summary>Writes the same into two streams, which stay open.</summary>
internal sealed class TeeStream(Stream one, Stream other) : ForwardStream
{
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        one.Write(buffer);
        other.Write(buffer);
    }

    public override void Flush()
    {
        one.Flush();
        other.Flush();
    }
}
