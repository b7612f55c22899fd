using System.Runtime.InteropServices;

namespace Differ.Capture.Kvm;

/// <summary>Interrupts KVM_RUN of one thread again and again, ever more seldom: a vCPU that waits for an interrupt does not come back by itself.</summary>
/// <remarks>The signal's handler is a function of libc that does nothing: managed code must not run there.</remarks>
public sealed class KvmKicker : IDisposable
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(5), Longest = TimeSpan.FromMilliseconds(200);

    private readonly ManualResetEventSlim _over = new();
    private readonly Thread _thread;

    /// <summary>Starts to interrupt the thread that makes it.</summary>
    public KvmKicker()
    {
        nint libc = NativeLibrary.Load("libc.so.6");
        KvmCalls.signal(KvmCalls.KickSignal, NativeLibrary.GetExport(libc, "getpid"));
        int target = KvmCalls.gettid();
        _thread = new Thread(() => Kick(target)) { IsBackground = true };
        _thread.Start();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _over.Set();
        _thread.Join();
        _over.Dispose();
    }

    // Too many would starve a vCPU at its first instruction.
    private void Kick(int target)
    {
        for (TimeSpan wait = First; !_over.Wait(wait); wait = wait * 2 > Longest ? Longest : wait * 2)
        {
            _ = KvmCalls.tgkill(KvmCalls.getpid(), target, KvmCalls.KickSignal);
        }
    }
}
