using Differ.Schemas.Files;
using Differ.Tests.Schemas.Files;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

public sealed class RunFileVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    /// <summary>Run files that cannot be used, by number.</summary>
    public static IReadOnlyDictionary<string, Func<byte[]>> Refused { get; } = new Dictionary<string, Func<byte[]>>(StringComparer.Ordinal)
    {
        ["DIF0201"] = static () => [.. "DIFRUN9\n and something"u8],
        ["DIF0202"] = static () => Records.Everything().ToRun()[..30],
        ["DIF0203"] = static () => [.. RunFile.Magic, .. RunFileTests.Block(BlockKind.Header, [8, 2])],
        ["DIF0204"] = static () => ComputedRunTests.Computed(Records.Many(4), static _ => true),
        ["DIF0205"] = static () => [.. Records.Everything().ToRun(), .. RunFileTests.Block(BlockKind.Exits, [10, 200])],
    };

    public static TheoryData<string> Codes => [.. Refused.Keys];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Codes))]
    public void A_run_that_cannot_be_used_is_refused_in_one_line(string code)
    {
        RunFormatException refused = Assert.Throws<RunFormatException>(() => Recording.OfRun(Refused[code]()));
        Assert.Equal(code, refused.Code);
        CommandResult result = CommandLine.RunWith(Refused[code](), "replay", "-", "-o", Path.Combine(_folder, "model.difr"));
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.Matches($"^differ: standard input: {code} at byte 0x[0-9a-f]+: [^\n]+\n$", result.Errors);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Convert_replay_and_diff_say_what_check_says()
    {
        string capture = Path.Combine(_folder, "trace.dat"), run = Path.Combine(_folder, "run.difr"), model = Path.Combine(_folder, "model.difr");
        File.WriteAllBytes(capture, Stories.Vmmcall("6.12", right: false, new TraceDatBuilder()));
        Assert.Equal(0, CommandLine.Run("convert", capture, "-o", run).Status);
        Assert.Equal(0, CommandLine.Run("replay", run, "-o", model).Status);
        CommandResult diff = CommandLine.Run("diff", run, model);
        CommandResult check = CommandLine.Run("check", capture);
        Assert.Equal((1, ReportText.WithoutCommands(check.Output), ""), (diff.Status, ReportText.WithoutCommands(diff.Output), diff.Errors));
        Assert.Equal((1, ""), (check.Status, check.Errors));
    }

    [Fact]
    public void A_model_of_another_run_is_refused()
    {
        string one = Model("one", "6.12", out string run), other = Model("other", "6.14", out _);
        Assert.Equal(0, CommandLine.Run("diff", run, one).Status);
        CommandResult result = CommandLine.Run("diff", run, other);
        Assert.Equal(2, result.Status);
        Assert.StartsWith($"differ: {other}: DIF0206 ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_in_a_run_is_passed_over_and_told()
    {
        _ = Model("one", "6.12", out string run);
        byte[] bytes = File.ReadAllBytes(run);
        int exits = bytes.AsSpan(20).IndexOf(RunFile.Marker) + 20;
        bytes[exits + 30] ^= 1;
        CommandResult result = CommandLine.RunWith(bytes, "check", "-");
        Assert.Equal((4, ""), (result.Status, result.Errors));
        Assert.Matches(Told("DIF0221"), result.Output);
        Assert.Matches(Told("DIF0220"), CommandLine.RunWith(bytes[..exits], "check", "-").Output);
    }

    [Fact]
    public void Damage_in_a_model_is_passed_over_and_told()
    {
        string model = Model("one", "6.12", out string run);
        byte[] bytes = File.ReadAllBytes(model);
        int exits = bytes.AsSpan(20).IndexOf(RunFile.Marker) + 20;
        bytes[exits + 30] ^= 1;
        File.WriteAllBytes(model, bytes);
        CommandResult result = CommandLine.Run("diff", run, model);
        Assert.Equal((4, ""), (result.Status, result.Errors));
        Assert.Matches(Told("DIF0222"), result.Output);
    }

    private static string Told(string code) => $@"\b{code} \(1\): ";

    private string Model(string name, string kernel, out string run)
    {
        string capture = Path.Combine(_folder, $"{name}.dat");
        run = Path.Combine(_folder, $"{name}.difr");
        string model = Path.Combine(_folder, $"{name}.model.difr");
        File.WriteAllBytes(capture, Stories.Vmmcall(kernel, right: true, new TraceDatBuilder()));
        Assert.Equal(0, CommandLine.Run("convert", capture, "-o", run).Status);
        Assert.Equal(0, CommandLine.Run("replay", run, "-o", model).Status);
        return model;
    }
}
