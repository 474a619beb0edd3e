using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions.PatchAndTransform;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Drift;

/// <summary>What to do about what changed outside.</summary>
public enum DriftMode
{
    /// <summary>It is seen, noted and put back.</summary>
    Revert,

    /// <summary>It is seen and noted, and stays until someone decides.</summary>
    Report,

    /// <summary>Nobody looks.</summary>
    Off,
}

/// <summary>
/// Drift: what differs although what is wanted did not change. It is kept in <c>status.drift</c>. A field may be accepted with the value that it has
/// now, or excepted whatever it is: then it is as it should be. Pure.
/// </summary>
internal static class DriftRules
{
    /// <summary>On a claim, a composite or a managed resource: <c>revert</c> (the default), <c>report</c> or <c>off</c>.</summary>
    public const string ModeAnnotation = "flagstone.dev/drift";

    /// <summary>On a managed resource: paths with the values that were accepted, as a JSON object.</summary>
    public const string AcceptedAnnotation = "flagstone.dev/drift-accepted";

    /// <summary>On a managed resource: paths that may be whatever they are, as a JSON list.</summary>
    public const string ExceptedAnnotation = "flagstone.dev/drift-excepted";

    /// <summary>On a managed resource: paths that are put back once although drift is only reported, as a JSON list.</summary>
    public const string RevertingAnnotation = "flagstone.dev/drift-reverting";

    /// <summary>The generation of the spec that was last seen to be as wanted: a difference at the same one came from outside.</summary>
    private const string SyncedGeneration = "syncedGeneration";

    public const string Open = "open";
    public const string Settled = "settled";

    public static DriftMode ModeOf(params IEnumerable<JsonObject?> documents) => documents.OfType<JsonObject>().Select(d => d.Annotation(ModeAnnotation)).FirstOrDefault(t => t.Length > 0) switch
    {
        "off" => DriftMode.Off,
        "report" => DriftMode.Report,
        _ => DriftMode.Revert,
    };

    /// <summary>As <see cref="ModeAnnotation"/> says it.</summary>
    public static string Word(DriftMode mode) => mode.ToString().ToLowerInvariant();

    /// <summary>True when what is wanted did not change since it was last seen to be so.</summary>
    public static bool IsFromOutside(JsonObject document) =>
        Numbers.TryInteger(document.At("status", SyncedGeneration), out var synced) && synced == document.GenerationOf();

    /// <summary>True once all was seen to be as wanted, at whatever generation.</summary>
    public static bool WasSynced(JsonObject document) => document.At("status", SyncedGeneration) is not null;

    /// <summary>Notes that all is as wanted.</summary>
    public static void Settle(JsonObject document)
    {
        var status = document.Member("status");
        status[SyncedGeneration] = document.GenerationOf();
        if (status["drift"] is JsonObject drift)
        {
            drift["state"] = Settled;
        }
    }

    public static void Note(JsonObject document, IReadOnlyList<FieldDrift> fields, DateTimeOffset now)
    {
        var list = new JsonArray([.. fields.Select(f => new JsonObject
        {
            ["path"] = f.Path, ["wanted"] = f.Wanted?.DeepClone(), ["actual"] = f.Actual?.DeepClone(), ["needsReplacement"] = f.NeedsReplacement,
        })]);
        var status = document.Member("status");
        var same = status["drift"] is JsonObject there && there.Text("state") == Open && JsonNode.DeepEquals(there["fields"], list);
        if (!same)
        {
            status["drift"] = new JsonObject
            {
                ["state"] = Open, ["seen"] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), ["fields"] = list,
            };
        }
    }

    /// <summary>The document with accepted values in the place of what the composition says; what is excepted is taken from what is there.</summary>
    public static JsonObject Lenient(JsonObject document, IReadOnlyList<FieldDrift> actual)
    {
        var (accepted, excepted) = (Accepted(document), List(document, ExceptedAnnotation));
        if (accepted.Count == 0 && excepted.Count == 0)
        {
            return document;
        }

        var lenient = (JsonObject)document.DeepClone();
        foreach (var (path, value) in accepted)
        {
            Put(lenient, path, value);
        }

        foreach (var drift in actual.Where(d => excepted.Contains(d.Path)))
        {
            Put(lenient, drift.Path, drift.Actual);
        }

        return lenient;
    }

    /// <summary>
    /// The document for an update that puts back what someone decided to, where drift is only reported: all else stays as it is there. Null when nothing
    /// of what differs is to be put back.
    /// </summary>
    public static JsonObject? Reverting(JsonObject document, IReadOnlyList<FieldDrift> actual)
    {
        var paths = List(document, RevertingAnnotation);
        if (!actual.Any(d => paths.Contains(d.Path)))
        {
            return null;
        }

        var kept = (JsonObject)document.DeepClone();
        foreach (var drift in actual.Where(d => !paths.Contains(d.Path)))
        {
            Put(kept, drift.Path, drift.Actual);
        }

        return kept;
    }

    public static bool IsReverting(JsonObject document) => document.Annotation(RevertingAnnotation).Length > 0;

    /// <summary>Forgets what was to be put back once, when it has been.</summary>
    public static void Reverted(JsonObject document) => Keep(document, RevertingAnnotation, null);

    public static void Accept(JsonObject document, IReadOnlyList<string> paths)
    {
        var accepted = Accepted(document);
        foreach (var field in Fields(document).Where(f => paths.Contains(f.Path)))
        {
            accepted[field.Path] = field.Actual?.DeepClone();
        }

        document.Annotate(AcceptedAnnotation, accepted.ToJsonString());
    }

    public static void Except(JsonObject document, IReadOnlyList<string> paths)
    {
        Keep(document, ExceptedAnnotation, Text(List(document, ExceptedAnnotation).Union(paths)));
    }

    /// <summary>Takes back what was accepted or excepted, so that it is put back as wanted; also where drift is only reported.</summary>
    public static void Revert(JsonObject document, IReadOnlyList<string> paths)
    {
        var accepted = Accepted(document);
        paths.ToList().ForEach(p => accepted.Remove(p));
        Keep(document, AcceptedAnnotation, accepted.Count > 0 ? accepted.ToJsonString() : null);
        Keep(document, ExceptedAnnotation, Text(List(document, ExceptedAnnotation).Except(paths)));
        Keep(document, RevertingAnnotation, Text(List(document, RevertingAnnotation).Union(paths)));
    }

    /// <summary>Null when it never drifted.</summary>
    public static DriftedResource? Of(KindDefinition kind, JsonObject document) => document.At("status", "drift") is JsonObject drift
        ? new DriftedResource(
            kind.Id.ToString(), kind.ApiVersion, kind.Kind, document.NamespaceOf(), document.NameOf(),
            document.Annotation(Names.ResourceNameAnnotation) is { Length: > 0 } template ? template : null, drift.Text("seen"), drift.Text("state"), Fields(document))
        {
            Accepted = [.. Accepted(document).Select(a => a.Key).Order(StringComparer.Ordinal)],
            Excepted = [.. List(document, ExceptedAnnotation).Order(StringComparer.Ordinal)],
        }
        : null;

    public static IReadOnlyList<DriftedField> Fields(JsonObject document) => [.. (document.At("status", "drift", "fields") as JsonArray ?? []).OfType<JsonObject>()
        .Select(f => new DriftedField(f.Text("path"), f["wanted"]?.DeepClone(), f["actual"]?.DeepClone(), f["needsReplacement"] is JsonValue v && v.GetValueKind() == JsonValueKind.True))];

    private static void Put(JsonObject document, string path, JsonNode? value)
    {
        var full = $"spec.{path}";
        if (value is null)
        {
            Paved.Delete(document, full);
            return;
        }

        Paved.Set(document, full, value.DeepClone());
    }

    private static void Keep(JsonObject document, string annotation, string? value)
    {
        if (value is not null)
        {
            document.Annotate(annotation, value);
            return;
        }

        (document.At("metadata", "annotations") as JsonObject)?.Remove(annotation);
    }

    private static JsonObject Accepted(JsonObject document) => Parse(document.Annotation(AcceptedAnnotation)) as JsonObject ?? [];

    private static HashSet<string> List(JsonObject document, string annotation) =>
        (Parse(document.Annotation(annotation)) as JsonArray ?? []).Select(p => p?.ToString() ?? "").ToHashSet(StringComparer.Ordinal);

    /// <summary>Null for none.</summary>
    private static string? Text(IEnumerable<string> paths) =>
        paths.Order(StringComparer.Ordinal).Select(p => (JsonNode)p).ToArray() is { Length: > 0 } list ? new JsonArray(list).ToJsonString() : null;

    /// <summary>People write annotations: what cannot be read counts as nothing.</summary>
    private static JsonNode? Parse(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
