namespace Flagstone.Catalog.Templating;

/// <summary>Counts what one rendering spends, and stops it at its limits.</summary>
internal sealed class Budget(TemplateLimits limits, CancellationToken ct)
{
    // Asking the token at each unit of work would cost more than the work.
    private const int WorkBetweenChecks = 1024;

    private int work;
    private int output;
    private int depth;

    public void Spend(int units = 1)
    {
        var before = work;
        work += units;
        if (units < 0 || work > limits.Work || work < before)
        {
            throw new TemplateFault($"the template does more than {limits.Work} units of work");
        }

        if (before / WorkBetweenChecks != work / WorkBetweenChecks)
        {
            ct.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Asks for room before a string is made, so that the limit holds before the memory is taken.</summary>
    public void Write(long characters)
    {
        if (characters > limits.Output - output)
        {
            throw new TemplateFault($"the template writes more than {limits.Output} characters");
        }

        output += (int)characters;
    }

    public void Enter()
    {
        if (++depth > limits.Depth)
        {
            throw new TemplateFault($"the template nests deeper than {limits.Depth} levels");
        }
    }

    public void Leave() => depth--;
}
