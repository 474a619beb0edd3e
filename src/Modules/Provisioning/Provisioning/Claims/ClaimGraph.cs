using System.Globalization;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.Graphs;
using Flagstone.Ui.Graphs;

namespace Flagstone.Provisioning.Claims;

/// <summary>What a claim has become, as a graph: the claim, its composite, what that composes, and what refers to what. Pure.</summary>
internal static class ClaimGraph
{
    public const string Caption = "A line leads to what is composed, a dashed one to what a resource refers to. The tree below says the same, and more.";

    /// <param name="providerOf">The provider of a version and kind; empty for none.</param>
    public static Graph Of(ClaimNode tree, Func<string, string, string> providerOf)
    {
        var all = tree.All.ToList();
        var references = TemplateReferences.Of([.. all.Select(n => new ComposedTemplate(n.Template, n.ApiVersion, n.Kind) { Document = n.Template.Length > 0 ? n.Document : null })]);
        return new Graph(
            [.. all.Select((n, i) => new GraphNode(IdOf(i), n.Template.Length > 0 ? n.Template : n.Name, NoteOf(n, providerOf(n.ApiVersion, n.Kind))) { Status = n.Status })],
            [.. Made(tree, 0), .. references.Select(r => new GraphEdge(IdOf(r.From), IdOf(r.To), r.Word, Refers: true))]);
    }

    /// <param name="place">The node's place in the order of <see cref="ClaimNode.All"/>: itself, then each child with all below it.</param>
    private static IEnumerable<GraphEdge> Made(ClaimNode node, int place)
    {
        var next = place + 1;
        foreach (var child in node.Children)
        {
            yield return new GraphEdge(IdOf(place), IdOf(next));
            foreach (var below in Made(child, next))
            {
                yield return below;
            }

            next += child.All.Count();
        }
    }

    private static string NoteOf(ClaimNode node, string provider) =>
        string.Join(", ", ((string[])[node.Kind, node.IsSimulated ? "SIMULATED" : provider]).Where(t => t.Length > 0));

    private static string IdOf(int index) => $"node-{index.ToString(CultureInfo.InvariantCulture)}";
}
