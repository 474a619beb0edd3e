using System.Text.Json.Nodes;
using Flagstone.Catalog.Templating;
using Flagstone.Catalog.Templating.Evaluation;

namespace Flagstone.Conformance.Tests.Backstage;

/// <summary>Expressions of public templates beside what Backstage's own interpreter made of them.</summary>
public sealed class TemplatingConformance
{
    private const string Name = "backstage/templating";

    // The corpus was rendered with one output for every step, and one name for every secret.
    private const string StepOutput = """
        {"remoteUrl": "https://github.com/acme/svc-one", "repoContentsUrl": "https://github.com/acme/svc-one/blob/main",
         "entityRef": "component:default/svc-one", "catalogInfoUrl": "https://github.com/acme/svc-one/blob/main/catalog-info.yaml",
         "result": {"a": [1, 2], "b": "x"}, "content": {"k": "v"}, "code": 200}
        """;

    [Fact]
    public void Render_as_Backstage_renders_them()
    {
        if (!Corpus.IsHere(Name))
        {
            return;
        }

        var cases = JsonNode.Parse(File.ReadAllText(Corpus.File("backstage/templating.golden.json")))!.AsArray().Select(node => node!.AsObject());
        Corpus.Report(Name, [.. cases.Select((test, i) => Compare(test) is { } difference ? Case.Of($"{i}", false, difference) : Case.Of($"{i}", true))]);
    }

    private static string? Compare(JsonObject expected)
    {
        var template = expected["template"]!.GetValue<string>();
        var got = Render(template, Context(template, expected["parameters"]));
        var agrees = expected.ContainsKey("error") ? got.Error is not null && got.Error.StartsWith(ErrorOf(expected), StringComparison.Ordinal)
            : got.Error is null && expected.ContainsKey("undefined") ? !got.HasValue
            : got.Error is null && got.HasValue && JsonNode.DeepEquals(got.Value, expected["expected"]);
        return agrees ? null : $"{template}\n  expected {expected["expected"]?.ToJsonString() ?? expected["error"]?.ToJsonString() ?? "no value"}"
            + $"\n  got {got.Error ?? got.Value?.ToJsonString() ?? "no value"}";
    }

    private static string ErrorOf(JsonObject expected) => expected["error"]!.GetValue<string>();

    private static (bool HasValue, JsonNode? Value, string? Error) Render(string template, TemplateContext context)
    {
        try
        {
            var hasValue = Template.Parse(template).TryRenderValue(context, out var value, TestContext.Current.CancellationToken);
            return (hasValue, value, null);
        }
        catch (TemplateException e)
        {
            return (false, null, e.Message);
        }
    }

    private static TemplateContext Context(string template, JsonNode? parameters)
    {
        var steps = new JsonObject();
        foreach (System.Text.RegularExpressions.Match match in System.Text.RegularExpressions.Regex.Matches(
            template, """steps(?:\.([A-Za-z_]\w*)|\[['"]([^'"]+)['"]\])"""))
        {
            steps[match.Groups[1].Value + match.Groups[2].Value] = new JsonObject { ["output"] = JsonNode.Parse(StepOutput) };
        }

        return new TemplateContext(new JsonObject
        {
            ["parameters"] = parameters?.DeepClone(),
            ["steps"] = steps,
            ["secrets"] = new JsonObject { ["USER_OAUTH_TOKEN"] = "***" },
        });
    }
}
