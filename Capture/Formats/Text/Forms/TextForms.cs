namespace Differ.Capture.Formats.Text.Forms;

/// <summary>How every tracepoint that Differ reads is printed, by every kernel and tool. A new print is a row in its topic's file.</summary>
/// <remarks>
/// Order in each list: the kernel's own print (ftrace, <c>trace-cmd report -N</c>, perf script), newest first; then that of libtraceevent's
/// plugin (<c>trace-cmd report</c>); then the raw fields (<c>trace-cmd report -R</c>, and what stands behind "[FAILED TO PARSE]").
/// Sources: Linux arch/x86/kvm/trace.h and include/trace/events/kvm.h (TP_printk), libtraceevent plugins/plugin_kvm.c.
/// </remarks>
internal static class TextForms
{
    /// <summary>What libtraceevent prints before the raw fields of an event whose print it does not understand; all numbers are decimal then.</summary>
    public const string Unparsed = "[FAILED TO PARSE] ";

    /// <summary>All, by topic.</summary>
    public static IReadOnlyList<(string Name, IReadOnlyList<TextRow> Rows)> All { get; } =
    [
        .. GuestForms.All,
        .. NestedForms.All,
        .. EventForms.All,
        .. AccessForms.All,
    ];
}
