using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.GoTemplating;

namespace Flagstone.Conformance.Tests.Crossplane;

/// <summary>Compositions of others with Go templates: all of them parse. <see cref="GoldenConformance"/> renders some.</summary>
public sealed class GoTemplatingCorpus
{
    private const string Folder = "crossplane";

    [Fact]
    public void Every_template_parses()
    {
        if (!Corpus.IsHere(Folder))
        {
            return;
        }

        Corpus.Report($"{Folder}/go-templates", [.. Compositions(Folder).SelectMany(c => Steps(c.Composition).Select(s => Parse(c.File, s)))]);
    }

    private static IEnumerable<(string File, JsonObject Composition)> Compositions(string folder) =>
        Manifests.Files(Path.Combine(Corpus.Root!, folder))
            .SelectMany(file => Manifests.Documents(file).Where(d => d.Text("kind") == "Composition").Select(d => (file, d)));

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
}
