using System.Text.Json.Nodes;
using Flagstone.Catalog.Contracts;
using Flagstone.Catalog.Deployments;
using Flagstone.Catalog.Endpoints;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Runs;
using Flagstone.Catalog.Services;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Workflows.Contracts.Processes;

namespace Flagstone.Catalog.Retiring;

/// <summary>Takes a service out of use: its owner and an administrator consent, it waits, and what it has is deleted.</summary>
internal sealed class RetireService(ResourceStore store, ResourceGateway gateway, KindRegistry kinds, ServiceReader services, ICatalog catalog) : IProcessKind
{
    public const string ProcessName = "retire-service";

    private const int MostDays = 90;
    private const int UsualDays = 7;
    private const int MaxNamespaces = 20;

    public string Name => ProcessName;

    public string Title => "Retire a service";

    public string Description =>
        "Asks the service's owner and an administrator, waits some days in which it can be taken back, and then deletes what the service has: GitOps sources, "
        + "namespaces with claims and data, the entity. Repositories are put aside.";

    public JsonObject Input => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray("service"),
        ["properties"] = new JsonObject
        {
            ["service"] = new JsonObject { ["type"] = "string", ["title"] = "Service", ["description"] = "Its name in the catalog, or NAMESPACE/NAME." },
            ["days"] = new JsonObject
            {
                ["type"] = "integer", ["title"] = "Days to wait", ["description"] = "From the last approval until something is deleted.",
                ["minimum"] = 0, ["maximum"] = MostDays, ["default"] = UsualDays,
            },
        },
    };

    public async Task<(ProcessPlan? Plan, Problem? Problem)> PlanAsync(Caller caller, JsonObject input, CancellationToken ct)
    {
        if (!EntityName.TryParse(input.Text("service"), out var name))
        {
            return (null, Bad("service", "Name the service as the catalog does, such as 'orders' or 'default/orders'"));
        }

        var days = UsualDays;
        if (input["days"] is { } given && (given is not JsonValue number || !number.TryGetValue(out days) || days is < 0 or > MostDays))
        {
            return (null, Bad("days", $"Give a whole number from 0 to {MostDays}"));
        }

        var key = new ResourceKey(EntityKinds.Component, name.Namespace, name.Name);
        if (await store.FindAsync(key, ct) is not { } found)
        {
            return (null, Catalogue.NotFound(key));
        }

        if (AccessRules.Refuse(caller, "delete", kinds.Find(key.Kind)!, key.Namespace) is { } why)
        {
            return (null, Catalogue.Forbidden(caller.Name, "delete", key, why));
        }

        var retirement = await FindAsync(found, ct);
        return await NeighboursAsync(retirement, ct) is [_, ..] others
            ? (null, Catalogue.Denied(key, $"{string.Join(", ", others)} run in its namespaces and would go with it; retire or move them first"))
            : (RetirementRules.Plan(retirement, caller, days), null);
    }

    public async Task<ActOutcome> ActAsync(ProcessAct act, CancellationToken ct)
    {
        var goners = (act.Arguments["goners"] as JsonArray ?? []).Select(Goner.Read).ToList();
        var inTheWay = new Dictionary<Goner, string>();
        foreach (var goner in goners.Where(g => kinds.Find(g.Key.Kind) is not null))
        {
            var outcome = await gateway.DeleteAsync(
                act.Platform, kinds.Find(goner.Key.Kind)!, goner.Key, new DeleteOptions(Uid: goner.Uid), act.Options with { Verb = "delete" }, ct);
            switch (outcome)
            {
                case Refused { Problem: { Status: 409 } conflict }:
                    // It may be in use now, or another thing of its name by now.
                    inTheWay[goner] = conflict.Detail;
                    break;
                case Refused { Problem: { Status: not 404 } problem }:
                    return new ActOutcome.Refused(problem.Detail);
            }
        }

        foreach (var goner in goners)
        {
            if (await store.FindAsync(goner.Key, ct) is { } there && Goner.Of(there).Uid == goner.Uid)
            {
                return new ActOutcome.Waiting(inTheWay.GetValueOrDefault(goner) is { } why && !there.ToDocument().IsDeleting() ? why : await WaitsAsync(goner, ct));
            }
        }

        return new ActOutcome.Done();
    }

    private async Task<string> WaitsAsync(Goner goner, CancellationToken ct)
    {
        var claims = goner.Key.Kind == NamespaceView.Kind ? await services.ClaimsAsync(goner.Key.Name, ct) : [];
        return claims.Count > 0
            ? $"Namespace {goner.Key.Name} waits for {string.Join(", ", claims.Select(c => $"{c.Text("kind")} {c.NameOf()}"))} to be deleted."
            : $"{kinds.Find(goner.Key.Kind)?.Kind} {goner.Key.Display} is on its way out.";
    }

    private async Task<Retirement> FindAsync(StoredResource found, CancellationToken ct)
    {
        var component = found.ToDocument();
        var facts = StoredCatalog.Facts(component);
        var namespaces = await NamespacesAsync(facts.Name, ct);
        var claims = new List<string>();
        foreach (var ns in namespaces)
        {
            claims.AddRange((await services.ClaimsAsync(ns.Key.Name, ct)).Select(c => $"{c.Text("kind")} {c.NameOf()}"));
        }

        var repositories = await RepositoriesAsync(component, ct);
        var sources = (await store.ListAsync(new ListQuery(GitKinds.Source), ct)).Items
            .Where(s => repositories.Any(r => r.Key.Name == s.ToDocument()["spec"].Text("repository"))).Select(Goner.Of).ToList();
        var team = facts.Owner.StartsWith("user:", StringComparison.Ordinal) || !EntityName.TryParse(facts.Owner, out var owner) ? null : await catalog.FindTeamAsync(owner, ct);
        return new Retirement(facts.Name, facts.Owner, team, Goner.Of(found), namespaces, sources, repositories, claims);
    }

    /// <summary>Those that the service owns, as their label says.</summary>
    private async Task<IReadOnlyList<Goner>> NamespacesAsync(EntityName service, CancellationToken ct)
    {
        if (service.Namespace != "default")
        {
            // The label names services of that namespace alone.
            return [];
        }

        var owned = LabelSelector.Equal(new Dictionary<string, string> { [ServiceNameRules.ServiceLabel] = service.Name });
        return [.. (await store.ListAsync(new ListQuery(NamespaceView.Kind, Labels: owned, Limit: MaxNamespaces), ct)).Items.Select(Goner.Of)];
    }

    /// <summary>Other components that run where the service does: they would go with its namespaces.</summary>
    private async Task<IReadOnlyList<string>> NeighboursAsync(Retirement found, CancellationToken ct) =>
    [
        .. (await store.ListAsync(new ListQuery(EntityKinds.Component), ct)).Items.Where(c => c.Key != found.Entity.Key).Select(c => c.ToDocument())
            .Where(c => found.Namespaces.Any(n => n.Key.Name == ServiceReader.NamespaceOf(c))).Select(c => $"{c.NamespaceOf()}/{c.NameOf()}"),
    ];

    private async Task<IReadOnlyList<Goner>> RepositoriesAsync(JsonObject component, CancellationToken ct)
    {
        if (ServiceDetails.RepositoryOf(component) is not { } app)
        {
            return [];
        }

        var found = new List<Goner>();
        foreach (var name in Releases.GitopsOf(app) is { } gitops ? [app, gitops] : new[] { app })
        {
            if (await store.FindAsync(GitKinds.RepositoryKey(name), ct) is { } repository)
            {
                found.Add(Goner.Of(repository));
            }
        }

        return found;
    }

    private static Problem Bad(string field, string why) => Catalogue.BadFields([new ProblemCause($"input.{field}", "FieldValueInvalid", why)]);
}
