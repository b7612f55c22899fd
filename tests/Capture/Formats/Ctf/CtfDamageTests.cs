using System.Text;
using Differ.Capture.Diagnostics;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.Ctf;

public sealed class CtfDamageTests
{
    private const int Flips = 1500;

    private const string Value = "event { name = \"kvm_x86_value\"; id = 3; stream_id = 0; fields := struct { uint32_t _value; }; };\n";

    [Theory]
    [InlineData("metadata")]
    [InlineData("channel0_0")]
    public void Damage_ends_in_a_result_or_a_refusal(string damaged)
    {
        Dictionary<string, byte[]> files = CtfStories.Lttng(Stories.Vmmcall("5.4", right: false, new TraceDatBuilder()), KernelLayouts.Of("5.4"));
        int refusals = 0, all = 0;
        foreach (byte[] changed in Mutations.All(files[damaged], Flips))
        {
            all++;
            refusals += ReadOrRefuse(new Dictionary<string, byte[]>(files) { [damaged] = changed }) ? 0 : 1;
        }

        Assert.InRange(refusals, 1, all - 1);
    }

    [Theory]
    [InlineData("event { name = \"kvm_x86_a\"; fields := struct { nothing x; }; };", "DIF0372")]
    [InlineData("event { name = \"kvm_x86_a\"; fields := struct { uint8_t x[y]; }; };", "DIF0372")]
    [InlineData("event { name = \"kvm_x86_a\"; fields := struct { struct { } x[9]; }; };", "DIF0372")]
    [InlineData("event { name = \"kvm_x86_a\"; fields := struct { uint8_t t; variant <t> { uint8_t a; } v; }; };", "DIF0372")]
    [InlineData("event { name = \"kvm_x86_a\"; fields := struct { integer { size = 65; } x; }; };", "DIF0372")]
    [InlineData("event { name = \"kvm_x86_a", "DIF0372")]
    [InlineData("/* no end", "DIF0372")]
    [InlineData("clock { name = monotonic; freq = 0; };", "DIF0361")]
    public void A_description_that_says_nothing_sensible_is_refused(string text, string code) => Assert.Equal(code, Refusal(text));

    [Fact]
    public void A_description_that_would_grow_without_end_is_refused()
    {
        Assert.Equal("DIF0373", Refusal(string.Concat(Enumerable.Repeat("struct { ", 40))));
        Assert.Equal("DIF0373", Refusal($"event {{ name = \"{new string('k', 5000)}\"; }};"));

        // Each structure holds the one before it twice, or just inside it.
        string doubling = "struct s0 { uint8_t x; };\n" + string.Concat(Enumerable.Range(1, 40).Select(i => $"struct s{i} {{ struct s{i - 1} a; struct s{i - 1} b; }};\n"));
        Assert.Equal("DIF0373", Refusal(doubling + "event { name = \"kvm_x86_a\"; fields := struct { struct s40 x; }; };"));
        string nesting = "struct s0 { uint8_t x; };\n" + string.Concat(Enumerable.Range(1, 5000).Select(i => $"struct s{i} {{ struct s{i - 1} a; }};\n"));
        Assert.Equal("DIF0373", Refusal(nesting + "event { name = \"kvm_x86_a\"; fields := struct { struct s5000 x; }; };"));
        Assert.Equal("DIF0373", Refusal("event { name = \"kvm_x86_a\"; fields := struct { " + string.Concat(Enumerable.Range(0, 5000).Select(i => $"uint64_t f{i}; ")) + "}; };"));
    }

    [Fact]
    public void A_recording_without_KVM_or_threads_is_refused()
    {
        Assert.Equal("DIF0361", CtfBuilder.Refusal(new CtfBuilder { Events = "event { name = \"irq_handler_entry\"; id = 3; };" }.Files).Code);
        Assert.Equal("DIF0379", CtfBuilder.Refusal(new CtfBuilder { Start = CtfDescriptions.WithoutThread, Events = Value }.Files).Code);
    }

    [Fact]
    public void More_streams_than_any_host_has_are_refused()
    {
        var builder = new CtfBuilder { Events = Value };
        byte[] packet = new CtfBuilder { Events = Value }.Packet("a", _ => { }).Files["a"];
        for (int i = 0; i <= 2048; i++)
        {
            byte[] one = [.. packet];
            BitConverter.TryWriteBytes(one.AsSpan(24), (ulong)i);
            builder.Bytes($"s{i}", one);
        }

        Assert.Equal("DIF0374", CtfBuilder.Refusal(builder.Files).Code);
    }

    [Fact]
    public void Packets_that_cannot_be_are_refused()
    {
        void One(BitWriter writer) => CtfStories.Compact(writer, 3, 1, 7).Write(1, 32);
        byte[] sound = new CtfBuilder { Events = Value }.Packet("a", One).Files["a"];
        string Changed(int at, params byte[] bytes)
        {
            byte[] changed = [.. sound];
            bytes.CopyTo(changed, at);
            return CtfBuilder.Refusal(new CtfBuilder { Events = Value }.Bytes("a", changed).Files).Code;
        }

        Assert.Equal("DIF0376", Changed(4, 0xff));
        Assert.Equal("DIF0376", Changed(20, 9));
        Assert.Equal("DIF0376", Changed(56, 8, 0));
        Assert.Equal("DIF0375", Changed(48, [.. Enumerable.Repeat((byte)0xff, 16)]));
        Assert.Equal("DIF0101", Changed(48, [0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff]));
        Assert.Equal("DIF0377", Changed(84, 0x1e));
        Assert.Equal("DIF0378", Changed(48, 0x80));
    }

    [Fact]
    public void An_event_longer_than_any_is_refused()
    {
        CtfBuilder builder = new CtfBuilder { Events = "event { name = \"kvm_x86_value\"; id = 3; fields := struct { uint32_t _n; uint8_t _data[_n]; }; };" }
            .Packet("a", writer => CtfStories.Compact(writer, 3, 1, 7).Write(70_000, 32).Write(new byte[70_000]));
        Assert.Equal("DIF0378", CtfBuilder.Refusal(builder.Files).Code);
    }

    private static string Refusal(string text) =>
        CtfBuilder.Refusal(new Dictionary<string, byte[]> { ["metadata"] = Encoding.UTF8.GetBytes(CtfDescriptions.Lttng + text) }).Code;

    private static bool ReadOrRefuse(IReadOnlyDictionary<string, byte[]> files)
    {
        try
        {
            CtfBuilder.Records(files);
            return true;
        }
        catch (CaptureFormatException refusal)
        {
            Assert.StartsWith("DIF0", refusal.Code, StringComparison.Ordinal);
            return false;
        }
    }
}
