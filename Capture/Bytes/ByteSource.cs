using Differ.Capture.Diagnostics;
using Differ.Capture.Disk;
using Microsoft.Win32.SafeHandles;

namespace Differ.Capture.Bytes;

/// <summary>Bytes that can be read anywhere: a file, or an unpacked part of one.</summary>
internal abstract class ByteSource : IDisposable
{
    /// <summary>Length in bytes.</summary>
    public abstract long Length { get; }

    /// <summary>Reads until <paramref name="to"/> is full.</summary>
    /// <exception cref="CaptureFormatException">DIF0101: the source ends before.</exception>
    public void ReadExactly(long offset, Span<byte> to, string field)
    {
        if (offset < 0 || offset > Length || to.Length > Length - offset)
        {
            CaptureFormatException.ThrowTruncated(field, offset, to.Length, Math.Max(0, Length - Math.Max(0, offset)));
        }

        ReadAt(offset, to, field);
    }

    /// <summary>Reads as much as there is, at most the length of <paramref name="to"/>.</summary>
    /// <returns>Bytes read.</returns>
    public virtual int Read(long offset, Span<byte> to)
    {
        int length = (int)Math.Clamp(Length - offset, 0, to.Length);
        if (length > 0)
        {
            ReadAt(offset, to[..length], "file");
        }

        return length;
    }

    /// <summary>Reads what is there without waiting for more: at least one byte, except at the end.</summary>
    /// <returns>Bytes read.</returns>
    public virtual int ReadSome(long offset, Span<byte> to) => Read(offset, to);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the source holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Reads bytes that are known to be inside the source.</summary>
    protected abstract void ReadAt(long offset, Span<byte> to, string field);
}

/// <summary>A file on disk.</summary>
internal class FileSource : ByteSource
{
    private readonly SafeFileHandle _handle;

    /// <summary>Of an open file, which is closed with this. It is as long as it is now.</summary>
    protected FileSource(SafeFileHandle handle)
    {
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
    }

    public sealed override long Length { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static FileSource Open(string path) => new(DiskFile.Open(path));

    /// <summary>Copies a pipe into a temporary file without a name, because trace.dat has to be read out of order.</summary>
    /// <param name="start">Read from the pipe already.</param>
    /// <param name="pipe">The rest.</param>
    /// <param name="live">Tells whether the pipe was interrupted; null where it cannot be.</param>
    /// <exception cref="IOException">The copy cannot be made or written.</exception>
    /// <exception cref="OperationCanceledException">The pipe was interrupted.</exception>
    public static FileSource Spool(ReadOnlySpan<byte> start, Stream pipe, LiveStream? live = null)
    {
        SafeFileHandle handle = DiskFile.OpenTemporary();
        try
        {
            byte[] buffer = new byte[1 << 16];
            Write(handle, start, 0);
            long length = start.Length;
            for (int read = pipe.Read(buffer); read > 0; read = pipe.Read(buffer))
            {
                Write(handle, buffer.AsSpan(0, read), length);
                length += read;
            }

            live?.ThrowIfInterrupted();
            return new FileSource(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Asks the system once. It may give less than there is room for, and gives nothing behind the end.</summary>
    protected virtual int ReadOnce(SafeFileHandle handle, long offset, Span<byte> to) => RandomAccess.Read(handle, to, offset);

    protected sealed override void ReadAt(long offset, Span<byte> to, string field)
    {
        while (to.Length > 0)
        {
            int read = ReadOnce(_handle, offset, to);
            if (read == 0)
            {
                // The file shrank while it was read.
                CaptureFormatException.ThrowTruncated(field, offset, to.Length, 0);
            }

            to = to[read..];
            offset += read;
        }
    }

    protected override void Dispose(bool disposing)
    {
        _handle.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Writes into the copy of a pipe.</summary>
    /// <exception cref="IOException">There is no room.</exception>
    internal static void Write(SafeFileHandle copy, ReadOnlySpan<byte> bytes, long at)
    {
        try
        {
            RandomAccess.Write(copy, bytes, at);
        }
        catch (Exception fault) when (fault is IOException or ArgumentOutOfRangeException)
        {
            // A file that may not grow is an argument out of range to the runtime.
            throw new IOException($"what is unpacked cannot be written to {Path.GetTempPath()} (TMPDIR): {(fault is IOException ? fault.Message : "files may not be so large here")}", fault);
        }
    }
}

/// <summary>Bytes in memory: a section that was stored compressed.</summary>
internal sealed class MemorySource(byte[] bytes) : ByteSource
{
    public override long Length => bytes.Length;

    protected override void ReadAt(long offset, Span<byte> to, string field) => bytes.AsSpan((int)offset, to.Length).CopyTo(to);
}
