namespace Differ.Capture.Formats;

/// <summary>Which thread runs a vCPU of which VM, where a format tells the process of a thread: a VM is a process that enters guests.</summary>
internal sealed class ProcessMachines
{
    private readonly Dictionary<int, int> _machineOfThread = [];
    private readonly Dictionary<int, int> _machineOfProcess = [];

    /// <summary>The VMs by thread, numbered in the order in which they were seen.</summary>
    public IReadOnlyDictionary<int, int> MachineOfThread => _machineOfThread;

    /// <summary>A thread has entered a guest.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="process">Its process; 0 or less where nobody knows.</param>
    public void Entered(int thread, int process)
    {
        if (process > 0 && !_machineOfThread.ContainsKey(thread))
        {
            if (!_machineOfProcess.TryGetValue(process, out int machine))
            {
                machine = _machineOfProcess.Count;
                _machineOfProcess.Add(process, machine);
            }

            _machineOfThread.Add(thread, machine);
        }
    }
}
