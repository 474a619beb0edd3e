using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Managed;
using Flagstone.Workflows.Contracts;

namespace Flagstone.Provisioning.Providers.Temporal;

/// <summary>
/// Namespaces of Temporal's API, here or at a server that a ProviderConfig names. A namespace that is here has a token for its workers, which is as
/// old as it is: it is in the connection secret, and ends with the namespace. Names are ours, and a namespace's data says whose it is, so Observe
/// tells what a lost answer was.
/// </summary>
internal sealed class TemporalDriver(TemporalServers servers, ITemporalNamespaces namespaces, TokenStore tokens) : IProviderDriver
{
    private const string ApiKey = "apiKey";

    private static readonly Actor Platform = Actor.Controller("temporal-namespaces");
    private static readonly Dictionary<string, string> Nothing = [];

    /// <summary>What is near is looked at often.</summary>
    public TimeSpan PollEvery => TimeSpan.FromMinutes(1);

    public IReadOnlyList<KindDefinition> Kinds { get; } = [TemporalKinds.Namespace];

    /// <summary>Only its hash is stored beside: it must be in the secret before it opens anything.</summary>
    public IReadOnlyDictionary<string, string> Generate(ManagedResource resource) =>
        resource.Place != TemporalServers.Own || resource.Connection.ContainsKey(ApiKey) ? Nothing : new Dictionary<string, string> { [ApiKey] = TokenStore.NewText() };

    public Task<string> PlaceAsync(JsonObject document, CancellationToken ct) => servers.PlaceAsync(document, ct);

    public async Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct)
    {
        var (server, problem) = await servers.FindAsync(resource, ct);
        if (problem.Length > 0)
        {
            return new Unobservable(problem) { OfResource = true };
        }

        try
        {
            return await namespaces.FindAsync(server, resource.ExternalName, ct) is not { } there ? new Absent()
                : there.Owner != OwnerOf(resource)
                ? new Foreign($"There is a namespace {resource.ExternalName} that is not this resource's. Give another external-name, or delete that one")
                : await SeenAsync(resource, server, there, ct);
        }
        catch (TemporalCallException e)
        {
            return new Unobservable(e.Message);
        }
    }

    public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct) => RunAsync(resource, async server =>
    {
        await namespaces.CreateAsync(server, resource.ExternalName, OwnerOf(resource), Wanted(resource), ct);
        await namespaces.UpdateAsync(server, resource.ExternalName, Wanted(resource), ct);
        return await EnsureTokenAsync(resource, server, ct) ?? Done.Plain;
    }, ct);

    public Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct) => RunAsync(resource, async server =>
    {
        await namespaces.UpdateAsync(server, resource.ExternalName, Wanted(resource), ct);
        return await EnsureTokenAsync(resource, server, ct) ?? Done.Plain;
    }, ct);

    public Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct) => RunAsync(resource, async server =>
    {
        if (await namespaces.FindAsync(server, resource.ExternalName, ct) is { Open: > 0 } there)
        {
            // With the namespace each of them would be gone, its history too.
            return new Waiting(string.Create(CultureInfo.InvariantCulture,
                $"{there.Open} workflow executions that run in namespace {resource.ExternalName}: let them end, terminate them, or set spec.deletionPolicy to Orphan"));
        }

        if (server is null)
        {
            // First: after a crash in between, a namespace that is gone would not be asked for again.
            await tokens.RevokeAllAsync(Platform, WorkerOf(resource), ct);
        }

        await namespaces.DeleteAsync(server, resource.ExternalName, ct);
        return Done.Plain;
    }, ct);

    private static string OwnerOf(ManagedResource resource) => resource.Document.UidOf();

    /// <summary>The principal that its workers are.</summary>
    private static string WorkerOf(ManagedResource resource) => $"worker.{resource.ExternalName}";

    private static TemporalNamespaceSettings Wanted(ManagedResource resource)
    {
        var wanted = resource.ForProvider;
        return new TemporalNamespaceSettings(
            wanted.Text("description"), wanted.Text("ownerEmail"),
            GoDuration.TryParse(wanted.Text("retention"), out var retention) ? retention : throw new InvalidDataException($"{resource.Key.Display} has no retention that can be read."),
            (wanted["searchAttributes"] as JsonObject ?? []).ToDictionary(a => a.Key, a => a.Value!.ToString(), StringComparer.Ordinal));
    }

    private async Task<Present> SeenAsync(ManagedResource resource, TemporalServer? server, TemporalNamespaceState there, CancellationToken ct)
    {
        var drift = TemporalDrift.Of(Wanted(resource), there.Settings).ToList();
        var isOpen = server is null && resource.Connection.GetValueOrDefault(ApiKey, "") is var key
            && (key.Length == 0 || await tokens.FindForWorkflowsAsync(key, ct) is not { Role: Role.Worker });
        var connection = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["address"] = server?.Address ?? namespaces.OwnAddress,
            ["namespace"] = resource.ExternalName,
            ["tls"] = server?.UseTls == true ? "true" : "false",
        };
        var difference = drift.Count > 0 ? string.Join("; ", drift.Select(d => $"{d.Path} is {d.Actual?.ToJsonString() ?? "not there"} and should be {d.Wanted?.ToJsonString() ?? "not there"}"))
            : isOpen ? "its workers' token is not good" : null;
        return new Present(difference, null, new JsonObject { ["id"] = there.Id, ["openWorkflows"] = there.Open }, connection) { Drift = drift };
    }

    /// <summary>Makes sure that the token in the connection secret is good: one that was revoked is replaced by another. Null when the secret has it.</summary>
    private async Task<DriverOutcome?> EnsureTokenAsync(ManagedResource resource, TemporalServer? server, CancellationToken ct)
    {
        if (server is not null)
        {
            return null;
        }

        var key = resource.Connection.GetValueOrDefault(ApiKey, "");
        var made = key.Length == 0 || await tokens.IsSpentAsync(key, ct);
        if (made)
        {
            // An earlier one that a crash kept from the secret is nobody's.
            await tokens.RevokeAllAsync(Platform, WorkerOf(resource), ct);
            key = TokenStore.NewText();
        }

        var request = new TokenRequest(WorkerOf(resource), Role.Worker, resource.ExternalName, Lifetime: null);
        return await tokens.EnsureAsync(Platform, request, key, ct) is { } problem ? new Failed(problem.Detail)
            : made ? new Done(new Dictionary<string, string> { [ApiKey] = key }) : null;
    }

    private async Task<DriverOutcome> RunAsync(ManagedResource resource, Func<TemporalServer?, Task<DriverOutcome>> act, CancellationToken ct)
    {
        var (server, problem) = await servers.FindAsync(resource, ct);
        if (problem.Length > 0)
        {
            return new Failed(problem);
        }

        try
        {
            return await act(server);
        }
        catch (TemporalCallException e)
        {
            return e.IsRefusal ? new Failed(e.Message) : new Unknown(e.Message);
        }
    }
}
