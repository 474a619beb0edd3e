using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Providers.Process;

/// <summary>A variable of the container: a value, or a key of a Secret or ConfigMap.</summary>
/// <param name="From">The plural of the kind that holds the value; empty when it is given.</param>
internal sealed record ServiceVariable(string Name, string Value, string From = "", string Resource = "", string Key = "", bool Optional = false);

/// <summary>What a Deployment asks of a process.</summary>
/// <param name="Replicas">As the Deployment says it; more than <see cref="MaxReplicas"/> do not run.</param>
/// <param name="ReadinessPath">Where it says that it is ready; empty when an open port is enough.</param>
internal sealed record ServiceSpec(
    SourceReference Source, int Replicas, IReadOnlyList<ServiceVariable> Variables, string ReadinessPath, TimeSpan ReadinessTimeout, ServiceLimits Limits, TimeSpan Grace)
{
    /// <summary>So many processes of one service run at the most: all are on this machine.</summary>
    public const int MaxReplicas = 4;

    private const int DefaultGrace = 10;
    private const int MaxGrace = 60;

    /// <summary>Null when the Deployment names no source: then it is a cluster's to run.</summary>
    public static (ServiceSpec? Spec, string? Problem) Read(JsonObject deployment)
    {
        if (deployment.Annotation(SourceReference.Annotation) is not { Length: > 0 } text)
        {
            return (null, null);
        }

        if (!SourceReference.TryParse(text, out var source))
        {
            return (null, $"The annotation {SourceReference.Annotation} is '{text}'. Write REPOSITORY@COMMIT, with all 40 digits of the commit.");
        }

        var pod = deployment.At("spec", "template", "spec");
        if ((pod.At("containers") as JsonArray)?.FirstOrDefault() is not JsonObject container)
        {
            return (null, "The Deployment has no container");
        }

        var probe = container["readinessProbe"];
        return (new ServiceSpec(
            source,
            Number(deployment.At("spec", "replicas"), 1),
            [.. (container["env"] as JsonArray ?? []).OfType<JsonObject>().Select(Variable)],
            probe.At("httpGet").Text("path"),
            TimeSpan.FromSeconds(Math.Clamp(Number(probe.At("timeoutSeconds"), 1), 1, DefaultGrace)),
            ServiceLimits.Read(Quantity(container, "memory"), Quantity(container, "cpu")),
            TimeSpan.FromSeconds(Math.Clamp(Number(pod.At("terminationGracePeriodSeconds"), DefaultGrace), 1, MaxGrace))), null);
    }

    private static ServiceVariable Variable(JsonObject entry)
    {
        var name = entry.Text("name");
        foreach (var (member, plural) in (ReadOnlySpan<(string, string)>)[("secretKeyRef", "secrets"), ("configMapKeyRef", "configmaps")])
        {
            if (entry.At("valueFrom", member) is { } reference)
            {
                return new ServiceVariable(
                    name, "", plural, reference.Text("name"), reference.Text("key"), reference.At("optional") is JsonValue v && v.GetValueKind() == JsonValueKind.True);
            }
        }

        return new ServiceVariable(name, entry.Text("value"));
    }

    private static int Number(JsonNode? node, int otherwise) =>
        node is JsonValue v && v.GetValueKind() == JsonValueKind.Number && int.TryParse(v.ToJsonString(), CultureInfo.InvariantCulture, out var n) ? n : otherwise;

    // A quantity may be a number: "cpu: 2".
    private static string Quantity(JsonObject container, string name) => container.At("resources", "limits", name)?.ToString() ?? "";
}
