using Differ.Capture.Bytes;
using Differ.Tests.Support;
using Microsoft.Win32.SafeHandles;

namespace Differ.Fuzz;

/// <summary>What a machine does to who reads a file: it gives less than was asked for, fails, or lets the file shrink meanwhile. The same number does the same.</summary>
/// <param name="seed">The number.</param>
internal sealed class MachineFaults(int seed)
{
    /// <summary>What the system says of EIO.</summary>
    public const string BadSector = "Input/output error";

    private const int LongestPiece = 17;

    private readonly Random _random = new(seed);

    /// <summary>How often the system was asked.</summary>
    public int Reads { get; private set; }

    /// <summary>The read that fails with EIO; that of no file does where nothing is said.</summary>
    public int FailsAt { get; init; } = int.MaxValue;

    /// <summary>The read before which the file loses its end.</summary>
    public int ShrinksAt { get; init; } = int.MaxValue;

    /// <summary>Whether the reader met a failure, or the new end.</summary>
    public bool HaveStruck { get; private set; }

    /// <summary>A file that has these faults.</summary>
    /// <param name="bytes">What it holds. It lies on disk, and is gone when it is closed.</param>
    public ByteSource Under(byte[] bytes)
    {
        SafeFileHandle file = File.OpenHandle(
            Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose);
        RandomAccess.Write(file, bytes, 0);
        return new FaultyFile(file, this);
    }

    /// <summary>Files that have these faults together.</summary>
    public ByteFolder Under(IReadOnlyDictionary<string, byte[]> files) => new FaultyFolder(files, this);

    private int Read(SafeFileHandle file, long offset, Span<byte> to)
    {
        int read = Reads++;
        if (read == FailsAt)
        {
            HaveStruck = true;
            throw new IOException(BadSector);
        }

        if (read == ShrinksAt)
        {
            RandomAccess.SetLength(file, _random.NextInt64(RandomAccess.GetLength(file) + 1));
        }

        int got = RandomAccess.Read(file, to[..Math.Min(to.Length, 1 + _random.Next(1 << _random.Next(LongestPiece)))], offset);
        HaveStruck |= got == 0;
        return got;
    }

    private sealed class FaultyFile(SafeFileHandle file, MachineFaults faults) : FileSource(file)
    {
        protected override int ReadOnce(SafeFileHandle handle, long offset, Span<byte> to) => faults.Read(handle, offset, to);
    }

    private sealed class FaultyFolder(IReadOnlyDictionary<string, byte[]> files, MachineFaults faults) : ByteFolder
    {
        private readonly MemoryFolder _sound = new(files);

        public override string Name => _sound.Name;

        public override ulong Size => _sound.Size;

        public override IReadOnlyList<string> Names => _sound.Names;

        public override ByteSource Open(string name) => faults.Under(files[name]);
    }
}
