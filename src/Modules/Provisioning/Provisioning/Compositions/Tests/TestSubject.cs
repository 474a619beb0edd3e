using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Compositions.Tests;

/// <summary>What a composition test gives to render. Pure.</summary>
internal static class TestSubject
{
    private const string TestUid = "00000000-0000-0000-0000-000000000000";

    /// <summary>The rendering before the first step; null when the composite's kind or its claim's is not served.</summary>
    public static Rendering? Start(KindRegistry kinds, JsonObject spec, JsonObject composition)
    {
        if (Composite(kinds, spec, composition) is not { } composite)
        {
            return null;
        }

        var observed = (spec["observed"] as JsonObject ?? []).ToDictionary(
            o => o.Key, o => new ObservedResource((JsonObject)o.Value!.DeepClone(), new Dictionary<string, string>()), StringComparer.Ordinal);
        return new Rendering(composite, observed);
    }

    public static GivenRequirements Given(JsonObject spec) => new((spec["required"] as JsonArray ?? []).OfType<JsonObject>());

    /// <summary>The composite of the test, with its schema's defaults, as it would be made of the claim.</summary>
    private static JsonObject? Composite(KindRegistry kinds, JsonObject spec, JsonObject composition)
    {
        var type = composition.At("spec", "compositeTypeRef");
        if (!kinds.TryFind(type.Text("apiVersion"), type.Text("kind"), out var kind))
        {
            return null;
        }

        JsonObject composite;
        if (spec["claim"] is JsonObject claim)
        {
            if (kinds.Partner(kind) is not { } claimKind)
            {
                return null;
            }

            var whole = (JsonObject)claim.DeepClone();
            claimKind.Schema?.ApplyDefaults(whole);
            composite = Binding.Wanted(claimKind, claimKind.Key(whole.NamespaceOf(), whole.NameOf()), whole);
            composite.Metadata()["name"] = whole.NameOf();
        }
        else
        {
            composite = (JsonObject)spec["composite"]!.DeepClone();
        }

        composite["apiVersion"] = type.Text("apiVersion");
        composite["kind"] = kind.Kind;
        composite.Metadata()["uid"] ??= TestUid;
        kind.Schema?.ApplyDefaults(composite);
        return composite;
    }
}
