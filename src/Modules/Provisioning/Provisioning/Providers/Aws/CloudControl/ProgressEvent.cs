using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Providers.Aws.CloudControl;

/// <summary>How a request to Cloud Control goes on.</summary>
/// <param name="Identifier">Empty while it is not known; it may be before the end.</param>
/// <param name="Status">PENDING, IN_PROGRESS, SUCCESS, FAILED, CANCEL_IN_PROGRESS or CANCEL_COMPLETE.</param>
/// <param name="RetryAfter">When to look next; null when the service does not say.</param>
internal sealed record ProgressEvent(
    string TypeName, string Identifier, string RequestToken, string Operation, string Status, string StatusMessage, string ErrorCode, DateTimeOffset? RetryAfter)
{
    /// <summary>A status that is not known is no end: what it was shows when the service says so, or forgets it.</summary>
    public bool GoesOn => Status is not ("SUCCESS" or "FAILED" or "CANCEL_COMPLETE");

    public static ProgressEvent Read(JsonNode? node) => new(
        node.Text(nameof(TypeName)), node.Text(nameof(Identifier)), node.Text(nameof(RequestToken)), node.Text(nameof(Operation)), node.Text("OperationStatus"),
        node.Text(nameof(StatusMessage)), node.Text(nameof(ErrorCode)), Time(node?[nameof(RetryAfter)]));

    /// <summary>JSON 1.0 of AWS writes seconds since 1970, with a fraction; some stand-ins write ISO 8601.</summary>
    private static DateTimeOffset? Time(JsonNode? node) => node switch
    {
        JsonValue v when v.GetValueKind() == JsonValueKind.Number
            && double.TryParse(v.ToJsonString(), CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < 1e11 =>
            DateTimeOffset.UnixEpoch.AddSeconds(seconds),
        JsonValue v when DateTimeOffset.TryParse(v.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) => time,
        _ => null,
    };
}

/// <summary>A resource as Cloud Control describes it.</summary>
internal sealed record ResourceDescription(string Identifier, JsonObject Properties)
{
    public static ResourceDescription Read(JsonNode? node) => new(
        node.Text(nameof(Identifier)), node.Text(nameof(Properties)) is { Length: > 0 } text ? JsonNode.Parse(text) as JsonObject ?? [] : []);
}
