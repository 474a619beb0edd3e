using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Temporalio.Api.Common.V1;

namespace Flagstone.Workflows.Nexus.Callbacks;

/// <summary>Which operation a callback completes. It proves itself by a secret that the operation alone has beside it.</summary>
/// <param name="Namespace">The uid of the caller's namespace.</param>
internal sealed record CallbackToken(
    [property: JsonPropertyName("n")] string Namespace, [property: JsonPropertyName("w")] string WorkflowId, [property: JsonPropertyName("r")] string RunId,
    [property: JsonPropertyName("e")] long ScheduledId, [property: JsonPropertyName("s")] string Secret)
{
    /// <summary>The address of this installation; handlers pass it on, and nobody outside is called.</summary>
    public const string Url = "temporal://system";

    public const string Header = "temporal-callback-token";

    /// <summary>By which the handler knows the operation; SDKs put it to the callback.</summary>
    public const string OperationHeader = "nexus-operation-token";

    /// <summary>Of an operation that a client started; then the workflow id is the operation's id.</summary>
    public const string Standalone = "o";

    /// <summary>Empty for an operation of a workflow.</summary>
    [JsonPropertyName("k")]
    public string Kind { get; init; } = "";

    public override string ToString() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this));

    /// <summary>Null for what is no callback of this installation.</summary>
    public static CallbackToken? Read(Callback callback)
    {
        if (callback.Nexus?.Url != Url || !callback.Nexus.Header.TryGetValue(Header, out var text) || !Base64Url.IsValid(text))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<CallbackToken>(Base64Url.DecodeFromUtf8(Encoding.ASCII.GetBytes(text))) is
                { Namespace: { Length: > 0 }, WorkflowId: { Length: > 0 }, RunId: not null, Secret: { Length: > 0 } } token ? token : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
