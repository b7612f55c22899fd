using System.Globalization;
using Differ.Diff.Naming;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Run;

namespace Differ.Diff.View;

/// <summary>Exits for tables: RFC 4180, a row each; docs/show.md has the columns.</summary>
/// <param name="printer">Writes times and symbols.</param>
/// <param name="output">Where to.</param>
public sealed class CsvView(ExitPrinter printer, TextWriter output) : IExitView
{
    /// <inheritdoc/>
    public void Begin() => output.Write(
        "stream,vm,vcpu,pid,exit,level,verdict,rule,fingerprint,context,time,cpu,reason,exit_reason,guest_rip,symbol,info1,info2,decoded,intr_info,events,entry_time,entry_rip,remarks\n");

    /// <inheritdoc/>
    public void Write(ViewedExit one)
    {
        KeptExit exit = one.Exit;
        HardwareExit hardware = exit.Exit;
        string OfExit(Func<string> text) => exit.HasExit ? text() : "";
        output.Write(CsvText.Row(
            Number(exit.Stream.Value), Number(one.Stream?.Machine), Number(one.Stream?.Vcpu?.Value), Number(one.Stream?.Thread?.Value), Number(exit.Index), ExitPrinter.Level(exit.Level),
            one.VerdictWord, one.Departure?.Rule.Id ?? "", one.Departure?.Fingerprint ?? "", one.IsContext ? "1" : "0",
            OfExit(() => printer.Time(hardware.Time)), OfExit(() => Number(hardware.HostCpu)), OfExit(() => hardware.Code.Name), OfExit(() => Hex(hardware.Code.Value)),
            OfExit(() => Hex(hardware.Rip)), OfExit(() => printer.Symbol(exit.Level, hardware.Rip) ?? ""), OfExit(() => Hex(hardware.Info1)), OfExit(() => Hex(hardware.Info2)),
            OfExit(() => ExitPrinter.Decoded(hardware)), hardware.IntInfo.IsKnown && exit.HasExit ? Hex(hardware.IntInfo.Value) : "",
            string.Join(' ', exit.Events.Select(kvmEvent => KernelEvents.NameOf(kvmEvent.Kind))),
            exit.HasEntry ? printer.Time(exit.Entry.Time) : "", exit.HasEntry && exit.Entry.Rip.IsKnown ? Hex(exit.Entry.Rip.Value) : "", string.Join("; ", one.Remarks())) + "\n");
    }

    private static string Number<T>(T value) => string.Create(CultureInfo.InvariantCulture, $"{value}");

    private static string Hex(ulong value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");
}
