using System.CommandLine;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Differ.Cli.Linux;

namespace Differ.Cli;

/// <summary>
/// Work on several inputs at once. What comes of each is taken by the caller, one after the other and in the order of the inputs, so that
/// nothing that is written depends on how many there are.
/// </summary>
internal static class Jobs
{
    // What a job that reads a capture takes of the addresses of the process, its stack with it.
    private const ulong AddressesOfOne = 128 << 20;

    /// <summary>How many captures are judged at once.</summary>
    public static Option<int> Option()
    {
        var option = new Option<int>("--jobs", "-j") { Description = "Captures judged at once; usually one a core", HelpName = "N", DefaultValueFactory = static _ => Usual };
        option.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: var word }] && int.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int jobs) && jobs < 1)
            {
                result.AddError($"--jobs {word} is no number of jobs; write 1 or more");
            }
        });
        return option;
    }

    // A thread for which there are no addresses ends the process.
    private static int Usual => OperatingSystem.IsWindows() ? Environment.ProcessorCount
        : (int)Math.Clamp(Libc.AddressLimit() / AddressesOfOne, 1, (ulong)Environment.ProcessorCount);

    /// <summary>Does the work on every input.</summary>
    /// <typeparam name="TInput">An input.</typeparam>
    /// <typeparam name="TOutcome">What comes of it.</typeparam>
    /// <param name="inputs">The inputs.</param>
    /// <param name="jobs">On how many at once; with one it is done on the caller's thread.</param>
    /// <param name="work">Does it on the input with a number, from 0; several at a time, each on a thread of its own.</param>
    /// <param name="take">Takes what came of an input, on the caller's thread.</param>
    /// <param name="cancel">Ends the work.</param>
    /// <param name="ahead">How many may be done and not taken, or under way: where what comes of one is large and is not kept.</param>
    /// <remarks>Where work or taking fails, what comes before it has been taken, nothing behind it is, and all has ended when the exception is thrown.</remarks>
    public static void InOrder<TInput, TOutcome>(
        IReadOnlyList<TInput> inputs, int jobs, Func<TInput, int, CancellationToken, TOutcome> work, Action<TOutcome> take, CancellationToken cancel,
        int ahead = int.MaxValue)
    {
        if (Math.Min(jobs, inputs.Count) <= 1)
        {
            for (int number = 0; number < inputs.Count; number++)
            {
                take(work(inputs[number], number, cancel));
            }

            return;
        }

        using var workers = new Workers<TInput, TOutcome>(inputs, work, Math.Min(ahead, inputs.Count), cancel);
        workers.Start(Math.Min(jobs, inputs.Count));
        for (int number = 0; number < inputs.Count; number++)
        {
            take(workers.Wait(number));
        }
    }

    private sealed class Workers<TInput, TOutcome>(IReadOnlyList<TInput> inputs, Func<TInput, int, CancellationToken, TOutcome> work, int ahead, CancellationToken cancel) : IDisposable
    {
        private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        private readonly (TOutcome? Outcome, ExceptionDispatchInfo? Fault)?[] _ended = new (TOutcome?, ExceptionDispatchInfo?)?[inputs.Count];
        private readonly SemaphoreSlim _room = new(ahead);
        private readonly List<Thread> _threads = [];
        private int _next = -1;

        public void Start(int count)
        {
            try
            {
                for (int i = 0; i < count; i++)
                {
                    var thread = new Thread(Serve) { Name = "job" };
                    thread.Start();
                    _threads.Add(thread);
                }
            }
            catch (OutOfMemoryException) when (_threads.Count > 0)
            {
                // The others have to do.
            }
        }

        /// <summary>What came of an input, or its exception.</summary>
        public TOutcome Wait(int number)
        {
            lock (_ended)
            {
                while (_ended[number] is null)
                {
                    Monitor.Wait(_ended);
                }

                (TOutcome? outcome, ExceptionDispatchInfo? fault) = _ended[number]!.Value;
                _ended[number] = default((TOutcome?, ExceptionDispatchInfo?));
                _room.Release();
                fault?.Throw();
                return outcome!;
            }
        }

        /// <summary>Ends what is still going on.</summary>
        public void Dispose()
        {
            _stop.Cancel();
            _threads.ForEach(static thread => thread.Join());
            _stop.Dispose();
            _room.Dispose();
        }

        private void Serve()
        {
            for (int number; HasRoom() && (number = Interlocked.Increment(ref _next)) < inputs.Count;)
            {
                (TOutcome?, ExceptionDispatchInfo?) ended = Do(number);
                lock (_ended)
                {
                    _ended[number] = ended;
                    Monitor.PulseAll(_ended);
                }
            }

            // Nobody serves the others, which are waited for.
            if (_stop.IsCancellationRequested)
            {
                Cancelled();
            }
        }

        private bool HasRoom()
        {
            try
            {
                _room.Wait(_stop.Token);
                return true;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }

        private (TOutcome?, ExceptionDispatchInfo?) Do(int number)
        {
            try
            {
                return (work(inputs[number], number, _stop.Token), null);
            }
            catch (Exception fault)
            {
                return (default, ExceptionDispatchInfo.Capture(fault));
            }
        }

        private void Cancelled()
        {
            lock (_ended)
            {
                for (int number = Math.Max(0, Volatile.Read(ref _next) + 1); number < inputs.Count; number++)
                {
                    _ended[number] ??= (default, ExceptionDispatchInfo.Capture(new OperationCanceledException(_stop.Token)));
                }

                Monitor.PulseAll(_ended);
            }
        }
    }
}
