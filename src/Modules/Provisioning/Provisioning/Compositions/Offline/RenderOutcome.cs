namespace Flagstone.Provisioning.Compositions.Offline;

/// <summary>How a rendering ended.</summary>
public abstract record RenderOutcome
{
    private protected RenderOutcome()
    {
    }
}

/// <param name="Yaml">The documents, each behind <c>---</c>.</param>
public sealed record Rendered(string Yaml) : RenderOutcome;

/// <param name="Why">One line: what is wrong, in which file, and the way out.</param>
public sealed record RenderRefused(string Why) : RenderOutcome;
