using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Differ.Cli;

namespace Differ.Tests.Support;

/// <summary>A test in a real terminal, which tmux is; skipped, and said so, where tmux is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TerminalFactAttribute : FactAttribute
{
    public TerminalFactAttribute()
    {
        if (!TerminalSession.IsPossible)
        {
            Skip = "no terminal to test in: install tmux";
        }
    }
}

/// <summary>The same with several sets of data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TerminalTheoryAttribute : TheoryAttribute
{
    public TerminalTheoryAttribute()
    {
        if (!TerminalSession.IsPossible)
        {
            Skip = "no terminal to test in: install tmux";
        }
    }
}

/// <summary>A shell in a terminal, as a person has it: keys go in, what is on the screen is read. In it <c>differ</c> is the program.</summary>
/// <remarks>The prompt counts: the shell waits for command n when the last line is <c>[n]$</c>.</remarks>
internal sealed class TerminalSession : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly Scratch _scratch = new();
    private readonly string _server = $"differ-{Guid.NewGuid():N}";
    private int _commands;

    /// <summary>Starts the shell.</summary>
    /// <param name="folder">Where it runs.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    public TerminalSession(string folder, int width, int height)
    {
        string program = typeof(Verbs).Assembly.Location;
        string profile = _scratch.Write("profile", Encoding.UTF8.GetBytes($"differ() {{ dotnet '{program}' \"$@\"; }}\nunset NO_COLOR PROMPT_COMMAND\nPS1='[\\#]$ '\n"));
        string settings = _scratch.Write("tmux.conf", "set -g history-limit 20000\nset -g status off\nset -sg escape-time 0\n"u8);
        Tmux("-f", settings, "new-session", "-d", "-x", $"{width}", "-y", $"{height}", "-c", folder, "bash", "--noprofile", "--rcfile", profile, "-i");
        WaitFor(text => Last(text) == "[1]$");
    }

    /// <summary>Whether there is a tmux.</summary>
    public static bool IsPossible { get; } = Find();

    /// <summary>What is on the screen.</summary>
    public string Screen => Tmux("capture-pane", "-p");

    /// <summary>The same with colours, as escape sequences.</summary>
    public string Coloured => Tmux("capture-pane", "-p", "-e");

    /// <summary>What was printed since the shell began; lines that the screen broke are whole.</summary>
    public string Printed => Tmux("capture-pane", "-p", "-J", "-S", "-");

    /// <summary>Whether the program that runs is on the second screen, which leaves no trace.</summary>
    public bool IsOnSecondScreen => Tmux("display-message", "-p", "#{alternate_on}").Trim() == "1";

    /// <summary>Types a command and waits for its end.</summary>
    /// <returns>What it printed.</returns>
    public string Run(string command)
    {
        int before = Printed.TrimEnd('\n').Length;
        Start(command);
        string printed = WaitForEnd();
        int from = printed.IndexOf('\n', Math.Min(before, printed.Length)) + 1;
        return printed[from..printed.LastIndexOf($"[{_commands + 1}]$", StringComparison.Ordinal)];
    }

    /// <summary>Types a command and does not wait.</summary>
    public void Start(string command)
    {
        _commands++;
        Tmux("send-keys", "-l", command);
        Tmux("send-keys", "Enter");
    }

    /// <summary>Waits until the shell waits for the next command.</summary>
    /// <returns>All that was printed.</returns>
    public string WaitForEnd()
    {
        string prompt = $"[{_commands + 1}]$";
        WaitFor(text => Last(text) == prompt);
        return Printed;
    }

    /// <summary>Presses keys, by the names that tmux has for them: Enter, Down, PageDown, Escape, C-c.</summary>
    public void Press(params string[] keys) => Tmux(["send-keys", .. keys]);

    /// <summary>Types letters.</summary>
    public void Type(string letters) => Tmux("send-keys", "-l", letters);

    /// <summary>Gives the terminal another size.</summary>
    public void Resize(int width, int height) => Tmux("resize-window", "-x", $"{width}", "-y", $"{height}");

    /// <summary>Waits until something is on the screen.</summary>
    /// <returns>The screen.</returns>
    public string WaitFor(string words) => WaitFor(text => text.Contains(words, StringComparison.Ordinal), words);

    /// <summary>Waits until the screen is as it should be.</summary>
    /// <returns>The screen.</returns>
    public string WaitFor(Func<string, bool> isSo, string words = "the screen")
    {
        string screen = "";
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                Thread.Sleep(30);
                screen = Screen;
                return isSo(screen);
            }, Patience), $"waited for {words}; the screen shows\n{screen}");
        return screen;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Tmux("kill-server");
        _scratch.Dispose();
    }

    private static string Last(string screen) => screen.TrimEnd().Split('\n')[^1].TrimEnd();

    private static bool Find()
    {
        try
        {
            using Process? found = Process.Start(new ProcessStartInfo("tmux", "-V") { RedirectStandardOutput = true });
            found?.WaitForExit();
            return found?.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private string Tmux(params string[] words)
    {
        var start = new ProcessStartInfo("tmux", ["-L", _server, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true };

        // Lines and signs beyond ASCII are sent as they are.
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment.Remove("TMUX");
        using Process tmux = Process.Start(start)!;
        string output = tmux.StandardOutput.ReadToEnd();
        tmux.WaitForExit();
        return output;
    }
}
