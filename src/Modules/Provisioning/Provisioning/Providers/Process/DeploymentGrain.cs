using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Providers.Process.Toolchains;

namespace Flagstone.Provisioning.Providers.Process;

[GrainInterfaceType("flagstone.deployment")]
internal interface IDeploymentGrain : IReconcileGrain;

/// <summary>Keeps the process of a Deployment that names a source as it says. The key is the Deployment's.</summary>
[GrainType("flagstone.deployment")]
internal sealed class DeploymentGrain(
    ResourceStore store, ResourceGateway gateway, KindRegistry kinds, ServiceRuntime runtime, ServiceInstaller installer, IEnumerable<IToolchain> toolchains, ReadinessProbe probe,
    ServiceUsers users, ControlGroups groups, DataFolder data, PlatformOptions options, TimeProvider clock) : Grain, IDeploymentGrain
{
    public const string Controller = "deployment";

    private const string Finalizer = "flagstone.dev/process";
    private const string Verb = "reconcile";
    private static readonly TimeSpan Eager = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(2);

    private (ServicePhase Phase, string Commit, long Since) step;

    public static IEnumerable<string> Route(CommittedRow row) =>
        row.Key.Kind == ServiceRuntime.Deployments && row.Change is ChangeType.Added or ChangeType.Modified && row.Verb is not ("status" or Verb) ? [row.Key.ToString()] : [];

    public async Task<ReconcileResult> ReconcileAsync()
    {
        // Moved from an embedded installation, a due entry may name a process that this one must not start.
        if (!options.RunsServices || !ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key) || kinds.Find(key.Kind) is not { } kind
            || await store.FindAsync(key, CancellationToken.None) is not { } found)
        {
            return ReconcileResult.Done;
        }

        var deployment = found.ToDocument();
        var (spec, problem) = ServiceSpec.Read(deployment);
        if (deployment.IsDeleting() || (spec is null && problem is null))
        {
            return await EndAsync(kind, key, deployment);
        }

        if (!deployment.Finalizers().Contains(Finalizer)
            && await gateway.MutateAsync(Controller, kind, key, d => d.AddFinalizer(Finalizer), new WriteOptions { Verb = Verb }, CancellationToken.None) is null)
        {
            return ReconcileResult.Done;
        }

        if (spec is null)
        {
            return await ReportAsync(kind, key, null, ServicePhase.Failed, "InvalidSource", problem!, ReconcileResult.Done);
        }

        if (spec.Replicas == 0)
        {
            await runtime.EndAsync(key, []);
            return await ReportAsync(kind, key, spec, ServicePhase.Stopped, "ScaledToZero", "The Deployment asks for no instance", ReconcileResult.Done);
        }

        return await AdvanceAsync(kind, key, spec);
    }

    private async Task<ReconcileResult> AdvanceAsync(KindDefinition kind, ResourceKey key, ServiceSpec spec)
    {
        var installed = await installer.InstallAsync(key, spec.Source);
        if (!installed.Done)
        {
            await ProbeAllAsync(key, spec);
            return installed.Problem is { } why
                ? await ReportAsync(kind, key, spec, ServicePhase.Failed, "InstallFailed", why, ReconcileResult.After(Watch))
                : await ReportAsync(kind, key, spec, ServicePhase.Installing, "Installing", $"Installing {spec.Source}", null);
        }

        var folder = ServiceFolder.Of(data, key).Commit(spec.Source.Commit);
        var toolchain = toolchains.First(t => t.Takes(folder));
        var (environment, missing) = await EnvironmentAsync(key.Namespace, spec, toolchain.Environment);
        if (missing is not null)
        {
            await ProbeAllAsync(key, spec);
            return await ReportAsync(kind, key, spec, ServicePhase.Waiting, "WaitingForConfiguration", missing, null);
        }

        var (command, problem) = toolchain.Start(folder, spec.Limits.HeapMegabytes(groups.Available));
        if (command is null)
        {
            return await ReportAsync(kind, key, spec, ServicePhase.Failed, "InvalidPackage", problem!, ReconcileResult.Done);
        }

        var wanted = Wanted(InstanceId(spec, environment!), spec);
        foreach (var id in wanted)
        {
            Ensure(key, spec, id, folder, command, environment!);
        }

        await ProbeAllAsync(key, spec);
        if (wanted.Select(id => runtime.Find(key, id)!).FirstOrDefault(s => !s.Answers) is { } missed)
        {
            // One that ended before is not taken at its word while it starts once more: the condition would go to and fro with each start.
            return missed.Starts <= 1
                ? await ReportAsync(kind, key, spec, ServicePhase.Starting, "Starting", "The process runs and is not ready yet", null, wanted)
                : await ReportAsync(
                    kind, key, spec, ServicePhase.Failed, "Ended", "The process ends by itself, and is started again; its log says why", missed.IsAlive ? null : ReconcileResult.After(Watch), wanted);
        }

        // The ones before go only now: there was never nobody to answer.
        runtime.RotateLog(key);
        var result = await ReportAsync(kind, key, spec, ServicePhase.Running, "Available", "", ReconcileResult.After(Watch), wanted);
        await runtime.EndAsync(key, wanted);
        return result;
    }

    private static List<string> Wanted(string id, ServiceSpec spec) =>
        [.. Enumerable.Range(0, Math.Min(spec.Replicas, ServiceSpec.MaxReplicas)).Select(i => i == 0 ? id : string.Create(CultureInfo.InvariantCulture, $"{id}-{i}"))];

    private void Ensure(
        ResourceKey key, ServiceSpec spec, string id, string folder, IReadOnlyList<string> command, Dictionary<string, string> environment)
    {
        var instance = runtime.Find(key, id)?.Instance
            ?? new ServiceInstance(id, spec.Source.Commit, LoopbackPorts.Free(), spec.ReadinessPath, (int)spec.Grace.TotalSeconds);
        var own = new Dictionary<string, string>(environment, StringComparer.Ordinal)
        {
            ["PORT"] = instance.Port.ToString(CultureInfo.InvariantCulture),
            ["HOST"] = "127.0.0.1",
        };
        runtime.Ensure(key, instance, spec.Limits, Sandbox.Command(folder, null, users.Of(key), command), own);
    }

    private async Task ProbeAllAsync(ResourceKey key, ServiceSpec spec) => await Task.WhenAll(runtime.Of(key).Select(async service =>
    {
        service.Answers = service.IsAlive && await probe.AnswersAsync(service.Instance, spec.ReadinessTimeout);
    }));

    private async Task<(Dictionary<string, string>? Environment, string? Missing)> EnvironmentAsync(
        string ns, ServiceSpec spec, IReadOnlyDictionary<string, string> basis)
    {
        var environment = new Dictionary<string, string>(basis, StringComparer.Ordinal);
        var sources = new Dictionary<(string, string), JsonObject?>();
        foreach (var variable in spec.Variables)
        {
            if (variable.From.Length == 0)
            {
                environment[variable.Name] = variable.Value;
                continue;
            }

            if (!sources.TryGetValue((variable.From, variable.Resource), out var source))
            {
                source = (await store.FindAsync(new ResourceKey(new KindId(variable.From, ""), ns, variable.Resource), CancellationToken.None))?.ToDocument();
                sources[(variable.From, variable.Resource)] = source;
            }

            if (source.At("data", variable.Key) is { } value)
            {
                environment[variable.Name] = variable.From == "secrets" ? Encoding.UTF8.GetString(Convert.FromBase64String(value.ToString())) : value.ToString();
            }
            else if (!variable.Optional)
            {
                return (null, $"{variable.Name} comes from key {variable.Key} of {variable.From}/{variable.Resource}, which is not there yet");
            }
        }

        return (environment, null);
    }

    private static string InstanceId(ServiceSpec spec, Dictionary<string, string> environment)
    {
        var text = string.Join('\0', environment.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}={e.Value}")
            .Prepend($"{spec.Source.Commit} {spec.ReadinessPath} {spec.Limits.MemoryMegabytes} {spec.Limits.Millicores}"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }

    /// <param name="wanted">The processes that are to run; null while they are not known.</param>
    private async Task<ReconcileResult> ReportAsync(
        KindDefinition kind, ResourceKey key, ServiceSpec? spec, ServicePhase phase, string reason, string message, ReconcileResult? result,
        IReadOnlyCollection<string>? wanted = null)
    {
        if (step.Phase != phase || step.Commit != (spec?.Source.Commit ?? ""))
        {
            step = (phase, spec?.Source.Commit ?? "", clock.GetTimestamp());
        }

        var serving = Serving(key, wanted ?? [], phase == ServicePhase.Running);
        runtime.Report(key, new ServiceState(
            key.Namespace, key.Name, phase, serving.Count > 0 ? serving[0].Port : null, serving.Count > 0 ? serving[0].Commit : "",
            spec?.Source.Commit ?? "", $"/{key.Namespace}/{key.Name}/", message) { Ports = [.. serving.Select(s => s.Port)] });
        var updated = runtime.Of(key).Count(s => s.Answers && wanted?.Contains(s.Instance.Id) == true);
        await gateway.SetStatusAsync(Controller, kind, key, d =>
        {
            Write(d, phase, reason, message, serving);
            d.Member("status")["updatedReplicas"] = updated;
            WriteLimits(d, spec);
        }, CancellationToken.None);
        // A step that takes longer than usual is looked at less often.
        return result ?? ReconcileResult.After(clock.GetElapsedTime(step.Since) < Eager ? Soon : Watch);
    }

    /// <summary>Who gets the requests: all that are wanted once all answer, before that those that they replace, as long as one of them answers.</summary>
    private List<ServiceInstance> Serving(ResourceKey key, IReadOnlyCollection<string> wanted, bool complete)
    {
        var answering = runtime.Of(key).Where(s => s.Answers).Select(s => s.Instance).OrderBy(i => i.Id, StringComparer.Ordinal).ToLookup(i => wanted.Contains(i.Id));
        return [.. complete || !answering[false].Any() ? answering[true] : answering[false]];
    }

    private void Write(JsonObject deployment, ServicePhase phase, string reason, string message, List<ServiceInstance> serving)
    {
        var status = deployment.Member("status");
        status["observedGeneration"] = deployment.GenerationOf();
        status["replicas"] = runtime.Of(new ResourceKey(ServiceRuntime.Deployments, deployment.NamespaceOf(), deployment.NameOf())).Count;
        status["readyReplicas"] = serving.Count;
        status["availableReplicas"] = serving.Count;
        status.Remove("process");
        status.Remove("processes");
        if (serving.Count > 0)
        {
            status["process"] = Shown(serving[0]);
            status["processes"] = new JsonArray([.. serving.Select(Shown)]);
        }

        var now = clock.GetUtcNow();
        deployment.SetCondition(
            serving.Count > 0 ? Condition.True("Available", "MinimumReplicasAvailable") : Condition.False("Available", "MinimumReplicasUnavailable", message), now);
        deployment.SetCondition(phase switch
        {
            ServicePhase.Running => Condition.True("Progressing", "NewReplicaSetAvailable"),
            ServicePhase.Failed => Condition.False("Progressing", reason, message),
            _ => Condition.True("Progressing", reason, message),
        }, now);

        static JsonObject Shown(ServiceInstance instance) => new() { ["port"] = instance.Port, ["commit"] = instance.Commit };
    }

    /// <summary>What of the Deployment's wishes holds on this machine, and what does not.</summary>
    private void WriteLimits(JsonObject deployment, ServiceSpec? spec)
    {
        if (spec is null)
        {
            return;
        }

        var now = clock.GetUtcNow();
        deployment.SetCondition(
            groups.Available
                ? Condition.True("LimitsEnforced", "ControlGroup", spec.Limits.InGroup())
                : Condition.False("LimitsEnforced", "ProcessLimits", spec.Limits.WithoutGroup(users.Own ? Sandbox.MaxTasksOfUser : null)), now);
        if (spec.Replicas > ServiceSpec.MaxReplicas)
        {
            deployment.SetCondition(
                Condition.False("ReplicasSupported", "TooMany", string.Create(
                    CultureInfo.InvariantCulture, $"The Deployment asks for {spec.Replicas} processes, and {ServiceSpec.MaxReplicas} run: all are on this machine")), now);
        }
        else if (deployment.FindCondition("ReplicasSupported") is not null)
        {
            deployment.SetCondition(Condition.True("ReplicasSupported", "AsAsked"), now);
        }
    }

    private async Task<ReconcileResult> EndAsync(KindDefinition kind, ResourceKey key, JsonObject deployment)
    {
        await runtime.EndAsync(key, []);
        runtime.Report(key, null);
        if (deployment.Finalizers().Contains(Finalizer))
        {
            var folder = ServiceFolder.Of(data, key).Path;
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            await gateway.MutateAsync(Controller, kind, key, d => d.RemoveFinalizer(Finalizer), new WriteOptions { Verb = Verb }, CancellationToken.None);
        }

        return ReconcileResult.Done;
    }
}
