using System.Formats.Tar;
using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Wrappers;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Wrappers;

public sealed class TarTests
{
    private static readonly byte[] Trace = File.ReadAllBytes(Path.Combine(Repository.Fixtures, "few-events", "trace.dat"));
    private static readonly byte[] Prose = "Nothing to see here.\n"u8.ToArray();

    [Theory]
    [InlineData(TarEntryFormat.V7)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    public void The_only_capture_of_an_archive_is_read_as_the_capture(TarEntryFormat format) =>
        Assert.Equal(Counts(Trace), Counts(TarBuilder.Of(format, ("readme", Prose), ("x/anything", Trace))));

    [Fact]
    public void An_archive_may_be_packed_and_hold_what_is_packed() =>
        Assert.Equal("kvm_entry\t1\nkvm_fpu\t1\n", Counts(PackingsTests.Gzip(TarBuilder.Of(("a", PackedTexts.All["xz"])))));

    [Fact]
    public void Members_are_unpacked_one_at_a_time_however_many_there_are()
    {
        const int Members = 400, Others = 100;
        byte[] archive = TarBuilder.Of([.. Enumerable.Range(0, Members).Select(i => ($"{i}", PackingsTests.Gzip(Trace)))]);
        int before = OpenFiles();
        using CaptureFile file = CaptureFile.Open(new MemoryStream(archive));
        Assert.Equal(Members, file.Items.Count);
        foreach (CaptureItem item in file.Items)
        {
            using CaptureSession session = item.OpenCapture();
            Assert.NotEmpty(session.CountEvents());
        }

        Assert.InRange(OpenFiles() - before, int.MinValue, Others);
    }

    [Fact]
    public void A_member_that_is_damaged_is_told_and_the_others_are_read()
    {
        byte[] packed = PackingsTests.Gzip(Trace);
        CommandResult result = CommandLine.RunWith(TarBuilder.Of(("cut", packed[..^9]), ("two", Trace)), "check", "-", "--report", "jsonl");
        Assert.Equal(2, result.Status);
        Assert.Contains("cut", result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Output.Split('\n'), line => line.StartsWith("{\"type\":\"capture\"", StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_longer_than_a_header_is_read_and_a_name_that_climbs_out_is_only_shown()
    {
        string name = "../../etc/" + new string('n', 200);
        IReadOnlyList<TarMember> members = TarArchive.List(new MemorySource(TarBuilder.Of(TarEntryFormat.Gnu, (name, Prose), ("../\u001b[2J", Prose))));
        Assert.Equal([name, "../\u001b[2J"], members.Select(member => member.Name));
    }

    [Fact]
    public void Several_captures_are_named_where_one_is_wanted()
    {
        CommandResult result = CommandLine.RunWith(TarBuilder.Of(("d/one", Trace), ("two", Trace), ("three", Prose)), "show", "--counts", "-");
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.Contains("DIF0397", result.Errors, StringComparison.Ordinal);
        Assert.Contains("d/one, two", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_captures_are_checked_one_after_the_other()
    {
        CommandResult result = CommandLine.RunWith(TarBuilder.Of(("d/one", Trace), ("two", Trace), ("three", Prose)), "check", "-", "--report", "jsonl");
        Assert.Equal(2, result.Output.Split('\n').Count(line => line.StartsWith("{\"type\":\"capture\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_archive_without_a_capture_is_refused() => Refused("DIF0396", "", TarBuilder.Of(("readme", Prose)));

    [Fact]
    public void More_members_than_the_limit_are_refused()
    {
        byte[] one = TarBuilder.Of(TarEntryFormat.Ustar, ("empty", []))[..TarArchive.BlockSize];
        byte[] many = [.. Enumerable.Repeat(one, TarArchive.MostMembers + 1).SelectMany(header => header)];
        Assert.Equal("DIF0395", Assert.Throws<CaptureFormatException>(() => TarArchive.List(new MemorySource(many))).Code);
    }

    [Fact]
    public void A_member_longer_than_its_archive_is_refused() => Refused("DIF0101", "tar archive", TarBuilder.Of(("a", Trace))[..4096]);

    [Fact]
    public void A_damaged_archive_is_read_or_refused() => Assert.All(Mutations.Flips(TarBuilder.Of(("a", PackedTexts.All["lz4"]), ("b", Prose)), 300), damaged =>
    {
        CommandResult result = CommandLine.RunWith(damaged, "check", "-");
        Assert.Contains(result.Status, new[] { 0, 1, 2, 4 });
        Assert.InRange(result.Errors.Count(letter => letter == '\n'), 0, 1);
    });

    private static string Counts(byte[] input) => CommandLine.RunWith(input, "show", "--counts", "-").Output;

    private static int OpenFiles() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private static void Refused(string code, string words, byte[] input)
    {
        CommandResult result = CommandLine.RunWith(input, "check", "-");
        Assert.Equal(2, result.Status);
        Assert.Contains(code, result.Errors, StringComparison.Ordinal);
        Assert.Contains(words, result.Errors, StringComparison.Ordinal);
    }
}
