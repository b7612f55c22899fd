using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>Events go through the interrupt table of whoever runs (APM2 8.2, 8.9), and exceptions meet intercepts on the way (15.12).</summary>
internal sealed class Delivery(Processor processor)
{
    private const ulong PresentGate = 1UL << 15;
    private const int InterruptGate = 14, TrapGate = 15;

    private bool _isFault;
    private uint _external;

    /// <summary>The event that is being delivered; a #VMEXIT in between reports it in EXITINTINFO (APM2 15.7.2).</summary>
    public EventInfo Current { get; private set; }

    /// <summary>Its error code.</summary>
    public uint CurrentError { get; private set; }

    private Registers State => processor.State;

    /// <summary>The delivery is over, or given up.</summary>
    public void Forget()
    {
        Current = default;
        CurrentError = 0;
    }

    /// <summary>An exception is raised: its own intercept comes first, then combination with the event in delivery, then delivery (APM2 15.12).</summary>
    public Effect RaiseException(Effect raised)
    {
        if (processor.Guest is { } guest && guest.Intercepts(SvmExitCode.OfException(raised.Vector)) && raised.Vector is not (ExceptionVector.Nmi or 9))
        {
            // CR2 is not written yet; the address is in EXITINFO2 (APM2 15.12.15).
            return Effect.Exit(SvmExitCode.OfException(raised.Vector), raised.Error ?? 0, raised.Vector == ExceptionVector.PF ? raised.Address : 0);
        }

        bool second = Current is { Valid: true, Type: EventType.Exception };
        if (second && Current.Vector == ExceptionVector.DF && ExceptionVector.All[raised.Vector].Class != ExceptionClass.Benign)
        {
            return new Effect(EffectKind.Shutdown);
        }

        if (second && ExceptionVector.MakesDoubleFault(Current.Vector, raised.Vector))
        {
            return RaiseException(Effect.Raise(ExceptionVector.DF, 0));
        }

        if (raised.Vector == ExceptionVector.PF)
        {
            State[VmcbField.Cr2] = raised.Address;
        }

        return Deliver(EventInfo.Of(EventType.Exception, raised.Vector), raised.Error, isFault: IsFault(raised.Vector));
    }

    // All but traps and aborts (APM2 8.1.3, table 8-2).
    private static bool IsFault(byte vector) => vector is not (ExceptionVector.DB or ExceptionVector.BP or ExceptionVector.OF or ExceptionVector.DF or ExceptionVector.MC);

    /// <summary>Delivers an event.</summary>
    /// <param name="what">The event.</param>
    /// <param name="error">Its error code; null where it pushes none.</param>
    /// <param name="returnRip">The return address; null for RIP.</param>
    /// <param name="isFault">A fault that an instruction has just raised; not what was injected.</param>
    public Effect Deliver(EventInfo what, uint? error, ulong? returnRip = null, bool isFault = false)
    {
        _isFault = isFault;
        Current = error is null ? what : new EventInfo(what.Raw | EventInfo.ErrorCodeBit);
        CurrentError = error ?? 0;
        processor.Observer.Delivers(processor, what, error);
        Effect effect = processor.InProtectedMode
            ? State.Bit(VmcbField.EferRegister, Efer.LMA) ? ThroughGate(what, error, returnRip, wide: true) : ThroughGate(what, error, returnRip, wide: false)
            : ThroughVectorTable(what, returnRip);
        if (effect.IsDone)
        {
            Forget();
        }

        return effect;
    }

    private Effect ThroughVectorTable(EventInfo what, ulong? returnRip)
    {
        Effect read = processor.Read(State[VmcbField.IdtrBase] + (4UL * what.Vector), 4, out ulong entry);
        if (!read.IsDone)
        {
            return read;
        }

        ulong[] frame = [State[VmcbField.RflagsRegister] & 0xffff, State[VmcbField.CsSelector], (returnRip ?? State[VmcbField.Rip]) & 0xffff];
        Effect pushed = Push(frame, 2, State[VmcbField.Rsp]);
        if (pushed.IsDone)
        {
            State[VmcbField.CsSelector] = (entry >> 16) & 0xffff;
            State[VmcbField.CsBase] = ((entry >> 16) & 0xffff) << 4;
            Enter(entry & 0xffff, clearInterrupts: true);
        }

        return pushed;
    }

    private Effect ThroughGate(EventInfo what, uint? error, ulong? returnRip, bool wide)
    {
        int size = wide ? 16 : 8;
        _external = what.Type is EventType.SoftwareInterrupt ? 0u : 1u;
        uint selectorError = ((uint)what.Vector << 3) | 2 | _external;
        ulong at = (ulong)what.Vector * (ulong)size;
        if (at + (ulong)size - 1 > State[VmcbField.IdtrLimit])
        {
            return Effect.Raise(ExceptionVector.GP, selectorError);
        }

        Effect read = processor.Read(unchecked(State[VmcbField.IdtrBase] + at), 8, out ulong low);
        if (!read.IsDone)
        {
            return read;
        }

        ulong high = 0;
        if (wide)
        {
            read = processor.Read(unchecked(State[VmcbField.IdtrBase] + at + 8), 8, out high);
            if (!read.IsDone)
            {
                return read;
            }
        }

        if (!wide && TaskSwitch.IsGate(low))
        {
            return TaskSwitch.ThroughGate(processor, low, error);
        }

        int type = (int)(low >> 40) & 0x1f;
        if (type is not (InterruptGate or TrapGate) || (what.IsSoftware && ((low >> 45) & 3) < State[VmcbField.Cpl]))
        {
            return Effect.Raise(ExceptionVector.GP, selectorError);
        }

        if (((low >> 32) & PresentGate) == 0)
        {
            return Effect.Raise(ExceptionVector.NP, selectorError);
        }

        ulong target = (low & 0xffff) | ((low >> 32) & 0xffff_0000) | (wide ? high << 32 : 0);
        return ThroughGate((low >> 16) & 0xffff, target, error, returnRip ?? State[VmcbField.Rip], wide, type == InterruptGate);
    }

    private Effect ThroughGate(ulong selector, ulong target, uint? error, ulong returnRip, bool wide, bool clearInterrupts)
    {
        Effect loaded = CodeSegment.Load(processor, selector, wide, error: _external, out CodeSegment code);
        if (!loaded.IsDone)
        {
            return loaded;
        }

        // "When an exception occurs, the processor normally sets RF=1 in the RFLAGS image": certain of a fault that has just been raised (APM2 3.1.6).
        ulong flags = State[VmcbField.RflagsRegister] | (_isFault ? 1UL << Rflags.RF : 0);
        List<ulong> frame = wide ? [State[VmcbField.SsSelector], State[VmcbField.Rsp]] : [];
        frame.AddRange([flags, State[VmcbField.CsSelector], returnRip]);
        if (error is { } pushedError)
        {
            frame.Add(pushedError);
        }

        ulong stack = State[VmcbField.Rsp];
        bool switchesStack = wide && State[VmcbField.Cpl] != code.Level;
        if (switchesStack)
        {
            // RSP0 of the task state segment.
            Effect read = processor.Read(unchecked(State[VmcbField.TrBase] + 4), 8, out stack);
            if (!read.IsDone)
            {
                return read;
            }
        }

        int size = wide ? 8 : 4;
        ulong top = wide ? stack & ~0xfUL : stack;
        Effect pushed = Push([.. frame], size, top);
        if (pushed.IsDone)
        {
            if (Current.Type == EventType.Exception && !_isFault)
            {
                // Of traps, aborts and what EVENTINJ injects the manual does not say whether the image has RF.
                LeaveOpen(unchecked(top - (ulong)(size * (wide ? 3 : 1))), 1UL << Rflags.RF);
            }

            if (_isFault && Current is { Vector: ExceptionVector.PF } && !processor.Translation.DefinesFetch)
            {
                LeaveOpen(State[VmcbField.Rsp], Translation.FetchBit);
            }

            if (switchesStack)
            {
                ClearStackSegment(code.Level);
            }

            code.Enter(State);
            Enter(target, clearInterrupts);
        }

        return pushed;
    }

    private Effect Push(ReadOnlySpan<ulong> values, int size, ulong stack)
    {
        ulong at = stack;
        foreach (ulong value in values)
        {
            at = unchecked(at - (ulong)size);
            ulong linear = processor.In64BitMode ? at : unchecked(State[VmcbField.SsBase] + at);
            Effect written = processor.Write(linear, value, size);
            if (!written.IsDone)
            {
                return written;
            }
        }

        State[VmcbField.Rsp] = at;
        return Effect.Done;
    }

    private void LeaveOpen(ulong at, ulong mask)
    {
        ulong linear = processor.In64BitMode ? at : unchecked(State[VmcbField.SsBase] + at);
        if (processor.Translation.ToSystem(linear, AccessKind.Read, out ulong physical).IsDone)
        {
            processor.Undefined.SetIn(physical, mask, sizeof(uint));
        }
    }

    // In long mode a change of level loads SS with a null selector of the new level (APM2 8.9.4); its hidden part means nothing then.
    private void ClearStackSegment(ulong level)
    {
        State[VmcbField.SsSelector] = level;
        foreach (VmcbField hidden in (VmcbField[])[VmcbField.SsAttributes, VmcbField.SsLimit, VmcbField.SsBase])
        {
            processor.Undefined[hidden] = ulong.MaxValue;
        }
    }

    private void Enter(ulong target, bool clearInterrupts)
    {
        State[VmcbField.Rip] = target;
        State.SetBit(VmcbField.RflagsRegister, Rflags.TF, false);
        State.SetBit(VmcbField.RflagsRegister, Rflags.RF, false);
        State.InShadow = false;
        if (clearInterrupts)
        {
            State.SetBit(VmcbField.RflagsRegister, Rflags.IF, false);
        }
    }
}
