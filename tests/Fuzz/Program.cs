namespace Differ.Fuzz;

/// <summary>The fuzzer as a program.</summary>
internal static class Program
{
    public static int Main(string[] words) => FuzzCommand.Run(words, Console.Out, Console.Error);
}
