using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Workflows.Frontend;

namespace Flagstone.Workflows.Namespaces;

/// <summary>Namespaces as Temporal's API reads and changes them: through the gateway, as the caller.</summary>
internal sealed class NamespaceStore(ResourceStore store, ResourceGateway gateway)
{
    private const int MostPerPage = 1_000;
    private const int UsualPage = 100;

    private static readonly WriteOptions Options = new() { Origin = "temporal", FieldManager = "flagstone-temporal" };

    /// <param name="id">The uid; used where no name is given.</param>
    public async Task<JsonObject> GetAsync(string name, string id, CancellationToken ct)
    {
        if (name.Length > 0)
        {
            return (await store.FindAsync(Key(name), ct))?.ToDocument() ?? throw RpcErrors.NamespaceNotFound(name);
        }

        return id.Length == 0 ? throw RpcErrors.InvalidArgument("Namespace is empty. Give its name or its id.")
            : (await store.ListAsync(new ListQuery(WorkflowNamespaceKind.NamespaceId), ct)).Items.FirstOrDefault(i => i.Uid == id)?.ToDocument() ?? throw RpcErrors.NamespaceNotFound(id);
    }

    /// <param name="after">The last name of the page before; empty for the first page.</param>
    /// <returns>A page, and the name to ask for the next one with; empty on the last page.</returns>
    public async Task<(IReadOnlyList<JsonObject> Namespaces, string Next)> ListAsync(int size, string after, CancellationToken ct)
    {
        var limit = size <= 0 ? UsualPage : Math.Min(size, MostPerPage);
        var page = await store.ListAsync(new ListQuery(WorkflowNamespaceKind.NamespaceId, Limit: limit, After: after.Length > 0 ? ("", after) : null), ct);
        return ([.. page.Items.Select(i => i.ToDocument())], page.More ? page.Items[^1].Key.Name : "");
    }

    public async Task CreateAsync(Caller caller, string name, JsonObject spec, CancellationToken ct)
    {
        var kind = WorkflowNamespaceKind.Namespace;
        var document = new JsonObject
        {
            ["apiVersion"] = kind.ApiVersion, ["kind"] = kind.Kind, ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = spec,
        };
        if (await gateway.CreateAsync(caller, kind, "", document, Options, ct) is Refused refused)
        {
            throw refused.Problem.Reason == "AlreadyExists" ? RpcErrors.NamespaceAlreadyExists() : RpcErrors.Of(refused.Problem);
        }
    }

    public async Task<JsonObject> ChangeAsync(Caller caller, string name, Action<JsonObject> change, CancellationToken ct)
    {
        await GetAsync(name, "", ct);
        var outcome = await gateway.UpdateAsync(caller, WorkflowNamespaceKind.Namespace, Key(name), (current, _) =>
        {
            change(current["spec"]!.AsObject());
            return new((current, (Problem?)null));
        }, Options, ct);
        return outcome switch
        {
            Written written => written.Resource.ToDocument(),
            Refused refused => throw RpcErrors.Of(refused.Problem),
            _ => throw new System.Diagnostics.UnreachableException(outcome.GetType().Name),
        };
    }

    public async Task DeleteAsync(Caller caller, string name, CancellationToken ct)
    {
        if (await gateway.DeleteAsync(caller, WorkflowNamespaceKind.Namespace, Key(name), new DeleteOptions(), Options, ct) is Refused refused)
        {
            throw RpcErrors.Of(refused.Problem);
        }
    }

    private static ResourceKey Key(string name) => WorkflowNamespaceKind.Namespace.Key("", name);
}
