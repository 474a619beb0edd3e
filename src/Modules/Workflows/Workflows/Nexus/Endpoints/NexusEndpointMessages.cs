using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Nexus.V1;

namespace Flagstone.Workflows.Nexus.Endpoints;

/// <summary>An endpoint in Temporal's messages, and back. Pure.</summary>
internal static class NexusEndpointMessages
{
    private const string MarkdownEncoding = "json/plain";

    public static Endpoint Of(JsonObject document) => new()
    {
        Id = document.UidOf(),
        Version = VersionOf(document),
        Spec = new EndpointSpec
        {
            Name = document.NameOf(),
            Description = Description(document.At("spec").Text("description")),
            Target = new EndpointTarget
            {
                Worker = new EndpointTarget.Types.Worker
                {
                    Namespace = document.At("spec", "target", "worker").Text("namespace"),
                    TaskQueue = document.At("spec", "target", "worker").Text("taskQueue"),
                },
            },
        },
        CreatedTime = Created(document),
    };

    /// <summary>Counts the changes of what it says, from one.</summary>
    public static long VersionOf(JsonObject document) => document.At("metadata", "generation")?.GetValue<long>() ?? 1;

    /// <summary>The resource's <c>spec</c>. Payloads are kept as they are: a description is encoded by who wrote it.</summary>
    public static JsonObject Spec(EndpointSpec spec)
    {
        var worker = spec.Target.Worker;
        var document = new JsonObject
        {
            ["target"] = new JsonObject { ["worker"] = new JsonObject { ["namespace"] = worker.Namespace, ["taskQueue"] = worker.TaskQueue } },
        };
        if (spec.Description is { } description)
        {
            document["description"] = JsonFormatter.Default.Format(description);
        }

        return document;
    }

    private static Payload? Description(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        try
        {
            return JsonParser.Default.Parse<Payload>(text);
        }
        catch (InvalidProtocolBufferException)
        {
            // Written by kubectl, as plain text.
            return new Payload
            {
                Metadata = { ["encoding"] = ByteString.CopyFromUtf8(MarkdownEncoding) },
                Data = ByteString.CopyFromUtf8(JsonValue.Create(text).ToJsonString()),
            };
        }
    }

    private static Timestamp? Created(JsonObject document) =>
        DateTimeOffset.TryParse(
            document["metadata"].Text("creationTimestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? Timestamp.FromDateTimeOffset(time) : null;
}
