using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Differ.Mutants;

/// <summary>The process that runs test classes against one assembly, one after the other, and ends at the first failure.</summary>
internal static class TestWorker
{
    /// <summary>Statuses of the process beside that of a crash.</summary>
    public const int Passed = 0, Failed = 3;

    /// <summary>Runs them.</summary>
    /// <param name="tests">The assembly with the tests; what it refers to lies beside it.</param>
    /// <param name="replaced">An assembly that takes the place of the one with the same name there.</param>
    /// <param name="classes">Full names of the classes, in their order.</param>
    /// <param name="output">Gets <c>class name seconds</c> for each that passed, or <c>failed class test</c>.</param>
    public static int Run(string tests, string replaced, IEnumerable<string> classes, TextWriter output)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(tests))!;
        AssemblyLoadContext.Default.Resolving += (context, name) =>
        {
            string path = Path.Combine(folder, name.Name + ".dll");
            return name.Name == Path.GetFileNameWithoutExtension(replaced) ? context.LoadFromAssemblyPath(replaced)
                : File.Exists(path) ? context.LoadFromAssemblyPath(path) : null;
        };
        Assembly assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.GetFullPath(tests));
        using var framework = new XunitTestFramework(new Silent());
        using ITestFrameworkDiscoverer discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly));
        using ITestFrameworkExecutor executor = framework.GetExecutor(assembly.GetName());
        var options = new Options();
        foreach (string one in classes)
        {
            var watch = Stopwatch.StartNew();
            using var found = new Cases();
            discoverer.Find(one, false, found, options);
            found.Done.WaitOne();
            using var run = new Outcome();
            executor.RunTests(found.Found, run, options);
            run.Done.WaitOne();
            if (run.Failure is { } failure)
            {
                output.WriteLine($"failed {one} {failure}");
                output.Flush();
                return Failed;
            }

            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"class {one} {watch.Elapsed.TotalSeconds:f3}"));
            output.Flush();
        }

        return Passed;
    }

    /// <summary>The test classes of an assembly, which is not loaded.</summary>
    /// <param name="tests">The assembly with the tests.</param>
    public static IReadOnlyList<string> Classes(string tests)
    {
        using var file = new System.Reflection.PortableExecutable.PEReader(File.OpenRead(tests));
        System.Reflection.Metadata.MetadataReader reader = System.Reflection.Metadata.PEReaderExtensions.GetMetadataReader(file);
        return
        [
            .. reader.TypeDefinitions.Select(reader.GetTypeDefinition)
                .Where(static type => (type.Attributes & (TypeAttributes.VisibilityMask | TypeAttributes.Abstract)) == TypeAttributes.Public)
                .Select(type => $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}")
                .Where(static name => name.EndsWith("Tests", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
        ];
    }

    private sealed class Silent : IMessageSink
    {
        public bool OnMessage(IMessageSinkMessage message) => true;
    }

    private sealed class Cases : IMessageSink, IDisposable
    {
        public List<ITestCase> Found { get; } = [];

        public ManualResetEvent Done { get; } = new(false);

        public bool OnMessage(IMessageSinkMessage message)
        {
            if (message is ITestCaseDiscoveryMessage discovered)
            {
                Found.Add(discovered.TestCase);
            }
            else if (message is IDiscoveryCompleteMessage)
            {
                Done.Set();
            }

            return true;
        }

        public void Dispose() => Done.Dispose();
    }

    private sealed class Outcome : IMessageSink, IDisposable
    {
        public string? Failure { get; private set; }

        public ManualResetEvent Done { get; } = new(false);

        public bool OnMessage(IMessageSinkMessage message)
        {
            string? failure = message switch
            {
                ITestFailed failed => failed.Test.DisplayName,
                IErrorMessage or ITestClassCleanupFailure or ITestCleanupFailure => message.GetType().Name,
                _ => null,
            };
            Failure ??= failure is null ? null : Mutant.OneLine(failure);
            if (Failure is not null || message is ITestAssemblyFinished)
            {
                Done.Set();
            }

            return Failure is null;
        }

        // The framework may still speak behind the first failure; the process ends then.
        public void Dispose()
        {
            if (Failure is null)
            {
                Done.Dispose();
            }
        }
    }

    // Everything in one thread; the rows of a theory are made when it runs.
    private sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object> _values = new()
        {
            ["xunit.execution.DisableParallelization"] = true,
            ["xunit.discovery.PreEnumerateTheories"] = false,
            ["xunit.execution.SynchronousMessageReporting"] = true,
        };

        public TValue GetValue<TValue>(string name) => _values.TryGetValue(name, out object? value) ? (TValue)value : default!;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value!;
    }
}
