using Differ.Capture;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.StackSources;

namespace Differ.Benchmarks.Ratios;

/// <summary>What reads a capture in this process: ours, and TraceEvent as its users use it.</summary>
internal static class Readers
{
    /// <summary>Every event decoded and folded into the records of exits.</summary>
    public static ulong Records(string capture)
    {
        using CaptureSession session = CaptureSession.Open(capture);
        return session.ReadExits(new Nowhere()).Events;
    }

    /// <summary>Every line as an event of which the text behind the name is not taken apart.</summary>
    public static ulong TheirText(string capture)
    {
        ulong events = 0;
        foreach (LinuxEvent one in new LinuxPerfScriptEventParser().ParseSkippingPreamble(capture))
        {
            events += one.EventName.Length > 0 ? 1UL : 0;
        }

        return events;
    }

    /// <summary>One value of every event; no user can ask for less.</summary>
    public static ulong TheirNetTrace(string capture) => TheirNetTrace(capture, one => one.PayloadValue(one.PayloadNames.Length - 1));

    /// <summary>The exit code, RIP and information of every exit and the RIP of every entry, by name: what makes a use of the file.</summary>
    public static ulong TheirNamedNetTrace(string capture) => TheirNetTrace(capture, one => one.EventName switch
    {
        "kvm_exit" => (one.PayloadByName("exit_reason"), one.PayloadByName("guest_rip"), one.PayloadByName("info1"), one.PayloadByName("info2"), one.PayloadByName("vcpu_id")),
        "kvm_entry" => (one.PayloadByName("vcpu_id"), one.PayloadByName("rip")),
        _ => null,
    });

    private static ulong TheirNetTrace(string capture, Func<TraceEvent, object?> use)
    {
        ulong events = 0;
        using var source = new EventPipeEventSource(capture);
        source.Dynamic.All += one =>
        {
            GC.KeepAlive(use(one));
            events++;
        };
        source.Process();
        return events;
    }
}
