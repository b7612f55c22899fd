using System.Globalization;
using System.Text;
using Differ.Diff.Naming;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>Writes a recorded exit in the manual's terms, for a person.</summary>
/// <param name="header">The run.</param>
/// <param name="texts">Its texts.</param>
/// <param name="symbols">Symbols of the guests; null for none.</param>
public sealed class ExitPrinter(RunHeader header, TextTable texts, SymbolTables? symbols = null)
{
    private const int PortShift = 16;
    private const int PortSlot = 1;

    private readonly SymbolTables _symbols = symbols ?? SymbolTables.None;

    /// <summary>A time of the run.</summary>
    public string Time(ClockTime time) => time.ToText(header.ClockUnit == ClockUnit.Nanoseconds);

    /// <summary>Who was running.</summary>
    public static string Level(GuestLevel level) => level == GuestLevel.Unknown ? "L?" : level.ToString();

    /// <summary>The exit in one line: level, code, rip, information fields, where it went on.</summary>
    public static string Line(KeptExit exit)
    {
        var line = new StringBuilder();
        line.Append(CultureInfo.InvariantCulture, $"{exit.Index,8}  {Level(exit.Level)}  ");
        if (!exit.HasExit)
        {
            line.Append("(no #VMEXIT recorded)");
        }
        else
        {
            line.Append(CultureInfo.InvariantCulture, $"{exit.Exit.Code.Name,-16} rip 0x{exit.Exit.Rip:x}");
            AppendInfo(line, exit.Exit);
        }

        foreach (KvmEvent kvmEvent in exit.Events)
        {
            if (Brief(kvmEvent) is { } brief)
            {
                line.Append("; ").Append(brief);
            }
        }

        if (!exit.HasEntry)
        {
            line.Append("; (no entry recorded)");
        }
        else if (exit.Entry.Rip.IsKnown)
        {
            line.Append(CultureInfo.InvariantCulture, $"; entry at rip 0x{exit.Entry.Rip.Value:x}");
        }

        if ((exit.Flags & (RecordFlags.LossBefore | RecordFlags.LossInside)) != 0)
        {
            line.Append("; events lost");
        }

        return line.ToString();
    }

    /// <summary>The exit in full, by the kernel's names: one line for the exit, one for each thing that happened, one for the entry.</summary>
    public IEnumerable<string> Lines(KeptExit exit)
    {
        if (exit.HasExit)
        {
            var line = new StringBuilder();
            line.Append(CultureInfo.InvariantCulture, $"{Time(exit.Exit.Time)}  {KernelEvents.Exit}  {Level(exit.Level)}  exit_reason {exit.Exit.Code}  guest_rip {Rip(exit.Level, exit.Exit.Rip)}  cpu {exit.Exit.HostCpu}");
            AppendFields(line, exit.Exit);
            yield return line.ToString();
        }

        foreach (KvmEvent kvmEvent in exit.Events)
        {
            yield return $"{Time(kvmEvent.Time)}    {Full(kvmEvent)}";
        }

        if (exit.HasEntry)
        {
            yield return $"{Time(exit.Entry.Time)}  {KernelEvents.Entry}{EntryText(exit)}";
        }
    }

    /// <summary>The symbol that an address of a guest is in; null where none is known.</summary>
    /// <param name="level">Whose address it is.</param>
    /// <param name="rip">The address.</param>
    public string? Symbol(GuestLevel level, ulong rip) => _symbols.Of(level, rip);

    /// <summary>An address of a guest, with its symbol where one is known.</summary>
    /// <param name="level">Whose address it is.</param>
    /// <param name="rip">The address.</param>
    public string Rip(GuestLevel level, ulong rip) => string.Create(CultureInfo.InvariantCulture, $"0x{rip:x}{(_symbols.Of(level, rip) is { } symbol ? $" <{symbol}>" : "")}");

    /// <summary>Who runs after the entry: L1 is shown an exit, or enters L2.</summary>
    public static GuestLevel LevelAtEntry(KeptExit exit) => exit.Events.Aggregate(exit.Level, static (level, one) => LevelAfter(level, one.Kind));

    /// <summary>Who is to run after an event.</summary>
    /// <param name="level">Who was before it.</param>
    /// <param name="kind">The event.</param>
    internal static GuestLevel LevelAfter(GuestLevel level, KvmEventKind kind) => kind switch
    {
        KvmEventKind.NestedVmenter => GuestLevel.L2,
        KvmEventKind.NestedVmexitInject => GuestLevel.L1,
        _ => level,
    };

    /// <summary>What EXITINFO1 and EXITINFO2 say, in words; empty where the manual gives them no layout.</summary>
    public static string Decoded(in HardwareExit exit)
    {
        string words = ExitInfoWords.Relevant(exit.Code, exit.Info1) is { } relevant ? ExitInfoWords.Of(exit.Code, relevant) : "";
        return exit.Code == SvmExitCode.Npf ? string.Create(CultureInfo.InvariantCulture, $"{words}, guest physical address 0x{exit.Info2:x}")
            : exit.Code == SvmExitCode.Ioio && PortNames.Of(exit.Info1 >> PortShift) is { } device ? $"{words} ({device})"
            : exit.Code == SvmExitCode.OfException(ExceptionVector.PF) ? string.Create(CultureInfo.InvariantCulture, $"{words}, at 0x{exit.Info2:x}")
            : words;
    }

    private static void AppendFields(StringBuilder line, in HardwareExit exit)
    {
        if (exit.Info1 != 0 || exit.Info2 != 0)
        {
            line.Append(CultureInfo.InvariantCulture, $"  info1 0x{exit.Info1:x}  info2 0x{exit.Info2:x}");
        }

        if (exit.Interrupted.Valid)
        {
            line.Append(CultureInfo.InvariantCulture, $"  intr_info {exit.Interrupted} (0x{exit.Interrupted.Raw:x8})");
        }

        if (Decoded(exit) is { Length: > 0 } words)
        {
            line.Append("  (").Append(words).Append(')');
        }
    }

    private static void AppendInfo(StringBuilder line, in HardwareExit exit)
    {
        if (exit.Info1 != 0 || exit.Info2 != 0)
        {
            line.Append(CultureInfo.InvariantCulture, $" EXITINFO1 0x{exit.Info1:x} EXITINFO2 0x{exit.Info2:x}");
        }

        if (exit.Interrupted.Valid)
        {
            line.Append(CultureInfo.InvariantCulture, $" EXITINTINFO {exit.Interrupted} (0x{exit.Interrupted.Raw:x8})");
        }
    }

    private string EntryText(KeptExit exit)
    {
        GuestEntry entry = exit.Entry;
        string text = entry.Rip.IsKnown ? $"  rip {Rip(LevelAtEntry(exit), entry.Rip.Value)}" : "";
        if (entry.EventInj.IsKnown && new EventInfo(entry.EventInj.Value) is { Valid: true } injected)
        {
            text += $"  EVENTINJ {injected} (0x{injected.Raw:x8})";
        }

        return text + (entry.ImmediateExit.IsYes ? "  immediate exit" : "");
    }

    // What matters for the flow; the rest is left to the full form.
    private static string? Brief(in KvmEvent kvmEvent) => kvmEvent.Kind switch
    {
        KvmEventKind.NestedVmenter => $"VMRUN enters L2 at 0x{NestedVmenter.Of(kvmEvent).NestedRip:x}",
        KvmEventKind.NestedVmexitInject => $"L1 is shown {NestedVmexitInject.Of(kvmEvent).ExitCode.Name}",
        KvmEventKind.NestedVmenterFailed => "a check of VMRUN fails",
        KvmEventKind.InjectException => $"raises {ExceptionVector.NameOf(InjectedException.Of(kvmEvent).Vector)}",
        KvmEventKind.InjectInterrupt => $"delivers interrupt 0x{InjectedInterrupt.Of(kvmEvent).Vector:x}",
        KvmEventKind.MsrAccess => $"{(MsrAccess.Of(kvmEvent).Write ? "WRMSR" : "RDMSR")} 0x{MsrAccess.Of(kvmEvent).Index:x}{(MsrNames.Of(MsrAccess.Of(kvmEvent).Index) is { } name ? $" ({name})" : "")}",
        KvmEventKind.EmulateInstruction => $"decodes {Bytes(EmulatedInstruction.Of(kvmEvent))}",
        KvmEventKind.UserspaceExit => $"returns to the VMM ({UserspaceExit.NameOf(UserspaceExit.Of(kvmEvent).Reason)})",
        KvmEventKind.SmmTransition => SmmTransition.Of(kvmEvent).Entering ? "enters SMM" : "leaves SMM",
        _ => null,
    };

    /// <summary>The bytes of an instruction, as disassemblers print them.</summary>
    internal static string Bytes(in EmulatedInstruction instruction)
    {
        Span<byte> sixteen = stackalloc byte[16];
        return string.Join(' ', instruction.CopyBytes(sixteen).ToArray().Select(value => value.ToString("x2", CultureInfo.InvariantCulture)));
    }

    private string Full(in KvmEvent kvmEvent)
    {
        EventSchema shape = EventSchemas.Of(kvmEvent.Kind);
        var text = new StringBuilder(KernelEvents.NameOf(kvmEvent.Kind));
        for (int slot = 0; slot < shape.Slots.Count; slot++)
        {
            if (!kvmEvent.Values.Has(slot) || shape.FormOf(slot) == SlotForm.BytesTail)
            {
                continue;
            }

            text.Append("  ").Append(KernelEvents.FieldOf(kvmEvent.Kind, slot)).Append(' ');
            text.Append(shape.FormOf(slot) switch
            {
                SlotForm.Bytes => Bytes(EmulatedInstruction.Of(kvmEvent)),
                SlotForm.Text => $"\"{texts[(int)kvmEvent.Values[slot]]}\"",
                _ => Value(shape.Slots[slot], kvmEvent.Values[slot]),
            });
        }

        string? name = kvmEvent.Kind switch
        {
            KvmEventKind.MsrAccess => MsrNames.Of(MsrAccess.Of(kvmEvent).Index),
            KvmEventKind.PortAccess => PortNames.Of(kvmEvent.Values[PortSlot]),
            _ => null,
        };
        return name is null ? text.ToString() : $"{text}  ({name})";
    }

    private static string Value(string slot, ulong value) => slot switch
    {
        "exit_code" => new SvmExitCode(value).ToString(),
        "int_info" or "event_inj" => $"{new EventInfo((uint)(value & uint.MaxValue))} (0x{value:x8})",
        "write" or "load" or "entering" or "soft" or "reinjected" or "pushes_error" or "faulted" or "failed" or "found" or "set"
            or "nested_paging" or "waited" or "valid" or "trap" or "fast" or "guest_mode" => value != 0 ? "yes" : "no",
        "reason" or "length" or "size" or "count" or "vcpu" or "cpl" or "nanoseconds" => value.ToString(CultureInfo.InvariantCulture),
        "errno" => unchecked((long)value).ToString(CultureInfo.InvariantCulture),
        _ => $"0x{value:x}",
    };
}
