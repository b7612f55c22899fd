namespace Differ.Capture.Formats.Text.Forms;

/// <summary>The nested tracepoints.</summary>
internal static class NestedForms
{
    private const string OldInfo = "ext_inf1: {exit_info1:x} ext_inf2: {exit_info2:x} ext_int: {exit_int_info:x} ext_int_err: {exit_int_info_err:x}";
    private const string PluginInfo = "info1 {exit_info1:x} info2 {exit_info2:x} int_info {exit_int_info:x} int_info_err {exit_int_info_err:x}";
    private const string RawInfo =
        "exit_code={exit_code:code} exit_info1={exit_info1:x} exit_info2={exit_info2:x} exit_int_info={exit_int_info:x} exit_int_info_err={exit_int_info_err:x} isa={:d}";
    private const string UnparsedInfo =
        "exit_code={exit_code:code} exit_info1={exit_info1:d} exit_info2={exit_info2:d} exit_int_info={exit_int_info:d} exit_int_info_err={exit_int_info_err:d} isa={:d}";
    private const string MissingRip = "<CANT FIND FIELD rip>";

    public static IReadOnlyList<(string Name, IReadOnlyList<TextRow> Rows)> All { get; } =
    [
        ("kvm_nested_vmexit",
        [
            new(GuestForms.Exit, Era: TextEra.New),

            // The plugin looks for a field that is gone since 5.10, then prints as the kernel does.
            new(MissingRip + GuestForms.Exit, Era: TextEra.New),
            new(GuestForms.RawExit, Era: TextEra.New),
            new(GuestForms.UnparsedExit, Era: TextEra.New),
            new(MissingRip + GuestForms.UnparsedExit, Era: TextEra.New),
            new("rip: {rip:x} reason: {exit_code:exit} " + OldInfo, Era: TextEra.Old),

            // The blank before "reason" is missing since libtraceevent 1.6.3.
            new("rip {rip:x}<< >>reason EXIT_{exit_code:plugin} " + PluginInfo, Era: TextEra.Old),
            new("rip {rip:x}<< >>reason UNKNOWN ({exit_code:code}) " + PluginInfo, Era: TextEra.Old),
            new("rip={rip:x} " + RawInfo, Era: TextEra.Old),
        ]),
        ("kvm_nested_vmexit_inject",
        [
            new("reason: {exit_code:exit} " + OldInfo),
            new("reason EXIT_{exit_code:plugin} " + PluginInfo),
            new("reason UNKNOWN ({exit_code:code}) " + PluginInfo),
            new(RawInfo),
            new(TextForms.Unparsed + UnparsedInfo),
        ]),
        ("kvm_nested_vmenter",
        [
            new("rip: {rip:x} vmcb: {vmcb:x} nested_rip: {nested_rip:x} int_ctl: {int_ctl:x} event_inj: {event_inj:x} nested_npt={tdp_enabled:=n|y} {:=nested_cr3|guest_cr3}: {guest_pgd:x}"),
            new("rip={rip:x} vmcb={vmcb:x} nested_rip={nested_rip:x} int_ctl={int_ctl:x} event_inj={event_inj:x} tdp_enabled={tdp_enabled:d} guest_pgd={guest_pgd:x} isa={:d}"),
            new(TextForms.Unparsed + "rip={rip:d} vmcb={vmcb:d} nested_rip={nested_rip:d} int_ctl={int_ctl:d} event_inj={event_inj:d} tdp_enabled={tdp_enabled:d} guest_pgd={guest_pgd:d} isa={:d}"),
        ]),
        ("kvm_nested_vmrun",
        [
            new("rip: {rip:x} vmcb: {vmcb:x} nrip: {nested_rip:x} int_ctl: {int_ctl:x} event_inj: {event_inj:x} npt: {npt:=off|on}"),
            new("rip={rip:x} vmcb={vmcb:x} nested_rip={nested_rip:x} int_ctl={int_ctl:x} event_inj={event_inj:x} npt={npt:d}"),
        ]),
        ("kvm_nested_intercepts",
        [
            new("cr_read: {cr_read:x} cr_write: {cr_write:x} excp: {exceptions:x} intercepts: {intercept1:x} {intercept2:x} {intercept3:x}"),
            new("cr_read: {cr_read:x} cr_write: {cr_write:x} excp: {exceptions:x} intercept: {intercept:x}"),
            new("cr_read={cr_read:x} cr_write={cr_write:x} exceptions={exceptions:x} intercept1={intercept1:x} intercept2={intercept2:x} intercept3={intercept3:x}"),
            new("cr_read={cr_read:x} cr_write={cr_write:x} exceptions={exceptions:x} intercept={intercept:x}"),
        ]),
        ("kvm_nested_intr_vmexit", [new("rip: {rip:x}"), new("rip={rip:x}")]),
        ("kvm_nested_vmenter_failed",
        [
            new("msg={msg:text} err={err:x}", Era: TextEra.New),
            new("{msg:text}", "err=0", Era: TextEra.New),

            // A pointer into the kernel that printed it: it tells nothing.
            new("{:skip}", Era: TextEra.Old),
        ]),
    ];
}
