using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Differ.Capture;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Diagnostics;

public sealed class MissingLibraryTests
{
    [Fact]
    public void A_missing_library_is_named_with_its_package()
    {
        // A second copy of the stage, to which the library is not there.
        var context = new AssemblyLoadContext("without libzstd", isCollectible: true);
        Assembly copy = context.LoadFromAssemblyPath(typeof(CaptureSession).Assembly.Location);
        NativeLibrary.SetDllImportResolver(copy, static (name, _, _) => throw new DllNotFoundException(name));
        MethodInfo open = copy.GetType(typeof(CaptureSession).FullName!, throwOnError: true)!.GetMethod(nameof(CaptureSession.Open), [typeof(Stream)])!;
        byte[] file = Mark.Describe(new TraceDatBuilder { Compression = "zstd" }).Cpu(0).Event(1, Mark.Of(1)).File;
        Exception refused = Assert.Throws<TargetInvocationException>(() => open.Invoke(null, [new MemoryStream(file)])).InnerException!;
        Assert.Equal("DIF0107", refused.GetType().GetProperty("Code")!.GetValue(refused));
        Assert.Contains("libzstd1", refused.Message, StringComparison.Ordinal);
        context.Unload();
    }
}
