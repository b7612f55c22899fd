using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.TraceDat;

/// <summary>What the data of all CPUs of a file may take together.</summary>
/// <param name="fileLength">Bytes of the file.</param>
internal sealed class PageRoom(long fileLength)
{
    // A block of each CPU is unpacked at once: a host with 512 CPUs and the blocks of trace-cmd stays far below.
    private const long MostHeld = 1L << 30;

    private long _claimed;
    private long _held;

    /// <summary>A CPU has data in the file. No two may have the same, or the file would be read as often as it says.</summary>
    /// <exception cref="CaptureFormatException">DIF0104: the data of all CPUs is longer than the file.</exception>
    public void Claim(CpuData data)
    {
        _claimed += data.Size;
        if (_claimed > fileLength)
        {
            CaptureFormatException.ThrowImpossible("data of all CPUs", data.Offset, $"{_claimed} bytes in a file of {fileLength}");
        }
    }

    /// <summary>More pages are held, or fewer.</summary>
    /// <param name="bytes">How much more; negative for less.</param>
    /// <param name="fileOffset">Where they are.</param>
    /// <exception cref="CaptureFormatException">DIF0104: they are too many.</exception>
    public void Take(int bytes, long fileOffset)
    {
        _held += bytes;
        if (_held > MostHeld)
        {
            CaptureFormatException.ThrowImpossible("pages of all CPUs that are read at once", fileOffset, $"more than {MostHeld >> 20} MiB");
        }
    }
}
