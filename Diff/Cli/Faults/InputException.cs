namespace Differ.Cli.Faults;

/// <summary>An input that cannot be used for what is asked.</summary>
/// <param name="message">What, where and what to do.</param>
/// <param name="fault">What is wrong with the input; null where it can be read.</param>
internal sealed class InputException(string message, Exception? fault = null) : Exception(message, fault)
{
    /// <summary>Names the input of several that cannot be used.</summary>
    /// <param name="path">The input, in the user's words.</param>
    /// <param name="use">Uses it.</param>
    /// <exception cref="InputException">It cannot be used.</exception>
    public static T Naming<T>(string path, Func<T> use)
    {
        try
        {
            return use();
        }
        catch (Exception fault) when (UnusableInput.Is(fault))
        {
            throw new InputException($"{path}: {UnusableInput.Of(path, path, fault).Message}", fault);
        }
    }
}
