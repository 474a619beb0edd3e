using Flagstone.Ui.Components;
using Flagstone.Ui.Graphs;

namespace Flagstone.Workflows.Console.Calls;

/// <summary>A run, or something else that calls or is called.</summary>
/// <param name="Id">Its own in the graph: what stands in several places is one.</param>
/// <param name="Kind">As <c>Child</c> or <c>Activity</c>.</param>
/// <param name="Href">Its page; empty for none.</param>
public sealed record CallNode(string Id, string Kind, string Title, string Href)
{
    public Status? Status { get; init; }

    /// <summary>A few words more, or empty.</summary>
    public string Note { get; init; } = "";

    /// <summary>What passes between it and the run, as <c>signal Approve</c>, or where it stands in the chain; empty where one began the other.</summary>
    public string Word { get; init; } = "";

    /// <summary>What it calls itself.</summary>
    public IReadOnlyList<CallNode> Below { get; init; } = [];

    /// <summary>A run by its id; where it is not known, by its workflow's.</summary>
    public static string IdOf(string runId, string workflowId) => runId.Length > 0 ? $"run {runId}" : $"workflow {workflowId}";
}

/// <summary>Nodes that stand in the same relation to the run.</summary>
/// <param name="More">How many were left out.</param>
/// <param name="IsCut">Whether there are more that were not even counted.</param>
/// <param name="AllHref">A list of all of them; empty for none.</param>
public sealed record CallGroup(string Title, IReadOnlyList<CallNode> Nodes, int More = 0, bool IsCut = false, string AllHref = "");

/// <summary>What calls a run and what it calls, as groups, and as the drawing of the same.</summary>
public sealed record CallGraph(IReadOnlyList<CallGroup> Groups, Graph Drawing)
{
    public const string Caption =
        "A line leads to what is called; a dashed one to who was signalled or asked to cancel, and from run to run of one workflow. "
        + "A click on a card opens its page. The lists below say the same.";

    /// <summary>Whether there is nothing but the run.</summary>
    public bool IsEmpty => Groups.Count == 0;
}
