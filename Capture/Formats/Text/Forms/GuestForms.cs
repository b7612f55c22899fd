namespace Differ.Capture.Formats.Text.Forms;

/// <summary>kvm_exit and kvm_entry.</summary>
internal static class GuestForms
{
    /// <summary>The print that kvm_exit and, since 5.10, kvm_nested_vmexit share.</summary>
    public const string Exit =
        "vcpu {vcpu_id:d} reason {exit_reason:exit} rip {guest_rip:x} info1 {info1:x} info2 {info2:x} intr_info {intr_info:x} error_code {error_code:x}<< requests {:x}>>";

    /// <summary>Their raw fields.</summary>
    public const string RawExit =
        "exit_reason={exit_reason:code} guest_rip={guest_rip:x} isa={isa:d} info1={info1:x} info2={info2:x}<< intr_info={intr_info:x} error_code={error_code:x}>><< vcpu_id={vcpu_id:d}>><< requests={:x}>>";

    /// <summary>The same behind "[FAILED TO PARSE]".</summary>
    public const string UnparsedExit = TextForms.Unparsed
        + "exit_reason={exit_reason:code} guest_rip={guest_rip:d} isa={isa:d} info1={info1:d} info2={info2:d}<< intr_info={intr_info:d} error_code={error_code:d}>><< vcpu_id={vcpu_id:d}>><< requests={:d}>>";

    private const string Svm = "isa=2";
    private const string PluginDrops = "vcpu_id, intr_info, error_code";

    public static IReadOnlyList<(string Name, IReadOnlyList<TextRow> Rows)> All { get; } =
    [
        ("kvm_exit",
        [
            new(Exit, Svm),

            // The plugin's, before the kernel's of up to 5.9, which differs in the names of the reasons only. A symbol may follow rip.
            new("reason EXIT_{exit_reason:plugin} rip {guest_rip:x}{:skip} info {info1:x} {info2:x}", Svm, PluginDrops),
            new("reason UNKNOWN ({exit_reason:code}) rip {guest_rip:x}{:skip} info {info1:x} {info2:x}", Svm, PluginDrops),
            new("<<vcpu {vcpu_id:d} >>reason {exit_reason:exit} rip {guest_rip:x} info {info1:x} {info2:x}", Svm),
            new(RawExit),
            new(UnparsedExit),
        ]),
        ("kvm_entry",
        [
            new("vcpu {vcpu_id:d}, rip {rip:x} intr_info {intr_info:x} error_code {error_code:x}{immediate_exit:?[immediate exit]}"),

            // Where the mark occurs at all, the kernel has the field, and its absence says no.
            new("vcpu {vcpu_id:d}, rip {rip:x}{immediate_exit:?[immediate exit]}", Era: TextEra.New),
            new("vcpu {vcpu_id:d}, rip {rip:x}[immediate exit]", "immediate_exit=1", Era: TextEra.Old),
            new("vcpu {vcpu_id:d}, rip {rip:x}", Era: TextEra.Old),
            new("vcpu {vcpu_id:d}"),
            new("vcpu {vcpu_id:d}<CANT FIND FIELD rip>{:skip}"),
            new("vcpu {vcpu_id:d} rip {rip:x}{:skip}", Lacks: "immediate_exit, intr_info, error_code"),
            new("vcpu_id={vcpu_id:d}<< rip={rip:x}>><< immediate_exit={immediate_exit:d}>><< intr_info={intr_info:x} error_code={error_code:x}>>"),
            new(TextForms.Unparsed + "vcpu_id={vcpu_id:d}<< rip={rip:d}>><< immediate_exit={immediate_exit:d}>><< intr_info={intr_info:d} error_code={error_code:d}>>"),
        ]),
    ];
}
