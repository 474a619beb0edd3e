using System.Text.Json.Nodes;
using Bunit;
using Flagstone.Provisioning.Compositions.Graphs;
using Flagstone.Ui.Components;
using Flagstone.Ui.Graphs;

namespace Flagstone.Ui.Tests;

public sealed class GraphViewTests
{
    private static readonly Graph Two = new(
        [
            new GraphNode("a", "orders", "Database") { Status = new Status("Ready", Tone.Good), Href = "/claims/orders" },
            new GraphNode("b", "compose", "a step") { IsStep = true },
        ],
        [new GraphEdge("a", "b"), new GraphEdge("b", "a", "owner", Refers: true)]);

    [Fact]
    public async Task A_drawing_is_for_the_eye_alone_and_tells_a_state_by_colour_word_and_shape()
    {
        await using var context = UiContext.Create();

        var view = context.Render<GraphView>(p => p.Add(c => c.Graph, Two).Add(c => c.Caption, "Lines lead somewhere."));

        Assert.Equal("true", view.Find("figure").GetAttribute("aria-hidden"));
        var drawn = JsonNode.Parse(view.Find("fs-graph").GetAttribute("graph")!)!;
        var node = drawn["nodes"]![0]!;
        Assert.Equal(("Ready", "good"), (node["word"]!.ToString(), node["tone"]!.ToString()));
        Assert.Contains("circle", node["shape"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(["/claims/orders", ""], drawn["nodes"]!.AsArray().Select(n => n!["href"]!.ToString()));
        Assert.True(drawn["edges"]![1]!["refers"]!.GetValue<bool>());
        Assert.Contains("Lines lead somewhere.", view.Find("figcaption").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_can_be_read_is_not_drawn()
    {
        await using var context = UiContext.Create();
        var many = new Graph([.. Enumerable.Range(0, Graph.MaxNodes + 1).Select(i => new GraphNode($"n{i}", "n", ""))], []);

        var view = context.Render<GraphView>(p => p.Add(c => c.Graph, many).Add(c => c.Caption, ""));

        Assert.Empty(view.FindAll("fs-graph"));
    }

    [Fact]
    public async Task What_a_composition_makes_stands_in_a_list_beside_its_drawing_and_says_how_it_is_known()
    {
        await using var context = UiContext.Create();

        var section = context.Render<CompositionMakes>(p => p.Add(c => c.CompositeKind, "XBucket").Add(c => c.ApiVersion, "example.com/v1").Add(c => c.ClaimKind, "Bucket")
            .Add(c => c.Graph, Two).Add(c => c.Resources, [new MadeResource("files", "Bucket", "s3/v1", "aws", "key (kmsKeyIdSelector)")]).Add(c => c.Test, "bucket-is-private"));

        var item = section.Find("ul.fs-tree > li > ul > li");
        Assert.Contains("provider aws", item.TextContent, StringComparison.Ordinal);
        Assert.Contains("refers to key (kmsKeyIdSelector)", item.TextContent, StringComparison.Ordinal);
        Assert.Contains("CompositionTest bucket-is-private", section.Markup.Replace("<strong>", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
