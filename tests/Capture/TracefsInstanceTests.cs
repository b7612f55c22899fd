using Differ.Capture.Disk;
using Differ.Capture.Recording;
using Differ.Cli;
using Differ.Tests.Support;

namespace Differ.Tests.Capture;

public sealed class TracefsInstanceTests : IDisposable
{
    private const string Kernel = "6.12", Instance = "differ";

    private readonly Scratch _scratch = new();

    private string Tracefs => _scratch["host/sys/kernel/tracing"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void What_an_instance_holds_becomes_a_trace_dat()
    {
        HostKernel host = Host();
        var layouts = KernelLayouts.Of(Kernel);
        TraceDatBuilder builder = KvmStory.Capture(layouts, new TraceDatBuilder { Version = 6 });
        Stories.Vmmcall(new KvmStory(builder.Top, layouts), right: false);
        builder.WriteTracefs(Tracefs, Instance);
        using var file = new MemoryStream();
        using (TracefsInstance recording = TracefsInstance.Start(host, host.Plan(EventLevel.Full), _scratch["trace.dat"], 64, []))
        {
            Assert.Equal(builder.Top.Pages(0).Length, recording.Pump());
            recording.End();
            recording.Write(file, ["recorder of the test"]);

            // rmdir takes an instance away with all that is in it.
            Directory.Delete(Path.Combine(Tracefs, "instances", Instance), recursive: true);
        }

        Assert.Equal(["host"], _scratch.Files);
        Assert.Equal(CommandLine.RunWith(builder.File, "show", "--events", "-").Output, CommandLine.RunWith(file.ToArray(), "show", "--events", "-").Output);
        Assert.Equal(1, CommandLine.RunWith(file.ToArray(), "check", "-").Status);
        byte[] cut = file.ToArray()[..^100];
        Assert.Equal(CommandLine.RunWith(builder.File[..^100], "show", "--events", "-").Output, CommandLine.RunWith(cut, "show", "--events", "-").Output);
    }

    [Fact]
    public void What_cannot_be_set_up_is_taken_away_again()
    {
        HostKernel host = Host();
        File.WriteAllText(Path.Combine(Tracefs, "events/header_page"), "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n");
        Assert.ThrowsAny<IOException>(() => TracefsInstance.Start(host, host.Plan(EventLevel.Stock), _scratch["trace.dat"], 64, []));
        Assert.False(Directory.Exists(Path.Combine(Tracefs, "instances", Instance)));
        Assert.Equal(["host"], _scratch.Files);
    }

    [Fact]
    public void Exits_are_counted_by_level_as_they_come()
    {
        HostKernel host = Host();
        var layouts = KernelLayouts.Of(Kernel);
        TraceDatBuilder builder = KvmStory.Capture(layouts, new TraceDatBuilder { Version = 6 });
        new KvmStory(builder.Top, layouts).Entry(1).Exit(0x72, 1).Entry(1).ExitFromL2(0x72, 1).Entry(1).ExitFromL2(0x72, 1).Entry(1);
        builder.WriteTracefs(Tracefs, Instance);
        using TracefsInstance recording = TracefsInstance.Start(host, host.Plan(EventLevel.Stock), _scratch["trace.dat"], 64, []);
        recording.CountExits();
        recording.Pump();
        Assert.Equal(new RecordedCounts(3, 2, 0), recording.Counts);
        Assert.Equal(1UL, recording.Counts.ExitsOfL1);
        Directory.Delete(Path.Combine(Tracefs, "instances", Instance), recursive: true);
    }

    [Fact]
    public void Findings_are_counted_as_they_come()
    {
        HostKernel host = Host();
        var layouts = KernelLayouts.Of(Kernel);
        TraceDatBuilder builder = KvmStory.Capture(layouts, new TraceDatBuilder { Version = 6 });
        Stories.Vmmcall(new KvmStory(builder.Top, layouts), right: false);
        builder.WriteTracefs(Tracefs, Instance);
        using TracefsInstance recording = TracefsInstance.Start(host, host.Plan(EventLevel.Stock), _scratch["trace.dat"], 64, []);
        using var terminal = new StringWriter();
        using var findings = new RecordedFindings(recording.Follow()!, new Terminal(terminal, terminal, Stream.Null, Stream.Null, outputIsTerminal: true, errorIsTerminal: true));
        Assert.Equal("no findings so far", findings.ToString());
        recording.Pump();
        findings.End();
        Assert.Equal("1 diverge so far", findings.ToString());
        Assert.Equal("", terminal.ToString());
        Directory.Delete(Path.Combine(Tracefs, "instances", Instance), recursive: true);
    }

    [Fact]
    public void What_a_killed_recording_left_is_known_by_its_number_and_not_by_its_name()
    {
        HostKernel host = Host();
        Directory.CreateDirectory(_scratch["host/run"]);
        var layouts = KernelLayouts.Of(Kernel);
        TraceDatBuilder builder = KvmStory.Capture(layouts, new TraceDatBuilder { Version = 6 });
        builder.Top.Cpu(0);
        builder.Top.Cpu(1);
        builder.WriteTracefs(Tracefs, Instance);
        using TracefsInstance killed = TracefsInstance.Start(host, host.Plan(EventLevel.Stock), _scratch["trace.dat"], 64, []);
        Directory.Delete(Path.Combine(Tracefs, "instances", Instance), recursive: true);
        string first = _scratch["trace.dat.cpu0.partial"], second = _scratch["trace.dat.cpu1.partial"], list = _scratch["host/run/differ-record"];
        Assert.Equal([first, second], host.Partials.Left);

        // In the place of one lies somebody's file meanwhile.
        string notes = File.ReadAllText(list);
        File.Move(first, _scratch["elsewhere"]);
        File.WriteAllText(first, "mine");
        Assert.Equal([second], new HostKernel(_scratch["host"]).Partials.Remove());
        Assert.Equal("mine", File.ReadAllText(first));
        Assert.Equal(["elsewhere", "host", "trace.dat.cpu0.partial"], _scratch.Files);
        Assert.Empty(host.Partials.Left);

        // Notes that others may write prove nothing.
        File.WriteAllText(list, notes.Replace(first, _scratch["elsewhere"], StringComparison.Ordinal));
        Assert.Equal([_scratch["elsewhere"]], host.Partials.Left);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(list, (UnixFileMode)0x1b6);
            Assert.Empty(host.Partials.Left);
        }
    }

    [Fact]
    public void What_is_removed_is_the_file_that_was_noted_and_no_other()
    {
        _scratch.Write("left", "pages"u8);
        FileIdentity identity = FileNode.OfLink(_scratch["left"])!.Identity;
        Assert.False(PartialFiles.Remove(identity with { Inode = identity.Inode + 1 }, _scratch["left"]));
        File.CreateSymbolicLink(_scratch["link"], _scratch["left"]);
        Assert.False(PartialFiles.Remove(identity, _scratch["link"]));
        Assert.False(PartialFiles.Remove(identity, _scratch["nothing"]));
        Assert.Equal(["left", "link"], _scratch.Files);
        Assert.Equal("pages", File.ReadAllText(_scratch["left"]));
        Assert.True(PartialFiles.Remove(identity, _scratch["left"]));
        Assert.Equal(["link"], _scratch.Files);
    }

    // Another file comes into its place between the look and the removal.
    [Fact]
    public void A_file_that_came_into_the_place_of_a_noted_one_goes_back_to_it()
    {
        _scratch.Write("left", "mine"u8);
        Directory.CreateDirectory(_scratch["own"]);
        FileIdentity noted = FileNode.OfLink(_scratch["left"])!.Identity with { Inode = 1 };
        Assert.False(PartialFiles.Remove(noted, _scratch["left"], _scratch["own/moved"]));
        Assert.Equal("mine", File.ReadAllText(_scratch["left"]));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["own"]));
    }

    [Fact]
    public void A_recording_that_ends_takes_back_its_own_notes_only()
    {
        HostKernel host = Host();
        Directory.CreateDirectory(_scratch["host/run"]);
        _scratch.Write("host/run/differ-record", "1 2 /of/another\n"u8);
        var layouts = KernelLayouts.Of(Kernel);
        TraceDatBuilder builder = KvmStory.Capture(layouts, new TraceDatBuilder { Version = 6 });
        builder.Top.Cpu(0);
        builder.WriteTracefs(Tracefs, Instance);
        using (TracefsInstance.Start(host, host.Plan(EventLevel.Stock), _scratch["trace.dat"], 64, []))
        {
            Directory.Delete(Path.Combine(Tracefs, "instances", Instance), recursive: true);
        }

        Assert.Equal("1 2 /of/another\n", File.ReadAllText(_scratch["host/run/differ-record"]));
        Assert.Equal(["host"], _scratch.Files);
    }

    [Fact]
    public void A_file_that_lies_where_pages_would_go_is_kept()
    {
        HostKernel host = Host();
        var layouts = KernelLayouts.Of(Kernel);
        KvmStory.Capture(layouts, new TraceDatBuilder { Version = 6 }).WriteTracefs(Tracefs, Instance);
        _scratch.Write("somebodys", "mine"u8);
        File.CreateSymbolicLink(_scratch["trace.dat.cpu0.partial"], _scratch["somebodys"]);
        Assert.ThrowsAny<IOException>(() => TracefsInstance.Start(host, host.Plan(EventLevel.Stock), _scratch["trace.dat"], 64, []));
        Assert.Equal("mine", File.ReadAllText(_scratch["trace.dat.cpu0.partial"]));
    }

    [Fact]
    public void Only_probes_of_Differ_are_what_a_recording_left()
    {
        _ = Host();
        File.WriteAllText(Path.Combine(Tracefs, "kprobe_events"), "p:mine/entry kvm:kvm_wait_lapic_expire\n");
        Assert.False(TracefsInstance.IsThere(Tracefs));
        Assert.Equal(0, TracefsInstance.Remove(Tracefs));
        File.AppendAllText(Path.Combine(Tracefs, "kprobe_events"), "p:differ/entry kvm:kvm_wait_lapic_expire vcpu=+36(%di):s32\n");
        Assert.True(TracefsInstance.IsThere(Tracefs));
        Assert.Equal(1, TracefsInstance.Remove(Tracefs));
        Assert.StartsWith("-:differ/entry\n", File.ReadAllText(Path.Combine(Tracefs, "kprobe_events")), StringComparison.Ordinal);
    }

    private HostKernel Host()
    {
        KvmTypes.WriteHost(_scratch["host"]);
        return new HostKernel(_scratch["host"]);
    }
}
