using System.Runtime.Intrinsics;
using System.Text;

namespace Differ.Capture.Formats.Text;

/// <summary>A piece of an event's text that stands there as it is.</summary>
internal readonly struct TextPiece
{
    private readonly byte[] _bytes;

    // A short piece is compared as one vector, of which the bytes behind it do not count.
    private readonly Vector128<byte> _vector, _counting;

    /// <summary>Makes a piece.</summary>
    /// <param name="text">The piece; it may be empty, and every text starts with it then.</param>
    public TextPiece(string text)
    {
        _bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> vector = stackalloc byte[Vector128<byte>.Count], counting = stackalloc byte[Vector128<byte>.Count];
        int counted = Math.Min(_bytes.Length, vector.Length);
        _bytes.AsSpan(0, counted).CopyTo(vector);
        counting[..counted].Fill(byte.MaxValue);
        (_vector, _counting) = (Vector128.Create<byte>(vector), Vector128.Create<byte>(counting));
    }

    /// <summary>How long it is, in bytes.</summary>
    public int Length => _bytes.Length;

    /// <summary>Whether a text starts with it.</summary>
    public bool Starts(ReadOnlySpan<byte> text) => _bytes.Length <= Vector128<byte>.Count && text.Length >= Vector128<byte>.Count
        ? (Vector128.Create(text) & _counting) == _vector
        : text.StartsWith(_bytes);
}
