using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Redaction;

/// <summary>Hands on the records of a run with other addresses and values: the same ones are the same again, and rules say the same of them.</summary>
/// <remarks>What becomes of each value stands in <see cref="RedactedForms"/>; bytes of a VMCB that no field has are left out.</remarks>
/// <param name="key">The secret; the same one maps alike.</param>
/// <param name="to">Takes the records.</param>
public sealed class Redactor(byte[] key, IExitSink to) : IExitSink
{
    private const int FirstEvents = 64, MmioLengthSlot = 1;

    private readonly AddressMap _addresses = new(key);
    private readonly ValueMap _values = new(key);
    private readonly MachineStates _states = new();
    private KvmEvent[] _events = new KvmEvent[FirstEvents];

    /// <summary>What is said of a run before its first exit, without names.</summary>
    public static RunHeader Of(RunHeader header) => header with { Capture = "redacted", HostName = "" };

    /// <summary>What is said of a run after its last exit, without names: threads have numbers from 1.</summary>
    public static RunSummary Of(RunSummary summary)
    {
        Dictionary<ThreadId, int> threads = Numbered(summary.Streams.Select(static stream => stream.Thread).OfType<ThreadId>());
        Dictionary<string, int> names = Numbered(summary.Streams.Select(static stream => stream.Name));
        return summary with
        {
            Streams =
            [
                .. summary.Streams.Select(stream => stream with
                {
                    Thread = stream.Thread is { } thread ? new ThreadId(threads[thread]) : null,
                    Name = stream.Name.Length == 0 ? "" : $"thread {names[stream.Name]}",
                }),
            ],
        };
    }

    private static Dictionary<T, int> Numbered<T>(IEnumerable<T> all)
        where T : notnull
    {
        var numbers = new Dictionary<T, int>();
        foreach (T one in all)
        {
            numbers.TryAdd(one, numbers.Count + 1);
        }

        return numbers;
    }

    /// <inheritdoc/>
    public void Take(in ExitRecord record)
    {
        HardwareExit exit = record.HasExit ? Exit(record.Exit) : default;
        GuestEntry entry = record.HasEntry ? record.Entry with { Rip = Mapped(record.Entry.Rip) } : default;
        if (_events.Length < record.Events.Length)
        {
            Array.Resize(ref _events, record.Events.Length);
        }

        bool asksMaps = record.HasExit && (record.Exit.Code == SvmExitCode.Msr || record.Exit.Code == SvmExitCode.Ioio);
        for (int i = 0; i < record.Events.Length; i++)
        {
            _events[i] = Event(record.Events[i], asksMaps);
        }

        States(record);
        to.Take(new ExitRecord(
            record.Stream, record.Index, record.Level, record.Flags, ref exit, ref entry, record.Kinds, _events.AsSpan(0, record.Events.Length), default, _states));
    }

    private HardwareExit Exit(in HardwareExit exit)
    {
        (ValueForm info1, ValueForm info2) = RedactedForms.OfInfo(exit.Code);
        return exit with { Rip = _addresses.Of(exit.Rip), Info1 = Mapped(info1, exit.Info1), Info2 = Mapped(info2, exit.Info2) };
    }

    private KvmEvent Event(in KvmEvent kvmEvent, bool asksMaps)
    {
        ValueForm[] forms = RedactedForms.Events[(int)kvmEvent.Kind - 1].Slots;
        FieldValues values = kvmEvent.Values;
        for (int slot = 0; slot < forms.Length; slot++)
        {
            if (!values.Has(slot))
            {
                continue;
            }

            ulong value = kvmEvent.Values[slot];
            values[slot] = forms[slot] switch
            {
                ValueForm.Info1 => Mapped(RedactedForms.OfInfo(new SvmExitCode(kvmEvent.Values[0])).Info1, value),
                ValueForm.Info2 => Mapped(RedactedForms.OfInfo(new SvmExitCode(kvmEvent.Values[0])).Info2, value),
                ValueForm.MsrValue => Mapped(RedactedForms.OfMsr(MsrAccess.Of(kvmEvent).Index), value),
                ValueForm.ControlRegister => Mapped(RedactedForms.OfControlRegister(CrAccess.Of(kvmEvent).Number), value),
                ValueForm.SizedData => _values.Of(value, Size(kvmEvent.Values[SizeSlot(kvmEvent.Kind)])),
                ValueForm.Memory => asksMaps ? value : _values.Of(value, Size(kvmEvent.Values[GuestRead.LengthSlot])),
                ValueForm.Instruction => value,
                ValueForm form => Mapped(form, value),
            };
        }

        if (kvmEvent.Kind == KvmEventKind.EmulateInstruction && values.Has(EmulatedInstruction.BytesSlot))
        {
            (values[EmulatedInstruction.BytesSlot], values[EmulatedInstruction.BytesSlot + 1]) = RedactedInstruction.Of(EmulatedInstruction.Of(kvmEvent), _values);
        }

        return new KvmEvent(kvmEvent.Kind, kvmEvent.Time, values);
    }

    private void States(in ExitRecord record)
    {
        _states.Clear();
        if (record.States.IsEmpty)
        {
            return;
        }

        foreach (StateMoment moment in MachineStates.Moments)
        {
            foreach (VmcbRow row in VmcbLayout.All)
            {
                Observed<ulong> value = record.States.At(moment, row.Position);
                if (value.IsKnown)
                {
                    _states[moment].Write(row.Position, row.Size, Field(record, moment, row, value.Value));
                }
            }
        }
    }

    private ulong Field(in ExitRecord record, StateMoment moment, VmcbRow row, ulong value)
    {
        switch (RedactedForms.OfField(row.Field))
        {
            case ValueForm.Info1:
                return Mapped(RedactedForms.OfInfo(CodeAt(record, moment)).Info1, value);
            case ValueForm.Info2:
                return Mapped(RedactedForms.OfInfo(CodeAt(record, moment)).Info2, value);
            case ValueForm.MsrIndex:
                return record.HasExit && record.Exit.Code == SvmExitCode.Msr ? (value & uint.MaxValue) | (_addresses.Of(value) & ~(ulong)uint.MaxValue) : _addresses.Of(value);
            case ValueForm.SizedData:
                return _values.Of(value, row.Size);
            default:
                return Mapped(RedactedForms.OfField(row.Field), value);
        }
    }

    // EXITCODE had 32 bits once; where it is not known, the exit at hand is what the fields are of.
    private static SvmExitCode CodeAt(in ExitRecord record, StateMoment moment)
    {
        Observed<ulong> code = record.States.At(moment, VmcbLayout.Of(VmcbField.ExitCode).Position);
        return code.IsKnown ? SvmExitCode.OfNarrow(code.Value & uint.MaxValue, sizeof(uint)) : record.HasExit ? record.Exit.Code : SvmExitCode.Invalid;
    }

    private static int SizeSlot(KvmEventKind kind) => kind == KvmEventKind.PortAccess ? PortAccess.SizeSlot : MmioLengthSlot;

    private static int Size(ulong bytes) => (int)Math.Clamp(bytes, 1, sizeof(ulong));

    private Observed<ulong> Mapped(Observed<ulong> address) => address.IsKnown ? Observed<ulong>.Of(_addresses.Of(address.Value)) : address;

    private ulong Mapped(ValueForm form, ulong value) => form switch
    {
        ValueForm.Address => _addresses.Of(value),
        ValueForm.Cr3 => _addresses.OfCr3(value),
        ValueForm.Data => _values.Of(value, sizeof(ulong)),
        _ => value,
    };
}
