using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Platform.Http;

/// <summary>A resource's version as an entity tag: what an update names to change only what it has seen.</summary>
public static class EntityTags
{
    public static void SetTag(this HttpResponse response, StoredResource resource) => response.Headers.ETag = $"\"{resource.Version}\"";

    /// <summary>True when the request names no version, or this one.</summary>
    public static bool Admits(this HttpRequest request, StoredResource resource) =>
        request.Headers.IfMatch.ToString() is var tag && (tag.Length == 0 || tag == "*" || tag == $"\"{resource.Version}\"");
}
