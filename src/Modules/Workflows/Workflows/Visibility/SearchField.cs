using Flagstone.Workflows.Namespaces;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Visibility;

/// <summary>What a query may ask of.</summary>
/// <param name="Column">The run's column; empty for an attribute in rows of its own.</param>
internal sealed record SearchField(string Name, IndexedValueType Type, string Column)
{
    public const string Status = "ExecutionStatus";
    public const string CloseTime = "CloseTime";
    public const string StartTime = "StartTime";
    public const string Duration = "ExecutionDuration";
    public const string WorkflowId = "WorkflowId";
    public const string RunId = "RunId";
    public const string WorkflowType = "WorkflowType";

    /// <summary>Not counted here.</summary>
    private const string Transitions = "StateTransitionCount";

    private static readonly Dictionary<string, string> Columns = new(StringComparer.Ordinal)
    {
        [WorkflowId] = "workflow",
        [RunId] = "run",
        [WorkflowType] = "type",
        [Status] = "status",
        ["TaskQueue"] = "queue",
        [StartTime] = "start_at",
        ["ExecutionTime"] = "execution_at",
        [CloseTime] = "close_at",
        [Duration] = "duration",
        ["HistoryLength"] = "length",
        ["HistorySizeBytes"] = "size",
        ["ParentWorkflowId"] = "parent_workflow",
        ["ParentRunId"] = "parent_run",
        ["RootWorkflowId"] = "root_workflow",
        ["RootRunId"] = "root_run",
    };

    public bool IsAttribute => Column.Length == 0;

    /// <summary>Whether it has many values, and a comparison asks whether one of them is meant.</summary>
    public bool IsMany => Type is IndexedValueType.KeywordList or IndexedValueType.Text;

    public static IReadOnlyCollection<string> SystemNames => Columns.Keys;

    public static bool IsColumn(string name) => Columns.ContainsKey(name);

    /// <summary>The field of a name; null when there is none.</summary>
    /// <param name="own">The namespace's own attributes.</param>
    public static SearchField? Find(string name, IReadOnlyDictionary<string, IndexedValueType> own) =>
        Columns.TryGetValue(name, out var column) ? new SearchField(name, SystemSearchAttributes.Types[name], column)
        : name != Transitions && SystemSearchAttributes.Types.TryGetValue(name, out var type) ? new SearchField(name, type, "")
        : own.TryGetValue(name, out type) ? new SearchField(name, type, "")
        : null;
}
