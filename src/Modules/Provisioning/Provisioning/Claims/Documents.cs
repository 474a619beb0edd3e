using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Claims;

/// <summary>What the grains do to documents over and over.</summary>
internal static class Documents
{
    public static bool IsPaused(this JsonObject document) => document.Annotation(Names.PausedAnnotation) == "true";

    public static bool AddFinalizer(this JsonObject document, string finalizer)
    {
        var there = document.Finalizers();
        if (there.Contains(finalizer))
        {
            return false;
        }

        document.Metadata()["finalizers"] = new JsonArray([.. there.Append(finalizer).Select(f => (JsonNode)f)]);
        return true;
    }

    public static void RemoveFinalizer(this JsonObject document, string finalizer)
    {
        var rest = document.Finalizers().Where(f => f != finalizer).Select(f => (JsonNode)f).ToArray();
        if (rest.Length == 0)
        {
            document.Metadata().Remove("finalizers");
            return;
        }

        document.Metadata()["finalizers"] = new JsonArray(rest);
    }

    /// <summary>A map of the metadata, made when it is not there.</summary>
    public static JsonObject MetadataMap(this JsonObject document, string member)
    {
        if (document.Metadata()[member] is not JsonObject map)
        {
            document.Metadata()[member] = map = [];
        }

        return map;
    }

    public static void Annotate(this JsonObject document, string name, string value) => document.MetadataMap("annotations")[name] = value;

    public static JsonObject Member(this JsonObject document, string member)
    {
        if (document[member] is not JsonObject found)
        {
            document[member] = found = [];
        }

        return found;
    }

    /// <summary>Puts what is wanted over what is there: objects member by member, everything else whole.</summary>
    public static void Overlay(JsonObject target, JsonObject wanted)
    {
        foreach (var (member, value) in wanted)
        {
            if (value is JsonObject inner && target[member] is JsonObject there)
            {
                Overlay(there, inner);
            }
            else if (!JsonNode.DeepEquals(target[member], value))
            {
                target[member] = value?.DeepClone();
            }
        }
    }

    public static JsonObject Reference(KindDefinition kind, JsonObject document, bool withNamespace) =>
        Reference(kind.ApiVersion, kind.Kind, document, withNamespace);

    public static JsonObject Reference(string apiVersion, string kind, JsonObject document, bool withNamespace)
    {
        var reference = new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind, ["name"] = document.NameOf() };
        if (withNamespace && document.NamespaceOf() is { Length: > 0 } space)
        {
            reference["namespace"] = space;
        }

        return reference;
    }

    public static JsonObject OwnerReference(KindDefinition kind, string name, string uid) => OwnerReference(kind.ApiVersion, kind.Kind, name, uid);

    public static JsonObject OwnerReference(string apiVersion, string kind, string name, string uid) => new()
    {
        ["apiVersion"] = apiVersion,
        ["kind"] = kind,
        ["name"] = name,
        ["uid"] = uid,
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    public static JsonObject? Controller(this JsonObject document) =>
        document.OwnerReferences().FirstOrDefault(o => o["controller"] is JsonValue v && v.GetValueKind() == JsonValueKind.True);

    /// <summary>Labels as the ledger's rows have them: canonical JSON, or null for none.</summary>
    public static string LabelIn(string? labels, string name) => labels is null ? "" : JsonNode.Parse(labels).Text(name);
}
