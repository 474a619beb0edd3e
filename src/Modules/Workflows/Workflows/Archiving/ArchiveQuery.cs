using Flagstone.Platform.Storage;
using Flagstone.Workflows.Visibility;
using Flagstone.Workflows.Visibility.Queries;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Archiving;

/// <summary>What a list of archived runs may ask: which workflow, which run, and when it closed. Pure.</summary>
internal sealed class ArchiveQuery
{
    private const string Allowed = "The archive has no index: ask by WorkflowId = '...', RunId = '...' and CloseTime, joined by AND.";

    private static readonly SearchField Closed = SearchField.Find(SearchField.CloseTime, new Dictionary<string, IndexedValueType>())!;

    private readonly List<Comparison> all = [];

    private ArchiveQuery(string text) => Text = text;

    /// <summary>As written.</summary>
    public string Text { get; }

    /// <summary>Null for any.</summary>
    public string? WorkflowId => all.FirstOrDefault(c => c.Field == SearchField.WorkflowId)?.Value.Text;

    /// <summary>Null for any.</summary>
    public string? RunId => all.FirstOrDefault(c => c.Field == SearchField.RunId)?.Value.Text;

    /// <exception cref="QueryException">It asks for something else.</exception>
    public static ArchiveQuery Parse(string text)
    {
        var parsed = QueryParser.Parse(text);
        var query = new ArchiveQuery(parsed.ToString());
        if (parsed.GroupBy.Length > 0)
        {
            throw new QueryException(0, $"GROUP BY is for counts. {Allowed}");
        }

        query.Add(parsed.Where);
        return query;
    }

    public bool Matches(WorkflowExecutionInfo run) => all.TrueForAll(c => c.Field switch
    {
        SearchField.WorkflowId => run.Execution.WorkflowId == c.Value.Text,
        SearchField.RunId => run.Execution.RunId == c.Value.Text,
        _ => Compares(Micros.From(run.CloseTime.ToDateTimeOffset()), c.Operator, (long)FieldValues.Of(Closed, c.Value)),
    });

    private static bool Compares(long closed, string comparison, long value) => comparison switch
    {
        "=" => closed == value,
        "!=" => closed != value,
        "<" => closed < value,
        "<=" => closed <= value,
        ">" => closed > value,
        _ => closed >= value,
    };

    private void Add(Condition? condition)
    {
        switch (condition)
        {
            case null:
                return;
            case Both both:
                Add(both.Left);
                Add(both.Right);
                return;
            case Between { Field: SearchField.CloseTime, IsNot: false } between:
                Add(new Comparison(between.Field, ">=", between.Low, between.At));
                Add(new Comparison(between.Field, "<=", between.High, between.At));
                return;
            case Comparison { Field: SearchField.WorkflowId or SearchField.RunId, Operator: "=", Value.Kind: LiteralKind.Text } exact:
                all.Add(exact);
                return;
            case Comparison { Field: SearchField.CloseTime } time:
                // A value that is no time is refused now.
                _ = FieldValues.Of(Closed, time.Value);
                all.Add(time);
                return;
            default:
                throw new QueryException((condition as FieldCondition)?.At ?? 0, $"{condition} cannot be asked of archived executions. {Allowed}");
        }
    }
}
