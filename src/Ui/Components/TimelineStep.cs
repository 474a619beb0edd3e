namespace Flagstone.Ui.Components;

/// <summary>A step of something that takes its time.</summary>
/// <param name="Started">When it began, or null while it waits.</param>
/// <param name="Ended">When it ended, or null while it runs or waits.</param>
/// <param name="Message">What it says: a failure's cause, or empty.</param>
public sealed record TimelineStep(
    string Id, string Title, Status Status, DateTimeOffset? Started = null, DateTimeOffset? Ended = null, string Message = "")
{
    /// <summary>Where it led to, as titles and addresses.</summary>
    public IReadOnlyList<(string Title, string Href)> Links { get; init; } = [];

    public TimeSpan? Took => Started is { } start && Ended is { } end && end >= start ? end - start : null;
}
