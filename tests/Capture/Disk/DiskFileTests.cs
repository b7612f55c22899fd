using Differ.Capture.Disk;
using Differ.Tests.Support;
using Microsoft.Win32.SafeHandles;

namespace Differ.Tests.Capture.Disk;

public sealed class DiskFileTests : IDisposable
{
    private const int OwnerOnly = 0x180;

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_temporary_file_has_no_name_and_is_for_its_owner_only(bool hasNoName)
    {
        using SafeFileHandle file = hasNoName ? DiskFile.OpenTemporary() : DiskFile.OpenNamedTemporary(_scratch["copy"]);
        Assert.Empty(_scratch.Files);
        RandomAccess.Write(file, "kept"u8, 0);

        // What opened it is collected; the file is not.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        byte[] read = new byte[4];
        Assert.Equal(4, RandomAccess.Read(file, read, 0));
        Assert.Equal("kept"u8, read);
        Assert.True(!OperatingSystem.IsLinux() || FileNode.Of(file)!.Mode == OwnerOnly);
    }

    [Fact]
    public void What_a_name_stands_for_is_told_and_links_are_followed_where_that_is_asked()
    {
        _scratch.Write("file", "four"u8);
        _scratch.Write("empty", []);
        Shell.Run(_scratch[""], "mkdir folder; mkfifo pipe; ln file other; ln -s file link; ln -s nothing lost");
        Assert.Equal((FileKind.Regular, 4L, false), Told("file"));
        Assert.Equal((FileKind.Regular, 4L, false), Told("link"));
        Assert.Equal((FileKind.Regular, 0L, true), Told("empty"));
        Assert.Equal((FileKind.Special, 0L, true), Told("pipe"));
        Assert.Equal(FileKind.Folder, FileNode.Of(_scratch["folder"])!.Kind);
        Assert.Equal(FileKind.Link, FileNode.OfLink(_scratch["link"])!.Kind);
        Assert.Null(FileNode.Of(_scratch["lost"]));
        Assert.Null(FileNode.Of(""));
        Assert.Equal(FileNode.Of(_scratch["file"])!.Identity, FileNode.Of(_scratch["other"])!.Identity);
        Assert.NotEqual(FileNode.Of(_scratch["file"])!.Identity, FileNode.Of(_scratch["empty"])!.Identity);
    }

    [Fact]
    public void A_folder_is_listed_whole_however_many_files_are_in_it()
    {
        for (int i = 0; i < 2000; i++)
        {
            _scratch.Write($"{i:d4} {new string('n', 30)}", []);
        }

        Assert.Equal(_scratch.Files, DiskFile.Names(_scratch[""]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_cannot_be_opened_says_why()
    {
        Directory.CreateDirectory(_scratch["folder"]);
        Assert.Equal($"there is no file {_scratch["nothing"]}", Assert.Throws<FileNotFoundException>(() => DiskFile.Open(_scratch["nothing"])).Message);
        Assert.Equal($"{_scratch["folder"]} is a folder", Assert.Throws<UnauthorizedAccessException>(() => DiskFile.Open(_scratch["folder"])).Message);
        Assert.Throws<FileNotFoundException>(() => DiskFile.Names(_scratch["nothing"]));
        using var endless = new Endless();
        Assert.Contains("is longer than 256 MiB", Assert.Throws<IOException>(() => DiskFile.ReadText(endless, "list")).Message, StringComparison.Ordinal);
    }

    private (FileKind Kind, long Length, bool IsReadOnce) Told(string name) =>
        FileNode.Of(_scratch[name]) is { } node ? (node.Kind, node.Length, node.IsReadOnce) : default;

    private sealed class Endless : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => count;

        public override int Read(Span<byte> buffer)
        {
            buffer.Clear();
            return buffer.Length;
        }
    }
}
