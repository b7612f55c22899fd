using System.Buffers.Binary;

namespace Differ.Capture.Formats.Ctf;

/// <summary>Finds the vCPU of an entry where LTTng has half a pointer in place of its number.</summary>
/// <remarks>
/// That half is the same for all entries of a vCPU, and the exit that follows on the same thread has the number. Example: thread 7
/// enters with 0xa0, exits vCPU 1; enters with 0xa0 again: that is vCPU 1.
/// </remarks>
internal sealed class LttngVcpus
{
    private readonly Dictionary<int, uint> _entered = [];
    private readonly Dictionary<(int Thread, uint Pointer), uint> _vcpuOf = [];

    /// <summary>A thread exited a guest.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="vcpu">The number of its vCPU.</param>
    public void Exited(int thread, uint vcpu)
    {
        if (_entered.Remove(thread, out uint pointer))
        {
            _vcpuOf[(thread, pointer)] = vcpu;
        }
    }

    /// <summary>A thread enters a guest.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="pointer">Where the record has the half of the pointer; takes the number.</param>
    /// <returns>False when the number is not known yet.</returns>
    public bool Enter(int thread, Span<byte> pointer)
    {
        uint half = BinaryPrimitives.ReadUInt32LittleEndian(pointer);
        _entered[thread] = half;
        if (!_vcpuOf.TryGetValue((thread, half), out uint vcpu))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(pointer, vcpu);
        return true;
    }
}
