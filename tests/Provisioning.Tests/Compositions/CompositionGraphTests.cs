using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.Graphs;
using Flagstone.Ui.Components;
using Flagstone.Ui.Graphs;

namespace Flagstone.Provisioning.Tests.Compositions;

public sealed class CompositionGraphTests
{
    [Fact]
    public void A_claim_leads_to_its_composite_to_each_step_and_to_what_the_step_composes()
    {
        var graph = CompositionGraph.Of("Bucket", "XBucket", Pipeline, (_, kind) => kind == "Key" ? "aws" : "");

        Assert.Equal(
            [("claim", "Bucket", "claim"), ("composite", "XBucket", "composite"), ("step-0", "1 compose", "function-patch-and-transform"),
                ("template-0", "files", "Bucket"), ("template-1", "key", "Key, aws"), ("step-1", "2 ready", "function-auto-ready")],
            graph.Nodes.Select(n => (n.Id, n.Title, n.Note)));
        Assert.Equal(
            [("claim", "composite"), ("composite", "step-0"), ("step-0", "template-0"), ("step-0", "template-1"), ("composite", "step-1")],
            graph.Edges.Where(e => !e.Refers).Select(e => (e.From, e.To)));
        Assert.Equal(new GraphEdge("template-0", "template-1", "kmsKeyId", Refers: true), Assert.Single(graph.Edges, e => e.Refers));
    }

    [Fact]
    public void The_list_says_what_the_drawing_says()
    {
        var list = CompositionGraph.List(Pipeline, (_, _) => "");

        Assert.Equal([new MadeResource("files", "Bucket", "s3/v1", "", "key (kmsKeyIdSelector)"), new MadeResource("key", "Key", "kms/v1", "", "")], list);
    }

    [Fact]
    public void Mode_Resources_has_no_step_between_and_a_kind_without_claims_no_claim()
    {
        var steps = CompositionTemplates.Of(Parse("""{ "resources": [ { "base": { "apiVersion": "v1", "kind": "Key" } } ] }"""));

        var graph = CompositionGraph.Of("", "XKey", steps, (_, _) => "");

        Assert.Equal([("composite", "XKey"), ("template-0", "resource-0")], graph.Nodes.Select(n => (n.Id, n.Title)));
        Assert.Equal([new GraphEdge("composite", "template-0")], graph.Edges);
    }

    [Fact]
    public async Task A_Go_template_is_told_by_its_rendering_for_the_claim_of_a_test()
    {
        var drawing = new CompositionDrawing(Kinds, new FunctionDirectory((_, _) => new((JsonObject?)null), _ => null));

        var composed = await drawing.OfAsync(Templated, [Test("refused", """{ "error": "no" }"""), Test("three", """{ "resources": {} }""")], TestContext.Current.CancellationToken);

        Assert.Equal(("three", ""), (composed.Test, composed.Untold));
        Assert.Equal(["zone-0", "zone-1", "zone-2"], composed.Steps[0].Templates.Select(t => t.Name));
        Assert.Empty(composed.Steps[1].Templates);
    }

    [Fact]
    public async Task Without_a_test_it_says_that_the_text_does_not_tell_all()
    {
        var drawing = new CompositionDrawing(Kinds, new FunctionDirectory((_, _) => new((JsonObject?)null), _ => null));

        var composed = await drawing.OfAsync(Templated, [], TestContext.Current.CancellationToken);

        Assert.Contains("Loops and conditions", composed.Untold, StringComparison.Ordinal);
        Assert.Equal([("", "Zone")], composed.Steps[0].Templates.Select(t => (t.Name, t.Kind)));
    }

    [Fact]
    public async Task A_program_of_its_own_is_not_called_for_the_sake_of_a_page()
    {
        var drawing = new CompositionDrawing(Kinds, new FunctionDirectory((_, _) => new((JsonObject?)new JsonObject()), _ => new NeverCalled()));

        var composed = await drawing.OfAsync(Templated, [Test("three", """{ "resources": {} }""")], TestContext.Current.CancellationToken);

        Assert.Contains("a program of its own", composed.Untold, StringComparison.Ordinal);
    }

    [Fact]
    public void A_claim_is_drawn_with_the_state_of_each_of_its_resources()
    {
        var key = Node("Key", "key", """{ "metadata": { "name": "x-key", "annotations": { "crossplane.io/composition-resource-name": "key" } }, "status": { "simulated": true } }""");
        var files = Node("Bucket", "files",
            """{ "metadata": { "annotations": { "crossplane.io/composition-resource-name": "files" } }, "spec": { "forProvider": { "kmsKeyIdRef": { "name": "x-key" } } } }""");
        var gone = new ClaimNode("Policy", "v1", "x-policy", "", null, []);
        var inner = Node("XInner", "inner", "{}", files);
        var tree = Node("Bucket", "orders", "{}", Node("XBucket", "orders-1", "{}", inner, key, gone));

        var graph = ClaimGraph.Of(tree, (_, _) => "aws");

        Assert.Equal(["orders", "orders-1", "inner", "files", "key", "x-policy"], graph.Nodes.Select(n => n.Title));
        Assert.Equal([("node-0", "node-1"), ("node-1", "node-2"), ("node-2", "node-3"), ("node-1", "node-4"), ("node-1", "node-5")], graph.Edges.Where(e => !e.Refers).Select(e => (e.From, e.To)));
        Assert.Equal(("node-3", "node-4"), graph.Edges.Where(e => e.Refers).Select(e => (e.From, e.To)).Single());
        Assert.Equal("Key, SIMULATED", graph.Nodes[4].Note);
        Assert.Equal(new Status("Not there yet", Tone.Busy), graph.Nodes[5].Status);
    }

    private static KindRegistry Kinds => new([new KindDefinition { Id = new KindId("xnets", "example.com"), Kind = "XNet", Version = "v1" }]);

    private static IReadOnlyList<CompositionStep> Pipeline => CompositionTemplates.Of(Parse("""
        {
          "pipeline": [
            { "step": "compose", "functionRef": { "name": "function-patch-and-transform" }, "input": { "resources": [
              { "name": "files", "base": { "apiVersion": "s3/v1", "kind": "Bucket", "spec": { "forProvider": { "kmsKeyIdSelector": { "matchControllerRef": true } } } } },
              { "name": "key", "base": { "apiVersion": "kms/v1", "kind": "Key" } } ] } },
            { "step": "ready", "functionRef": { "name": "function-auto-ready" } }
          ]
        }
        """));

    private static JsonObject Templated => Parse("""
        {
          "spec": { "compositeTypeRef": { "apiVersion": "example.com/v1", "kind": "XNet" }, "pipeline": [
            { "step": "render", "functionRef": { "name": "function-go-templating" }, "input": { "source": "Inline", "inline": {
              "template": "{{ range $i := until 3 }}\n---\napiVersion: net/v1\nkind: Zone\nmetadata:\n  annotations:\n    gotemplating.fn.crossplane.io/composition-resource-name: zone-{{ $i }}\n{{ end }}" } } },
            { "step": "ready", "functionRef": { "name": "function-auto-ready" } } ] }
        }
        """);

    private static JsonObject Test(string name, string expect) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["composite"] = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "net" } }, ["expect"] = JsonNode.Parse(expect) },
    };

    private static ClaimNode Node(string kind, string name, string document, params ClaimNode[] children) => new(kind, "v1", name, "", Parse(document), children);

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();

    private sealed class NeverCalled : ICompositionFunction
    {
        public bool MayRequire => false;

        public ValueTask RunAsync(JsonObject input, Rendering rendering, CancellationToken ct) => throw new InvalidOperationException("It was called.");
    }
}
