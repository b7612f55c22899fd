namespace Differ.Capture.Vcpus;

/// <summary>How many events all unfinished records and waiting threads may hold together, so that a file of many vCPUs cannot fill the memory.</summary>
/// <param name="most">The number.</param>
internal sealed class EventBudget(int most = EventBudget.Most)
{
    /// <summary>What the longest records of 32 vCPUs hold at once: about 200 MiB.</summary>
    public const int Most = 1 << 21;

    private int _left = most;

    /// <summary>Takes room.</summary>
    /// <returns>False where there is not so much, and none was taken.</returns>
    public bool Take(int count)
    {
        if (_left < count)
        {
            return false;
        }

        _left -= count;
        return true;
    }

    /// <summary>Gives room back.</summary>
    public void Give(int count) => _left += count;
}
