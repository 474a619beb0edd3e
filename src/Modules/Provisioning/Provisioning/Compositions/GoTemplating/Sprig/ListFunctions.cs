using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Sprig's functions of lists; each makes a new one.</summary>
internal static class ListFunctions
{
    public static FunctionTable Table { get; } = new FunctionTable
    {
        { "list", "any...", c => c.Arguments.ToList() },
        { "first", "any", c => Casts.List(c[0], "first").FirstOrDefault() },
        { "rest", "any", c => Casts.List(c[0], "rest") is { Count: > 0 } list ? list[1..] : null },
        { "last", "any", c => Casts.List(c[0], "last").LastOrDefault() },
        { "initial", "any", c => Casts.List(c[0], "initial") is { Count: > 0 } list ? list[..^1] : null },
        { "append", "any any", c => Joined(c, Casts.List(c[0], "push"), [c[1]]) },
        { "prepend", "any any", c => Joined(c, [c[1]], Casts.List(c[0], "prepend")) },
        { "concat", "any...", c => Joined(c, [.. c.Arguments.Select(l => Casts.List(l, "concat"))]) },
        { "reverse", "any", c => Casts.List(c[0], "reverse").AsEnumerable().Reverse().ToList() },
        { "uniq", "any", c => Unique(c) },
        { "without", "any any...", c => Casts.List(c[0], "without").Where(v => !c.From(1).Any(o => GoValue.DeepEquals(v, o, c.Budget))).ToList() },
        { "has", "any any", c => c[1] is not null && Casts.List(c[1], "has").Exists(v => GoValue.DeepEquals(v, c[0], c.Budget)) },
        { "compact", "any", c => Casts.List(c[0], "compact").Where(GoValue.Truth).ToList() },
        { "slice", "any any...", c => c[0] is string ? Builtins.Slice(c) : Slice(c) },
        { "chunk", "int any", Chunk },
    }.Also(
        ("tuple", "list"), ("push", "append"), ("mustFirst", "first"), ("mustRest", "rest"), ("mustLast", "last"), ("mustInitial", "initial"), ("mustAppend", "append"),
        ("mustPush", "append"), ("mustPrepend", "prepend"), ("mustReverse", "reverse"), ("mustUniq", "uniq"), ("mustWithout", "without"), ("mustHas", "has"),
        ("mustCompact", "compact"), ("mustSlice", "slice"), ("mustChunk", "chunk"));

    private static List<object?> Joined(Call call, params List<object?>[] lists)
    {
        call.Budget.Items(lists.Sum(l => (long)l.Count));
        return [.. lists.SelectMany(l => l)];
    }

    private static List<object?> Unique(Call call)
    {
        var unique = new List<object?>();
        foreach (var value in Casts.List(call[0], "uniq"))
        {
            if (!unique.Exists(u => GoValue.DeepEquals(u, value, call.Budget)))
            {
                unique.Add(value);
            }
        }

        return unique;
    }

    private static List<object?> Slice(Call call)
    {
        var list = call[0] as List<object?> ?? throw new CallFailure($"list should be type of slice or array but {GoValue.KindOf(call[0])}");
        var start = call.Count > 1 ? Casts.Integer(call[1]) : 0;
        var end = call.Count > 2 ? Casts.Integer(call[2]) : list.Count;
        return start >= 0 && start <= end && end <= list.Count
            ? list[(int)start..(int)end]
            : throw new CallFailure("reflect.Value.Slice: slice index out of bounds");
    }

    private static List<object?> Chunk(Call call)
    {
        var size = call.Integer(0);
        return size > 0
            ? [.. Casts.List(call[1], "chunk").Chunk(size).Select(c => c.ToList())]
            : throw new CallFailure("runtime error: integer divide by zero");
    }
}
