using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf;
using Temporalio.Api.Common.V1;

namespace Flagstone.Workflows.People;

/// <summary>What was decided: the activity's result, as the workflow reads it, and what the task's row keeps.</summary>
/// <param name="By">The name of who decided.</param>
/// <param name="DelegatedFrom">Who let them decide; null for an assignee's own decision.</param>
internal sealed record HumanDecision(string Decision, string Reason, string By, DateTimeOffset At, string? DelegatedFrom)
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public Payloads ToResult() => new()
    {
        Payloads_ =
        {
            new Payload
            {
                Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain") },
                Data = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(this, Json)),
            },
        },
    };

    public static HumanDecision? Of(Payloads? result) =>
        result is { Payloads_: [var first, ..] } ? JsonSerializer.Deserialize<HumanDecision>(first.Data.Span, Json) : null;
}
