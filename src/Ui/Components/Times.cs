using System.Globalization;

namespace Flagstone.Ui.Components;

/// <summary>Reads the times of documents.</summary>
public static class Times
{
    /// <summary>An RFC 3339 time, or null when the text is none.</summary>
    public static DateTimeOffset? Read(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
