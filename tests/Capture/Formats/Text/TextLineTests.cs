using System.Text;
using Differ.Capture.Formats.Text;

namespace Differ.Tests.Capture.Formats.Text;

public sealed class TextLineTests
{
    [Theory]
    [InlineData(" qemu-system-x86-967     [001] d..1.   612.630301: kvm_fpu: load", "qemu-system-x86", 967, 1, 612630301000)]
    [InlineData(" qemu-system-x86-967     [001] d..1   612.630301: kvm_fpu: load", "qemu-system-x86", 967, 1, 612630301000)]
    [InlineData("       CPU 0/KVM-967     [001]   612.630301: kvm_fpu: load", "CPU 0/KVM", 967, 1, 612630301000)]
    [InlineData("       CPU 0/KVM-967     (    956) [001] d..1.   612.630301: kvm_fpu: load", "CPU 0/KVM", 967, 1, 612630301000)]
    [InlineData("       CPU 0/KVM-967     (-------) [001] d..1.   612.630301: kvm_fpu: load", "CPU 0/KVM", 967, 1, 612630301000)]
    [InlineData("           <...>-967     [001] ..... 92345678901234: kvm_fpu: load", "<...>", 967, 1, 92345678901234)]
    [InlineData(" qemu-system-x86-291   [000]140092838405: kvm_fpu: load", "qemu-system-x86", 291, 0, 140092838405)]
    [InlineData("       CPU 0/KVM-943   [000]   597.793238299: kvm_fpu:              load", "CPU 0/KVM", 943, 0, 597793238299)]
    [InlineData("qemu-sys-528     3d..1.    47.420222: kvm_fpu: load", "qemu-sys", 528, 3, 47420222000)]
    [InlineData("       CPU 0/KVM   956 [000]   604.483717:        kvm:kvm_fpu: load", "CPU 0/KVM", 956, 0, 604483717000)]
    [InlineData("     CPU 10/KVM2   956/960   [012]   604.483717916:        kvm:kvm_fpu: load", "CPU 10/KVM2", 960, 12, 604483717916)]
    [InlineData("> >  CPU 0/KVM-967     [001] d..1.   612.630301: kvm_fpu: load", "CPU 0/KVM", 967, 1, 612630301000)]
    [InlineData("[  123.456789] host:   CPU 0/KVM-967     [001] d..1.   612.630301: kvm_fpu: load", "CPU 0/KVM", 967, 1, 612630301000)]
    [InlineData("       CPU 0/KVM-967     [001]   612.630301: (+725)   kvm_fpu:              load", "CPU 0/KVM", 967, 1, 612630301000)]
    [InlineData("       CPU 0/KVM   967 [001]   612.630301:          1        kvm:kvm_fpu: load", "CPU 0/KVM", 967, 1, 612630301000)]
    [InlineData("       CPU 0/KVM   967   612.630301:        kvm:kvm_fpu: load", "CPU 0/KVM", 967, 0, 612630301000)]
    [InlineData("\t  a[0] b-c-967     [001] d..1.   612.630301: kvm_fpu: load", "a[0] b-c", 967, 1, 612630301000)]
    public void An_event_is_taken_apart_however_its_line_begins(string text, string comm, int thread, int cpu, ulong time)
    {
        var line = new TextLine();
        Assert.True(line.Read(Encoding.UTF8.GetBytes(text)));
        Assert.EndsWith(comm, Encoding.UTF8.GetString(line.Comm), StringComparison.Ordinal);
        Assert.Equal(thread, line.Thread);
        Assert.Equal(cpu, line.Cpu);
        Assert.Equal(time, line.Time);
        Assert.Equal("kvm_fpu", Encoding.UTF8.GetString(line.Name));
        Assert.Equal("load", Encoding.UTF8.GetString(line.Body));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# tracer: nop")]
    [InlineData("On Monday somebody wrote: [1] see below: there")]
    [InlineData("cpus=2")]
    [InlineData("CPU:1 [LOST 12 EVENTS]")]
    [InlineData("[  123.456789] kvm: vcpu0, guest rIP: 0x10 disabled perfctr wrmsr")]
    [InlineData("CPU 0/KVM-967 [001] d..1. 612.630301 kvm_fpu: load")]
    [InlineData("CPU 0/KVM-99999999999 [001] d..1. 612.630301: kvm_fpu: load")]
    [InlineData("CPU 0/KVM-967 [00000000000000000001] d..1. 612.630301: kvm_fpu: load")]
    public void Anything_else_is_no_event(string text) => Assert.False(new TextLine().Read(Encoding.UTF8.GetBytes(text)));
}
