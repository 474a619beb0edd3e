using System.Text.Json.Nodes;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Sources;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Tests.Sources;

public sealed class SourceRulesTests
{
    [Theory]
    [InlineData("", "deployments.apps", true)]
    [InlineData("", "postgresqlinstances.platform.example.com", true)]
    [InlineData("", "roles.rbac.authorization.k8s.io", false)]
    [InlineData("", "gitsources.flagstone.dev", false)]
    [InlineData("", "templates.scaffolder.backstage.io", false)]
    [InlineData("", "clusterthings.example.com", false)]
    [InlineData("*.apps", "deployments.apps", true)]
    [InlineData("*.apps", "components.backstage.io", false)]
    [InlineData("*.rbac.authorization.k8s.io", "roles.rbac.authorization.k8s.io", false)]
    [InlineData("roles.rbac.authorization.k8s.io", "roles.rbac.authorization.k8s.io", true)]
    [InlineData("clusterthings.example.com", "clusterthings.example.com", true)]
    public void A_source_reaches_what_is_open_or_named_one_by_one(string listed, string kind, bool allowed)
    {
        var source = Source(listed.Length == 0 ? [] : [listed]);
        Assert.Equal(allowed, SourceRules.Refuse(source, Kind(kind), "web") is null);
    }

    [Fact]
    public void A_source_writes_to_its_own_namespaces_alone() =>
        Assert.Equal(
            "the source may not write to namespace 'other'; it may write to: web",
            SourceRules.Refuse(Source([]), Kind("deployments.apps"), "other"));

    [Fact]
    public void What_another_source_applies_is_not_taken_from_it()
    {
        var document = JsonNode.Parse("""{"metadata":{"managedFields":[{"manager":"gitops:shop"},{"manager":"kubectl"}]}}""")!.AsObject();
        Assert.Equal("shop", SourceRules.OtherSource(document, "gitops:web"));
        Assert.Null(SourceRules.OtherSource(document, "gitops:shop"));
    }

    private static SourceSpec Source(string[] kinds)
    {
        var document = new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["repository"] = "web-gitops",
                ["namespaces"] = new JsonArray("web"),
                ["kinds"] = new JsonArray([.. kinds.Select(k => (JsonNode)k)]),
            },
        };
        return SourceSpec.Of(document)!;
    }

    private static KindDefinition Kind(string id) =>
        GitKinds.All().Concat(TemplateKinds.All()).Concat(EntityKinds.All()).FirstOrDefault(k => k.Id.ToString() == id)
        ?? new KindDefinition { Id = KindId.Parse(id), Kind = id, Version = "v1", Namespaced = !id.StartsWith("cluster", StringComparison.Ordinal) };
}
