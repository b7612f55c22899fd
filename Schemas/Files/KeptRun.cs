using Differ.Schemas.Run;
using Google.Protobuf;
using Microsoft.Win32.SafeHandles;

namespace Differ.Schemas.Files;

/// <summary>
/// Recorded exits that are kept while a run is read, so that any of them can be read again: in blocks of a file, as in a run file, of which the
/// memory holds where each starts. One thread writes; any may read.
/// </summary>
/// <param name="file">An empty file; closed with this.</param>
/// <param name="texts">Texts that the records refer to.</param>
public sealed class KeptRun(SafeFileHandle file, TextTable texts) : IExitSink, IDisposable
{
    /// <summary>Exits of a block: what is read, at the least, to see one.</summary>
    public const int BlockExits = 128;

    private readonly Lock _lock = new();
    private readonly ExitWriter _writer = new(texts);
    private readonly MemoryStream _body = new();
    private readonly List<long> _starts = [0];
    private CodedOutputStream? _output;
    private long _count;

    /// <summary>How many exits are kept.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <inheritdoc/>
    /// <exception cref="IOException">There is no room for it.</exception>
    public void Take(in ExitRecord record)
    {
        lock (_lock)
        {
            _output ??= new CodedOutputStream(_body, leaveOpen: true);
            _writer.Write(_output, record);
            if (++_count % BlockExits == 0)
            {
                _output.Flush();
                RandomAccess.Write(file, _body.GetBuffer().AsSpan(0, (int)_body.Length), _starts[^1]);
                _starts.Add(_starts[^1] + _body.Length);
                _body.SetLength(0);
            }
        }
    }

    /// <summary>Reads exits in their order.</summary>
    /// <param name="first">The first of them, counted from 0.</param>
    /// <param name="count">How many; those that are not there are left out.</param>
    /// <param name="sink">Takes them.</param>
    /// <param name="read">Gets the texts that they refer to.</param>
    /// <param name="cancel">Ends it.</param>
    public void Read(long first, long count, IExitSink sink, TextTable read, CancellationToken cancel = default)
    {
        var reader = new ExitReader(read);
        long end = Math.Min(first + count, Count);
        for (long at = first; at < end; at = (at / BlockExits * BlockExits) + BlockExits)
        {
            cancel.ThrowIfCancellationRequested();
            int number = 0, skip = (int)(at % BlockExits), take = (int)Math.Min(BlockExits, end - at + skip);
            foreach (byte[] message in RunReader.Messages(Block((int)(at / BlockExits))))
            {
                if (number >= skip && number < take)
                {
                    reader.Read(message, static _ => false, sink);
                }

                number++;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _output?.Dispose();
        _body.Dispose();
        file.Dispose();
    }

    private byte[] Block(int number)
    {
        lock (_lock)
        {
            if (number == _starts.Count - 1)
            {
                _output?.Flush();
                return _body.ToArray();
            }

            byte[] block = new byte[_starts[number + 1] - _starts[number]];
            int read = 0;
            for (int more = 1; more > 0 && read < block.Length; read += more)
            {
                more = RandomAccess.Read(file, block.AsSpan(read), _starts[number] + read);
            }

            return block;
        }
    }
}
