using System.Reflection;
using System.Runtime.Loader;
using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Diagnostics;

public sealed class MissingLibraryTests
{
    public static TheoryData<string, string, string> Libraries => new()
    {
        { "gzip", "libz.so.1", "zlib1g" },
        { "zstd", "libzstd.so.1", "libzstd1" },
        { "xz", "liblzma.so.5", "liblzma5" },
        { "bzip2", "libbz2.so.1.0", "libbz2-1.0" },
        { "lz4", "liblz4.so.1", "liblz4-1" },
    };

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_missing_library_is_named_with_its_package(string packing, string library, string package) =>
        Refused(PackedTexts.All[packing], library, package);

    [Fact]
    public void It_is_the_same_inside_a_capture() =>
        Refused(Mark.Describe(new TraceDatBuilder { Compression = "zstd" }).Cpu(0).Event(1, Mark.Of(1)).File, "libzstd.so.1", "libzstd1");

    [Fact]
    public void Every_packing_that_is_unpacked_is_among_them() => Assert.Equal(CaptureFile.PackingNames.Order(), Libraries.Select(static row => (string)row[0]).Order());

    [Fact]
    public void The_library_of_bzip2_is_found_under_both_its_names()
    {
        Assert.Equal(7, SystemLibrary.FindOther("libbz2.so.1.0", static file => file == "libbz2.so.1" ? 7 : 0));
        Assert.Equal(0, SystemLibrary.FindOther("libbz2.so.1.0", static file => file == "libbz2.so.1.0" ? 7 : 0));
        Assert.Equal(0, SystemLibrary.FindOther("liblz4.so.1", static _ => 7));
    }

    private static void Refused(byte[] file, string library, string package)
    {
        var context = new WithoutLibraries();
        MethodInfo open = context.LoadFromAssemblyPath(typeof(CaptureSession).Assembly.Location)
            .GetType(typeof(CaptureSession).FullName!, throwOnError: true)!.GetMethod(nameof(CaptureSession.Open), [typeof(Stream)])!;
        Exception refused = Assert.Throws<TargetInvocationException>(() => open.Invoke(null, [new MemoryStream(file)])).InnerException!;
        Assert.Equal("DIF0107", refused.GetType().GetProperty("Code")!.GetValue(refused));
        Assert.Contains(library, refused.Message, StringComparison.Ordinal);
        Assert.Contains(package, refused.Message, StringComparison.Ordinal);
        context.Unload();
    }

    // A second copy of the stage, to which no library of the system is there but libc, without which nothing runs.
    private sealed class WithoutLibraries() : AssemblyLoadContext("without libraries", isCollectible: true)
    {
        protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
            unmanagedDllName == "libc" ? 0 : throw new DllNotFoundException(unmanagedDllName);
    }
}
