namespace Differ.Capture.Vcpus;

/// <summary>Which streams belong to the same VM.</summary>
internal static class Machines
{
    /// <summary>Numbers the VMs.</summary>
    /// <param name="streams">In order of first appearance.</param>
    /// <param name="known">The VM of a thread, where the file says so.</param>
    /// <param name="hostOf">The host of a thread: no VM has vCPUs on two.</param>
    /// <returns>
    /// A number for each stream. Where the file does not say, a vCPU joins the first VM that lacks its number: the smallest
    /// number of VMs that explains the streams, and a guess as to which is which.
    /// </returns>
    /// <example>Streams of vCPU 0, 1, 0 give VMs 0, 0, 1.</example>
    public static int[] Of(IReadOnlyList<ExitAssembler> streams, IReadOnlyDictionary<int, int> known, Func<int, int> hostOf)
    {
        int[] machines = new int[streams.Count];
        int guessed = known.Count == 0 ? 0 : known.Values.Max() + 1;

        // How many VMs of a host have a vCPU of a number: the first that lacks it is the next.
        var taken = new Dictionary<(int Host, uint Vcpu), int>();
        var numbers = new Dictionary<(int Host, int Slot), int>();
        for (int i = 0; i < streams.Count; i++)
        {
            if (known.TryGetValue(streams[i].Thread, out int machine))
            {
                machines[i] = machine;
                continue;
            }

            int host = hostOf(streams[i].Thread);
            int slot = taken.GetValueOrDefault((host, streams[i].Vcpu));
            taken[(host, streams[i].Vcpu)] = slot + 1;
            if (!numbers.TryGetValue((host, slot), out int number))
            {
                number = guessed + numbers.Count;
                numbers.Add((host, slot), number);
            }

            machines[i] = number;
        }

        return machines;
    }
}
