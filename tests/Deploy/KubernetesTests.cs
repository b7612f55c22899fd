using System.Globalization;
using System.Text.RegularExpressions;
using Differ.Tests.Support;
using k8s;
using k8s.Models;

namespace Differ.Tests.Deploy;

/// <summary>The manifests of deploy/kubernetes, read as the types of the API: a field that is misspelt is an error.</summary>
public sealed partial class KubernetesTests
{
    private static V1Job Check => KubernetesYaml.Deserialize<V1Job>(Text("check.yaml"), strict: true);

    private static V1Job Merge => KubernetesYaml.Deserialize<V1Job>(Text("merge.yaml"), strict: true);

    private static Kustomization Kustomized => KubernetesYaml.Deserialize<Kustomization>(Text("kustomization.yaml"), strict: true);

    [Fact]
    public void Every_shard_has_a_pod_and_is_tried_again_by_itself()
    {
        V1JobSpec spec = Check.Spec;
        Assert.Equal(("batch/v1", "Job", "Indexed", "Never"), (Check.ApiVersion, Check.Kind, spec.CompletionMode, spec.Template.Spec.RestartPolicy));
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"SHARDS={spec.Completions}"), Kustomized.ConfigMapGenerator.Single().Literals);
        Assert.Equal(3, spec.BackoffLimitPerIndex);
        Assert.Equal(0, Merge.Spec.BackoffLimit);
    }

    [Fact]
    public void All_that_is_named_is_there()
    {
        Assert.Equal(["check.yaml", "merge.yaml"], Kustomized.Resources);
        string map = Kustomized.ConfigMapGenerator.Single().Name;
        foreach (V1PodSpec pod in Pods())
        {
            Assert.All(Containers(pod), container => Assert.Equal(map, container.EnvFrom.Single().ConfigMapRef.Name));
            Assert.All(
                Containers(pod).SelectMany(container => container.VolumeMounts), mount => Assert.Contains(pod.Volumes, volume => volume.Name == mount.Name));
            Assert.All(
                Containers(pod).SelectMany(container => container.Args).SelectMany(script => Variable().Matches(script)).Select(name => name.Groups[1].Value).Except(["shard"]),
                name => Assert.Contains(Kustomized.ConfigMapGenerator.Single().Literals, literal => literal.StartsWith($"{name}=", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void The_containers_are_what_the_Dockerfile_builds_and_may_do_nothing_else()
    {
        string dockerfile = File.ReadAllText(Path.Combine(Repository.Root, "Dockerfile"));
        foreach (V1PodSpec pod in Pods())
        {
            Assert.Equal(true, pod.SecurityContext.RunAsNonRoot);
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"\nUSER {pod.SecurityContext.RunAsUser}:{pod.SecurityContext.RunAsGroup}\n"), dockerfile, StringComparison.Ordinal);
            Assert.All(Containers(pod), container =>
            {
                Assert.Equal(Kustomized.Images.Single().Name, container.Image);
                Assert.Equal((true, false), (container.SecurityContext.ReadOnlyRootFilesystem, container.SecurityContext.AllowPrivilegeEscalation));
                Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            });
        }

        Assert.Contains("docker build -t differ .", dockerfile, StringComparison.Ordinal);
        Assert.Contains("\nENTRYPOINT [\"differ\"]", dockerfile, StringComparison.Ordinal);
        Assert.DoesNotContain(dockerfile.Split('\n'), line => line.StartsWith("FROM ", StringComparison.Ordinal) && !PinnedBase().IsMatch(line));
    }

    // The shell of the image runs what the shell here runs.
    [Fact]
    public void The_scripts_of_the_containers_check_and_merge()
    {
        using var scratch = new Scratch();
        Directory.CreateDirectory(scratch["captures"]);
        File.WriteAllBytes(Path.Combine(scratch["captures"], "a.dat"), Stories.Vmmcall("6.12", right: false, new TraceDatBuilder()));
        string Script(V1Container container) => container.Args.Single().Replace("/results", scratch["results"], StringComparison.Ordinal)
            .Replace("/captures", scratch["captures"], StringComparison.Ordinal).Replace("exec differ", "differ", StringComparison.Ordinal);
        string check = Script(Check.Spec.Template.Spec.Containers.Single()), wait = Script(Merge.Spec.Template.Spec.InitContainers.Single());
        CommandResult run = Shell.Run(scratch["."], $"""
            export RUN=run-1 SHARDS=1 JOB_COMPLETION_INDEX=0
            ({check}) && ({wait}) && ({Script(Merge.Spec.Template.Spec.Containers.Single())})
            """);
        Assert.True(run.Status == 1, run.Errors);
        Assert.Equal(["1.difs", "differ.html", "differ.json", "differ.md", "differ.xml"], Directory.GetFiles(Path.Combine(scratch["results"], "run-1")).Select(path => Path.GetFileName(path)).Order());
    }

    private static V1PodSpec[] Pods() => [Check.Spec.Template.Spec, Merge.Spec.Template.Spec];

    private static IEnumerable<V1Container> Containers(V1PodSpec pod) => pod.Containers.Concat(pod.InitContainers ?? []);

    private static string Text(string name) => File.ReadAllText(Path.Combine(Repository.Root, "deploy", "kubernetes", name));

    [GeneratedRegex(@"\$([A-Za-z_]+)")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^FROM \S+:[0-9]+\.[0-9.]+\S*( AS \w+)?$")]
    private static partial Regex PinnedBase();

    /// <summary>What kustomize reads; its types are no part of the API.</summary>
    private sealed record Kustomization
    {
        public string ApiVersion { get; init; } = "";

        public string Kind { get; init; } = "";

        public string NameSuffix { get; init; } = "";

        public List<string> Resources { get; init; } = [];

        public List<Generator> ConfigMapGenerator { get; init; } = [];

        public List<ImageName> Images { get; init; } = [];
    }

    private sealed record Generator
    {
        public string Name { get; init; } = "";

        public List<string> Literals { get; init; } = [];
    }

    private sealed record ImageName
    {
        public string Name { get; init; } = "";

        public string NewName { get; init; } = "";

        public string NewTag { get; init; } = "";
    }
}
