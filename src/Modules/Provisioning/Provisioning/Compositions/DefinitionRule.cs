using System.Text.Json.Nodes;
using Flagstone.Platform.Admission;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions;

/// <summary>Keeps a definition from going while something is claimed by it, and from changing so that what is claimed would no longer be valid.</summary>
internal sealed class DefinitionRule(ResourceStore store) : IAdmissionRule
{
    /// <summary>So many are named in a refusal.</summary>
    private const int Named = 5;

    private const int Page = 500;

    public string Name => "composite-definition";

    public async ValueTask<AdmissionVerdict> JudgeAsync(AdmissionRequest request, CancellationToken ct)
    {
        if (request.Kind.Id != CompositionKinds.DefinitionId || request.Before is not { } before)
        {
            return AdmissionVerdict.Allowed;
        }

        return request.Verb == "delete" ? await JudgeDeletionAsync(before, ct)
            : JsonNode.DeepEquals(before["spec"], request.Next!["spec"]) ? AdmissionVerdict.Allowed
            : await JudgeChangeAsync(request.Next!, ct);
    }

    private async Task<AdmissionVerdict> JudgeDeletionAsync(JsonObject definition, CancellationToken ct)
    {
        var live = new List<string>();
        long count = 0;
        foreach (var kind in OfferedKinds.Read(definition))
        {
            count += await store.CountAsync(kind.Id, null, ct);
            live.AddRange((await store.ListAsync(new ListQuery(kind.Id, Limit: Named), ct)).Items.Select(i => $"{kind.Kind} '{i.Key.Display}'"));
        }

        return count == 0 ? AdmissionVerdict.Allowed
            : AdmissionVerdict.Deny($"{count} resources of its kinds are there, and would go with what they made: {List(live, count)}. Delete them first.");
    }

    private async Task<AdmissionVerdict> JudgeChangeAsync(JsonObject next, CancellationToken ct)
    {
        var broken = new List<string>();
        foreach (var kind in OfferedKinds.Read(next))
        {
            (string, string)? after = null;
            ListPage page;
            do
            {
                page = await store.ListAsync(new ListQuery(kind.Id, Limit: Page, After: after), ct);
                broken.AddRange(page.Items.Select(i => (i.Key, Problem: Problem(kind, i.ToDocument()))).Where(i => i.Problem is not null)
                    .Select(i => $"{kind.Kind} '{i.Key.Display}': {i.Problem}"));
                if (page.Items.Count > 0)
                {
                    after = (page.Items[^1].Key.Namespace, page.Items[^1].Key.Name);
                }
            }
            while (page.More && broken.Count < Named);
        }

        return broken.Count == 0 ? AdmissionVerdict.Allowed
            : AdmissionVerdict.Deny(
                $"what is there would no longer be valid: {List(broken, broken.Count)}. Change those first, or make the schema wider, or add a version.");
    }

    private static string? Problem(KindDefinition kind, JsonObject document)
    {
        kind.Schema!.ApplyDefaults(document);
        return kind.Schema.Validate(document).Concat(kind.Schema.CheckRules(document, null)).Select(e => $"{e.Field}: {e.Body}").FirstOrDefault();
    }

    private static string List(List<string> names, long count) =>
        $"{string.Join("; ", names.Take(Named))}{(count > Named ? $"; and {count - Named} more" : "")}";
}
