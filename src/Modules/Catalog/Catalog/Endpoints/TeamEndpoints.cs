using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Kinds;
using Flagstone.Platform.Http;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Catalog.Endpoints;

/// <summary>A team.</summary>
/// <param name="Members">Entity references; empty when it names none.</param>
/// <param name="Services">How many services it owns.</param>
/// <param name="Phases">How many of them are in each phase; only phases that occur.</param>
public sealed record TeamView(
    string Namespace, string Name, string Title, string Description, IReadOnlyList<string> Members, int Services, IReadOnlyDictionary<string, int> Phases);

internal static class TeamEndpoints
{
    public static void MapTeams(this IEndpointRouteBuilder api)
    {
        var teams = api.MapGroup("/teams").WithTags("Teams");
        teams.MapGet("/", ListAsync).WithSummary("Lists the teams with the phases of their services").WithName("ListTeams");
        teams.MapGet("/{ns}/{name}", GetAsync).WithSummary("Gets a team").WithName("GetTeam");
    }

    private static async Task<Results<Ok<Page<TeamView>>, ProblemHttpResult>> ListAsync(ResourceStore store, string? cursor, int? limit, CancellationToken ct)
    {
        if (!Cursors.TryRead(cursor, out var after))
        {
            return Cursors.Unknown().ToResult();
        }

        var page = await store.ListAsync(new ListQuery(EntityKinds.Team, Limit: Cursors.Limit(limit), After: after), ct);
        return TypedResults.Ok(new Page<TeamView>([.. page.Items.Select(i => View(i.ToDocument()))], Cursors.After(page)));
    }

    private static async Task<Results<Ok<TeamView>, ProblemHttpResult>> GetAsync(
        string ns, string name, ResourceStore store, HttpResponse response, CancellationToken ct)
    {
        var key = new ResourceKey(EntityKinds.Team, ns, name);
        if (await store.FindAsync(key, ct) is not { } found)
        {
            return Catalogue.NotFound(key).ToResult();
        }

        response.SetTag(found);
        return TypedResults.Ok(View(found.ToDocument()));
    }

    private static TeamView View(JsonObject team) => new(
        team.NamespaceOf(),
        team.NameOf(),
        team["metadata"].Text("title") is { Length: > 0 } title ? title : team.NameOf(),
        team["metadata"].Text("description"),
        [.. (team.At("spec", "members") as JsonArray ?? []).Select(m => m?.ToString() ?? "")],
        Number(team.At("status", "services")),
        (team.At("status", "phases") as JsonObject ?? []).ToDictionary(p => p.Key, p => Number(p.Value)));

    private static int Number(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? value.GetValue<int>() : 0;
}
