using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Ui.Components;

namespace Flagstone.Catalog.Services;

/// <summary>A Deployment as the service's page shows it.</summary>
internal sealed record DeploymentRow(string Name, Status Status, long Ready, long Wanted, string Repository, string Commit, string Image, string Message)
{
    private const int ShortLength = 8;

    public string ShortCommit => Commit.Length > ShortLength ? Commit[..ShortLength] : Commit;

    public static DeploymentRow Of(JsonObject deployment)
    {
        var source = deployment.Annotation("flagstone.dev/source");
        var at = source.IndexOf('@', StringComparison.Ordinal);
        var available = deployment.FindCondition("Available");
        var progressing = deployment.FindCondition("Progressing");
        var wanted = Number(deployment["spec"].At("replicas"), 1);
        var ready = Number(deployment["status"].At("readyReplicas"), 0);
        var status = available switch
        {
            { Status: "True" } => new Status("Available", Tone.Good),
            _ when progressing is { Status: "False" } => new Status("Failed", Tone.Bad, progressing.Message),
            { Status: "False" } => new Status("Unavailable", ready > 0 ? Tone.Warning : Tone.Busy, available.Message),
            _ => new Status("Pending", Tone.Busy),
        };
        var image = (deployment["spec"].At("template", "spec", "containers") as JsonArray)?.FirstOrDefault().Text("image") ?? "";
        return new DeploymentRow(
            deployment.NameOf(), status, ready, wanted, at < 0 ? "" : source[..at], at < 0 ? "" : source[(at + 1)..], image, status.Detail);
    }

    private static long Number(JsonNode? node, long otherwise) =>
        node is JsonValue v && v.GetValueKind() == JsonValueKind.Number && long.TryParse(v.ToJsonString(), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
