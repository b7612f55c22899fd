using Differ.Capture.Diagnostics;

namespace Differ.Capture.Bytes;

/// <summary>A shared library of the system that unpacks.</summary>
/// <param name="File">Its file, with the version of its ABI.</param>
/// <param name="Package">The package of Debian that holds it.</param>
internal sealed record SystemLibrary(string File, string Package)
{
    /// <summary>Makes the first call to it.</summary>
    /// <param name="call">The call.</param>
    /// <param name="fileOffset">Where in the file it is needed.</param>
    /// <exception cref="CaptureFormatException">DIF0107: it is not installed.</exception>
    public T First<T>(Func<T> call, long fileOffset)
    {
        try
        {
            return call();
        }
        catch (DllNotFoundException)
        {
            return CaptureFormatException.ThrowMissingLibrary<T>(File, Package, fileOffset);
        }
    }
}
