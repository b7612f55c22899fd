using Differ.Schemas.Vocabulary;

namespace Differ.Replay.State;

/// <summary>What a VMRUN showed of vmcb12 that the next one of the same VMCB is held against.</summary>
/// <param name="Vmcb12">Guest-physical address.</param>
/// <param name="EventInj">EVENTINJ.</param>
/// <param name="IntCtl">Virtual interrupt control, low 32 bits.</param>
internal readonly record struct RememberedRun(ulong Vmcb12, EventInfo EventInj, uint IntCtl);
