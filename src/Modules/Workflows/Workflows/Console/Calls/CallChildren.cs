using Flagstone.Ui.Components;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Console.Calls;

/// <summary>The children of a run, and theirs: from its history, and from lists, which know how they are now. Pure.</summary>
internal static class CallChildren
{
    private const string Kind = "Child";

    private static readonly Status Unknown = new("Not listed", Tone.Neutral, "It outlived the run, and is not listed any more.");

    /// <summary>A node for each child, and the nodes' ids by the ids of all runs that are known of the child.</summary>
    public static (List<CallNode> Nodes, Dictionary<string, string> Runs) Of(CallFacts facts)
    {
        var chains = Chains(facts.Children.Runs);
        var runs = new Dictionary<string, string>();
        var nodes = new List<CallNode>();
        foreach (var call in facts.Calls.Children)
        {
            if (call.Run.RunId.Length > 0 && chains.Remove(call.Run.RunId, out var chain))
            {
                nodes.Add(Node(facts.Namespace, call.Run.RunId, chain, runs));
                continue;
            }

            var status = call.Status.Tone == Tone.Busy && !facts.Run.IsRunning ? Unknown : call.Status;
            var isThere = call.Run.RunId.Length > 0;
            nodes.Add(new CallNode(
                CallNode.IdOf(call.Run.RunId, call.Run.WorkflowId), Kind, call.Run.WorkflowId, isThere ? RunPage.Href(facts.Namespace, call.Run.RunId) : "")
            {
                Status = status, Note = call.Type,
            });
        }

        // Children whose beginning was not read.
        nodes.AddRange(chains.OrderBy(c => c.Value[0].StartTime).Select(c => Node(facts.Namespace, c.Key, c.Value, runs)));
        return (nodes, runs);
    }

    /// <summary>The children's children, by the node of the child.</summary>
    /// <param name="runs">The nodes' ids by the children's run ids.</param>
    public static ILookup<string, CallNode> Below(CallFacts facts, IReadOnlyDictionary<string, string> runs) =>
        Chains(facts.Grandchildren.Runs).Where(c => runs.ContainsKey(c.Value[0].ParentExecution?.RunId ?? ""))
            .OrderBy(c => c.Value[0].StartTime)
            .ToLookup(c => runs[c.Value[0].ParentExecution.RunId], c => Node(facts.Namespace, c.Key, c.Value, []));

    public static string AllHref(CallFacts facts) => new RunQuery(facts.Namespace, Query: CallReader.ChildrenOf([facts.Run.RunId])).ToHref();

    /// <summary>The runs of each child, in order, by the id of its first run.</summary>
    private static Dictionary<string, List<WorkflowExecutionInfo>> Chains(IEnumerable<WorkflowExecutionInfo> runs) =>
        runs.GroupBy(r => r.FirstRunId.Length > 0 ? r.FirstRunId : r.Execution.RunId).ToDictionary(g => g.Key, g => g.OrderBy(r => r.StartTime).ToList());

    /// <summary>Its last run is meant, which is how the child is now.</summary>
    private static CallNode Node(string ns, string firstRun, List<WorkflowExecutionInfo> chain, Dictionary<string, string> runs)
    {
        var last = chain[^1];
        var id = CallNode.IdOf(firstRun, "");
        foreach (var run in chain)
        {
            runs[run.Execution.RunId] = id;
        }

        return new CallNode(id, Kind, last.Execution.WorkflowId, RunPage.Href(ns, last.Execution.RunId))
        {
            Status = RunStatus.Of(last.Status), Note = chain.Count == 1 ? last.Type.Name : $"{last.Type.Name}, {chain.Count} runs",
        };
    }
}
