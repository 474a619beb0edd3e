using System.Text.Json.Nodes;
using Flagstone.Provisioning.Compositions.GoTemplating;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Tests.Compositions;

/// <summary>Renders a template over data of JSON, for tests of the engine.</summary>
internal static class GoTemplatingRendering
{
    public static string Render(
        string template, string data = "{}", MissingKey missingKey = MissingKey.Invalid, TimeProvider? clock = null, string seed = "seed") =>
        Template.Parse("t", template, Delimiters.Default, CrossplaneFunctions.All)
            .Execute(GoValue.From(JsonNode.Parse(data), allFloat: true), missingKey, new Execution(new Budget(TestContext.Current.CancellationToken), clock ?? TimeProvider.System, seed));

    public static string Error(string template, string data = "{}", MissingKey missingKey = MissingKey.Invalid) =>
        Assert.Throws<TemplateException>(() => Render(template, data, missingKey)).Message;
}
