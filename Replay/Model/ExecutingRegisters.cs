using Differ.Replay.Manual.Tables;
using Differ.Replay.State;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>The registers of the processor as conditions of instructions ask for them: nothing is unknown.</summary>
/// <param name="processor">The processor.</param>
internal sealed class ExecutingRegisters(Processor processor) : IInstructionRegisters
{
    /// <inheritdoc/>
    public Profile Profile => processor.Features.Profile;

    /// <inheritdoc/>
    public Truth InProtectedMode => Truth.Of(processor.InProtectedMode);

    /// <inheritdoc/>
    public Truth InSmm => Truth.Of(processor.SystemManagement.IsInside);

    /// <inheritdoc/>
    public VmcbFields Concluded => default;

    /// <inheritdoc/>
    public Bits64 this[VmcbField register] => Bits64.Of(processor.State[register]);
}
