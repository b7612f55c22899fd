using System.Globalization;
using System.Text;
using System.Text.Json;
using Differ.Diff.Naming;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Run;

namespace Differ.Diff.View;

/// <summary>Exits for programs: an object a line, described by docs/show.schema.json.</summary>
/// <param name="printer">Writes times and symbols.</param>
/// <param name="texts">Texts that events refer to.</param>
/// <param name="output">Where to.</param>
public sealed class JsonLinesView(ExitPrinter printer, TextTable texts, TextWriter output) : IExitView
{
    private readonly string _schema = JsonText.SchemaId("show", 1);

    /// <inheritdoc/>
    public void Begin()
    {
        // Each line stands for itself.
    }

    /// <inheritdoc/>
    public void Write(ViewedExit one)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            Write(json, one);
            json.WriteEndObject();
        }

        output.Write($"{Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length)}\n");
    }

    private void Write(Utf8JsonWriter json, ViewedExit one)
    {
        KeptExit exit = one.Exit;
        json.WriteString("$schema", _schema);
        json.WriteNumber("stream", exit.Stream.Value);
        json.WriteOptional("vm", one.Stream?.Machine);
        json.WriteOptional("vcpu", one.Stream?.Vcpu?.Value);
        json.WriteOptional("pid", one.Stream?.Thread?.Value);
        json.WriteNumber("exit", exit.Index);
        json.WriteString("level", ExitPrinter.Level(exit.Level));
        json.WriteString("verdict", one.VerdictWord);
        json.WriteOptional("rule", one.Departure?.Rule.Id);
        json.WriteOptional("fingerprint", one.Departure?.Fingerprint);
        json.WriteBoolean("context", one.IsContext);
        json.WriteTexts("remarks", one.Remarks());
        if (exit.HasExit)
        {
            json.WriteObject("exit_event", () => WriteExit(json, exit));
        }

        json.WriteObjects("events", exit.Events, kvmEvent => WriteEvent(json, kvmEvent));
        if (exit.HasEntry)
        {
            json.WriteObject("entry_event", () => WriteEntry(json, exit));
        }
    }

    private void WriteExit(Utf8JsonWriter json, KeptExit exit)
    {
        HardwareExit hardware = exit.Exit;
        json.WriteString("event", KernelEvents.Exit);
        json.WriteString("time", printer.Time(hardware.Time));
        json.WriteNumber("cpu", hardware.HostCpu);
        json.WriteString("reason", hardware.Code.Name);
        json.WriteString("exit_reason", Hex(hardware.Code.Value));
        json.WriteString("guest_rip", Hex(hardware.Rip));
        json.WriteOptional("symbol", printer.Symbol(exit.Level, hardware.Rip));
        json.WriteString("info1", Hex(hardware.Info1));
        json.WriteString("info2", Hex(hardware.Info2));
        json.WriteString("decoded", ExitPrinter.Decoded(hardware));
        json.WriteOptional("intr_info", hardware.IntInfo.IsKnown ? Hex(hardware.IntInfo.Value) : null);
    }

    private void WriteEntry(Utf8JsonWriter json, KeptExit exit)
    {
        GuestEntry entry = exit.Entry;
        json.WriteString("event", KernelEvents.Entry);
        json.WriteString("time", printer.Time(entry.Time));
        json.WriteNumber("cpu", entry.HostCpu);
        json.WriteString("level", ExitPrinter.Level(ExitPrinter.LevelAtEntry(exit)));
        json.WriteOptional("rip", entry.Rip.IsKnown ? Hex(entry.Rip.Value) : null);
        json.WriteOptional("symbol", entry.Rip.IsKnown ? printer.Symbol(ExitPrinter.LevelAtEntry(exit), entry.Rip.Value) : null);
        json.WriteOptional("event_inj", entry.EventInj.IsKnown ? Hex(entry.EventInj.Value) : null);
    }

    private void WriteEvent(Utf8JsonWriter json, KvmEvent one)
    {
        EventSchema shape = EventSchemas.Of(one.Kind);
        json.WriteString("event", KernelEvents.NameOf(one.Kind));
        json.WriteString("time", printer.Time(one.Time));
        json.WriteObject("fields", () =>
        {
            for (int slot = 0; slot < shape.Slots.Count; slot++)
            {
                if (one.Values.Has(slot) && shape.FormOf(slot) != SlotForm.BytesTail)
                {
                    json.WriteString(KernelEvents.FieldOf(one.Kind, slot), shape.FormOf(slot) switch
                    {
                        SlotForm.Bytes => ExitPrinter.Bytes(EmulatedInstruction.Of(one)),
                        SlotForm.Text => texts[(int)one.Values[slot]],
                        _ => Hex(one.Values[slot]),
                    });
                }
            }
        });
    }

    private static string Hex(ulong value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");
}
