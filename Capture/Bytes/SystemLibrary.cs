using System.Reflection;
using System.Runtime.InteropServices;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Bytes;

/// <summary>A shared library of the system that unpacks.</summary>
/// <param name="File">Its file, with the version of its ABI.</param>
/// <param name="Package">The package of Debian that holds it.</param>
internal sealed record SystemLibrary(string File, string Package)
{
    // Before the first call to any of them.
    static SystemLibrary() => NativeLibrary.SetDllImportResolver(typeof(SystemLibrary).Assembly, Resolve);

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

    /// <summary>Finds a library under the other name that it has on some systems.</summary>
    /// <param name="name">Its file.</param>
    /// <param name="load">Loads a file; 0 where it is not there.</param>
    /// <returns>The library; 0 where it has one name only, or is not there.</returns>
    /// <remarks>bzip2's own makefile and Debian call it libbz2.so.1.0, Fedora and what comes of it libbz2.so.1; the ABI is the same.</remarks>
    internal static nint FindOther(string name, Func<string, nint> load) => name == "libbz2.so.1.0" && load(name) == 0 ? load("libbz2.so.1") : 0;

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        FindOther(name, file => NativeLibrary.TryLoad(file, assembly, path, out nint library) ? library : 0);
}
