using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.Revisions;

namespace Flagstone.Provisioning.Claims;

/// <summary>A composed resource as it is to be.</summary>
/// <param name="Name">The name of its template.</param>
/// <param name="Observed">As it is; null while it is not there.</param>
/// <param name="IsNamed">True when the composition names it; else the name is made of the composite's uid.</param>
/// <param name="Options">How it is written: as its composite.</param>
internal sealed record Composed(string Name, KindDefinition Kind, JsonObject Document, JsonObject? Observed, bool IsNamed, WriteOptions Options)
{
    public ResourceKey Key => Kind.Key(Document.NamespaceOf(), Document.NameOf());
}

/// <summary>All that a composite is to be made of, and what of it is there and no longer wanted.</summary>
internal sealed record Composition(Rendering Rendering, IReadOnlyList<Composed> Work, IReadOnlyList<(ResourceKey Key, JsonObject Document)> Unwanted);

/// <summary>What a composite becomes. Pure, and one for both: the reconcile does what it says, a plan shows it.</summary>
internal static class Composing
{
    /// <summary>Marks what is refused because it is another's. It is reported on the composite and in plans, and answers no request.</summary>
    public const string Foreign = "controlled-by-another";

    /// <summary>Crossplane's <c>FieldOwnerComposedPrefix</c>.</summary>
    private const string ManagerPrefix = "apiextensions.crossplane.io/composed";

    /// <summary>The manager under which composed resources were once overlaid, which removed nothing.</summary>
    private const string OverlayManager = "flagstone-composite";

    /// <exception cref="FatalResultException">The composition cannot be rendered; nothing of it may be applied.</exception>
    public static async ValueTask<Composition> ComposeAsync(
        CompositionPipeline pipeline, JsonObject composition, JsonObject composite, KindDefinition kind,
        IReadOnlyDictionary<string, ObservedResource> observed, KindRegistry kinds, CancellationToken ct)
    {
        var rendering = new Rendering(composite, observed);
        await pipeline.RunAsync(composition, rendering, ct);
        var options = Options(kind, composite);
        var work = rendering.Desired
            .Select(d => Complete(composite, kind, d.Key, d.Value, observed.GetValueOrDefault(d.Key), kinds, options)).ToList();
        return new Composition(rendering, work, [.. Unwanted(composite, rendering, kinds)]);
    }

    /// <summary>What the composite itself must say before it is composed.</summary>
    /// <param name="composition">The name of the composition.</param>
    /// <param name="revision">Its revision; or the composition itself where a plan has none yet.</param>
    public static void Prepare(JsonObject composite, CompositeShape shape, string composition, JsonObject revision)
    {
        composite.AddFinalizer(Names.CompositeFinalizer);
        composite.MetadataMap("labels")[Names.CompositeLabel] ??= composite.NameOf();
        var machinery = shape.OwnMachinery(composite);
        Name(machinery, "compositionRef", composition);
        if (revision.Text("kind") == RevisionKinds.Revision.Kind)
        {
            Name(machinery, "compositionRevisionRef", revision.NameOf());
        }

        if (shape.IsLegacy)
        {
            composite.Member("spec")["writeConnectionSecretToRef"] ??= new JsonObject
            {
                ["name"] = composite.UidOf(),
                ["namespace"] = revision.At("spec").Text("writeConnectionSecretsToNamespace") is { Length: > 0 } ns ? ns : Names.SystemNamespace,
            };
        }
    }

    /// <summary>References to what was composed, in an order of their own: it does not change when the functions' does.</summary>
    public static JsonArray References(IEnumerable<JsonObject> references) =>
        new([.. references.OrderBy(r => $"{r.Text("apiVersion")}/{r.Text("kind")}/{r.Text("name")}", StringComparer.Ordinal)]);

    private static void Name(JsonObject machinery, string member, string name)
    {
        if (machinery[member].Text("name") != name)
        {
            machinery[member] = new JsonObject { ["name"] = name };
        }
    }

    /// <summary>
    /// A composed resource after its composite's apply: fields that the composite owned and no longer names go, fields that others set stay.
    /// The apply is forced: the composition decides over what it names.
    /// </summary>
    /// <param name="current">The resource as it is, or null when the apply creates it.</param>
    public static (JsonObject? Next, Problem? Problem) Apply(JsonObject? current, Composed wanted, DateTimeOffset now)
    {
        if (current?.Controller() is { } owner && owner.Text("uid") != wanted.Document.Controller()!.Text("uid"))
        {
            return (null, new Problem(
                409, Foreign, "Conflict", "The resource is another's", $"it is controlled by {owner.Text("kind")} {owner.Text("name")} already"));
        }

        if (current is not null)
        {
            TakeOver(current, wanted);
        }

        return Applying.Merge(current, wanted.Document, wanted.Kind, wanted.Options, force: true, now);
    }

    /// <summary>
    /// What was overlaid counts as applied, so that what is no longer named goes from resources of that time too. Of a composite the overlay
    /// shared its manager with the composite's own controller, whose fields must not go.
    /// </summary>
    private static void TakeOver(JsonObject current, Composed wanted)
    {
        var entries = (current.At("metadata", "managedFields") as JsonArray ?? []).OfType<JsonObject>().ToList();
        if (wanted.Kind.IsComposite() || entries.Exists(e => e.Text("manager") == wanted.Options.FieldManager))
        {
            return;
        }

        if (entries.Find(e => e.Text("manager") == OverlayManager && e.Text("operation") == "Update" && e.Text("subresource").Length == 0) is { } overlaid)
        {
            overlaid["manager"] = wanted.Options.FieldManager;
            overlaid["operation"] = "Apply";
        }
    }

    // Crossplane's ComposedFieldOwnerName: one manager for each composite, the same on every reconcile.
    private static WriteOptions Options(KindDefinition kind, JsonObject composite) => new WriteOptions
    {
        Origin = "reconcile",
        FieldManager = $"{ManagerPrefix}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{composite.NameOf()}{kind.Kind}.{kind.Id.Group}")))}",
        Judged = true,
        Fields = FieldValidation.Ignore,
    }.ForApply();

    private static Composed Complete(
        JsonObject composite, KindDefinition kind, string name, DesiredResource desired, ObservedResource? observed, KindRegistry kinds, WriteOptions options)
    {
        var document = desired.Document;
        var (apiVersion, wanted) = (document.Text("apiVersion"), document.Text("kind"));
        if (!kinds.TryFind(apiVersion, wanted, out var composedKind))
        {
            throw new UnknownKindException(name, document);
        }

        if (kind.Namespaced)
        {
            if (!composedKind.Namespaced)
            {
                throw new FatalResultException($"composed resource \"{name}\" is a {wanted}, which lies in the cluster: a composite in a namespace composes only what lies in its own");
            }
        }

        var named = ComposedMetadata.Complete(document, composite, Documents.OwnerReference(kind, composite.NameOf(), composite.UidOf()), name, observed?.Document);
        document.Metadata().Remove("generateName");
        // Its controller alone says how it is.
        document.Remove("status");
        return new Composed(name, composedKind, document, observed?.Document, named, options);
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
