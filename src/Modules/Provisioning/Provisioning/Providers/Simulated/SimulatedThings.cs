using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Simulated;

/// <summary>
/// What was asked of the simulated provider, in the platform's database: all processes see the same, and of two that make one thing at once
/// one does.
/// </summary>
internal sealed class SimulatedThings(PlatformDatabase database, LedgerWriter writer, Sealer sealer)
{
    private const string Find = "SELECT body FROM simulated_thing WHERE kind = @kind AND name = @name";
    private const string Make = "INSERT INTO simulated_thing (kind, name, body) VALUES (@kind, @name, @body) ON CONFLICT (kind, name) DO NOTHING";
    private const string Change = "UPDATE simulated_thing SET body = @body WHERE kind = @kind AND name = @name";
    private const string Forget = "DELETE FROM simulated_thing WHERE kind = @kind AND name = @name";

    public async Task<JsonObject?> FindAsync(ManagedResource resource, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Find, ("kind", resource.Kind.Id.ToString()), ("name", resource.ExternalName));
        return await command.ExecuteScalarAsync(ct) is byte[] stored ? JsonNode.Parse(sealer.Open(KeyOf(resource), stored))!.AsObject() : null;
    }

    /// <summary>Does nothing when it is there already.</summary>
    public Task MakeAsync(ManagedResource resource, JsonObject made, CancellationToken ct) => CommitAsync(Make, resource, made, ct);

    public Task ChangeAsync(ManagedResource resource, JsonObject made, CancellationToken ct) => CommitAsync(Change, resource, made, ct);

    public Task ForgetAsync(ManagedResource resource, CancellationToken ct) => CommitAsync(Forget, resource, null, ct);

    private async Task CommitAsync(string sql, ManagedResource resource, JsonObject? made, CancellationToken ct)
    {
        List<(string, object?)> parameters = [("kind", resource.Kind.Id.ToString()), ("name", resource.ExternalName)];
        if (made is not null)
        {
            parameters.Add(("body", sealer.Seal(KeyOf(resource), Encoding.UTF8.GetBytes(made.ToJsonString())).Sealed.ToArray()));
        }

        await writer.CommitAsync(
            new Unit { Actor = Actor.Controller(ManagedResourceGrain.Controller), Origin = "reconcile", Background = true, Sql = [new SqlStatement(sql, [.. parameters])] }, ct);
    }

    /// <summary>By the provider's name for it, not the resource's: another resource may take the thing over.</summary>
    private static ResourceKey KeyOf(ManagedResource resource) => new(resource.Kind.Id, "", resource.ExternalName);
}
