using System.Text.Json.Serialization;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Deployments;

/// <summary>A worker deployment: the versions of one program of workers, and which of them gets new work. It is stored whole with each step.</summary>
internal sealed class DeploymentState
{
    /// <summary>The namespace's uid.</summary>
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary>Tells deployments of one name apart.</summary>
    public required string Uid { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Of the request that created it; empty for one that its workers made.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>The build that new work goes to; empty for workers without a version, null when nobody has said.</summary>
    public string? Current { get; set; }

    public DateTimeOffset? CurrentAt { get; set; }

    /// <summary>The build that a part of the work goes to; empty for workers without a version, null for none.</summary>
    public string? Ramping { get; set; }

    /// <summary>When the ramping build was set or taken away.</summary>
    public DateTimeOffset? RampingAt { get; set; }

    /// <summary>Of a hundred.</summary>
    public float Percentage { get; set; }

    public DateTimeOffset? PercentageAt { get; set; }

    /// <summary>How often where work goes has changed.</summary>
    public long Revision { get; set; }

    /// <summary>How often anything has changed that a caller must have seen to change it again.</summary>
    public long Changes { get; set; }

    public string LastModifier { get; set; } = "";

    /// <summary>Who alone may change it; empty for whoever may run workflows.</summary>
    public string Manager { get; set; } = "";

    /// <summary>By their build ids.</summary>
    public Dictionary<string, VersionState> Versions { get; init; } = [];

    public WorkerVersion VersionOf(string build) => new(Name, build);
}

/// <summary>A version of a deployment.</summary>
internal sealed class VersionState
{
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Of the request that created it; empty for one that its workers made.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>The task queues that its workers have polled.</summary>
    public List<VersionQueue> Queues { get; init; } = [];

    /// <summary>When it began or ceased to get new work, or its part of it changed; null before.</summary>
    public DateTimeOffset? RoutingChangedAt { get; set; }

    public DateTimeOffset? CurrentSince { get; set; }

    public DateTimeOffset? RampingSince { get; set; }

    /// <summary>When it got new work for the first time; null for never.</summary>
    public DateTimeOffset? FirstActivatedAt { get; set; }

    /// <summary>When it was the current version last, now included; null for never.</summary>
    public DateTimeOffset? LastCurrentAt { get; set; }

    /// <summary>When it ceased to get new work; null while it gets some, and for never.</summary>
    public DateTimeOffset? DeactivatedAt { get; set; }

    /// <summary>Whether workflows that are pinned to it are open; unspecified while it gets new work, and before.</summary>
    public VersionDrainageStatus Drainage { get; set; }

    public DateTimeOffset? DrainageChangedAt { get; set; }

    public Dictionary<string, Payload> Metadata { get; init; } = [];

    public string LastModifier { get; set; } = "";

    /// <summary>Whether it gets new work.</summary>
    [JsonIgnore]
    public bool IsActive => CurrentSince is not null || RampingSince is not null;
}

/// <summary>A task queue that the workers of a version have polled.</summary>
internal sealed record VersionQueue(string Name, TaskKind Kind);

/// <summary>A deployment's name in a namespace: what a grain and its due entry are named by.</summary>
/// <param name="Namespace">The namespace's uid.</param>
internal readonly record struct DeploymentKey(string Namespace, string Name)
{
    public static DeploymentKey Parse(string text) => ExecutionKey.Parse(text) is var key ? new DeploymentKey(key.Namespace, key.WorkflowId) : default;

    public override string ToString() => $"{Namespace}/{Name}";
}
