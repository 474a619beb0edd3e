using Flagstone.Workflows.Executions;

namespace Flagstone.Workflows.Batches;

/// <summary>A batch job in a namespace: what a grain and its due entry are named by.</summary>
/// <param name="Namespace">The namespace's uid.</param>
internal readonly record struct BatchKey(string Namespace, string JobId)
{
    public static BatchKey Parse(string text)
    {
        var key = ExecutionKey.Parse(text);
        return new BatchKey(key.Namespace, key.WorkflowId);
    }

    public override string ToString() => $"{Namespace}/{JobId}";
}
