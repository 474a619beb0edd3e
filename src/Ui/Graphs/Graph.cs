using Flagstone.Ui.Components;

namespace Flagstone.Ui.Graphs;

/// <summary>Things and what leads from one to another, as a <see cref="GraphView"/> draws them: from left to right, in layers.</summary>
public sealed record Graph(IReadOnlyList<GraphNode> Nodes, IReadOnlyList<GraphEdge> Edges)
{
    /// <summary>A drawing of more than this many nodes helps nobody.</summary>
    public const int MaxNodes = 150;
}

/// <summary>A thing.</summary>
/// <param name="Id">Its own among the nodes of its graph.</param>
/// <param name="Note">A few words more, such as its kind; empty for none.</param>
public sealed record GraphNode(string Id, string Title, string Note)
{
    /// <summary>Shown by colour, word and shape; null for a thing that has no state.</summary>
    public Status? Status { get; init; }

    /// <summary>The page that a click opens, which the list beside the drawing links to as well; empty for none.</summary>
    public string Href { get; init; } = "";

    /// <summary>True for a thing that stands between others and is none of them, such as a step.</summary>
    public bool IsStep { get; init; }
}

/// <summary>What leads from one node to another.</summary>
/// <param name="Label">A word at the line; empty for none.</param>
/// <param name="Refers">True for a reference, drawn as a dashed line; false when the one makes the other.</param>
public sealed record GraphEdge(string From, string To, string Label = "", bool Refers = false);
