using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Html;

/// <summary>Where a value of vmcb12 came from.</summary>
internal enum Vmcb12Source : byte
{
    /// <summary>An event carries it.</summary>
    Recorded,

    /// <summary>It follows from what was recorded by the manual.</summary>
    Derived,

    /// <summary>A finding supposes it.</summary>
    Assumed,
}

/// <summary>What is known of one field of vmcb12.</summary>
/// <param name="Field">The field.</param>
/// <param name="Source">Where it came from.</param>
/// <param name="Text">The value.</param>
/// <param name="From">The event or the reason.</param>
internal sealed record Vmcb12Value(VmcbField Field, Vmcb12Source Source, string Text, string From);

/// <summary>What a recording shows of the vmcb12 in use on one stream.</summary>
internal sealed class Vmcb12Track
{
    private readonly MachineStates _states = new();
    private NestedVmenter? _run;
    private NestedIntercepts? _intercepts;
    private NestedVmexitInject? _shown;
    private ulong? _rip;
    private bool _ran;

    /// <summary>Takes an exit.</summary>
    public void Add(in ExitRecord record)
    {
        if ((record.Flags & (RecordFlags.LossBefore | RecordFlags.LossInside)) != 0)
        {
            Forget();
        }

        if (record.HasExit && record.Level == GuestLevel.L2)
        {
            _ran = true;
            _rip = record.Exit.Rip;
        }

        if (record.Kinds.Has(KvmEventKind.NestedVmenter) || record.Kinds.Has(KvmEventKind.NestedVmexitInject))
        {
            AddChanges(record);
        }
    }

    /// <summary>What is known now, in the order of the manual's tables.</summary>
    public IReadOnlyList<Vmcb12Value> Snapshot()
    {
        var values = new Dictionary<VmcbField, Vmcb12Value>();
        if (_run is { } run)
        {
            AddRun(values, run);
        }

        if (_intercepts is { } words)
        {
            AddIntercepts(values, words);
        }

        if (_shown is { } shown)
        {
            AddShown(values, shown);
        }

        AddStates(values);
        return [.. values.Values.OrderBy(value => value.Field)];
    }

    private void Forget()
    {
        _run = null;
        _intercepts = null;
        _shown = null;
        _rip = null;
        _ran = false;
    }

    private void AddChanges(in ExitRecord record)
    {
        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            switch (kvmEvent.Kind)
            {
                case KvmEventKind.NestedVmenter:
                    Forget();
                    _run = NestedVmenter.Of(kvmEvent);
                    break;
                case KvmEventKind.NestedIntercepts:
                    _intercepts = NestedIntercepts.Of(kvmEvent);
                    break;
                case KvmEventKind.NestedVmexitInject:
                    _shown = NestedVmexitInject.Of(kvmEvent);
                    break;
            }
        }

        _states.Clear();
        _states.Take(record.States);
    }

    private void AddRun(Dictionary<VmcbField, Vmcb12Value> values, in NestedVmenter run)
    {
        const string From = "kvm_nested_vmenter";
        Recorded(values, VmcbField.Rip, Hex(run.NestedRip), From);
        Recorded(values, VmcbField.IntCtl, $"{Hex(run.IntCtl)} in bits 31:0", From);
        Recorded(values, VmcbField.EventInj, $"{run.EventInj} ({Hex(run.EventInj.Raw)} in bits 31:0)", From);
        if (!run.NestedPaging.IsUnknown)
        {
            Recorded(values, VmcbField.NestedControl, run.NestedPaging.IsYes ? "not 0" : "0", From);
        }

        if (run.Cr3.IsKnown && !run.NestedPaging.IsUnknown)
        {
            Recorded(values, run.NestedPaging.IsYes ? VmcbField.NCr3 : VmcbField.Cr3Register, Hex(run.Cr3.Value), From);
        }

        if (_ran)
        {
            const string Why = "VMRUN ran L2, which it does only so (15.5.1)";
            Derived(values, VmcbField.GuestAsid, "not 0", Why);
            Derived(values, VmcbField.EferRegister, "SVME is 1", Why);
        }
    }

    private static void AddIntercepts(Dictionary<VmcbField, Vmcb12Value> values, in NestedIntercepts words)
    {
        const string From = "kvm_nested_intercepts";
        Recorded(values, VmcbField.InterceptCr, InterceptNames.Of(words.CrRead | ((uint)words.CrWrite << 16), 0), From);
        Recorded(values, VmcbField.InterceptExceptions, InterceptNames.Of(words.Exceptions, SvmExitCode.Exception.Value), From);
        Recorded(values, VmcbField.InterceptMisc1, InterceptNames.Of(words.Word3, SvmExitCode.Intr.Value), From);
        Recorded(values, VmcbField.InterceptMisc2, InterceptNames.Of(words.Word4, SvmExitCode.Vmrun.Value), From);
        if (words.Word5.IsKnown)
        {
            Recorded(values, VmcbField.InterceptMisc3, InterceptNames.Of(words.Word5.Value, SvmExitCode.Vmrun.Value + 32), From);
        }
    }

    private void AddShown(Dictionary<VmcbField, Vmcb12Value> values, in NestedVmexitInject shown)
    {
        const string From = "kvm_nested_vmexit_inject";
        Recorded(values, VmcbField.ExitCode, shown.ExitCode.ToString(), From);
        Recorded(values, VmcbField.ExitInfo1, Hex(shown.Info1), From);
        Recorded(values, VmcbField.ExitInfo2, Hex(shown.Info2), From);
        Recorded(values, VmcbField.ExitIntInfo, $"{shown.IntInfo} ({Hex(shown.IntInfo.Raw)})", From);
        if (_rip is { } rip)
        {
            Derived(values, VmcbField.Rip, Hex(rip), "RIP of L2 at the #VMEXIT, which vmcb12 receives (15.6)");
        }

        if (_ran)
        {
            Derived(values, VmcbField.EventInj, "not valid", "a #VMEXIT clears EVENTINJ (15.20)");
        }
    }

    private void AddStates(Dictionary<VmcbField, Vmcb12Value> values)
    {
        foreach (VmcbRow row in _states.IsEmpty ? [] : VmcbLayout.All.Where(row => row.Area != VmcbArea.Register))
        {
            StateMoment moment = _shown is not null && _states.At(StateMoment.Vmcb12AfterExit, row.Position).IsKnown
                ? StateMoment.Vmcb12AfterExit : StateMoment.Vmcb12AtVmrun;
            if (_states.At(moment, row.Position) is { IsKnown: true } value)
            {
                Recorded(values, row.Field, Hex(value.Value), "a probe in the hypervisor");
            }
        }
    }

    private static void Recorded(Dictionary<VmcbField, Vmcb12Value> values, VmcbField field, string text, string from) =>
        values[field] = new Vmcb12Value(field, Vmcb12Source.Recorded, text, from);

    private static void Derived(Dictionary<VmcbField, Vmcb12Value> values, VmcbField field, string text, string why) =>
        values[field] = new Vmcb12Value(field, Vmcb12Source.Derived, text, why);

    private static string Hex(ulong value) => $"0x{value:x}";
}
