using Differ.Schemas.Files;
using Differ.Tests.Schemas.Files;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>The same events make the same records, byte for byte, whichever lossless format they come in.</summary>
public sealed class IdentityTests
{
    private const string Kernel = "6.12";

    public static TheoryData<string> Formats => [.. Made.Keys];

    private static Dictionary<string, Func<byte[]>> Made { get; } = new(StringComparer.Ordinal)
    {
        ["trace.dat version 6"] = static () => StoryFiles.TraceDat(Kernel, Tell, version: 6),
        ["trace.dat of zlib"] = static () => StoryFiles.TraceDat(Kernel, Tell, compression: "zlib"),
        ["trace.dat of zstd"] = static () => StoryFiles.TraceDat(Kernel, Tell, compression: "zstd"),
        ["perf.data"] = static () => StoryFiles.Perf(Kernel, Tell),
        ["perf.data of zstd"] = static () => StoryFiles.Perf(Kernel, Tell, packed: true),
        ["pipe of perf"] = static () => StoryFiles.Perf(Kernel, Tell, pipe: true),
        ["pipe of perf of zstd"] = static () => StoryFiles.Perf(Kernel, Tell, pipe: true, packed: true),
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_body_of_the_run_does_not_depend_on_the_format(string format) =>
        Assert.Equal(Body(StoryFiles.TraceDat(Kernel, Tell)), Body(Made[format]()));

    [Fact]
    public void A_lossy_text_says_what_it_lost()
    {
        const string Plugin = "       CPU 0/KVM-7  [000] 1.000000: kvm_entry: vcpu 0 rip 0x1000\n       CPU 0/KVM-7  [000] 1.000001: kvm_exit: reason EXIT_HLT rip 0x1000 info 0 0\n";
        string report = TextTrace.Check(Plugin).Output;
        Assert.Contains("DIF0336", report, StringComparison.Ordinal);
        Assert.Contains("kvm_entry without immediate_exit, intr_info, error_code", report, StringComparison.Ordinal);
        Assert.Contains("DIF0337", report, StringComparison.Ordinal);
    }

    private static void Tell(KvmStory story) => Stories.Vmmcall(story, right: true);

    private static string Body(byte[] capture) => string.Join('\n',
        RunFileTests.Blocks(Recording.Of(capture).ToRun()).Where(block => block.Kind == BlockKind.Exits).Select(block => Convert.ToHexStringLower(block.Body)));
}
