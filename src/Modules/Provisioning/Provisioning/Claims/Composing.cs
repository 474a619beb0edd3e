using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Provisioning.Claims;

/// <summary>A composed resource as it is to be.</summary>
/// <param name="Name">The name of its template.</param>
/// <param name="Observed">As it is; null while it is not there.</param>
/// <param name="IsNamed">True when the composition names it; else the name is made of the composite's uid.</param>
internal sealed record Composed(string Name, KindDefinition Kind, JsonObject Document, JsonObject? Observed, bool IsNamed)
{
    public ResourceKey Key => Kind.Key(Document.NamespaceOf(), Document.NameOf());
}

/// <summary>All that a composite is to be made of, and what of it is there and no longer wanted.</summary>
internal sealed record Composition(Rendering Rendering, IReadOnlyList<Composed> Work, IReadOnlyList<(ResourceKey Key, JsonObject Document)> Unwanted);

/// <summary>What a composite becomes. Pure, and one for both: the reconcile does what it says, a plan shows it.</summary>
internal static class Composing
{
    /// <summary>How composed resources are written.</summary>
    public static WriteOptions Options { get; } = new()
    {
        Origin = "reconcile", FieldManager = "flagstone-composite", Judged = true, Fields = FieldValidation.Ignore,
    };

    /// <exception cref="PatchFailure">The composition cannot be rendered; nothing of it may be applied.</exception>
    public static Composition Compose(
        JsonObject composition, JsonObject composite, KindDefinition kind, IReadOnlyDictionary<string, ObservedResource> observed, KindRegistry kinds)
    {
        var rendering = new Rendering(composite, observed);
        CompositionPipeline.Run(composition, rendering);
        var work = rendering.Desired.Select(d => Complete(composite, kind, d.Key, d.Value, observed.GetValueOrDefault(d.Key), kinds)).ToList();
        return new Composition(rendering, work, [.. Unwanted(composite, rendering, kinds)]);
    }

    /// <summary>What the composite itself must say before it is composed.</summary>
    public static void Prepare(JsonObject composite, JsonObject composition)
    {
        composite.AddFinalizer(Names.CompositeFinalizer);
        composite.MetadataMap("labels")[Names.CompositeLabel] ??= composite.NameOf();
        var spec = composite.Member("spec");
        if (spec["compositionRef"].Text("name") != composition.NameOf())
        {
            spec["compositionRef"] = new JsonObject { ["name"] = composition.NameOf() };
        }

        spec["writeConnectionSecretToRef"] ??= new JsonObject
        {
            ["name"] = composite.UidOf(),
            ["namespace"] = composition.At("spec").Text("writeConnectionSecretsToNamespace") is { Length: > 0 } ns ? ns : Names.SystemNamespace,
        };
    }

    /// <summary>Puts what is wanted over what is there; or says whose it is already.</summary>
    public static string? Merge(JsonObject current, JsonObject wanted)
    {
        if (current.Controller() is { } owner && owner.Text("uid") != wanted.Controller()!.Text("uid"))
        {
            return $"it is controlled by {owner.Text("kind")} {owner.Text("name")} already";
        }

        Documents.Overlay(current, wanted);
        return null;
    }

    private static Composed Complete(
        JsonObject composite, KindDefinition kind, string name, DesiredResource desired, ObservedResource? observed, KindRegistry kinds)
    {
        var document = desired.Document;
        var (apiVersion, wanted) = (document.Text("apiVersion"), document.Text("kind"));
        if (!kinds.TryFind(apiVersion, wanted, out var composedKind))
        {
            throw new PatchFailure($"composed resource \"{name}\" is a {wanted} of {apiVersion}, which no provider here serves. Correct its base, or add the provider.");
        }

        var named = document.NameOf().Length > 0;
        if (!named)
        {
            document.Metadata()["name"] = ComposedNames.Of(composite.Label(Names.CompositeLabel), composite.UidOf(), name);
        }

        document.Annotate(Names.ResourceNameAnnotation, name);
        var labels = document.MetadataMap("labels");
        foreach (var label in (ReadOnlySpan<string>)[Names.CompositeLabel, Names.ClaimNameLabel, Names.ClaimNamespaceLabel])
        {
            if (composite.Label(label) is { Length: > 0 } value)
            {
                labels[label] = value;
            }
        }

        document.Metadata()["ownerReferences"] = new JsonArray(Documents.OwnerReference(kind, composite.NameOf(), composite.UidOf()));
        document.Metadata().Remove("generateName");
        // Its controller alone says how it is.
        document.Remove("status");
        return new Composed(name, composedKind, document, observed?.Document, named);
    }

    private static IEnumerable<(ResourceKey Key, JsonObject Document)> Unwanted(JsonObject composite, Rendering rendering, KindRegistry kinds)
    {
        foreach (var (name, resource) in rendering.Observed)
        {
            var document = resource.Document;
            if (!rendering.Desired.ContainsKey(name) && !document.IsDeleting() && document.OwnerUid() == composite.UidOf()
                && kinds.TryFind(document.Text("apiVersion"), document.Text("kind"), out var kind))
            {
                yield return (kind.Key(document.NamespaceOf(), document.NameOf()), document);
            }
        }
    }
}
