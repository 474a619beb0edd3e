namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>What one execution may cost, so that a hostile or broken template ends with an error instead of the process.</summary>
internal sealed class Budget(CancellationToken ct)
{
    /// <summary>In characters; compositions of people have some tens of thousands.</summary>
    public const int MaxTemplateLength = 1024 * 1024;

    /// <summary>Of the output and of each text on the way to it, in characters.</summary>
    public const int MaxTextLength = 4 * 1024 * 1024;

    /// <summary>Nodes walked, items visited and characters made (by <see cref="CharactersPerStep"/>) together: about a second.</summary>
    public const long MaxSteps = 3_000_000;

    /// <summary>Of lists that functions make.</summary>
    public const int MaxItems = 100_000;

    /// <summary>Of templates that call templates, as in the function itself (1000 there, where stacks grow).</summary>
    public const int MaxCallDepth = 200;

    /// <summary>Of parentheses and blocks within each other, and of lists and maps.</summary>
    public const int MaxNesting = 100;

    private const int CharactersPerStep = 64;
    private const int ItemsPerStep = 16;
    private const long StepsPerLook = 256;

    private long spent;
    private long nextLook;

    /// <exception cref="CallFailure">The budget is spent.</exception>
    public void Spend(long steps = 1)
    {
        spent += steps;
        if (spent > MaxSteps)
        {
            throw new CallFailure($"the template takes more than {MaxSteps} steps");
        }

        if (spent >= nextLook)
        {
            nextLook = spent + StepsPerLook;
            ct.ThrowIfCancellationRequested();
        }
    }

    /// <summary>To be asked before a text of this length is made.</summary>
    public void Text(long length)
    {
        if (length > MaxTextLength)
        {
            throw new CallFailure($"the text is longer than {MaxTextLength} characters");
        }

        Spend(length / CharactersPerStep);
    }

    /// <summary>To be asked before one text is looked for in another: .NET's search can take as long as both lengths multiplied.</summary>
    public void Search(long length, long wanted) => Spend(length * wanted / (CharactersPerStep * CharactersPerStep));

    /// <summary>What it costs to look at a value once, without what is in it.</summary>
    public void Look(object? value) => Spend(value switch
    {
        string text => text.Length / CharactersPerStep,
        List<object?> list => list.Count / ItemsPerStep,
        GoMap map => map.Count / ItemsPerStep,
        _ => 0,
    });

    /// <summary>To be asked before a list of this many items is made.</summary>
    public void Items(long count)
    {
        if (count > MaxItems)
        {
            throw new CallFailure($"the list has more than {MaxItems} items");
        }

        Spend(count);
    }
}
