using System.Text.Json.Nodes;
using Flagstone.Catalog.Templating;
using Flagstone.Catalog.Templating.Evaluation;

namespace Flagstone.Catalog.Tests.Templating;

/// <summary>Expressions of public templates beside what Backstage's own interpreter made of them, where that corpus is on the machine.</summary>
public sealed class PublicTemplatesTests
{
    // The corpus was rendered with one output for every step, and one name for every secret.
    private const string StepOutput = """
        {"remoteUrl": "https://github.com/acme/svc-one", "repoContentsUrl": "https://github.com/acme/svc-one/blob/main",
         "entityRef": "component:default/svc-one", "catalogInfoUrl": "https://github.com/acme/svc-one/blob/main/catalog-info.yaml",
         "result": {"a": [1, 2], "b": "x"}, "content": {"k": "v"}, "code": 200}
        """;

    [Fact]
    public void Render_as_Backstage_renders_them()
    {
        var corpus = Find();
        Assert.SkipWhen(corpus is null, "The conformance corpus is not on this machine.");

        var cases = JsonNode.Parse(File.ReadAllText(corpus!))!.AsArray().Select(node => node!.AsObject()).ToList();
        var differences = cases.Select(Compare).OfType<string>().ToList();

        TestContext.Current.SendDiagnosticMessage($"templating: {cases.Count} cases, {differences.Count} differ");
        Assert.True(differences.Count == 0, string.Join("\n", differences.Prepend($"{differences.Count} of {cases.Count} differ:")));
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

    private static string? Find()
    {
        var named = Environment.GetEnvironmentVariable("FLAGSTONE_CONFORMANCE");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var file = Path.Combine(named ?? Path.Combine(folder.FullName, "..", "shared", "conformance"), "backstage", "templating.golden.json");
            if (File.Exists(file))
            {
                return file;
            }
        }

        return null;
    }
}
