using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Gateway;

/// <summary>A change that has passed everything but the commit.</summary>
/// <param name="Write">What to store; null when nothing changes.</param>
/// <param name="Document">The resource after it.</param>
public sealed record Prepared(ResourceWrite? Write, JsonObject Document, IReadOnlyList<Precondition> Requires, IReadOnlyList<string> Warnings);

/// <summary>Pure steps of a write: what metadata becomes, which fields fall away, what the schema says.</summary>
internal static class Preparation
{
    /// <summary>Kubernetes' base length for a generated name: 63 less the five random characters.</summary>
    private const int MaxGeneratedBase = 58;

    private const int MaxAnnotationBytes = 256 * 1024;

    public static string Timestamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static void StartMetadata(JsonObject document, KindDefinition kind, string ns, DateTimeOffset now, Func<string> random)
    {
        var metadata = document.Metadata();
        if (metadata.Text("name").Length == 0 && metadata.Text("generateName") is { Length: > 0 } prefix)
        {
            metadata["name"] = prefix[..Math.Min(prefix.Length, MaxGeneratedBase)] + random();
        }

        if (kind.Namespaced)
        {
            metadata["namespace"] = ns;
        }
        else
        {
            metadata.Remove("namespace");
        }

        foreach (var member in (ReadOnlySpan<string>)["resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"])
        {
            metadata.Remove(member);
        }

        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Timestamp(now);
        metadata.Remove("generation");
        if (kind.CountsGenerations)
        {
            metadata["generation"] = 1;
        }

        if (kind.HasStatus)
        {
            document.Remove("status");
        }
    }

    /// <summary>What an update may not touch stays as it was; null, or why it is refused.</summary>
    public static Problem? KeepMetadata(JsonObject next, JsonObject before, KindDefinition kind, ResourceKey key, string subresource)
    {
        var (metadata, old) = (next.Metadata(), before.Metadata());
        if (metadata.Text("resourceVersion") is { Length: > 0 } seen && seen != old.Text("resourceVersion"))
        {
            return Catalogue.Stale(key);
        }

        if (metadata.Text("uid") is { Length: > 0 } uid && uid != old.Text("uid"))
        {
            return Catalogue.Conflict(key, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {old.Text("uid")}");
        }

        if (metadata.Text("name") is { Length: > 0 } name && name != key.Name)
        {
            return Catalogue.BadRequest($"the name of the object ({name}) does not match the name on the URL ({key.Name})");
        }

        foreach (var member in (ReadOnlySpan<string>)
            ["name", "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName"])
        {
            if (old[member] is { } value)
            {
                metadata[member] = value.DeepClone();
            }
            else
            {
                metadata.Remove(member);
            }
        }

        metadata.Remove("selfLink");
        if (subresource == "status")
        {
            var status = next["status"]?.DeepClone();
            var managed = metadata["managedFields"]?.DeepClone();
            foreach (var member in next.Select(m => m.Key).ToList())
            {
                next.Remove(member);
            }

            foreach (var (member, value) in before)
            {
                if (member != "status")
                {
                    next[member] = value?.DeepClone();
                }
            }

            if (managed is not null)
            {
                next.Metadata()["managedFields"] = managed;
            }

            if (status is not null)
            {
                next["status"] = status;
            }
        }
        else if (kind.HasStatus)
        {
            next.Remove("status");
            if (before["status"] is { } status)
            {
                next["status"] = status.DeepClone();
            }
        }

        return null;
    }

    /// <summary>A resource on its way out takes no new finalizer: who waits for its end would wait for a newcomer. Null, or why it is refused.</summary>
    public static ProblemCause? CheckFinalizers(JsonObject next, JsonObject before)
    {
        var added = before.IsDeleting() ? next.Finalizers().Except(before.Finalizers()).ToList() : [];
        return added.Count == 0 ? null : new ProblemCause(
            "metadata.finalizers", "FieldValueForbidden",
            $"Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{string.Join(", ", added.Select(f => $"\"{f}\""))}}}");
    }

    /// <summary>Drops unknown fields and fills in defaults; returns a refusal under strict validation.</summary>
    public static Problem? Shape(JsonObject document, KindDefinition kind, FieldValidation fields, List<string> warnings)
    {
        var unknown = new List<string>();
        if (!kind.OpenMetadata)
        {
            unknown.AddRange(MetadataSchema.Value.Prune(document.Metadata()).Select(p => $"unknown field \"metadata.{p}\""));
        }

        if (kind.Schema is { } schema)
        {
            unknown.AddRange(schema.Prune(document).Select(p => $"unknown field \"{p}\""));
            schema.ApplyDefaults(document);
        }

        if (unknown.Count == 0 || fields == FieldValidation.Ignore)
        {
            return null;
        }

        if (fields == FieldValidation.Warn)
        {
            warnings.AddRange(unknown);
            return null;
        }

        return Catalogue.BadRequest(
            $"{kind.Kind} in version \"{(kind.RequestVersion.Length > 0 ? kind.RequestVersion : kind.Version)}\" cannot be handled as a {kind.Kind}: strict decoding error: {string.Join(", ", unknown)}");
    }

    /// <summary>What is wrong with the document; empty when nothing is.</summary>
    public static List<ProblemCause> Validate(JsonObject document, KindDefinition kind)
    {
        var causes = new List<ProblemCause>();
        if (NameRules.Check(kind.NameRule, document.NameOf()) is { } badName)
        {
            causes.Add(badName);
        }

        foreach (var error in MetadataSchema.Value.Validate(document.Metadata()))
        {
            causes.Add(new ProblemCause($"metadata.{error.Field}", error.Reason, error.Body));
        }

        foreach (var (key, value) in document.Metadata()["labels"] as JsonObject ?? [])
        {
            causes.AddRange(LabelRules.CheckLabel("metadata.labels", key, value?.ToString() ?? ""));
        }

        foreach (var (key, _) in document.Metadata()["annotations"] as JsonObject ?? [])
        {
            if (LabelRules.CheckAnnotation("metadata.annotations", key) is { } bad)
            {
                causes.Add(bad);
            }
        }

        if (document.Metadata()["annotations"] is JsonObject annotations
            && annotations.Sum(a => (long)a.Key.Length + (a.Value?.ToString().Length ?? 0)) > MaxAnnotationBytes)
        {
            causes.Add(new ProblemCause("metadata.annotations", "FieldValueTooLong", $"Too long: must have at most {MaxAnnotationBytes} bytes"));
        }

        if (kind.Schema is { } schema)
        {
            causes.AddRange(schema.Validate(document).Select(e => new ProblemCause(e.Field, e.Reason, e.Body)));
        }

        return causes;
    }

    /// <summary>True when something other than metadata and status differs: then the generation moves.</summary>
    public static bool SpecDiffers(JsonObject next, JsonObject before, KindDefinition kind)
    {
        foreach (var member in next.Select(m => m.Key).Union(before.Select(m => m.Key)))
        {
            if (member is "metadata" or "apiVersion" or "kind" || (member == "status" && kind.HasStatus))
            {
                continue;
            }

            if (!JsonNode.DeepEquals(next[member], before[member]))
            {
                return true;
            }
        }

        return false;
    }

    public static ResourceWrite Write(KindDefinition kind, ResourceKey key, JsonObject document, long expected, string verb, bool deletes = false) => new()
    {
        Key = key,
        Verb = verb,
        Expected = expected,
        Uid = document.UidOf(),
        Body = ResourceBody.From(document),
        Labels = LabelText.From(document.Metadata()["labels"] as JsonObject),
        Owner = document.OwnerUid(),
        Sealed = kind.Sealed,
        Deletes = deletes,
    };
}
