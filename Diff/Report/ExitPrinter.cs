using System.Globalization;
using System.Text;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>Writes a recorded exit in the manual's terms, for a person.</summary>
/// <param name="header">The run.</param>
/// <param name="texts">Its texts.</param>
public sealed class ExitPrinter(RunHeader header, TextTable texts)
{
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

    /// <summary>The exit in full: one line for the exit, one for each thing that happened, one for the entry.</summary>
    public IEnumerable<string> Lines(KeptExit exit)
    {
        if (exit.HasExit)
        {
            var line = new StringBuilder();
            line.Append(CultureInfo.InvariantCulture, $"{Time(exit.Exit.Time)}  #VMEXIT {exit.Exit.Code}  {Level(exit.Level)}  rip 0x{exit.Exit.Rip:x}  cpu {exit.Exit.HostCpu}");
            AppendInfo(line, exit.Exit);
            yield return line.ToString();
        }

        foreach (KvmEvent kvmEvent in exit.Events)
        {
            yield return $"{Time(kvmEvent.Time)}    {Full(kvmEvent)}";
        }

        if (exit.HasEntry)
        {
            yield return $"{Time(exit.Entry.Time)}  entry{EntryText(exit.Entry)}";
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

    private static string EntryText(in GuestEntry entry)
    {
        string text = entry.Rip.IsKnown ? $"  rip 0x{entry.Rip.Value:x}" : "";
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
        KvmEventKind.MsrAccess => $"{(MsrAccess.Of(kvmEvent).Write ? "WRMSR" : "RDMSR")} 0x{MsrAccess.Of(kvmEvent).Index:x}",
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
        var text = new StringBuilder(shape.Name);
        for (int slot = 0; slot < shape.Slots.Count; slot++)
        {
            if (!kvmEvent.Values.Has(slot) || shape.FormOf(slot) == SlotForm.BytesTail)
            {
                continue;
            }

            text.Append("  ").Append(shape.Slots[slot]).Append(' ');
            text.Append(shape.FormOf(slot) switch
            {
                SlotForm.Bytes => Bytes(EmulatedInstruction.Of(kvmEvent)),
                SlotForm.Text => $"\"{texts[(int)kvmEvent.Values[slot]]}\"",
                _ => Value(shape.Slots[slot], kvmEvent.Values[slot]),
            });
        }

        return text.ToString();
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
