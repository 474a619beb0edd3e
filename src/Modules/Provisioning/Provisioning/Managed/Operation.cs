using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Managed;

internal enum OperationVerb
{
    Create,
    Update,
    Delete,
}

/// <summary>What goes on at the provider, in the resource's annotation <c>flagstone.dev/operation</c>: <c>create:HANDLE</c>.</summary>
internal sealed record Operation(OperationVerb Verb, string Handle)
{
    public const string Annotation = "flagstone.dev/operation";

    public static Operation? Of(JsonObject document) =>
        document.Annotation(Annotation).Split(':', 2) is [var verb, { Length: > 0 } handle] && Enum.TryParse<OperationVerb>(verb, ignoreCase: true, out var known)
            ? new(known, handle)
            : null;

    public static void Clear(JsonObject document) => (document.Metadata()["annotations"] as JsonObject)?.Remove(Annotation);

    public void Note(JsonObject document) => document.Annotate(Annotation, $"{Verb.ToString().ToLowerInvariant()}:{Handle}");
}
