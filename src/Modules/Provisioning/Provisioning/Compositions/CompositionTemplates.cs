using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Provisioning.Compositions;

/// <summary>What a composition composes, as far as its text tells. Pure.</summary>
internal static partial class CompositionTemplates
{
    public static IReadOnlyList<CompositionStep> Of(JsonObject spec) => CompositionMode.Of(spec) == CompositionMode.Resources
        ? [new CompositionStep("resources", "", Bases(ResourcesMode.ToFunctionInput(spec)))]
        : [.. (spec["pipeline"] as JsonArray ?? []).OfType<JsonObject>().Select(s => new CompositionStep(
            s.Text("step"), s.At("functionRef").Text("name"), [.. Bases(s["input"]), .. Written(s.At("input", "inline").Text("template"))]))];

    private static List<ComposedTemplate> Bases(JsonNode? input)
    {
        var sets = Objects(input.At("patchSets")).ToLookup(s => s.Text("name"), s => Objects(s["patches"]), StringComparer.Ordinal);
        return
        [
            .. Objects(input.At("resources")).Where(r => r["base"] is JsonObject).Select(r => new ComposedTemplate(r.Text("name"), r["base"].Text("apiVersion"), r["base"].Text("kind"))
            {
                Document = (JsonObject)r["base"]!,
                Patches = [.. Objects(r["patches"]).SelectMany(p => Patches.TypeOf(p) == "PatchSet" ? sets[p.Text("patchSetName")].SelectMany(s => s) : [p])],
            }),
        ];
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? list) => (list as JsonArray)?.OfType<JsonObject>() ?? [];

    /// <summary>The manifests in a Go template. Loops and conditions are not followed: each manifest is told once.</summary>
    private static IEnumerable<ComposedTemplate> Written(string template)
    {
        foreach (var manifest in Separator().Split(template))
        {
            var (version, kind) = (ApiVersion().Match(manifest), Kind().Match(manifest));
            if (version.Success && kind.Success)
            {
                yield return new ComposedTemplate(ResourceName().Match(manifest) is { Success: true } name ? name.Groups[1].Value : "", version.Groups[1].Value, kind.Groups[1].Value);
            }
        }
    }

    [GeneratedRegex(@"^---\s*$", RegexOptions.Multiline)]
    private static partial Regex Separator();

    [GeneratedRegex("""^apiVersion:\s*["']?([\w./-]+)""", RegexOptions.Multiline)]
    private static partial Regex ApiVersion();

    [GeneratedRegex("""^kind:\s*["']?(\w+)""", RegexOptions.Multiline)]
    private static partial Regex Kind();

    // A name with an expression in it is made when it runs.
    [GeneratedRegex("""(?:composition-resource-name:\s*|setResourceNameAnnotation\s+)["']?((?>[\w.-]+))(?!\{\{)""")]
    private static partial Regex ResourceName();
}

/// <summary>A step of a composition's pipeline.</summary>
/// <param name="Function">Empty for the resources of a composition of mode Resources.</param>
/// <param name="Templates">What its input says that it composes; empty for a function that decides when it runs.</param>
internal sealed record CompositionStep(string Name, string Function, IReadOnlyList<ComposedTemplate> Templates);

/// <summary>A resource that is composed.</summary>
/// <param name="Name">The template's name; empty where it is made when it runs.</param>
internal sealed record ComposedTemplate(string Name, string ApiVersion, string Kind)
{
    /// <summary>What is known of the resource: the template's base, or what a rendering made. Null where only the text of a Go template is there.</summary>
    public JsonObject? Document { get; init; }

    /// <summary>Its patches, those of its patch sets among them.</summary>
    public IReadOnlyList<JsonObject> Patches { get; init; } = [];
}
