namespace Differ.Cli.Browse;

/// <summary>What is between the status lines and the line of keys.</summary>
internal interface IPage
{
    /// <summary>The keys that it takes, for the last line.</summary>
    string Keys { get; }

    /// <summary>Where the reader is, for the end of the last line.</summary>
    string Place { get; }

    /// <summary>Its lines.</summary>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows, and the most lines that are shown.</param>
    IReadOnlyList<Line> Draw(int width, int height);

    /// <summary>Takes a key.</summary>
    /// <returns>Whether it means something to the page.</returns>
    bool Press(Key key);

    /// <summary>Goes on with what takes long.</summary>
    /// <returns>Whether there is more to do at once.</returns>
    bool GoOn() => false;
}
