namespace Differ.Cli.Browse;

/// <summary>What the keys do.</summary>
internal static class KeysText
{
    /// <summary>A line each.</summary>
    public static IReadOnlyList<Line> Lines { get; } =
    [
        .. """
            Everywhere
              Up Down, k j         a line up, down
              PageUp PageDown, b Space   a screen up, down
              Home End, g G        the start, the end; at the end of a pipe the list follows it
              n p                  the next finding, the one before
              t                    top: how often exits occur, by level and reason, and findings so far
              f                    the report of differ check, once the recording has ended
              s                    ends a pipe: what was read is judged
              r                    reads a file again, for instance one that has grown
              Esc                  back
              Ctrl-L               draws the screen anew
              q                    quits

            In the list
              Enter                the exit in full
              /                    a filter, in the words of differ show: --reason NPF --level L2
                                   --verdict diverges --msr EFER --rip 0x400000..0x401fff
                                   The -- may be left out. An empty filter shows all exits.
              c                    shows all exits

            In an exit
              Left Right           the exit before, the next one
              Tab                  the next rule that spoke, explained beside or below
            """.Split('\n').Select(line => Line.Of(line, line.StartsWith(' ') ? Style.Plain : Style.Bold)),
    ];
}
