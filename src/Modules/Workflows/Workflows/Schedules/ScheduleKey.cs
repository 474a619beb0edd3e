using Flagstone.Workflows.Executions;

namespace Flagstone.Workflows.Schedules;

/// <summary>A schedule in a namespace: what a grain and its due entry are named by.</summary>
/// <param name="Namespace">The namespace's uid.</param>
internal readonly record struct ScheduleKey(string Namespace, string ScheduleId)
{
    /// <summary>What lists show of schedules stands beside the runs of their namespace, under a name that is no namespace's.</summary>
    private const string ListSuffix = "/schedules";

    /// <summary>Under which the schedules of a namespace are listed.</summary>
    public static string ListOf(string ns) => ns + ListSuffix;

    /// <summary>The namespace whose schedules are listed under a name; null for a namespace itself.</summary>
    public static string? NamespaceOf(string list) => list.EndsWith(ListSuffix, StringComparison.Ordinal) ? list[..^ListSuffix.Length] : null;

    public static ScheduleKey Parse(string text)
    {
        var (ns, id) = ExecutionKey.Parse(text) is var key ? (key.Namespace, key.WorkflowId) : default;
        return new ScheduleKey(ns, id);
    }

    public override string ToString() => $"{Namespace}/{ScheduleId}";
}
