using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Namespace.V1;
using Temporalio.Api.Replication.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Namespaces;

/// <summary>A namespace in Temporal's messages. What is not there is not advertised. Pure.</summary>
internal static class NamespaceMessages
{
    /// <summary>The server's limits for what a worker sends (docs.temporal.io, "Self-hosted defaults").</summary>
    private const long MaxBlob = 2 * 1024 * 1024;

    public const string ClusterName = "flagstone";

    /// <summary>Where a namespace's data says that the clocks of its runs may jump: Temporal's messages have no field for it.</summary>
    public const string TimeSkippingKey = "flagstone.dev/time-skipping";

    /// <param name="archive">Where this installation archives; empty for nowhere.</param>
    public static DescribeNamespaceResponse Describe(JsonObject document, string archive) => new()
    {
        NamespaceInfo = Info(document), Config = Config(document, archive), ReplicationConfig = Replication(),
    };

    public static UpdateNamespaceResponse Updated(JsonObject document, string archive) => new()
    {
        NamespaceInfo = Info(document), Config = Config(document, archive), ReplicationConfig = Replication(),
    };

    public static IndexedValueType TypeOf(string type) => System.Enum.Parse<IndexedValueType>(type);

    /// <summary>The namespace's own search attributes.</summary>
    public static Dictionary<string, IndexedValueType> SearchAttributes(JsonObject document) =>
        (document.At("spec", "searchAttributes") as JsonObject ?? []).ToDictionary(a => a.Key, a => TypeOf(a.Value!.ToString()), StringComparer.Ordinal);

    private static NamespaceInfo Info(JsonObject document)
    {
        var spec = document["spec"];
        var info = new NamespaceInfo
        {
            Name = document.NameOf(),
            Id = document.UidOf(),
            State = document.IsDeleting() ? NamespaceState.Deleted : spec.Text("state") == "Deprecated" ? NamespaceState.Deprecated : NamespaceState.Registered,
            Description = spec.Text("description"),
            OwnerEmail = spec.Text("ownerEmail"),
            Capabilities = new NamespaceInfo.Types.Capabilities
            {
                EagerWorkflowStart = true, WorkerPollCompleteOnShutdown = true, SyncUpdate = true, AsyncUpdate = true, WorkerHeartbeats = true,
                StandaloneNexusOperation = true, StandaloneActivities = true, StandaloneActivityStartDelay = true,
            },
            Limits = new NamespaceInfo.Types.Limits { BlobSizeLimitError = MaxBlob, MemoSizeLimitError = MaxBlob },
        };
        foreach (var (key, value) in spec?["data"] as JsonObject ?? [])
        {
            info.Data[key] = value?.ToString() ?? "";
        }

        if (WorkflowNamespace.Of(document).AllowsTimeSkipping)
        {
            info.Data[TimeSkippingKey] = "true";
        }

        return info;
    }

    private static NamespaceConfig Config(JsonObject document, string archive)
    {
        var archives = WorkflowNamespace.Of(document).Archives;
        var config = new NamespaceConfig
        {
            WorkflowExecutionRetentionTtl = Retention.TryParse(document["spec"].Text("retention"), out var retention) ? Duration.FromTimeSpan(retention) : null,
            HistoryArchivalState = archives ? ArchivalState.Enabled : ArchivalState.Disabled,
            HistoryArchivalUri = archives ? archive : "",
            VisibilityArchivalState = archives ? ArchivalState.Enabled : ArchivalState.Disabled,
            VisibilityArchivalUri = archives ? archive : "",
        };
        foreach (var name in SearchAttributes(document).Keys)
        {
            // Stored under its own name: no column stands between.
            config.CustomSearchAttributeAliases[name] = name;
        }

        return config;
    }

    private static NamespaceReplicationConfig Replication() => new() { ActiveClusterName = ClusterName, Clusters = { new ClusterReplicationConfig { ClusterName = ClusterName } } };
}
