namespace Flagstone.Ui.Live;

/// <summary>What a page has to show.</summary>
public abstract record PageState
{
    private protected PageState()
    {
    }

    public static PageState Loading { get; } = new PageLoading();

    public static PageState Ready { get; } = new PageReady();
}

public sealed record PageLoading : PageState;

public sealed record PageReady : PageState;

/// <summary>The caller may not see it.</summary>
/// <param name="Why">The rule that refuses, in a sentence.</param>
public sealed record PageDenied(string Why) : PageState;

/// <summary>What the page is about is not there.</summary>
public sealed record PageMissing(string What) : PageState;

/// <summary>It could not be read.</summary>
public sealed record PageFailed(string Why) : PageState;
