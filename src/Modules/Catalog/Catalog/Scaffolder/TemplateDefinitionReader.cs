using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Templating;

namespace Flagstone.Catalog.Scaffolder;

/// <summary>
/// Reads a Template v1beta3. Every expression in it is parsed here, so that the author hears of a broken one when the template is
/// registered, not somebody else in the middle of a run.
/// </summary>
internal sealed class TemplateDefinitionReader
{
    public const string ApiVersion = "scaffolder.backstage.io/v1beta3";
    public const string Kind = "Template";

    private const int MaxSteps = 100;

    private readonly List<TemplateProblem> problems = [];
    private readonly List<TemplateProblem> warnings = [];

    private TemplateDefinitionReader() { }

    public static TemplateOutcome Read(JsonNode? document) => new TemplateDefinitionReader().ReadTemplate(document);

    private TemplateOutcome ReadTemplate(JsonNode? document)
    {
        if (document is not JsonObject root)
        {
            return new TemplateRefused([new TemplateProblem("", "a template is an object")]);
        }

        Expect(root, "apiVersion", ApiVersion);
        Expect(root, "kind", Kind);
        var metadata = Object(root, "metadata", "metadata");
        var spec = Object(root, "spec", "spec");
        var name = Text(metadata, "name", "metadata", required: true);
        var identity = new TemplateIdentity(
            name ?? "",
            Text(metadata, "title", "metadata") ?? name ?? "",
            Text(metadata, "description", "metadata") ?? "",
            Text(spec, "type", "spec", required: true) ?? "",
            Text(spec, "owner", "spec"));
        var parameters = ReadParameters(spec["parameters"]);
        var steps = ReadSteps(spec["steps"]);
        var output = spec["output"] is null ? [] : Object(spec, "output", "spec.output");
        CheckExpressions(output, "spec.output");
        return problems.Count > 0
            ? new TemplateRefused(problems)
            : new TemplateAccepted(new TemplateDefinition(identity, parameters, steps, output), warnings);
    }

    private List<ParameterStep> ReadParameters(JsonNode? parameters)
    {
        var pages = parameters switch
        {
            null => [],
            JsonArray list => list.ToList(),
            var single => [single],
        };

        List<ParameterStep> steps = [];
        foreach (var (index, page) in pages.Index())
        {
            if (page is not JsonObject schema)
            {
                Report($"spec.parameters[{index}]", "a page of the form is an object");
                continue;
            }

            if (ParameterRules.RefuseSchema(schema) is { } reason)
            {
                Report($"spec.parameters[{index}]", $"it is no JSON Schema: {reason}");
            }

            steps.Add(new ParameterStep(
                Text(schema, "title", $"spec.parameters[{index}]"), Text(schema, "description", $"spec.parameters[{index}]"), schema));
        }

        return steps;
    }

    private List<TemplateStep> ReadSteps(JsonNode? node)
    {
        if (node is not JsonArray { Count: > 0 and <= MaxSteps } list)
        {
            Report("spec.steps", $"there must be 1 to {MaxSteps} steps");
            return [];
        }

        List<TemplateStep> steps = [];
        HashSet<string> ids = new(StringComparer.Ordinal);
        foreach (var (index, item) in list.Index())
        {
            var path = $"spec.steps[{index}]";
            if (item is not JsonObject step)
            {
                Report(path, "a step is an object");
                continue;
            }

            var action = Text(step, "action", path, required: true) ?? "";
            var id = Text(step, "id", path) ?? string.Create(CultureInfo.InvariantCulture, $"step-{index + 1}");
            if (!ids.Add(id))
            {
                Report($"{path}.id", $"another step has the id '{id}'");
            }

            var input = step["input"] is null ? [] : Object(step, "input", $"{path}.input");
            CheckExpressions(input, $"{path}.input");
            CheckExpressions(step["if"], $"{path}.if");
            CheckExpressions(step["each"], $"{path}.each");
            steps.Add(new TemplateStep(id, Text(step, "name", path) ?? action, action, input, step["if"], step["each"]));
        }

        return steps;
    }

    private void CheckExpressions(JsonNode? node, string path)
    {
        switch (node)
        {
            case JsonObject map:
                map.ToList().ForEach(entry => CheckExpressions(entry.Value, $"{path}.{entry.Key}"));
                break;
            case JsonArray array:
                array.Index().ToList().ForEach(item => CheckExpressions(item.Item, $"{path}[{item.Index}]"));
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                CheckExpression(value.GetValue<string>(), path);
                break;
            default:
                break;
        }
    }

    private void CheckExpression(string text, string path)
    {
        try
        {
            Template.Parse(text);
        }
        catch (TemplateException e)
        {
            warnings.Add(new TemplateProblem(path, e.Message));
        }
    }

    private void Expect(JsonObject root, string key, string expected)
    {
        if (Text(root, key, "", required: true) is { } found && found != expected)
        {
            Report(key, $"'{found}' is not '{expected}'");
        }
    }

    private JsonObject Object(JsonObject parent, string key, string path)
    {
        if (parent[key] is JsonObject map)
        {
            return map;
        }

        Report(path, "an object is required");
        return [];
    }

    private string? Text(JsonObject parent, string key, string path, bool required = false)
    {
        var at = path.Length == 0 ? key : $"{path}.{key}";
        switch (parent[key])
        {
            case null when required:
                Report(at, "it is required");
                return null;
            case null:
                return null;
            case JsonValue value when value.TryGetValue<string>(out var text) && text.Length > 0:
                return text;
            default:
                Report(at, "a string that is not empty is required");
                return null;
        }
    }

    private void Report(string path, string message) => problems.Add(new TemplateProblem(path, message));
}
