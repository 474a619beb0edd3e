using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Compositions.Offline;

/// <summary>The composite that is rendered: as the platform would have stored it before its functions run.</summary>
internal static class OfflineComposite
{
    /// <summary>What only composites of Crossplane 1 have in the spec itself.</summary>
    private static readonly string[] LegacyMembers =
        ["claimRef", "compositionRef", "compositionRevisionRef", "compositionSelector", "resourceRefs", "writeConnectionSecretToRef"];

    /// <exception cref="RenderRefusedException">The definition or the composition is of another kind.</exception>
    public static (JsonObject Given, JsonObject Composite, CompositeShape Shape) Of(RenderInput input)
    {
        var (given, shape) = input.Definition is { } definition
            ? (Defined(input.Composite, definition), CompositeShape.Of(definition))
            : (input.Composite, Guess(input.Composite));
        EnsureMakes(input.Composition, given, shape);
        var composite = (JsonObject)given.DeepClone();
        composite.Metadata()["uid"] ??= ResourceUid.Of(composite);
        Composing.Prepare(composite, shape, input.Composition.NameOf(), input.Composition);
        return (given, composite, shape);
    }

    private static JsonObject Defined(JsonObject given, JsonObject definition)
    {
        if (!OfferedKinds.TryRead(definition, out var kinds, out var causes))
        {
            throw new RenderRefusedException($"CompositeResourceDefinition '{definition.NameOf()}' is not valid: {causes[0].Field}: {causes[0].Message}");
        }

        var (apiVersion, name) = (given.Text("apiVersion"), given.Text("kind"));
        var registry = new KindRegistry(kinds);
        if (!registry.TryFind(apiVersion, name, out var kind))
        {
            var offered = kinds.SelectMany(k => k.Versions.Select(v => $"{k.ApiVersionOf(v)} {k.Kind}"));
            throw new RenderRefusedException(
                $"CompositeResourceDefinition '{definition.NameOf()}' does not define {apiVersion} {name}. It defines: {string.Join(", ", offered)}.");
        }

        var whole = (JsonObject)given.DeepClone();
        kind.Schema?.ApplyDefaults(whole);
        return kind.IsClaim() ? Bound(whole, kind, registry) : whole;
    }

    /// <summary>What a claim becomes, under the claim's own name: what the platform would add to it is chosen at random.</summary>
    private static JsonObject Bound(JsonObject claim, KindDefinition kind, KindRegistry registry)
    {
        var composite = Binding.Wanted(kind, kind.Key(claim.NamespaceOf(), claim.NameOf()), claim);
        var compositeKind = registry.Partner(kind)!;
        composite["apiVersion"] = claim.Text("apiVersion");
        composite["kind"] = compositeKind.Kind;
        composite.Metadata()["name"] = claim.At("spec", "resourceRef").Text("name") is { Length: > 0 } known ? known : claim.NameOf();
        registry.TryFind(composite.Text("apiVersion"), compositeKind.Kind, out var served);
        served?.Schema?.ApplyDefaults(composite);
        return composite;
    }

    /// <summary>Without a definition it is one of Crossplane 2, unless it has what those have not.</summary>
    private static CompositeShape Guess(JsonObject composite)
    {
        var isLegacy = composite.NamespaceOf().Length == 0 && composite["spec"] is JsonObject spec && Array.Exists(LegacyMembers, spec.ContainsKey);
        return new CompositeShape(isLegacy, composite.NamespaceOf().Length > 0);
    }

    private static void EnsureMakes(JsonObject composition, JsonObject composite, CompositeShape shape)
    {
        var made = composition.At("spec", "compositeTypeRef");
        foreach (var member in (ReadOnlySpan<string>)["apiVersion", "kind"])
        {
            if (made.Text(member) != composite.Text(member))
            {
                throw new RenderRefusedException(
                    $"Composition '{composition.NameOf()}' makes {made.Text("apiVersion")} {made.Text("kind")}, and '{composite.NameOf()}' is of "
                    + $"{composite.Text("apiVersion")} {composite.Text("kind")}. Give the composition of that kind; a claim needs its definition, by --xrd.");
            }
        }

        var machinery = shape.Machinery(composite);
        foreach (var (label, value) in machinery.At("compositionSelector", "matchLabels") as JsonObject ?? [])
        {
            if (composition.Label(label) != value?.ToString())
            {
                throw new RenderRefusedException(
                    $"Composition '{composition.NameOf()}' has not the label {label}: {value}, by which '{composite.NameOf()}' selects its composition. Correct one of the two.");
            }
        }
    }
}
