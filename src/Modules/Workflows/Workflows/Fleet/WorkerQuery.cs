using System.Globalization;
using Flagstone.Workflows.Visibility.Queries;
using Temporalio.Api.Worker.V1;

namespace Flagstone.Workflows.Fleet;

/// <summary>A query for workers, in the language of visibility, with fields of its own. Pure.</summary>
internal static class WorkerQuery
{
    private static readonly Dictionary<string, Func<WorkerHeartbeat, string?>> Fields = new(StringComparer.Ordinal)
    {
        ["WorkerInstanceKey"] = w => w.WorkerInstanceKey,
        ["WorkerIdentity"] = w => w.WorkerIdentity,
        ["HostName"] = w => w.HostInfo?.HostName,
        ["TaskQueue"] = w => w.TaskQueue,
        ["DeploymentName"] = w => w.DeploymentVersion?.DeploymentName,
        ["BuildId"] = w => w.DeploymentVersion?.BuildId,
        ["SdkName"] = w => w.SdkName,
        ["SdkVersion"] = w => w.SdkVersion,
        ["StartTime"] = w => w.StartTime is { } start ? Text(start.ToDateTimeOffset()) : null,
        ["Status"] = w => w.Status.ToString(),
    };

    /// <summary>Reads a query; what it gives says whether a worker is meant.</summary>
    /// <exception cref="QueryException">It cannot be read, or names what workers do not have.</exception>
    public static Func<WorkerHeartbeat, bool> Read(string query) => QueryParser.Parse(query) switch
    {
        { GroupBy.Length: > 0 } => throw new QueryException(0, "GROUP BY is not for workers. Leave it out."),
        { Where: { } where } => Compile(where, false),
        _ => _ => true,
    };

    /// <summary>As in SQL, what a worker does not have is neither equal nor unequal to anything: negations go down to the comparisons.</summary>
    private static Func<WorkerHeartbeat, bool> Compile(Condition where, bool isNot)
    {
        switch (where)
        {
            case Negated not:
                return Compile(not.Inner, !isNot);
            case Both both:
                var (left, right) = (Compile(both.Left, isNot), Compile(both.Right, isNot));
                return isNot ? w => left(w) || right(w) : w => left(w) && right(w);
            case Either either:
                var (one, other) = (Compile(either.Left, isNot), Compile(either.Right, isNot));
                return isNot ? w => one(w) && other(w) : w => one(w) || other(w);
            case FieldCondition condition:
                var field = Fields.GetValueOrDefault(condition.Field)
                    ?? throw new QueryException(condition.At, $"workers have no {condition.Field}. Use one of: {string.Join(", ", Fields.Keys)}.");
                var holds = Compile(condition);
                return condition is Absence ? w => holds(field(w)) != isNot : w => field(w) is { } value && holds(value) != isNot;
            default:
                throw new QueryException(0, $"{where} is not for workers.");
        }
    }

    private static Func<string?, bool> Compile(FieldCondition condition) => condition switch
    {
        Comparison c => value => Compare(c.Field, value!, c.Value) is var order && c.Operator switch
        {
            "=" => order == 0,
            "!=" => order != 0,
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        },
        Membership m => value => m.Values.Any(v => Compare(m.Field, value!, v) == 0) != m.IsNot,
        Between b => value => (Compare(b.Field, value!, b.Low) >= 0 && Compare(b.Field, value!, b.High) <= 0) != b.IsNot,
        Prefix p => value => value!.StartsWith(p.Value.Text, StringComparison.Ordinal) != p.IsNot,
        Absence a => value => value is null != a.IsNot,
        _ => throw new QueryException(condition.At, $"{condition} is not for workers."),
    };

    private static int Compare(string field, string value, Literal literal) => string.CompareOrdinal(value, field != "StartTime" ? literal.Text
        : DateTimeOffset.TryParse(literal.Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? Text(time)
        : throw new QueryException(literal.At, $"'{literal.Text}' is no time. Write one such as '2026-01-01T00:00:00Z'."));

    /// <summary>A time whose texts compare as the times do.</summary>
    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
