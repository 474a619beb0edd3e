using System.Text.Json.Nodes;
using Flagstone.Catalog.Contracts;
using Flagstone.Catalog.Kinds;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Services;

[GrainInterfaceType("flagstone.team")]
internal interface ITeamGrain : IReconcileGrain;

/// <summary>Rolls the phases of a team's services up into its Group's status.</summary>
[GrainType("flagstone.team")]
internal sealed class TeamGrain(ResourceStore store, ResourceGateway gateway, KindRegistry kinds) : Grain, ITeamGrain
{
    public const string Controller = "team";

    public async Task<ReconcileResult> ReconcileAsync()
    {
        if (!ResourceKey.TryParse(this.GetPrimaryKeyString(), out var key) || await store.FindAsync(key, CancellationToken.None) is null)
        {
            return ReconcileResult.Done;
        }

        var team = new EntityName(key.Namespace, key.Name);
        var services = (await store.ListAsync(new ListQuery(EntityKinds.Component), CancellationToken.None)).Items
            .Select(i => i.ToDocument())
            .Where(c => c["spec"].Text("type") == "service" && EntityName.TryParse(c["spec"].Text("owner"), out var owner) && owner == team)
            .ToList();
        await gateway.SetStatusAsync(Controller, kinds.Find(EntityKinds.Team)!, key, document =>
        {
            var phases = new JsonObject();
            foreach (var phase in services.GroupBy(s => s["status"].Text("phase")).Where(g => g.Key.Length > 0).OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                phases[phase.Key] = phase.Count();
            }

            if (document["status"] is not JsonObject status)
            {
                document["status"] = status = [];
            }

            status["services"] = services.Count;
            status["phases"] = phases;
        }, CancellationToken.None);
        return ReconcileResult.Done;
    }
}
