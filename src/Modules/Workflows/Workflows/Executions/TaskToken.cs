using System.Text.Json;
using Google.Protobuf;

namespace Flagstone.Workflows.Executions;

/// <summary>What a worker shows to answer a task: all of it must be that of the task as it stands. The stamp is known to who was given the task alone.</summary>
[GenerateSerializer, Immutable, Alias("flagstone.workflow-task-token")]
internal sealed record TaskToken(
    [property: Id(0)] string Namespace, [property: Id(1)] string WorkflowId, [property: Id(2)] string RunId, [property: Id(3)] long ScheduledId,
    [property: Id(4)] long StartedId, [property: Id(5)] int Attempt, [property: Id(6)] string Stamp)
{
    /// <summary>Of an activity that a client started: the workflow id is the activity's own.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsStandalone => ScheduledId == 0;

    private const int MaxLength = 16 * 1024;

    public ByteString ToBytes() => ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(this));

    /// <summary>Null for what is no token.</summary>
    public static TaskToken? Read(ByteString bytes)
    {
        try
        {
            return bytes.Length is > 0 and <= MaxLength && JsonSerializer.Deserialize<TaskToken>(bytes.Span) is { WorkflowId: not null, RunId: not null, Stamp: { Length: > 0 } } token
                ? token : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
