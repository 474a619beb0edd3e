using System.Text.Json;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Visibility;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Tests.Visibility;

/// <summary>A run, and what a query may ask of it as plain values: null or missing for what it does not have.</summary>
internal sealed record SampleRun(RunChange Begun, RunChange? Closed, Dictionary<string, object?> Values)
{
    public string Id => Begun.Run.RunId;

    public object? this[string field] => Values.GetValueOrDefault(field);
}

/// <summary>Runs by chance, some open and some closed, with few different values so that queries meet them.</summary>
internal sealed class RandomRuns(Random random)
{
    public static readonly Dictionary<string, IndexedValueType> Attributes = new()
    {
        ["Word"] = IndexedValueType.Keyword, ["Odd name"] = IndexedValueType.Keyword, ["Whole"] = IndexedValueType.Int, ["Part"] = IndexedValueType.Double,
        ["Flag"] = IndexedValueType.Bool, ["When"] = IndexedValueType.Datetime, ["Tags"] = IndexedValueType.KeywordList, ["Prose"] = IndexedValueType.Text,
    };

    private static readonly DateTimeOffset Zero = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly RandomQueries texts = new(random);

    public static DateTimeOffset Time(Random random) => Zero.AddHours(random.Next(6));

    public SampleRun Next(string ns)
    {
        var own = new Dictionary<string, object?>();
        foreach (var (name, type) in Attributes.Where(_ => random.Next(3) > 0))
        {
            own[name] = Value(type);
        }

        var request = new StartWorkflowExecutionRequest
        {
            WorkflowId = "w" + texts.Text(), WorkflowType = new WorkflowType { Name = "t" + texts.Text() }, TaskQueue = new() { Name = "q" + texts.Text() },
            SearchAttributes = new SearchAttributes { IndexedFields = { own.ToDictionary(a => a.Key, a => Payload(a.Value, Attributes[a.Key])) } },
        };
        var begun = Starting.Begin(new ExecutionKey(ns, request.WorkflowId), request, Guid.NewGuid().ToString(), Time(random), null);
        var run = begun.Run;
        RunChange? closed = null;
        if (random.Next(3) > 0)
        {
            closed = new RunChange(StateCodec.Read(StateCodec.Write(run)), run.StartedAt.AddHours(random.Next(4)));
            if (random.Next(2) == 0)
            {
                Closing.Terminate(closed, "", null, "");
            }
            else
            {
                Closing.TimeOut(closed);
            }
        }

        var last = closed?.Run ?? run;
        return new SampleRun(begun, closed, new Dictionary<string, object?>(own)
        {
            ["WorkflowId"] = run.WorkflowId, ["WorkflowType"] = run.Type, ["TaskQueue"] = run.TaskQueue, ["ExecutionStatus"] = last.Status.ToString(),
            ["StartTime"] = run.StartedAt, ["CloseTime"] = last.ClosedAt, ["ExecutionDuration"] = last.ClosedAt - run.StartedAt,
            ["HistoryLength"] = last.IsRunning ? null : last.NextEventId - 1,
        });
    }

    private object Value(IndexedValueType type) => type switch
    {
        IndexedValueType.Int => (long)random.Next(-3, 4),
        IndexedValueType.Double => random.Next(-6, 7) / 2.0,
        IndexedValueType.Bool => random.Next(2) == 0,
        IndexedValueType.Datetime => Time(random),
        IndexedValueType.KeywordList => new[] { "a", "b", "c" }.Where(_ => random.Next(2) == 0).ToArray(),
        IndexedValueType.Text => new[] { "The red fox.", "A fox at the end", "Red, red" }[random.Next(3)],
        _ => texts.Text(),
    };

    private static Payload Payload(object? value, IndexedValueType type) => new()
    {
        Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain"), ["type"] = ByteString.CopyFromUtf8(type.ToString()) },
        Data = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(value)),
    };
}
