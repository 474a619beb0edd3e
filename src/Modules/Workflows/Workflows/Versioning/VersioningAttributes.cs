using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Executions;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Versioning;

/// <summary>A run's version as lists and descriptions have it. Pure.</summary>
internal static class VersioningAttributes
{
    private const string Deployment = "TemporalWorkerDeployment";
    private const string Version = "TemporalWorkerDeploymentVersion";
    private const string Behavior = "TemporalWorkflowVersioningBehavior";
    private const string BuildIds = "BuildIds";

    /// <summary>The value of BuildIds by which a run is found that is pinned to a version.</summary>
    public static string PinnedTo(string version) => $"pinned:{version}";

    /// <summary>The run's search attributes, with those that the server makes of its version.</summary>
    public static SearchAttributes? Of(RunState run)
    {
        if (run.Versioning is null)
        {
            return run.SearchAttributes;
        }

        var all = run.SearchAttributes?.Clone() ?? new SearchAttributes();
        var (version, behavior) = (VersioningRules.VersionOf(run), VersioningRules.BehaviorOf(run));
        Put(Version, version);
        Put(Deployment, WorkerVersion.Parse(version)?.Deployment ?? run.Versioning.Deployment);
        Put(Behavior, behavior == VersioningBehavior.Unspecified ? "" : behavior.ToString());
        if (behavior == VersioningBehavior.Pinned)
        {
            all.IndexedFields[BuildIds] = Value(IndexedValueType.KeywordList, JsonText<string[]>([PinnedTo(version)]));
        }

        return all;

        void Put(string name, string value)
        {
            if (value.Length > 0)
            {
                all.IndexedFields[name] = Value(IndexedValueType.Keyword, JsonText(value));
            }
        }
    }

    /// <summary>What of it lists show: where it is another text, their rows are written anew.</summary>
    public static string Mark(RunState run) => run.Versioning is null ? ""
        : $"{VersioningRules.BehaviorOf(run)} {VersioningRules.VersionOf(run)} {run.Versioning.Deployment} {run.Versioning.Transition} {run.Versioning.Override}";

    /// <summary>Null for a run without versions.</summary>
    public static WorkflowExecutionVersioningInfo? Info(RunState run)
    {
        if (run.Versioning is not { } versioning)
        {
            return null;
        }

        return new WorkflowExecutionVersioningInfo
        {
            Behavior = versioning.Behavior,
            DeploymentVersion = WorkerVersion.MessageOf(versioning.Version),
#pragma warning disable CS0612 // Older clients read them as texts.
            Version = WorkerVersion.DottedOf(versioning.Version),
            VersionTransition = versioning.Transition is { } target ? new DeploymentVersionTransition
            {
                DeploymentVersion = WorkerVersion.MessageOf(target), Version = target.Length > 0 ? WorkerVersion.DottedOf(target) : WorkerVersion.Unversioned,
            } : null,
#pragma warning restore CS0612
            VersioningOverride = versioning.Override,
            RevisionNumber = versioning.Revision,
            ContinueAsNewInitialVersioningBehavior = versioning.Initial,
        };
    }

    private static Payload Value(IndexedValueType type, string json) => new()
    {
        Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain"), ["type"] = ByteString.CopyFromUtf8(type.ToString()) },
        Data = ByteString.CopyFromUtf8(json),
    };

    private static string JsonText<T>(T value) => System.Text.Json.JsonSerializer.Serialize(value);
}
