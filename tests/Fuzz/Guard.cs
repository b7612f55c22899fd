namespace Differ.Fuzz;

/// <summary>Ends the process when an input neither ends nor fails, or takes more memory than there is for it.</summary>
/// <remarks>
/// What is being read stands in a file all the time, so that it is there even where the process was ended from outside or by the
/// runtime, as for a stack that is too deep.
/// </remarks>
internal sealed class Guard : IDisposable
{
    /// <summary>Status of a process that was ended so.</summary>
    public const int Status = 3;

    /// <summary>Bytes that the process may hold.</summary>
    public const long MostHeld = 3L << 30;

    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(60);

    private readonly string _path;
    private readonly FileStream _current;
    private readonly Timer _timer;
    private long _since = long.MaxValue;

    /// <summary>Starts to watch.</summary>
    /// <param name="path">The file that holds the current input.</param>
    public Guard(string path)
    {
        _path = path;
        _current = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, 0);
        _timer = new Timer(_ => Look(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>An input is about to be read.</summary>
    public void Begin(FuzzInput input)
    {
        byte[] bytes = input.ToBytes();
        RandomAccess.Write(_current.SafeFileHandle, bytes, 0);
        RandomAccess.SetLength(_current.SafeFileHandle, bytes.Length);
        Interlocked.Exchange(ref _since, Environment.TickCount64);
    }

    /// <summary>It has ended.</summary>
    public void End() => Interlocked.Exchange(ref _since, long.MaxValue);

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _current.Dispose();
        File.Delete(_path);
    }

    private void Look()
    {
        long since = Interlocked.Read(ref _since);
        bool tooLong = since != long.MaxValue && Environment.TickCount64 - since > MostTime.TotalMilliseconds;
        if (tooLong || Environment.WorkingSet > MostHeld)
        {
            Console.WriteLine($"{_path}: {(tooLong ? $"still read after {MostTime.TotalSeconds:f0} s" : $"the process holds {Environment.WorkingSet >> 20} MiB")}");
            Environment.Exit(Status);
        }
    }
}
