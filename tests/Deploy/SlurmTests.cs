using System.Globalization;
using Differ.Cli;
using Differ.Tests.Support;

namespace Differ.Tests.Deploy;

/// <summary>The scripts of deploy/slurm on a cluster: a controller and two nodes on this machine.</summary>
public sealed class SlurmTests
{
    private const string Shards = "3";

    [SlurmFact]
    public void An_array_of_which_a_check_is_killed_reports_what_one_check_reports()
    {
        using var scratch = new Scratch();
        Directory.CreateDirectory(scratch["captures"]);
        for (int number = 0; number < 4; number++)
        {
            File.WriteAllBytes(
                Path.Combine(scratch["captures"], string.Create(CultureInfo.InvariantCulture, $"{number}.dat")),
                Stories.Vmmcall(number < 2 ? "6.12" : "6.1", right: number % 2 == 0, new TraceDatBuilder()));
        }

        // The first check of the second shard is killed while it runs.
        Directory.CreateDirectory(scratch["bin"]);
        File.WriteAllText(Path.Combine(scratch["bin"], "differ"), $$"""
            #!/usr/bin/env bash
            if [ "${SLURM_ARRAY_TASK_ID:-}" = 2 ] && mkdir '{{scratch["killed"]}}' 2> /dev/null; then
                dotnet '{{typeof(Verbs).Assembly.Location}}' "$@" &
                sleep 0.1
                kill -KILL $!
                wait $!
                exit
            fi
            exec dotnet '{{typeof(Verbs).Assembly.Location}}' "$@"

            """);
        CommandResult run = Shell.Run(scratch["."], $$"""
            export PATH="$PWD/bin:$PATH" SLURM_CONF="$PWD/cluster/slurm.conf"
            unset -f differ
            chmod +x bin/differ
            trap '"{{Repository.Root}}/tests/Deploy/slurm-up.sh" -d cluster' EXIT
            mkdir cluster
            "{{Repository.Root}}/tests/Deploy/slurm-up.sh" cluster || exit 9
            merge=$("{{Repository.Root}}/deploy/slurm/fleet.sh" captures results {{Shards}}) || exit 8
            for i in $(seq 1500); do
                [ -z "$(squeue -h -j "$merge" 2> /dev/null)" ] && break
                sleep 0.2
            done
            cat results/*.log >&2
            differ check -q captures --report json=differ.json --report junit=differ.xml --report markdown=differ.md
            """);
        Assert.True(run.Status == 1, run.Errors);
        Assert.Contains("attempt 1 ended with status 137", run.Errors, StringComparison.Ordinal);
        Assert.All((string[])["differ.json", "differ.xml", "differ.md"], report =>
            Assert.Equal(File.ReadAllText(scratch[report]), File.ReadAllText(Path.Combine(scratch["results"], report))));
    }

    /// <summary>A test that needs Slurm, and root to start it.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class SlurmFactAttribute : FactAttribute
    {
        public SlurmFactAttribute()
        {
            Skip = !File.Exists("/usr/sbin/slurmctld") || !File.Exists("/usr/sbin/slurmd") || !File.Exists("/usr/sbin/munged") ? "slurm-wlm and munge are not installed"
                : Environment.IsPrivilegedProcess ? null : "a cluster of Slurm is started by root";
        }
    }
}
