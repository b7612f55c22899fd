using Xunit.Abstractions;
using Xunit.Sdk;

namespace Differ.Tests.Lab;

/// <summary>The lab's tests run behind all others and one at a time: an emulated host wants a processor for itself.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LabCollection : ICollectionFixture<Hosts>
{
    public const string Name = "Lab";
}

/// <summary>The host that runs: one at a time, and another kernel only when it is asked for.</summary>
public sealed class Hosts : IDisposable
{
    private L0? _running;

    /// <summary>The host of a kernel.</summary>
    internal L0 Of(string kernel)
    {
        if (_running?.Kernel != kernel)
        {
            _running?.Dispose();
            _running = null;
            _running = L0.Boot(kernel);
        }

        return _running;
    }

    public void Dispose() => _running?.Dispose();
}

/// <summary>All that asks for a kernel runs before the next is booted.</summary>
public sealed class ByKernel : ITestCaseOrderer
{
    public IEnumerable<TTestCase> OrderTestCases<TTestCase>(IEnumerable<TTestCase> testCases)
        where TTestCase : ITestCase => testCases.OrderBy(one => one.TestMethodArguments?.FirstOrDefault() as string, StringComparer.Ordinal);
}
