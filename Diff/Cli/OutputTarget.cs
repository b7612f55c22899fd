using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Cli.Linux;

namespace Differ.Cli;

/// <summary>What the name of a file that is to be written stands for, behind all links.</summary>
/// <param name="Path">The name that is written: that of the last link's target.</param>
/// <param name="Node">What has it; null for nothing.</param>
/// <param name="IsReplaced">Whether it appears whole under that name; else the bytes go into what is there.</param>
/// <param name="Descriptor">The descriptor of this process that is meant; -1 for none.</param>
internal sealed record OutputTarget(string Path, FileNode? Node, bool IsReplaced, int Descriptor = -1)
{
    // Linux follows as many.
    private const int MostLinks = 40;
    private const string OwnDescriptors = "/proc/self/fd", AnyOfProc = "/proc/self";

    /// <summary>Which name in which folder it is: the same for two ways to one file that does not exist yet.</summary>
    public (FileIdentity? Folder, string Name) Place =>
        (FileNode.Of(System.IO.Path.GetDirectoryName(Path) is { Length: > 0 } folder ? folder : ".")?.Identity, System.IO.Path.GetFileName(Path));

    /// <summary>Finds it.</summary>
    /// <param name="path">The name.</param>
    /// <exception cref="UsageException">It is a folder's.</exception>
    /// <exception cref="OutputException">It is empty, or a link that leads nowhere.</exception>
    public static OutputTarget Of(string path)
    {
        if (path.Length == 0)
        {
            throw new OutputException("''", new IOException("the name of the file to write is empty; - is standard output"));
        }

        if (System.IO.Path.EndsInDirectorySeparator(path) || FileNode.Of(path) is { Kind: FileKind.Folder })
        {
            throw new UsageException($"{path} is a folder; name a file in it");
        }

        return OperatingSystem.IsLinux() ? Behind(path) : OfRuntime(path);
    }

    private static OutputTarget Behind(string path)
    {
        string at = path;
        for (int links = 0; links < MostLinks; links++)
        {
            FileNode? node = FileNode.OfLink(at);
            bool isOfProc = node is not null && node.Identity.FileSystem == FileNode.OfLink(AnyOfProc)?.Identity.FileSystem;
            if (node is not { Kind: FileKind.Link })
            {
                return new OutputTarget(at, node, node is null || (node.Kind == FileKind.Regular && !isOfProc));
            }

            // A link of /proc leads to what is open, which may have no name, or another file's by now.
            if (isOfProc)
            {
                return new OutputTarget(at, FileNode.Of(at), IsReplaced: false, DescriptorOf(at));
            }

            string target = Libc.ReadLink(at) ?? throw new OutputException(path, new IOException("the link cannot be followed"));
            at = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(at) ?? "", target);
        }

        throw new OutputException(path, new IOException("it is a link that leads to links without end"));
    }

    // /dev/stdout and /dev/fd/1 lead there.
    private static int DescriptorOf(string link) =>
        FileNode.Of(System.IO.Path.GetDirectoryName(link) ?? "")?.Identity == FileNode.Of(OwnDescriptors)?.Identity
            && int.TryParse(System.IO.Path.GetFileName(link), out int number) ? number : -1;

    private static OutputTarget OfRuntime(string path)
    {
        string behind = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
        FileNode? node = FileNode.Of(behind);
        return new OutputTarget(behind, node, node is null || (node.Kind == FileKind.Regular && (node.Length > 0 || IsOrdinary(behind))));
    }

    // The runtime does not tell an empty file from a pipe or a device.
    private static bool IsOrdinary(string path)
    {
        using var empty = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        return empty.CanSeek && !path.StartsWith("/dev/", StringComparison.Ordinal);
    }
}
