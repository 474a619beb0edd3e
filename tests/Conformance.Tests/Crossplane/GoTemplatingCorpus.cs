using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.GoTemplating;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Conformance.Tests.Crossplane;

/// <summary>Compositions of others with Go templates: all of them parse, and what the real function rendered of some is rendered here.</summary>
public sealed class GoTemplatingCorpus
{
    private const string Folder = "crossplane";
    private const string Goldens = "crossplane/golden/stuttgart-things";

    // Crossplane's own marks on a resource, which functions do not set.
    private const string CrossplaneLabel = "crossplane.io/";

    [Fact]
    public void Every_template_parses()
    {
        if (!Corpus.IsHere(Folder))
        {
            return;
        }

        Corpus.Report($"{Folder}/go-templates", [.. Compositions(Folder).SelectMany(c => Steps(c.Composition).Select(s => Parse(c.File, s)))]);
    }

    [Fact]
    public void Rendered_resources_are_those_of_the_real_function()
    {
        if (!Corpus.IsHere(Goldens))
        {
            return;
        }

        var cases = Directory.GetFiles(Path.Combine(Corpus.Root!, Goldens), "*.yaml", SearchOption.AllDirectories)
            .Where(f => Path.GetFileName(Path.GetDirectoryName(f)) == "golden" && Steps(CompositionOf(f)).Any())
            .Order(StringComparer.Ordinal);
        Corpus.Report($"{Goldens}/go-templating", [.. cases.Select(JudgeGolden)]);
    }

    private static IEnumerable<(string File, JsonObject Composition)> Compositions(string folder) =>
        Directory.GetFiles(Path.Combine(Corpus.Root!, folder), "*.yaml", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .SelectMany(file => Documents(file).Where(d => d.Text("kind") == "Composition").Select(d => (file, d)));

    private static IEnumerable<JsonObject> Documents(string file) =>
        YamlReader.TryReadManifests(File.ReadAllText(file), null, out var documents, out _) ? documents.Select(d => d.Mapping) : [];

    private static IEnumerable<JsonObject> Steps(JsonObject composition) => (composition.At("spec", "pipeline") as JsonArray ?? [])
        .OfType<JsonObject>()
        .Where(s => s["functionRef"].Text("name").EndsWith("function-go-templating", StringComparison.Ordinal) && s["input"] is JsonObject);

    private static Case Parse(string file, JsonObject step)
    {
        var name = $"{Path.GetRelativePath(Corpus.Root!, file)}/{step.Text("step")}";
        var input = (JsonObject)step["input"]!;
        try
        {
            GoTemplatingFunction.Parse(TemplateInput.TemplateOf(input, [], GoTemplatingDefaults.None), TemplateInput.DelimitersOf(input));
            return Case.Of(name, true);
        }
        catch (FatalResultException failure) when (input.Text("source") != "Inline" || input.At("inline", "templates") is JsonArray { Count: 0 })
        {
            // Nothing to parse: the template is in a folder, in the environment, or still to be filled in.
            return new Case(name, Verdict.Absent, failure.Message);
        }
        catch (FatalResultException failure)
        {
            return Case.Of(name, false, failure.Message);
        }
    }

    private static string ProjectOf(string golden) => Path.GetDirectoryName(Path.GetDirectoryName(golden))!;

    private static JsonObject CompositionOf(string golden) => Documents(Path.Combine(ProjectOf(golden), "apis", "composition.yaml")).First();

    private static Case JudgeGolden(string golden)
    {
        var name = Path.GetRelativePath(Path.Combine(Corpus.Root!, Goldens), golden);
        var examples = Path.Combine(ProjectOf(golden), "examples");
        var composite = Documents(Path.Combine(examples, Path.GetFileName(golden))).First();
        var definition = Documents(Path.Combine(ProjectOf(golden), "apis", "definition.yaml")).First();
        Default(composite, definition.At("spec", "versions")?[0].At("schema", "openAPIV3Schema"));
        var rendering = new Rendering(composite, new Dictionary<string, ObservedResource>());
        foreach (var configuration in Directory.GetFiles(examples, "environment-config.yaml").SelectMany(Documents))
        {
            foreach (var (key, value) in configuration["data"]!.AsObject())
            {
                rendering.Environment[key] = value?.DeepClone();
            }
        }

        try
        {
            foreach (var step in Steps(CompositionOf(golden)))
            {
                GoTemplatingFunction.Run((JsonObject)step["input"]!, rendering, TimeProvider.System);
            }
        }
        catch (FatalResultException failure)
        {
            return Case.Of(name, false, failure.Message);
        }

        var wanted = Documents(golden).ToList();
        var wrong = wanted.Skip(1).Select(w => Difference(w, rendering)).OfType<string>().ToList();
        var status = wanted[0]["status"]?.DeepClone() as JsonObject ?? [];
        status.Remove("conditions");
        if (!JsonNode.DeepEquals(Numbers.Settle(status), Numbers.Settle(rendering.DesiredComposite["status"] ?? new JsonObject())))
        {
            wrong.Add($"status: {rendering.DesiredComposite["status"]}");
        }

        return Case.Of(name, wrong.Count == 0 && rendering.Desired.Count == wanted.Count - 1, $"{rendering.Desired.Count} of {wanted.Count - 1}: {string.Join("; ", wrong)}");
    }

    private static string? Difference(JsonObject wanted, Rendering rendering)
    {
        var name = wanted.Annotation("crossplane.io/composition-resource-name");
        if (!rendering.Desired.TryGetValue(name, out var desired))
        {
            return $"{name} is not there";
        }

        var (a, b) = (Own(wanted), Own(desired.Document));
        return JsonNode.DeepEquals(a, b) ? null : $"{name}: want {a.ToJsonString()} got {b.ToJsonString()}";
    }

    /// <summary>What a function decides of a resource: all but the status, and of the metadata the labels and annotations.</summary>
    private static JsonNode Own(JsonObject document)
    {
        var own = (JsonObject)document.DeepClone();
        own.Remove("status");
        own.Remove("metadata");
        foreach (var member in (string[])["labels", "annotations"])
        {
            own[member] = new JsonObject((document.At("metadata", member) as JsonObject ?? [])
                .Where(m => !m.Key.StartsWith(CrossplaneLabel, StringComparison.Ordinal))
                .Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone())));
        }

        return Numbers.Settle(own)!;
    }

    /// <summary>Fills in what the definition's schema defaults, as the API server does.</summary>
    private static void Default(JsonNode? value, JsonNode? schema)
    {
        if (value is JsonArray list)
        {
            list.ToList().ForEach(item => Default(item, schema.At("items")));
        }

        foreach (var (name, property) in value is JsonObject ? schema.At("properties") as JsonObject ?? [] : [])
        {
            value![name] ??= property.At("default")?.DeepClone();
            Default(value[name], property);
        }
    }
}
