using System.Text.Json;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>Exits are looked for by what they are, and shown with what is said of them.</summary>
public sealed class ShowVerbTests : IDisposable
{
    private readonly Scratch _scratch = new();

    private static string Capture => Fixture.Capture("l2-vmmcall-not-intercepted-6.1");

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(1029, "--verdict", "diverges")]
    [InlineData(12, "--verdict", "undecided")]
    [InlineData(1, "--exit", "2282", "--verdict", "diverges")]
    [InlineData(1, "--exit", "2282", "--reason", "#UD", "--level", "l2", "--rip", "0x400d70")]
    [InlineData(1, "--exit", "2282", "--rip", "400d00..400dff", "--event", "kvm:kvm_emulate_insn")]
    [InlineData(1, "--from", "631.5337126", "--to", "631.5337127")]
    public void Filters_combine(int expected, params string[] filter) => Assert.Equal(expected, Exits(filter).Count);

    [Theory]
    [InlineData("--exit", "99999")]
    [InlineData("--exit", "2282", "--level", "L1")]
    [InlineData("--rip", "0x1")]
    [InlineData("--verdict", "likely")]
    [InlineData("--msr", "TSC_RATIO")]
    [InlineData("--port", "0x1234")]
    public void What_matches_nothing_says_so_and_ends_with_1(params string[] filter)
    {
        CommandResult result = CommandLine.Run(["show", Capture, .. filter]);
        Assert.Equal((1, "", $"differ: no exit of {Capture} matches\n"), (result.Status, result.Output, result.Errors));
    }

    [Theory]
    [InlineData("npf", "NPF")]
    [InlineData("0x400", "NPF")]
    [InlineData("SVM_EXIT_NPF", "NPF")]
    [InlineData("VMEXIT_IOIO", "IOIO")]
    [InlineData("io", "IOIO")]
    [InlineData("excp", "EXCP #UD")]
    [InlineData("EXCP_UD", "EXCP #UD")]
    public void A_reason_has_the_manuals_name_the_kernels_or_a_number(string word, string name) =>
        Assert.All(Exits("--reason", word), one => Assert.Equal(name, one.GetProperty("exit_event").GetProperty("reason").GetString()));

    [Fact]
    public void Several_reasons_are_any_of_them()
    {
        List<JsonElement> both = Exits("--reason", "npf,msr");
        Assert.Equal(Exits("--reason", "npf").Count + Exits("--reason", "msr").Count, both.Count);
        Assert.Equal(both.Count, Exits("--reason", "npf", "--reason", "msr").Count);
    }

    [Fact]
    public void Accesses_are_found_by_name_and_by_number()
    {
        List<JsonElement> efer = Exits("--msr", "efer");
        Assert.NotEmpty(efer);
        Assert.Equal(efer.Count, Exits("--msr", "0xc0000080").Count);
        Assert.All(efer, one => Assert.Contains("\"ecx\":\"0xc0000080\"", one.GetRawText(), StringComparison.Ordinal));
        List<JsonElement> serial = Exits("--port", "0x3f8");
        Assert.NotEmpty(serial);
        Assert.All(serial, one => Assert.Contains("port 0x3f8, 1 byte (COM1)", one.GetProperty("exit_event").GetProperty("decoded").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Neighbours_come_once_and_are_told_apart()
    {
        List<JsonElement> shown = Exits("--verdict", "undecided", "--context", "1");
        Assert.Distinct(shown.Select(one => one.GetProperty("exit").GetInt32()));
        Assert.Equal(shown.Select(one => one.GetProperty("exit").GetInt32()).Order(), shown.Select(one => one.GetProperty("exit").GetInt32()));
        int[] matched = [.. shown.Where(one => !one.GetProperty("context").GetBoolean()).Select(one => one.GetProperty("exit").GetInt32())];
        Assert.Equal(12, matched.Length);
        Assert.All(shown.Where(one => one.GetProperty("context").GetBoolean()), one => Assert.Contains(matched, exit => Math.Abs(exit - one.GetProperty("exit").GetInt32()) == 1));
    }

    [Fact]
    public void The_text_has_the_kernels_names_the_verdict_and_what_was_expected()
    {
        string[] lines = CommandLine.Run("show", Capture, "--exit", "2282").Output.Split('\n');
        Assert.Equal("stream 0 exit 2282  vCPU 0  diverges SVM-15.18-VMMCALL-UNINT-UD (a093e73e0576)", lines[0]);
        Assert.Equal("  631.533712613  kvm_exit  L2  exit_reason EXCP #UD (0x46)  guest_rip 0x400d70  cpu 0", lines[1]);
        Assert.StartsWith("  631.533718962    kvm_nested_vmexit  exit_reason EXCP #UD (0x46)  guest_rip 0x400d70  info1 0x0", lines[2], StringComparison.Ordinal);
        Assert.Equal("  631.534300217  kvm_entry  rip 0x400d70", lines[4]);
        Assert.Equal(["  recorded  no exception raised; entry at the same rip 0x400d70", "  expected  exception raised #UD, entry at rip 0x400d70"], lines[5..7]);
        Assert.Contains("info1 0x100000006  info2 0x1019004  (", CommandLine.Run("show", Capture, "--exit", "2281").Output, StringComparison.Ordinal);
        Assert.Contains("guest physical address 0x1019004)", CommandLine.Run("show", Capture, "--exit", "2281").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_line_keeps_its_schema()
    {
        var schema = new JsonSchema(File.ReadAllText(Path.Combine(Repository.Root, "docs", "show.schema.json")));
        string[] lines = CommandLine.Run("show", Capture, "--exit", "2282", "--context", "12", "--format", "jsonl").Output.TrimEnd('\n').Split('\n');
        Assert.Equal(25, lines.Length);
        Assert.All(lines, line => Assert.Empty(schema.Check(line)));
    }

    [Fact]
    public void A_table_has_a_row_for_each_exit_and_the_documented_columns()
    {
        string[] rows = CommandLine.Run("show", Capture, "--verdict", "undecided", "--format", "csv").Output.TrimEnd('\n').Split('\n');
        Assert.Equal(13, rows.Length);
        string docs = File.ReadAllText(Path.Combine(Repository.Root, "docs", "show.md"));
        Assert.All(rows[0].Split(','), column => Assert.Matches($@"[|,] {column}[ ,]", docs));
    }

    [Fact]
    public void Addresses_have_the_symbols_of_their_guest()
    {
        string l2 = _scratch.Write("l2.map", "0000000000400d00 T test_vmmcall\n0000000000400e00 T other\n"u8), l1 = _scratch.Write("l1.map", "0000000000400d00 T of_l1\n"u8);
        string shown = CommandLine.Run("show", Capture, "--exit", "2282", "--l2-symbols", l2, "--l1-symbols", l1).Output;
        Assert.Contains("guest_rip 0x400d70 <test_vmmcall+0x70>", shown, StringComparison.Ordinal);
        Assert.Contains("kvm_entry  rip 0x400d70 <test_vmmcall+0x70>", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("of_l1", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--rip", "zzz")]
    [InlineData("--rip", "2..1")]
    [InlineData("--level", "L3")]
    [InlineData("--reason", "NOTHING")]
    [InlineData("--event", "kvm_nothing")]
    [InlineData("--event", "kvm_exit")]
    [InlineData("--verdict", "bad")]
    [InlineData("--msr", "NOTHING")]
    [InlineData("--port", "0x12345")]
    [InlineData("--from", "noon")]
    [InlineData("--l1-symbols", "no/such/file")]
    public void A_filter_that_makes_no_sense_ends_with_64_and_its_name(string option, string value)
    {
        CommandResult result = CommandLine.Run("show", Capture, option, value);
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.Contains(value, result.Errors, StringComparison.Ordinal);
    }

    private static List<JsonElement> Exits(params string[] filter) =>
    [
        .. CommandLine.Run(["show", Capture, "--format", "jsonl", .. filter]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement),
    ];
}
