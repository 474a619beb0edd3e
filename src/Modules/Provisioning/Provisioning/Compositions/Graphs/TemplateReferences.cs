using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Provisioning.Compositions.Graphs;

/// <summary>A resource that refers to another of the same composite.</summary>
/// <param name="From">The place of the one that refers, among the templates.</param>
/// <param name="To">The place of the one that is referred to.</param>
/// <param name="Field">By which field: of the resource, or of the composite through which the value goes.</param>
internal sealed record TemplateReference(int From, int To, string Field)
{
    /// <summary>The field in a word, for a line.</summary>
    public string Word => Field[(Field.LastIndexOf('.') + 1)..] is var last && last.EndsWith("Selector", StringComparison.Ordinal) ? last[..^"Selector".Length] : last;
}

/// <summary>
/// Which composed resources refer to which, as far as it can be told without asking their providers: by Crossplane's selectors and references, by a
/// field of the composite that one writes and another reads, and by the name that one has and another names. Pure.
/// </summary>
internal static class TemplateReferences
{
    private static readonly string[] Endings = ["Selector", "Refs", "Ref", "Ids", "Id", "Arns", "Arn", "Names", "Name", "Url"];

    /// <summary>Of two templates one reference is told, the first in this order.</summary>
    public static IReadOnlyList<TemplateReference> Of(IReadOnlyList<ComposedTemplate> templates) =>
    [
        .. Enumerable.Range(0, templates.Count).SelectMany(from => Selected(templates, from).Concat(Handed(templates, from)).Concat(Named(templates, from)))
            .Where(r => r.From != r.To).DistinctBy(r => (r.From, r.To)),
    ];

    private static IEnumerable<TemplateReference> Selected(IReadOnlyList<ComposedTemplate> templates, int from)
    {
        foreach (var (field, value) in Fields(templates[from].Document?["spec"]))
        {
            if (field.EndsWith("Selector", StringComparison.Ordinal) && value is JsonObject selector)
            {
                foreach (var to in Matching(templates, from, field, selector))
                {
                    yield return new TemplateReference(from, to, field);
                }
            }
            else if (field.EndsWith("Ref", StringComparison.Ordinal) || field.EndsWith("Refs", StringComparison.Ordinal))
            {
                foreach (var name in (value as JsonArray ?? [value?.DeepClone()]).Select(v => (v as JsonObject).Text("name")).Where(n => n.Length > 0))
                {
                    var to = IndexOf(templates, t => t.Document?.NameOf() == name && Fits(field, t.Kind));
                    if (to >= 0)
                    {
                        yield return new TemplateReference(from, to, field);
                    }
                }
            }
        }
    }

    /// <summary>Of the kind that the field names; where it names none that is here, the labels alone must do.</summary>
    private static IEnumerable<int> Matching(IReadOnlyList<ComposedTemplate> templates, int from, string field, JsonObject selector)
    {
        var labels = selector["matchLabels"] as JsonObject ?? [];
        if (labels.Count == 0 && !IsTrue(selector["matchControllerRef"]))
        {
            return [];
        }

        var labelled = Enumerable.Range(0, templates.Count).Where(i => i != from && labels.All(l => templates[i].Document?.Label(l.Key) == l.Value?.ToString())).ToList();
        var kind = labelled.Select(i => templates[i].Kind).Where(k => Fits(field, k)).MaxBy(k => k.Length);
        return kind is not null ? labelled.Where(i => templates[i].Kind == kind) : labels.Count > 0 ? labelled : [];
    }

    /// <summary>One writes a field of the composite, or of the environment, that the other reads.</summary>
    private static IEnumerable<TemplateReference> Handed(IReadOnlyList<ComposedTemplate> templates, int from)
    {
        foreach (var read in templates[from].Patches.SelectMany(Reads))
        {
            for (var to = 0; to < templates.Count; to++)
            {
                if (templates[to].Patches.Any(p => Writes(p) == read))
                {
                    yield return new TemplateReference(from, to, read.Path);
                }
            }
        }
    }

    /// <summary>One is called by a name outside that a field of the other has, and the field is called as the one's kind.</summary>
    private static IEnumerable<TemplateReference> Named(IReadOnlyList<ComposedTemplate> templates, int from)
    {
        for (var to = 0; to < templates.Count; to++)
        {
            var kind = templates[to].Kind;
            var name = templates[to].Document?.Annotation(Names.ExternalNameAnnotation) ?? "";
            if (name.Length > 0 && Fields(templates[from].Document.At("spec", "forProvider")).FirstOrDefault(f => Fits(f.Field, kind) && IsText(f.Value, name)) is { Field: not null } same)
            {
                yield return new TemplateReference(from, to, same.Field);
            }

            foreach (var naming in templates[to].Patches.Where(p => ToOf(p) is { } path && (path == "metadata.name" || path.Contains(Names.ExternalNameAnnotation, StringComparison.Ordinal))))
            {
                if (templates[from].Patches.FirstOrDefault(p => Fits(LastOf(ToOf(p)), kind) && SameValue(p, naming)) is { } patch)
                {
                    yield return new TemplateReference(from, to, LastOf(ToOf(patch)));
                }
            }
        }
    }

    /// <summary><c>kmsKeyIdSelector</c> fits <c>Key</c>, and <c>bucket</c> fits <c>Bucket</c> and not <c>BucketPolicy</c>.</summary>
    private static bool Fits(string field, string kind)
    {
        var stem = field;
        for (var again = true; again;)
        {
            var ending = Endings.FirstOrDefault(e => stem.Length > e.Length && stem.EndsWith(e, StringComparison.Ordinal));
            again = ending is not null;
            stem = again ? stem[..^ending!.Length] : stem;
        }

        return kind.Length > 0 && stem.EndsWith(kind, StringComparison.OrdinalIgnoreCase)
            && (stem.Length == kind.Length || char.IsUpper(stem[^kind.Length]));
    }

    private static IEnumerable<(string Where, string Path)> Reads(JsonObject patch) => Patches.TypeOf(patch) switch
    {
        "FromCompositeFieldPath" => [("composite", patch.Text("fromFieldPath"))],
        "FromEnvironmentFieldPath" => [("environment", patch.Text("fromFieldPath"))],
        "CombineFromComposite" => Variables(patch).Select(v => ("composite", v)),
        "CombineFromEnvironment" => Variables(patch).Select(v => ("environment", v)),
        _ => [],
    };

    private static (string Where, string Path)? Writes(JsonObject patch) => Patches.TypeOf(patch) switch
    {
        "ToCompositeFieldPath" or "CombineToComposite" => ("composite", ToOf(patch)!),
        "ToEnvironmentFieldPath" or "CombineToEnvironment" => ("environment", ToOf(patch)!),
        _ => null,
    };

    private static IEnumerable<string> Variables(JsonObject patch) => (patch.At("combine", "variables") as JsonArray ?? []).Select(v => v.Text("fromFieldPath"));

    private static string ToOf(JsonObject patch) => patch.Text("toFieldPath") is { Length: > 0 } to ? to : patch.Text("fromFieldPath");

    private static string LastOf(string path) => path[(path.LastIndexOf('.') + 1)..];

    /// <summary>Both are the same field of the composite, made into the same.</summary>
    private static bool SameValue(JsonObject one, JsonObject other) =>
        Patches.TypeOf(one) == "FromCompositeFieldPath" && Patches.TypeOf(other) == "FromCompositeFieldPath"
        && one.Text("fromFieldPath") == other.Text("fromFieldPath") && JsonNode.DeepEquals(one["transforms"], other["transforms"]);

    /// <summary>All fields at any depth, with their own names.</summary>
    private static IEnumerable<(string Field, JsonNode? Value)> Fields(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(m => Fields(m.Value).Prepend((m.Key, m.Value))),
        JsonArray items => items.SelectMany(Fields),
        _ => [],
    };

    private static int IndexOf(IReadOnlyList<ComposedTemplate> templates, Func<ComposedTemplate, bool> fits)
    {
        for (var i = 0; i < templates.Count; i++)
        {
            if (fits(templates[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool IsTrue(JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.True;

    private static bool IsText(JsonNode? node, string text) => node is JsonValue v && v.GetValueKind() == JsonValueKind.String && v.GetValue<string>() == text;
}
