using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Workflows.Frontend;
using Temporalio.Api.Nexus.V1;

namespace Flagstone.Workflows.Nexus.Endpoints;

/// <summary>Endpoints as Temporal's API reads and changes them: through the gateway, as the caller.</summary>
internal sealed class NexusEndpointStore(ResourceStore store, ResourceGateway gateway)
{
    private const int MostPerPage = 1_000;
    private const int UsualPage = 100;

    private static readonly WriteOptions Options = new() { Origin = "temporal", FieldManager = "flagstone-temporal" };

    /// <summary>The endpoint of a name; null for none.</summary>
    public async Task<JsonObject?> FindAsync(string name, CancellationToken ct) =>
        NexusEndpointKind.IsName(name) ? (await store.FindAsync(Key(name), ct))?.ToDocument() : null;

    /// <summary>The endpoint of an id, which is the resource's uid; one that is not there is refused with NOT_FOUND.</summary>
    public async Task<JsonObject> GetAsync(string id, CancellationToken ct) =>
        (await store.ListAsync(new ListQuery(NexusEndpointKind.EndpointId), ct)).Items.FirstOrDefault(i => i.Uid == id)?.ToDocument()
        ?? throw RpcErrors.NotFound($"Nexus endpoint {id} not found.");

    /// <param name="after">The last name of the page before; empty for the first page.</param>
    /// <returns>A page, and the name to ask for the next one with; empty on the last page.</returns>
    public async Task<(IReadOnlyList<JsonObject> Endpoints, string Next)> ListAsync(int size, string after, CancellationToken ct)
    {
        var limit = size <= 0 ? UsualPage : Math.Min(size, MostPerPage);
        var query = new ListQuery(NexusEndpointKind.EndpointId, Limit: limit, After: after.Length > 0 ? ("", after) : null);
        var page = await store.ListAsync(query, ct);
        return ([.. page.Items.Select(i => i.ToDocument())], page.More ? page.Items[^1].Key.Name : "");
    }

    public async Task<JsonObject> CreateAsync(Caller caller, EndpointSpec spec, CancellationToken ct)
    {
        var kind = NexusEndpointKind.Endpoint;
        var document = new JsonObject
        {
            ["apiVersion"] = kind.ApiVersion, ["kind"] = kind.Kind, ["metadata"] = new JsonObject { ["name"] = spec.Name },
            ["spec"] = NexusEndpointMessages.Spec(spec),
        };
        return await gateway.CreateAsync(caller, kind, "", document, Options, ct) switch
        {
            Written written => written.Resource.ToDocument(),
            Refused { Problem.Reason: "AlreadyExists" } => throw RpcErrors.AlreadyExists($"A Nexus endpoint named '{spec.Name}' is there already."),
            Refused refused => throw RpcErrors.Of(refused.Problem),
            var outcome => throw new System.Diagnostics.UnreachableException(outcome.GetType().Name),
        };
    }

    /// <param name="version">What the caller has read; another one is refused with FAILED_PRECONDITION.</param>
    public async Task<JsonObject> UpdateAsync(Caller caller, string name, long version, EndpointSpec spec, CancellationToken ct)
    {
        var outcome = await gateway.UpdateAsync(caller, NexusEndpointKind.Endpoint, Key(name), (current, _) =>
        {
            Check(current, version);
            current["spec"] = NexusEndpointMessages.Spec(spec);
            return new((current, (Problem?)null));
        }, Options, ct);
        return outcome switch
        {
            Written written => written.Resource.ToDocument(),
            Refused refused => throw RpcErrors.Of(refused.Problem),
            _ => throw new System.Diagnostics.UnreachableException(outcome.GetType().Name),
        };
    }

    public async Task DeleteAsync(Caller caller, JsonObject endpoint, long version, CancellationToken ct)
    {
        Check(endpoint, version);
        var only = new DeleteOptions(Uid: endpoint.UidOf(), Version: long.Parse(endpoint["metadata"].Text("resourceVersion"), CultureInfo.InvariantCulture));
        if (await gateway.DeleteAsync(caller, NexusEndpointKind.Endpoint, Key(endpoint.NameOf()), only, Options, ct) is Refused refused)
        {
            throw RpcErrors.Of(refused.Problem);
        }
    }

    private static void Check(JsonObject current, long version)
    {
        var there = NexusEndpointMessages.VersionOf(current);
        if (version != there)
        {
            throw RpcErrors.FailedPrecondition(
                $"Nexus endpoint version mismatch: received {version}, expected {there}. Read the endpoint again and change that one.");
        }
    }

    private static ResourceKey Key(string name) => NexusEndpointKind.Endpoint.Key("", name);
}
