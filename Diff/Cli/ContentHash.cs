using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Differ.Capture;
using Differ.Capture.Disk;

namespace Differ.Cli;

/// <summary>Names captures by their content, for several threads at once: a hash of the bytes of the file, of all files of a folder that is one recording, of a member of an archive.</summary>
internal sealed class ContentHash
{
    private readonly ConcurrentDictionary<string, string> _files = new(StringComparer.Ordinal);

    /// <summary>The hash of a capture: of a file, what sha256sum says.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public string Of(NamedInput input)
    {
        string hash = _files.GetOrAdd(input.Path, static path => CaptureFile.FilesOf(path) is [var only] ? OfFile(only)
            : OfText(string.Concat(CaptureFile.FilesOf(path).Order(StringComparer.Ordinal).Select(file => $"{OfFile(file)}  {Path.GetFileName(file)}\n"))));
        return input.Member.Length == 0 ? hash : OfText($"{hash}  {input.Member}\n");
    }

    /// <summary>The hash of a text.</summary>
    public static string OfText(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string OfFile(string path)
    {
        using Stream file = DiskFile.Read(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
