using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Cel;

namespace Flagstone.Platform.Expressions;

/// <summary>
/// Evaluates expressions of the Common Expression Language (github.com/google/cel-spec) that people wrote, within bounds: their length, their time and
/// the stack that they may take. Beside the standard functions there are those of <see cref="CelLibrary"/>.
/// </summary>
public static class CelEvaluator
{
    /// <summary>Kubernetes bounds its rules the same way: a longer expression is a mistake.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>The library recurses for each level: the longest expression, all brackets, takes 64 MB at most. Untouched pages cost nothing.</summary>
    private const int StackSize = 128 * 1024 * 1024;

    /// <summary>Shorter ones without brackets are evaluated where they are: signs alone do not nest deep.</summary>
    private const int MaxFlat = 256;

    private const int MaxCompiled = 1_000;

    /// <summary>So many have a stack of their own at once: one that takes too long keeps its place until it ends.</summary>
    private const int MaxStacks = 16;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly SemaphoreSlim Stacks = new(MaxStacks);
    private static readonly ConcurrentDictionary<string, CelProgramDelegate> Compiled = new(StringComparer.Ordinal);

    /// <summary>Why an expression is none; null when it can be read. Whether it can be evaluated tells only a value.</summary>
    public static string? ProblemOf(string expression) => expression.Length > MaxLength
        ? $"it is longer than {MaxLength} characters" : Within(expression, () => (null, Reading(expression))).Problem;

    /// <param name="variables">Texts, booleans, longs, doubles, arrays of <c>object?</c> and dictionaries from text to <c>object?</c>.</param>
    /// <returns>The value, or why there is none.</returns>
    public static (object? Value, string? Problem) Evaluate(string expression, IReadOnlyDictionary<string, object?> variables)
    {
        if (expression.Length > MaxLength)
        {
            return (null, $"it is longer than {MaxLength} characters");
        }

        return Within(expression, () => Run(expression, variables));
    }

    /// <summary>
    /// On a stack of its own where it may nest: on a usual one, brackets in brackets end the process, and no catch helps. What takes too long goes on alone,
    /// and ends: the language has no endless loop.
    /// </summary>
    private static (object? Value, string? Problem) Within(string expression, Func<(object? Value, string? Problem)> work)
    {
        if (expression.Length <= MaxFlat && expression.AsSpan().IndexOfAny('(', '[', '{') < 0)
        {
            return work();
        }

        if (!Stacks.Wait(Limit))
        {
            return (null, "too many expressions are being evaluated, and take too long");
        }

        (object? Value, string? Problem) outcome = default;
        var thread = new Thread(() =>
        {
            outcome = work();
            Stacks.Release();
        }, StackSize) { IsBackground = true };
        thread.Start();
        return thread.Join(Limit) ? outcome : (null, $"it takes longer than {Limit.TotalSeconds:0} seconds");
    }

    [SuppressMessage("Design", "CA1031", Justification = "As below.")]
    private static string? Reading(string expression)
    {
        try
        {
            ProgramOf(expression);
            return null;
        }
        catch (Exception e)
        {
            return e.Message;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Of what people write the library throws more than its own exceptions; each is the expression's fault.")]
    private static (object? Value, string? Problem) Run(string expression, IReadOnlyDictionary<string, object?> variables)
    {
        try
        {
            return (ProgramOf(expression).Invoke(variables.ToDictionary(StringComparer.Ordinal)), null);
        }
        catch (Exception e)
        {
            return (null, e.Message);
        }
    }

    private static CelProgramDelegate ProgramOf(string expression)
    {
        if (Compiled.TryGetValue(expression, out var known))
        {
            return known;
        }

        if (Compiled.Count >= MaxCompiled)
        {
            Compiled.Clear();
        }

        var environment = new CelEnvironment([], "");
        CelLibrary.AddTo(environment);
        return Compiled[expression] = environment.Compile(expression);
    }
}
