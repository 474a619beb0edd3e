using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Claims;

/// <summary>Reads and writes connection secrets: kind Secret, type <c>connection.crossplane.io/v1alpha1</c>.</summary>
internal sealed class ConnectionSecrets(ResourceStore store, ResourceGateway gateway, KindRegistry kinds)
{
    public static readonly KindId Kind = new("secrets", "");

    public async Task<IReadOnlyDictionary<string, string>> ReadAsync(string ns, string name, CancellationToken ct)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (name.Length > 0 && await store.FindAsync(new ResourceKey(Kind, ns, name), ct) is { } found)
        {
            foreach (var (key, value) in found.ToDocument()["data"] as JsonObject ?? [])
            {
                values[key] = Encoding.UTF8.GetString(Convert.FromBase64String(value?.ToString() ?? ""));
            }
        }

        return values;
    }

    /// <summary>
    /// Makes the secret say exactly these values. A secret of another owner is not touched: the answer then says whose it is; null when
    /// all is well. A change wakes who hands the values on.
    /// </summary>
    /// <param name="wakes">The controller whose own secret is made of this one; null for none.</param>
    public async Task<string?> PublishAsync(
        string controller, ResourceKey key, JsonObject owner, IReadOnlyDictionary<string, string> values, bool exactly, DueChange? wakes, CancellationToken ct)
    {
        var kind = kinds.Find(Kind)!;
        var options = new WriteOptions { Origin = "reconcile", FieldManager = $"flagstone-{controller}", Wakes = wakes is null ? [] : [wakes] };
        string? foreign = null;
        var outcome = await gateway.UpdateAsync(Caller.System(controller), kind, key, (current, _) =>
        {
            foreign = current.OwnerUid() == owner.Text("uid") ? null
                : $"The secret {key.Display} is there already and does not belong to {owner.Text("kind")} {owner.Text("name")}. Delete it, or name another in writeConnectionSecretToRef.";
            if (foreign is null)
            {
                Fill(current, values, exactly);
            }

            return new((current, null));
        }, options, ct);
        if (outcome is Refused { Problem.Status: 404 })
        {
            var secret = new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = key.Name, ["ownerReferences"] = new JsonArray(owner.DeepClone()) },
                ["type"] = Names.ConnectionSecretType,
            };
            Fill(secret, values, exactly);
            outcome = await gateway.CreateAsync(Caller.System(controller), kind, key.Namespace, secret, options, ct);
        }

        return foreign ?? (outcome is Refused refused ? $"The secret {key.Display} cannot be written: {refused.Problem.Detail}" : null);
    }

    private static void Fill(JsonObject secret, IReadOnlyDictionary<string, string> values, bool exactly)
    {
        var data = secret.Member("data");
        foreach (var stale in exactly ? data.Select(d => d.Key).Where(k => !values.ContainsKey(k)).ToList() : [])
        {
            data.Remove(stale);
        }

        foreach (var (key, value) in values)
        {
            data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
        }
    }
}
