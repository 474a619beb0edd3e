using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Kinds;
using Flagstone.Platform.Kubernetes;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Tests.Kubernetes;

/// <summary>A definition with two versions of its own shape: v1 is served, v2 is served and stored.</summary>
public sealed class CustomVersionTests
{
    private static readonly KindRegistry Kinds = new([Read(Definition())]);

    [Fact]
    public void Each_version_is_found_with_its_own_schema_columns_and_status()
    {
        var (first, second) = (Kinds.Find("example.com", "v1", "gears")!, Kinds.Find("example.com", "v2", "gears")!);

        Assert.Equal((false, true), (first.HasStatus, second.HasStatus));
        Assert.Equal(["Teeth", "Size"], first.Columns.Concat(second.Columns).Select(c => c.Name));
        Assert.Equal(["spec.size"], first.Schema!.Prune(Gear("v1")).Select(p => p.ToString()));
        Assert.Equal(["spec.teeth"], second.Schema!.Prune(Gear("v2")).Select(p => p.ToString()));
        // Whatever version is asked for, what is stored is v2.
        Assert.Equal(("example.com/v2", "example.com/v2"), (first.ApiVersion, second.ApiVersion));
    }

    [Fact]
    public void A_manifest_finds_the_version_that_it_names()
    {
        Assert.True(Kinds.TryFind("example.com/v1", "Gear", out var found));
        Assert.Equal(("example.com/v1", false), (found.RequestApiVersion, found.HasStatus));
        Assert.False(Kinds.TryFind("example.com/v3", "Gear", out _));
    }

    [Fact]
    public void A_version_of_storage_that_is_not_served_is_not_found_and_the_others_are()
    {
        var definition = Definition();
        definition["spec"]!["versions"]![1]!["served"] = false;
        var kinds = new KindRegistry([Read(definition)]);

        Assert.Null(kinds.Find("example.com", "v2", "gears"));
        Assert.Equal("example.com/v2", kinds.Find("example.com", "v1", "gears")!.ApiVersion);
    }

    [Fact]
    public void A_document_of_OpenAPI_describes_the_version_that_it_is_for()
    {
        var documents = new OpenApiDocuments(Kinds);

        Assert.Equal(["teeth"], SpecOf(documents, "v1"));
        Assert.Equal(["size"], SpecOf(documents, "v2"));
    }

    [Fact]
    public void Discovery_lists_the_status_of_those_versions_that_have_it()
    {
        var discovery = new Discovery(Kinds);

        Assert.Equal(["gears"], discovery.Resources("example.com", "v1")!["resources"]!.AsArray().Select(r => r.Text("name")));
        Assert.Equal(["gears", "gears/status"], discovery.Resources("example.com", "v2")!["resources"]!.AsArray().Select(r => r.Text("name")));
    }

    [Theory]
    [InlineData("v1", "example.com/v1")]
    [InlineData("v2", "example.com/v2")]
    public void What_was_stored_in_an_earlier_version_is_answered_in_the_one_asked_for(string version, string expected)
    {
        var kind = Kinds.Find("example.com", version, "gears")!;
        var stored = Encoding.UTF8.GetBytes("""{"apiVersion":"example.com/v1alpha1","kind":"Gear","metadata":{"name":"a"},"spec":{}}""");

        var answered = Encoding.UTF8.GetString(kind.AsRequested(stored).Span);

        Assert.Equal("{\"apiVersion\":\"" + expected + "\",\"kind\":\"Gear\",\"metadata\":{\"name\":\"a\"},\"spec\":{}}", answered);
    }

    [Fact]
    public void Conversion_by_webhook_is_refused_with_what_would_do()
    {
        var definition = Definition();
        definition["spec"]!["conversion"] = new JsonObject { ["strategy"] = "Webhook", ["webhook"] = new JsonObject() };

        var cause = Assert.Single(CustomKinds.Definition.Validate!(definition, null));

        Assert.Equal("spec.conversion.strategy", cause.Field);
        Assert.StartsWith("Unsupported value: \"Webhook\": supported values: \"None\"", cause.Message, StringComparison.Ordinal);
        definition["spec"]!["conversion"]!["strategy"] = "None";
        Assert.Empty(CustomKinds.Definition.Validate!(definition, null));
    }

    [Fact]
    public void A_schema_that_is_wrong_and_a_name_that_is_taken_are_told_of_the_version_that_has_them()
    {
        var definition = Definition();
        definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["type"] = "thing";
        Assert.Contains(CustomKinds.Definition.Validate!(definition, null), c => c.Field.StartsWith("spec.versions[0].schema.openAPIV3Schema", StringComparison.Ordinal));

        definition = Definition();
        definition["spec"]!["versions"]![0]!["name"] = "v2";
        Assert.Equal("spec.versions[1].name", Assert.Single(CustomKinds.Definition.Validate!(definition, null)).Field);
    }

    private static IEnumerable<string> SpecOf(OpenApiDocuments documents, string version) =>
        JsonNode.Parse(documents.Document($"apis/example.com/{version}")!)!
            ["components"]!["schemas"]![$"com.example.{version}.Gear"]!["properties"]!["spec"]!["properties"]!.AsObject().Select(p => p.Key);

    private static KindDefinition Read(JsonObject definition) =>
        CustomKinds.TryRead(definition, out var kind, out var causes) ? kind! : throw new ArgumentException(string.Join(", ", causes));

    private static JsonObject Gear(string version) => new()
    {
        ["apiVersion"] = $"example.com/{version}",
        ["kind"] = "Gear",
        ["metadata"] = new JsonObject { ["name"] = "a" },
        ["spec"] = new JsonObject { ["teeth"] = 3, ["size"] = 4 },
    };

    private static JsonObject Definition() => JsonNode.Parse("""
        {
          "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
          "metadata": { "name": "gears.example.com" },
          "spec": {
            "group": "example.com", "scope": "Namespaced", "names": { "kind": "Gear", "plural": "gears" },
            "versions": [
              {
                "name": "v1", "served": true, "storage": false,
                "additionalPrinterColumns": [{ "name": "Teeth", "jsonPath": ".spec.teeth", "type": "integer" }],
                "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                  "spec": { "type": "object", "properties": { "teeth": { "type": "integer" } } } } } }
              },
              {
                "name": "v2", "served": true, "storage": true, "subresources": { "status": {} },
                "additionalPrinterColumns": [{ "name": "Size", "jsonPath": ".spec.size", "type": "integer" }],
                "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                  "spec": { "type": "object", "properties": { "size": { "type": "integer" } } } } } }
              }
            ]
          }
        }
        """)!.AsObject();
}
