using System.Globalization;
using Flagstone.Workflows.TaskQueues;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Deployment.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;
using Summary = Temporalio.Api.Deployment.V1.WorkerDeploymentInfo.Types.WorkerDeploymentVersionSummary;

#pragma warning disable CS0612 // Older clients read versions as texts.

namespace Flagstone.Workflows.Deployments;

/// <summary>A deployment in Temporal's messages. Pure.</summary>
internal static class DeploymentViews
{
    /// <summary>What a caller shows who has seen the deployment as it is.</summary>
    public static ByteString TokenOf(DeploymentState state) =>
        ByteString.CopyFromUtf8($"{state.Uid}/{state.Changes.ToString(CultureInfo.InvariantCulture)}");

    public static WorkerDeploymentInfo Info(DeploymentState state) => new()
    {
        Name = state.Name,
        CreateTime = Timestamp.FromDateTimeOffset(state.CreatedAt),
        RoutingConfig = Routing(state),
        LastModifierIdentity = state.LastModifier,
        ManagerIdentity = state.Manager,
        // A change is answered when the queues have taken it over.
        RoutingConfigUpdateState = RoutingConfigUpdateState.Completed,
        VersionSummaries =
        {
            state.Versions.OrderByDescending(v => v.Value.CreatedAt).ThenBy(v => v.Key, StringComparer.Ordinal).Select(v => SummaryOf(state, v.Key)),
        },
    };

    public static ListWorkerDeploymentsResponse.Types.WorkerDeploymentSummary Listed(DeploymentState state) => new()
    {
        Name = state.Name,
        CreateTime = Timestamp.FromDateTimeOffset(state.CreatedAt),
        RoutingConfig = Routing(state),
        LatestVersionSummary = state.Versions.Count > 0 ? SummaryOf(state, state.Versions.MaxBy(v => v.Value.CreatedAt).Key) : null,
        CurrentVersionSummary = state.Current is { Length: > 0 } current ? SummaryOf(state, current) : null,
        RampingVersionSummary = state.Ramping is { Length: > 0 } ramping ? SummaryOf(state, ramping) : null,
    };

    public static DescribeWorkerDeploymentVersionResponse Describe(DeploymentState state, string build, DateTimeOffset checkedAt)
    {
        var (version, text) = (state.Versions[build], state.VersionOf(build));
        return new DescribeWorkerDeploymentVersionResponse
        {
            WorkerDeploymentVersionInfo = new WorkerDeploymentVersionInfo
            {
                Version = text.Dotted,
                DeploymentName = state.Name,
                DeploymentVersion = text.ToMessage(),
                Status = StatusOf(version),
                CreateTime = Timestamp.FromDateTimeOffset(version.CreatedAt),
                RoutingChangedTime = Time(version.RoutingChangedAt),
                CurrentSinceTime = Time(version.CurrentSince),
                RampingSinceTime = Time(version.RampingSince),
                RampPercentage = state.Ramping == build ? state.Percentage : 0,
                FirstActivationTime = Time(version.FirstActivatedAt),
                LastCurrentTime = Time(version.LastCurrentAt),
                LastDeactivationTime = Time(version.DeactivatedAt),
                TaskQueueInfos =
                {
                    version.Queues.Select(q => new WorkerDeploymentVersionInfo.Types.VersionTaskQueueInfo { Name = q.Name, Type = TypeOf(q.Kind) }),
                },
                DrainageInfo = DrainageOf(version, checkedAt),
                Metadata = new VersionMetadata { Entries = { version.Metadata } },
                LastModifierIdentity = version.LastModifier,
            },
            VersionTaskQueues =
            {
                version.Queues.Select(q => new DescribeWorkerDeploymentVersionResponse.Types.VersionTaskQueue { Name = q.Name, Type = TypeOf(q.Kind) }),
            },
        };
    }

    public static WorkerDeploymentVersionStatus StatusOf(VersionState version) =>
        version.CurrentSince is not null ? WorkerDeploymentVersionStatus.Current
        : version.RampingSince is not null ? WorkerDeploymentVersionStatus.Ramping
        : version.Drainage == VersionDrainageStatus.Draining ? WorkerDeploymentVersionStatus.Draining
        : version.Drainage == VersionDrainageStatus.Drained ? WorkerDeploymentVersionStatus.Drained
        : version.Queues.Count == 0 ? WorkerDeploymentVersionStatus.Created
        : WorkerDeploymentVersionStatus.Inactive;

    public static TaskQueueType TypeOf(TaskKind kind) => kind switch
    {
        TaskKind.Workflow => TaskQueueType.Workflow,
        TaskKind.Activity => TaskQueueType.Activity,
        _ => TaskQueueType.Nexus,
    };

    private static RoutingConfig Routing(DeploymentState state) => new()
    {
        CurrentVersion = Dotted(state, state.Current) ?? WorkerVersion.Unversioned,
        CurrentDeploymentVersion = Message(state, state.Current),
        CurrentVersionChangedTime = Time(state.CurrentAt),
        RampingVersion = Dotted(state, state.Ramping) ?? "",
        RampingDeploymentVersion = Message(state, state.Ramping),
        RampingVersionPercentage = state.Percentage,
        RampingVersionChangedTime = Time(state.RampingAt),
        RampingVersionPercentageChangedTime = Time(state.PercentageAt),
        RevisionNumber = state.Revision,
    };

    /// <summary>As older fields name it; null for none.</summary>
    public static string? Dotted(DeploymentState state, string? build) =>
        build is null ? null : build.Length == 0 ? WorkerVersion.Unversioned : state.VersionOf(build).Dotted;

    /// <summary>Null for workers without a version, and for none.</summary>
    public static WorkerDeploymentVersion? Message(DeploymentState state, string? build) =>
        string.IsNullOrEmpty(build) ? null : state.VersionOf(build).ToMessage();

    private static Summary SummaryOf(DeploymentState state, string build)
    {
        var version = state.Versions[build];
        return new Summary
        {
            Version = state.VersionOf(build).Dotted,
            DeploymentVersion = state.VersionOf(build).ToMessage(),
            Status = StatusOf(version),
            CreateTime = Timestamp.FromDateTimeOffset(version.CreatedAt),
            DrainageStatus = version.Drainage,
            DrainageInfo = DrainageOf(version, null),
            CurrentSinceTime = Time(version.CurrentSince),
            RampingSinceTime = Time(version.RampingSince),
            RoutingUpdateTime = Time(version.RoutingChangedAt),
            FirstActivationTime = Time(version.FirstActivatedAt),
            LastCurrentTime = Time(version.LastCurrentAt),
            LastDeactivationTime = Time(version.DeactivatedAt),
        };
    }

    private static VersionDrainageInfo? DrainageOf(VersionState version, DateTimeOffset? checkedAt) =>
        version.Drainage == VersionDrainageStatus.Unspecified ? null
        : new VersionDrainageInfo { Status = version.Drainage, LastChangedTime = Time(version.DrainageChangedAt), LastCheckedTime = Time(checkedAt) };

    private static Timestamp? Time(DateTimeOffset? at) => at is { } time ? Timestamp.FromDateTimeOffset(time) : null;
}
