using System.Text;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.Text;

/// <summary>A table of names that kernels and their tools print in place of numbers.</summary>
internal sealed class TextWords
{
    /// <summary>Value of <c>isa</c> on Intel hosts.</summary>
    public const ulong Vmx = 1;

    // The names of libtraceevent's plugin that are not the manual's with EXIT_ before (plugins/plugin_kvm.c, SVM_EXIT_REASONS).
    private static readonly (string Name, ulong Code)[] PluginNames =
    [
        .. Numbered("READ_CR{0}", 0x000), .. Numbered("WRITE_CR{0}", 0x010), .. Numbered("READ_DR{0}", 0x020), .. Numbered("WRITE_DR{0}", 0x030),
        ("MWAIT_COND", 0x08c), ("AVIC_UNACCELERATED_ACCESS", 0x402), ("ERR", uint.MaxValue),
    ];

    // SVM_EXIT_ERR: its name was never printed while the field had 32 bits and the table -1 in 64 (Linux arch/x86/include/uapi/asm/svm.h).
    private static readonly (string Name, ulong Code)[] Invalid = [("invalid_guest_state", ulong.MaxValue), ("-1", ulong.MaxValue)];

    // Linux arch/x86/include/asm/apicdef.h; the ISR, TMR and IRR have one name for the first of eight registers.
    private static readonly (string Name, ulong Offset)[] ApicRegisters =
    [
        ("ID", 0x20), ("LVR", 0x30), ("TASKPRI", 0x80), ("ARBPRI", 0x90), ("PROCPRI", 0xa0), ("EOI", 0xb0), ("RRR", 0xc0), ("LDR", 0xd0),
        ("DFR", 0xe0), ("SPIV", 0xf0), ("ISR", 0x100), ("TMR", 0x180), ("IRR", 0x200), ("ESR", 0x280), ("ICR", 0x300), ("ICR2", 0x310),
        ("LVTT", 0x320), ("LVTTHMR", 0x330), ("LVTPC", 0x340), ("LVT0", 0x350), ("LVT1", 0x360), ("LVTERR", 0x370), ("TMICT", 0x380),
        ("TMCCT", 0x390), ("TDCR", 0x3e0), ("SELF_IPI", 0x3f0), ("EFEAT", 0x400), ("ECTRL", 0x410),
    ];

    // Linux arch/x86/kvm/trace.h, KVM_EMUL_INSN_*: the mode as the record holds it.
    private static readonly (string Name, ulong Flags)[] Modes = [("real", 0), ("vm16", 2), ("prot16", 1), ("prot32", 5), ("prot64", 9)];

    // Delivery modes of the interrupt command register in place, bits 10:8 (Linux arch/x86/kvm/trace.h, kvm_deliver_mode).
    private static readonly (string Name, ulong Mode)[] DeliveryModes =
        [("Fixed", 0), ("LowPrio", 0x100), ("SMI", 0x200), ("Res3", 0x300), ("NMI", 0x400), ("INIT", 0x500), ("SIPI", 0x600), ("ExtINT", 0x700)];

    private static readonly TextWords[] All =
    [
        new("exit", [.. SvmExitTable.Rows.Where(HasName).SelectMany(KernelNames), .. Exceptions(" excp", 0x40, ""), .. Invalid]),
        new("plugin", [.. SvmExitTable.Rows.Where(row => row.Count == 1).Select(row => (row.Name, row.First)), .. PluginNames, .. Exceptions("", 0x40, "EXCP_")]),
        new("exception", [.. Exceptions("", 0, "#"), ("#XM", 19)]),
        new("plain", [.. Exceptions("", 0, "#").Where(item => !ExceptionVector.PushesErrorCode((byte)item.Value)), ("#XM", 19)]),
        new("pushing", [.. Exceptions("", 0, "#").Where(item => ExceptionVector.PushesErrorCode((byte)item.Value))]),
        new("apic", [.. ApicRegisters.Select(register => ("APIC_" + register.Name, register.Offset))]),
        new("mode", Modes),
        new("delivery", DeliveryModes),
    ];

    private readonly string _name;
    private readonly ByteTable<ulong> _values = new();

    private TextWords(string name, IReadOnlyList<(string Name, ulong Value)> rows)
    {
        _name = name;
        foreach ((string word, ulong value) in rows)
        {
            _values.TryAdd(Encoding.UTF8.GetBytes(word), value);
        }
    }

    /// <summary>The table with a name.</summary>
    public static TextWords Of(string name) => All.Single(words => words._name == name);

    /// <summary>The number a word stands for; a number stands for itself.</summary>
    public bool Find(ReadOnlySpan<byte> word, out ulong value)
    {
        if (_values.TryGet(word, out value))
        {
            return true;
        }

        int read = 0;
        if (word.StartsWith("0x"u8))
        {
            return TextNumber.Take(word, hexadecimal: true, out value, ref read) && read == word.Length && _name != "plain";
        }

        value = 0;
        return IsForeign(word);
    }

    /// <summary>Where a word ends that nothing certain follows: an exception's name at its first blank, any other with the text.</summary>
    public int EndOf(ReadOnlySpan<byte> text) => _name == "exception" && text.IndexOf((byte)' ') is >= 0 and int blank ? blank : text.Length;

    /// <summary>Whether a word is the name of an exit on Intel hosts.</summary>
    public bool IsForeign(ReadOnlySpan<byte> word) => _name == "exit" && IsOfVmx(word);

    /// <summary>The reason of an exit on an Intel host that an event names, whatever else of its text is there; empty for all others.</summary>
    public static ReadOnlySpan<byte> ForeignExit(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> label = "reason"u8;
        if (!(name.SequenceEqual("kvm_exit"u8) || name.StartsWith("kvm_nested_vmexit"u8)) || text.IndexOf(label) is not (>= 0 and var at))
        {
            return default;
        }

        ReadOnlySpan<byte> reason = text[(at + label.Length)..].TrimStart(": "u8);
        reason = reason[..(reason.IndexOf((byte)' ') is >= 0 and var end ? end : reason.Length)];
        return IsOfVmx(reason) ? reason : default;
    }

    // Linux arch/x86/include/uapi/asm/vmx.h spells them in capitals, svm.h does not.
    private static bool IsOfVmx(ReadOnlySpan<byte> word) =>
        word.Length > 2 && !word.StartsWith("EXIT_"u8) && !word.StartsWith("UNKNOWN"u8) && word.IndexOfAnyExceptInRange((byte)'A', (byte)'_') < 0 && word.IndexOfAnyInRange((byte)'A', (byte)'Z') == 0;

    // What the kernel prints as a number is one.
    private static bool HasName(SvmExitRow row) => row.KernelName is { } name && !name.StartsWith("0x", StringComparison.Ordinal);

    private static IEnumerable<(string Name, ulong Value)> Numbered(string name, ulong first) =>
        Enumerable.Range(0, 16).Select(i => (string.Format(System.Globalization.CultureInfo.InvariantCulture, name, i), first + (ulong)i));

    // The first of a run has the kernel's name; the others differ by their number.
    private static IEnumerable<(string Name, ulong Value)> KernelNames(SvmExitRow row) => row.Count == 1
        ? [(row.KernelName!, row.First)]
        : Numbered(row.KernelName!.Replace("0", "{0}", StringComparison.Ordinal), row.First).Take(row.Count);

    private static IEnumerable<(string Name, ulong Value)> Exceptions(string after, ulong first, string before) =>
        ExceptionVector.All.Where(row => row.Name is not null).Select(row => (before + row.Name![1..] + after, first + row.Vector));
}
