using System.Globalization;
using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Versioning;
using Flagstone.Workflows.Visibility;
using Flagstone.Workflows.Visibility.Queries;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Console;

/// <summary>What the list of workflows is asked for: all of it stands in the address. Pure.</summary>
/// <param name="Namespace">The workflow namespace's name.</param>
/// <param name="Status">As queries name it; empty for all.</param>
/// <param name="Id">How a workflow id begins, or a run id; empty for all.</param>
/// <param name="Query">In the language of visibility; empty for none.</param>
internal sealed record RunQuery(string Namespace, string Status = "", string Type = "", string Id = "", string Query = "")
{
    public const string Path = "/workflows";

    public bool IsFiltered => Status.Length + Type.Length + Id.Length + Query.Length > 0;

    /// <summary>The views that are there from the start, each a query that can be changed.</summary>
    public static IReadOnlyList<(string Title, string Query)> Views(DateTimeOffset now)
    {
        var (today, yesterday) = (Time(now.UtcDateTime.Date), Time(now.UtcDateTime.AddDays(-1)));
        return
        [
            ("Running", "ExecutionStatus = 'Running'"),
            ("Failed today", $"ExecutionStatus IN ('Failed', 'TimedOut') AND CloseTime >= '{today}'"),
            ("Ended by hand today", $"ExecutionStatus IN ('Terminated', 'Canceled') AND CloseTime >= '{today}'"),
            ("Running for a day", $"ExecutionStatus = 'Running' AND StartTime <= '{yesterday}'"),
            ("Children", "ParentWorkflowId IS NOT NULL"),
        ];
    }

    /// <summary>The runs of a task queue.</summary>
    public static RunQuery OfQueue(string ns, string queue) => new(ns, Query: Is("TaskQueue", queue).ToString());

    /// <summary>The open runs that are pinned to a version of their workers.</summary>
    public static RunQuery OfVersion(string ns, WorkerVersion version) => new(
        ns, nameof(WorkflowExecutionStatus.Running), Query: Is("BuildIds", VersioningAttributes.PinnedTo(version.ToString())).ToString());

    /// <exception cref="QueryException">The query cannot be read.</exception>
    public Condition? Where(bool anyStatus = false)
    {
        var parsed = QueryParser.Parse(Query);
        if (parsed.GroupBy.Length > 0)
        {
            throw new QueryException(0, "GROUP BY is for counts; the page counts by status itself. Leave it out.");
        }

        return new[]
        {
            parsed.Where,
            anyStatus || Status.Length == 0 ? null : Is(SearchField.Status, Status),
            Type.Length == 0 ? null : Is(SearchField.WorkflowType, Type),
            Id.Length == 0 ? null : Guid.TryParse(Id, out _)
                ? new Either(Is(SearchField.RunId, Id), Is(SearchField.WorkflowId, Id)) : new Prefix(SearchField.WorkflowId, false, Text(Id)),
        }.Where(c => c is not null).Aggregate((Condition?)null, (all, one) => all is null ? one : new Both(all, one!));
    }

    /// <param name="after">Where the page begins; empty for the first one.</param>
    public string ToHref(string after = "")
    {
        (string Name, string Value)[] parts = [("namespace", Namespace), ("status", Status), ("type", Type), ("id", Id), ("query", Query), ("after", after)];
        return $"{Path}?{string.Join('&', parts.Where(p => p.Value.Length > 0).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value)}"))}";
    }

    private static Comparison Is(string field, string value) => new(field, "=", Text(value));

    private static Literal Text(string value) => new(LiteralKind.Text, value);

    private static string Time(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
