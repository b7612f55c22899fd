using System.CommandLine;

namespace Differ.Cli;

/// <summary><c>differ completions</c>: what a shell needs to complete words of the command line.</summary>
internal sealed class CompletionsVerb : IVerb
{
    private const string Bash = """
        _differ() {
            mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}")
            [ "${#COMPREPLY[@]}" -gt 0 ] && return
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
        }
        complete -F _differ differ

        """;

    private const string Zsh = """
        #compdef differ
        _differ() {
            local -a words_found
            words_found=("${(@f)$(differ "[suggest:${#BUFFER}]" "$BUFFER" 2>/dev/null)}")
            compadd -- ${words_found} || _files
        }
        compdef _differ differ

        """;

    private const string Fish = """
        complete -c differ -a '(differ "[suggest:"(string length (commandline -cp))"]" (commandline -cp) 2>/dev/null)'

        """;

    private static readonly Dictionary<string, string> Scripts = new(StringComparer.Ordinal) { ["bash"] = Bash, ["zsh"] = Zsh, ["fish"] = Fish };

    public Command Build(Terminal terminal)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        var command = new Command("completions", "Print a shell script that completes words of differ\nUse it as: source <(differ completions bash)") { shell };
        command.SetAction(words =>
        {
            terminal.Output.Write(Scripts[words.GetRequiredValue(shell)]);
            return ExitStatus.Agrees;
        });
        return command;
    }
}
