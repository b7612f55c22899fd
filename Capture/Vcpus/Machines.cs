namespace Differ.Capture.Vcpus;

/// <summary>Which streams belong to the same VM.</summary>
internal static class Machines
{
    /// <summary>Numbers the VMs.</summary>
    /// <param name="streams">In order of first appearance.</param>
    /// <param name="known">The VM of a thread, where the file says so.</param>
    /// <returns>
    /// A number for each stream. Where the file does not say, a vCPU joins the first VM that lacks its number: the smallest
    /// number of VMs that explains the streams, and a guess as to which is which.
    /// </returns>
    /// <example>Streams of vCPU 0, 1, 0 give VMs 0, 0, 1.</example>
    public static int[] Of(IReadOnlyList<ExitAssembler> streams, IReadOnlyDictionary<int, int> known)
    {
        int[] machines = new int[streams.Count];
        int guessed = known.Count == 0 ? 0 : known.Values.Max() + 1;

        // How many VMs have a vCPU of a number: the first that lacks it is the next.
        var taken = new Dictionary<uint, int>();
        for (int i = 0; i < streams.Count; i++)
        {
            if (known.TryGetValue(streams[i].Thread, out int machine))
            {
                machines[i] = machine;
                continue;
            }

            int slot = taken.GetValueOrDefault(streams[i].Vcpu);
            taken[streams[i].Vcpu] = slot + 1;
            machines[i] = guessed + slot;
        }

        return machines;
    }
}
