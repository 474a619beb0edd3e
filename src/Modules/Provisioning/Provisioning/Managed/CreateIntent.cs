using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Managed;

/// <summary>
/// The intent to create, in the resource's annotations, so that it is in the ledger before the provider is called: an intent that is newer
/// than both answers is a creation whose outcome is not known.
/// </summary>
internal static class CreateIntent
{
    public static bool IsOpen(JsonObject document) =>
        Time(document, Names.CreatePendingAnnotation) is { } pending
        && !(Time(document, Names.CreateSucceededAnnotation) >= pending)
        && !(Time(document, Names.CreateFailedAnnotation) >= pending);

    /// <summary>True when the latest creation succeeded: what is not there now was deleted by others.</summary>
    public static bool HasSucceeded(JsonObject document) =>
        Time(document, Names.CreateSucceededAnnotation) is { } succeeded && !(Time(document, Names.CreatePendingAnnotation) > succeeded);

    /// <summary>Since when the outcome is not known; null when it is.</summary>
    public static DateTimeOffset? OpenSince(JsonObject document) => IsOpen(document) ? Time(document, Names.CreatePendingAnnotation) : null;

    /// <summary>
    /// A token lasts for all tries of one creation. After one that succeeded, and after someone removed the intent to decide about an unknown
    /// outcome, the next creation is another: the old token would only be answered with the old one.
    /// </summary>
    public static void Open(JsonObject document, string token, DateTimeOffset now)
    {
        var another = HasSucceeded(document) || Time(document, Names.CreatePendingAnnotation) is null;
        if (!IsOpen(document))
        {
            document.Annotate(Names.CreatePendingAnnotation, Text(now));
        }

        if (another || document.Annotation(Names.CreateTokenAnnotation).Length == 0)
        {
            document.Annotate(Names.CreateTokenAnnotation, token);
        }
    }

    public static void SpendToken(JsonObject document) => (document.Metadata()["annotations"] as JsonObject)?.Remove(Names.CreateTokenAnnotation);

    public static void Succeeded(JsonObject document, DateTimeOffset now) => document.Annotate(Names.CreateSucceededAnnotation, Text(now));

    public static void Failed(JsonObject document, DateTimeOffset now) => document.Annotate(Names.CreateFailedAnnotation, Text(now));

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static DateTimeOffset? Time(JsonObject document, string annotation) =>
        DateTimeOffset.TryParse(document.Annotation(annotation), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
