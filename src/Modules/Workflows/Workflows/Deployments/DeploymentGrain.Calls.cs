using System.Globalization;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.TaskQueues;
using Google.Protobuf;
using Temporalio.Api.Deployment.V1;
using Temporalio.Api.WorkflowService.V1;

#pragma warning disable CS0612 // Older clients read versions as texts.

namespace Flagstone.Workflows.Deployments;

/// <summary>What workers and clients ask of a deployment.</summary>
internal sealed partial class DeploymentGrain
{
    /// <summary>Entries of a version's metadata, and how large all may be.</summary>
    private const int MaxEntries = 100;

    private const int MaxMetadata = 256 * 1024;

    public async Task<Refusal?> RegisterAsync(string build, string queue, TaskKind kind, string actor)
    {
        var polled = new VersionQueue(queue, kind);
        if (state?.Versions.GetValueOrDefault(build)?.Queues.Contains(polled) == true)
        {
            return null;
        }

        var isNew = state is null;
        if (isNew && await TooManyAsync() is { } refused)
        {
            return refused;
        }

        state ??= NewState("");
        if (!DeploymentRules.Register(state, build, polled, clock.GetUtcNow(), out var refusal))
        {
            Drop();
            return refusal;
        }

        var why = string.Create(CultureInfo.InvariantCulture, $"version {state.VersionOf(build)} polls {kind} queue {queue}");
        if (await CommitAsync(isNew ? "create" : "register", why, actor) is { } failed)
        {
            return failed;
        }

        await TellAsync([polled]);
        return null;
    }

    public async Task<Answer> DescribeAsync()
    {
        await ObserveAsync();
        return state is null ? Missing()
            : Answer.Of(new DescribeWorkerDeploymentResponse
            {
                ConflictToken = DeploymentViews.TokenOf(state), WorkerDeploymentInfo = DeploymentViews.Info(state),
            });
    }

    public async Task<Answer> DescribeVersionAsync(string build)
    {
        await ObserveAsync();
        return state is null ? Missing() : !state.Versions.ContainsKey(build) ? MissingVersion(build)
            : Answer.Of(DeploymentViews.Describe(state, build, clock.GetUtcNow()));
    }

    public async Task<Answer> SetCurrentAsync(Call call)
    {
        var request = SetWorkerDeploymentCurrentVersionRequest.Parser.ParseFrom(call.Request);
        var build = request.BuildId.Length > 0 ? request.BuildId : WorkerVersion.OfDotted(request.Version)?.BuildId ?? "";
        if (await ReadyAsync(build, request.ConflictToken, request.Identity, request.AllowNoPollers, request.IgnoreMissingTaskQueues, "current") is { } refusal)
        {
            return Dropped(refusal);
        }

        var before = state!.Current;
        if (DeploymentRules.SetCurrent(state, build, request.Identity, clock.GetUtcNow())
            && await CommitRoutingAsync("set-current", $"current version {Shown(build)}, before {Shown(before)}", call) is { } failed)
        {
            return failed;
        }

        return Answer.Of(new SetWorkerDeploymentCurrentVersionResponse
        {
            ConflictToken = DeploymentViews.TokenOf(state), PreviousVersion = DeploymentViews.Dotted(state, before ?? ""),
            PreviousDeploymentVersion = DeploymentViews.Message(state, before),
        });
    }

    public async Task<Answer> SetRampingAsync(Call call)
    {
        var request = SetWorkerDeploymentRampingVersionRequest.Parser.ParseFrom(call.Request);
        var build = request.BuildId.Length > 0 ? request.BuildId : WorkerVersion.OfDotted(request.Version)?.BuildId
            ?? (request.Percentage > 0 || request.Version == WorkerVersion.Unversioned ? "" : null);
        if (await ReadyAsync(
            build ?? "", request.ConflictToken, request.Identity, request.AllowNoPollers, request.IgnoreMissingTaskQueues, "ramping") is { } refusal)
        {
            return Dropped(refusal);
        }

        if (build is not null && build == (state!.Current ?? ""))
        {
            return Dropped(DeploymentRules.Failed($"Ramping version {Shown(build)} is already current"));
        }

        var (before, percentage) = (state!.Ramping, state.Percentage);
        if (DeploymentRules.SetRamping(state, build, build is null ? 0 : request.Percentage, request.Identity, clock.GetUtcNow()))
        {
            var why = build is null ? $"no ramping version, before {Shown(before)}"
                : string.Create(CultureInfo.InvariantCulture, $"ramping version {Shown(build)} with {request.Percentage} %");
            if (await CommitRoutingAsync("set-ramping", why, call) is { } failed)
            {
                return failed;
            }
        }

        return Answer.Of(new SetWorkerDeploymentRampingVersionResponse
        {
            ConflictToken = DeploymentViews.TokenOf(state), PreviousVersion = DeploymentViews.Dotted(state, before) ?? "", PreviousPercentage = percentage,
            PreviousDeploymentVersion = DeploymentViews.Message(state, before),
        });
    }

    public async Task<Answer> SetManagerAsync(Call call)
    {
        var request = SetWorkerDeploymentManagerRequest.Parser.ParseFrom(call.Request);
        if (state is null)
        {
            return Missing();
        }

        if (RefuseToken(request.ConflictToken) is { } refusal)
        {
            return refusal;
        }

        var (before, next) = (state.Manager, request.HasSelf && request.Self ? request.Identity : request.ManagerIdentity);
        if (before != next)
        {
            state.Manager = next;
            state.Changes++;
            state.LastModifier = request.Identity;
            if (await CommitAsync("set-manager", WithReason($"manager '{next}', before '{before}'", call), call.Actor) is { } failed)
            {
                return failed;
            }
        }

        return Answer.Of(new SetWorkerDeploymentManagerResponse { ConflictToken = DeploymentViews.TokenOf(state), PreviousManagerIdentity = before });
    }

    public async Task<Answer> UpdateMetadataAsync(Call call)
    {
        var request = UpdateWorkerDeploymentVersionMetadataRequest.Parser.ParseFrom(call.Request);
        var build = BuildOf(request.DeploymentVersion, request.Version);
        if (state?.Versions.GetValueOrDefault(build) is not { } of)
        {
            return state is null ? Missing() : MissingVersion(build);
        }

        foreach (var (name, value) in request.UpsertEntries)
        {
            of.Metadata[name] = value;
        }

        foreach (var name in request.RemoveEntries)
        {
            of.Metadata.Remove(name);
        }

        if (of.Metadata.Count > MaxEntries || of.Metadata.Sum(m => m.Key.Length + m.Value.CalculateSize()) > MaxMetadata)
        {
            return Dropped(Refusal.InvalidArgument($"The metadata of a version has at most {MaxEntries} entries and {MaxMetadata} bytes. Remove some."));
        }

        of.LastModifier = request.Identity;
        return await CommitAsync("update-metadata", WithReason($"version {Shown(build)}", call), call.Actor) is { } failed ? failed
            : Answer.Of(new UpdateWorkerDeploymentVersionMetadataResponse { Metadata = new VersionMetadata { Entries = { of.Metadata } } });
    }

    private static string WithReason(string what, Call call) => call.Reason.Length > 0 ? $"{call.Reason}; {what}" : what;

    private static string BuildOf(WorkerDeploymentVersion? version, string dotted) => version?.BuildId ?? WorkerVersion.OfDotted(dotted)?.BuildId ?? "";

    private string Shown(string? build) => build is { Length: > 0 } ? new WorkerVersion(key.Name, build).ToString() : WorkerVersion.Unversioned;

    private Refusal Missing() => Refusal.NotFound($"no Worker Deployment found with name '{key.Name}'; does your Worker Deployment have pollers?");

    private Refusal MissingVersion(string build) => Refusal.NotFound($"build ID '{build}' not found in Worker Deployment '{key.Name}'");

    private Refusal? RefuseToken(ByteString token) =>
        token.IsEmpty || token == DeploymentViews.TokenOf(state!) ? null : DeploymentRules.Failed("conflict token mismatch");

    private DeploymentState NewState(string requestId) => new()
    {
        Namespace = key.Namespace, Name = key.Name, Uid = Guid.NewGuid().ToString(), CreatedAt = clock.GetUtcNow(), RequestId = requestId,
    };

    private async Task<Refusal?> CommitRoutingAsync(string verb, string what, Call call)
    {
        if (await CommitAsync(verb, WithReason(what, call), call.Actor) is { } failed)
        {
            return failed;
        }

        await TellAsync(state!.Versions.Values.SelectMany(v => v.Queues));
        return null;
    }

    private Answer Dropped(Refusal refusal)
    {
        Drop();
        return refusal;
    }
}
