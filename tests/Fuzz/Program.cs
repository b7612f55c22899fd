namespace Differ.Fuzz;

/// <summary>The fuzzer as a program.</summary>
internal static class Program
{
    public static int Main(string[] words)
    {
        // Where in the program an internal error is, is what a fuzzer wants to know.
        Environment.SetEnvironmentVariable(Differ.Cli.Program.TraceVariable, "1");
        return FuzzCommand.Run(words, Console.Out, Console.Error);
    }
}
