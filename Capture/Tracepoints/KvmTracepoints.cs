using System.Collections.Frozen;
using Differ.Schemas.Run;

namespace Differ.Capture.Tracepoints;

/// <summary>Every tracepoint Differ reads. A new one is a row in its topic's file, or a new file and a line here.</summary>
internal static class KvmTracepoints
{
    /// <summary>All, by topic.</summary>
    public static IReadOnlyList<Tracepoint> All { get; } =
    [
        KvmExit.Tracepoint,
        KvmEntry.Tracepoint,
        KvmNested.Vmrun,
        KvmNested.Vmenter,
        KvmNested.Intercepts,
        KvmNested.Vmexit,
        KvmNested.VmexitInject,
        KvmNested.IntrVmexit,
        KvmNested.VmenterFailed,
        .. KvmEvents.All,
        .. KvmAccesses.All,
    ];

    private static FrozenDictionary<string, Tracepoint> ByName { get; } = All.ToFrozenDictionary(tracepoint => tracepoint.Name, StringComparer.Ordinal);

    /// <summary>The tracepoint that reads a kind of event; null when Differ does not use it.</summary>
    public static Tracepoint? Find(string system, string name) =>
        system == "kvm" && ByName.TryGetValue(name, out Tracepoint? tracepoint) ? tracepoint : null;

    /// <summary>The tracepoint as a member of a set.</summary>
    public static TracepointSet MemberOf(Tracepoint tracepoint) => tracepoint.Role switch
    {
        TracepointRole.Exit => TracepointSet.Exit,
        TracepointRole.Entry => TracepointSet.Entry,
        _ => TracepointSet.Of(tracepoint.Kind),
    };
}
