using System.Globalization;
using Flagstone.Ui.Graphs;

namespace Flagstone.Provisioning.Compositions.Graphs;

/// <summary>What a composition makes, as a graph: the composite, the steps of its pipeline, and what each composes. Pure.</summary>
internal static class CompositionGraph
{
    public const string Caption = "A line leads to what is composed, a dashed one to what a resource refers to. The list says the same.";

    private const string Composite = "composite";

    /// <param name="claimKind">Empty where the composite has no claim.</param>
    /// <param name="compositeKind">The kind that it makes.</param>
    /// <param name="providerOf">The provider of a version and kind; empty for none.</param>
    public static Graph Of(string claimKind, string compositeKind, IReadOnlyList<CompositionStep> steps, Func<string, string, string> providerOf)
    {
        var nodes = new List<GraphNode>();
        var edges = new List<GraphEdge>();
        if (claimKind.Length > 0)
        {
            nodes.Add(new GraphNode("claim", claimKind, "claim"));
            edges.Add(new GraphEdge("claim", Composite));
        }

        nodes.Add(new GraphNode(Composite, compositeKind, "composite"));
        var number = 0;
        foreach (var (step, index) in steps.Select((s, i) => (s, i)))
        {
            var maker = Composite;
            if (step.Function.Length > 0)
            {
                maker = $"step-{Text(index)}";
                nodes.Add(new GraphNode(maker, $"{Text(index + 1)} {step.Name}", step.Function) { IsStep = true });
                edges.Add(new GraphEdge(Composite, maker));
            }

            foreach (var template in step.Templates)
            {
                var provider = providerOf(template.ApiVersion, template.Kind);
                nodes.Add(new GraphNode(IdOf(number), NameOf(template), provider.Length > 0 ? $"{template.Kind}, {provider}" : template.Kind));
                edges.Add(new GraphEdge(maker, IdOf(number++)));
            }
        }

        edges.AddRange(TemplateReferences.Of([.. steps.SelectMany(s => s.Templates)]).Select(r => new GraphEdge(IdOf(r.From), IdOf(r.To), r.Word, Refers: true)));
        return new Graph(nodes, edges);
    }

    /// <summary>The same as a list: what is composed, and what each refers to.</summary>
    public static IReadOnlyList<MadeResource> List(IReadOnlyList<CompositionStep> steps, Func<string, string, string> providerOf)
    {
        var templates = steps.SelectMany(s => s.Templates).ToList();
        var references = TemplateReferences.Of(templates).ToLookup(r => r.From);
        return
        [
            .. templates.Select((t, i) => new MadeResource(
                NameOf(t), t.Kind, t.ApiVersion, providerOf(t.ApiVersion, t.Kind), string.Join(", ", references[i].Select(r => $"{NameOf(templates[r.To])} ({r.Field})")))),
        ];
    }

    private static string NameOf(ComposedTemplate template) => template.Name.Length > 0 ? template.Name : "named when it runs";

    private static string IdOf(int number) => $"template-{Text(number)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A resource that a composition makes.</summary>
/// <param name="Provider">Empty where no provider makes it.</param>
/// <param name="Refers">What it refers to, and by which fields; empty for nothing.</param>
public sealed record MadeResource(string Name, string Kind, string ApiVersion, string Provider, string Refers);
