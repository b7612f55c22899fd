using System.Runtime.InteropServices;

namespace Differ.Capture.Bytes;

/// <summary>Two pieces of memory that stay where they are while a library reads the one and writes the other.</summary>
/// <remarks>Libraries take such addresses in structures, which the marshaller cannot fill from spans.</remarks>
internal readonly struct PinnedPieces : IDisposable
{
    private readonly GCHandle _from;
    private readonly GCHandle _to;

    public PinnedPieces(ArraySegment<byte> from, ArraySegment<byte> to)
    {
        _from = GCHandle.Alloc(from.Array, GCHandleType.Pinned);
        _to = GCHandle.Alloc(to.Array, GCHandleType.Pinned);
        From = Marshal.UnsafeAddrOfPinnedArrayElement(from.Array!, from.Offset);
        To = Marshal.UnsafeAddrOfPinnedArrayElement(to.Array!, to.Offset);
    }

    /// <summary>Address of what is read.</summary>
    public nint From { get; }

    /// <summary>Address of what is written.</summary>
    public nint To { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _to.Free();
        _from.Free();
    }
}
