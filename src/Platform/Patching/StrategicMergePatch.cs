using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Patching;

/// <summary>
/// Strategic merge patch (Kubernetes, "Update API Objects in Place Using kubectl patch"; k8s.io/apimachinery/pkg/util/strategicpatch):
/// lists
/// with a merge key merge item by item, and directives delete, replace and order.
/// </summary>
public static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string DeleteFromList = "$deleteFromPrimitiveList/";
    private const string SetElementOrder = "$setElementOrder/";

    /// <summary>
    /// Applies a patch to a copy of the document; false with the reason when a directive is malformed or a list's item lacks its key.
    /// </summary>
    public static bool TryApply(
        JsonObject document,
        JsonObject patch,
        MergeShape shape,
        [NotNullWhen(true)] out JsonObject? result,
        [NotNullWhen(false)] out string? error)
    {
        error = null;
        result = null;
        try
        {
            result = MergeMap((JsonObject)document.DeepClone(), patch, shape);
            return true;
        }
        catch (PatchRefusedException e)
        {
            error = e.Message;
            return false;
        }
    }

    private static JsonObject MergeMap(JsonObject target, JsonObject patch, MergeShape? shape)
    {
        switch (DirectiveOf(patch))
        {
            case "replace":
                return (JsonObject)Strip(patch)!;
            case "delete":
                return [];
        }

        Retain(target, patch);
        foreach (var (name, value) in patch)
        {
            if (name.StartsWith(DeleteFromList, StringComparison.Ordinal))
            {
                DeleteItems(target, name[DeleteFromList.Length..], value);
            }
        }

        foreach (var (name, value) in patch)
        {
            if (!IsDirective(name))
            {
                MergeField(target, name, value, shape?.Field(name));
            }
        }

        foreach (var (name, value) in patch)
        {
            if (name.StartsWith(SetElementOrder, StringComparison.Ordinal))
            {
                var field = name[SetElementOrder.Length..];
                Reorder(target, field, value, shape?.Field(field));
            }
        }

        return target;
    }

    private static void MergeField(JsonObject target, string name, JsonNode? value, MergeShape? shape)
    {
        switch (value)
        {
            case null:
                target.Remove(name);
                return;
            case JsonObject map:
                var existing = target[name] as JsonObject ?? [];
                target.Remove(name);
                target[name] = MergeMap(existing, map, shape);
                return;
            case JsonArray list when shape is { MergeKey: not null } or { IsSet: true }:
                target[name] = MergeList(target[name] as JsonArray ?? [], list, shape);
                return;
            default:
                target[name] = Strip(value);
                return;
        }
    }

    private static JsonArray MergeList(JsonArray live, JsonArray patch, MergeShape shape)
    {
        if (shape.IsSet)
        {
            var known = live.Select(CanonicalJson.Of).ToHashSet(StringComparer.Ordinal);
            return [.. live.Concat(patch.Where(item => known.Add(CanonicalJson.Of(item)))).Select(item => item?.DeepClone())];
        }

        if (patch.Any(item => item is JsonObject map && DirectiveOf(map) == "replace"))
        {
            return [.. patch.Where(item => (item as JsonObject)?.ContainsKey(Directive) != true).Select(Strip)];
        }

        var result = live.Select(item => item?.DeepClone()).ToList();
        foreach (var item in patch)
        {
            var change = item as JsonObject
                ?? throw new PatchRefusedException($"An item of a list that merges by '{shape.MergeKey}' is not an object.");
            var key = KeyOf(change, shape);
            var index = result.FindIndex(candidate => candidate is JsonObject map && CanonicalJson.Of(map[shape.MergeKey!]) == key);
            if (DirectiveOf(change) == "delete")
            {
                result.RemoveAll(candidate => candidate is JsonObject map && CanonicalJson.Of(map[shape.MergeKey!]) == key);
            }
            else if (index < 0)
            {
                result.Add(MergeMap([], change, shape.Item()));
            }
            else
            {
                result[index] = MergeMap((JsonObject)result[index]!, change, shape.Item());
            }
        }

        return [.. result];
    }

    private static void DeleteItems(JsonObject target, string field, JsonNode? values)
    {
        if (values is not JsonArray doomed)
        {
            throw new PatchRefusedException($"'{DeleteFromList}{field}' takes a list of the values to delete.");
        }

        if (target[field] is JsonArray list)
        {
            var keys = doomed.Select(CanonicalJson.Of).ToHashSet(StringComparer.Ordinal);
            var kept = list.Where(item => !keys.Contains(CanonicalJson.Of(item)));
            target[field] = new JsonArray([.. kept.Select(item => item?.DeepClone())]);
        }
    }

    private static void Retain(JsonObject target, JsonObject patch)
    {
        if (!patch.TryGetPropertyValue(RetainKeys, out var value))
        {
            return;
        }

        if (value is not JsonArray list || list.Any(item => item?.GetValueKind() != JsonValueKind.String))
        {
            throw new PatchRefusedException($"'{RetainKeys}' takes a list of field names.");
        }

        var kept = list.Select(item => item!.GetValue<string>()).ToHashSet(StringComparer.Ordinal);
        var stray = patch.FirstOrDefault(field => field.Value is not null && !IsDirective(field.Key) && !kept.Contains(field.Key)).Key;
        if (stray is not null)
        {
            throw new PatchRefusedException($"The patch sets '{stray}', which its '{RetainKeys}' does not name. Add it there.");
        }

        foreach (var name in target.Select(field => field.Key).Where(name => !kept.Contains(name)).ToList())
        {
            target.Remove(name);
        }
    }

    private static void Reorder(JsonObject target, string field, JsonNode? order, MergeShape? shape)
    {
        if (order is not JsonArray wanted)
        {
            throw new PatchRefusedException($"'{SetElementOrder}{field}' takes a list.");
        }

        if (target[field] is not JsonArray list || shape is not ({ MergeKey: not null } or { IsSet: true }))
        {
            return;
        }

        var items = list.GroupBy(item => Identity(item, shape)).ToDictionary(group => group.Key, group => group.ToList());
        var keys = wanted.Select(item => Identity(item, shape)).Where(items.ContainsKey).Distinct().ToList();
        var sorted = Interleaving.Order([.. items.Keys], keys).SelectMany(key => items[key]);
        target[field] = new JsonArray([.. sorted.Select(item => item?.DeepClone())]);
    }

    private static string Identity(JsonNode? item, MergeShape shape) =>
        CanonicalJson.Of(shape.MergeKey is { } key && item is JsonObject map ? map[key] : item);

    private static string KeyOf(JsonObject item, MergeShape shape) => item[shape.MergeKey!] is { } key
        ? CanonicalJson.Of(key)
        : throw new PatchRefusedException($"map: {item.ToJsonString()} does not contain declared merge key: {shape.MergeKey}");

    private static string DirectiveOf(JsonObject patch)
    {
        if (!patch.TryGetPropertyValue(Directive, out var value))
        {
            return "merge";
        }

        var text = value?.ToString();
        return text is "merge" or "replace" or "delete"
            ? text
            : throw new PatchRefusedException($"Unknown patch directive '{text}'. Use one of: delete, merge, replace.");
    }

    // Directives and nulls speak to a document; in a value that is new they mean nothing.
    private static JsonNode? Strip(JsonNode? value) => value switch
    {
        JsonObject map => new JsonObject(map
            .Where(field => field.Value is not null && !IsDirective(field.Key))
            .Select(field => KeyValuePair.Create(field.Key, Strip(field.Value)))),
        JsonArray list => new JsonArray([.. list.Where(item => (item as JsonObject)?.ContainsKey(Directive) != true).Select(Strip)]),
        null => null,
        _ => value.DeepClone(),
    };

    private static bool IsDirective(string name) =>
        name is Directive or RetainKeys
        || name.StartsWith(DeleteFromList, StringComparison.Ordinal)
        || name.StartsWith(SetElementOrder, StringComparison.Ordinal);
}
