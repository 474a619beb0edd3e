namespace Flagstone.Workflows.Executions;

/// <summary>A workflow id in a namespace: what a grain and its due entry are named by.</summary>
/// <param name="Namespace">The namespace's uid: a namespace made again under the same name has none of the old one's executions.</param>
internal readonly record struct ExecutionKey(string Namespace, string WorkflowId)
{
    public static ExecutionKey Parse(string text)
    {
        // A uid has no slash, a workflow id may.
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return new ExecutionKey(text[..slash], text[(slash + 1)..]);
    }

    public override string ToString() => $"{Namespace}/{WorkflowId}";
}
