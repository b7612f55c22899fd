namespace Differ.Tests.Support;

/// <summary>Compares an output with a stored one. DIFFER_ACCEPT=1 stores what came out, for a person to read in the diff.</summary>
internal static class Golden
{
    private static bool Accepts => Environment.GetEnvironmentVariable("DIFFER_ACCEPT") == "1";

    /// <summary>Holds a text against the stored one.</summary>
    /// <param name="path">The stored text, below tests.</param>
    /// <param name="actual">What came out.</param>
    public static void Matches(string path, string actual) => IsKept(Path.Combine("tests", path), actual);

    /// <summary>Holds a text against the stored one.</summary>
    /// <param name="path">The stored text, seen from the root of the repository.</param>
    /// <param name="actual">What came out.</param>
    public static void IsKept(string path, string actual)
    {
        string file = Path.Combine(Repository.Root, path);
        if (Accepts)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
        }

        Assert.True(File.Exists(file), $"{path} is missing; run the tests with DIFFER_ACCEPT=1 and read what they wrote");
        Assert.Equal(File.ReadAllText(file), actual);
    }
}
