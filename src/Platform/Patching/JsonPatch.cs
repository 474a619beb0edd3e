using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Platform.Patching;

/// <summary>
/// JSON patch (RFC 6902) over JSON values. ASP.NET's implementation works on typed objects and tells a failed test from a wrong path only
/// by its message, so this one is ours.
/// </summary>
public sealed class JsonPatch
{
    /// <summary>The most operations in one patch, as in the API server.</summary>
    public const int MaxOperations = 10_000;

    // Copying a value into itself doubles it each time; this many values bound what a short patch can make.
    private const int MaxCopiedNodes = 100_000;

    // What JSON readers allow. A patch must not make a document that nobody can read again, nor one that overflows a stack.
    private const int MaxDepth = 64;

    private readonly List<Operation> operations;

    private JsonPatch(List<Operation> operations) => this.operations = operations;

    private enum Verb
    {
        Add,
        Remove,
        Replace,
        Move,
        Copy,
        Test,
    }

    /// <summary>Parses a patch; the error names the operation and what is wrong with it.</summary>
    public static bool TryParse(JsonNode? document, [NotNullWhen(true)] out JsonPatch? patch, [NotNullWhen(false)] out string? error)
    {
        patch = null;
        error = null;
        if (document is not JsonArray list)
        {
            error = "A JSON patch is a list of operations.";
            return false;
        }

        if (list.Count > MaxOperations)
        {
            error = $"The patch has {list.Count} operations, and at most {MaxOperations} are applied at once. Split it into several.";
            return false;
        }

        var operations = new List<Operation>(list.Count);
        foreach (var item in list)
        {
            if (Parse(item, out var reason) is not { } operation)
            {
                error = $"Operation {operations.Count} {reason}";
                return false;
            }

            operations.Add(operation);
        }

        patch = new(operations);
        return true;
    }

    /// <summary>Applies all operations in order, or none. The document itself is not changed.</summary>
    public JsonPatchOutcome Apply(JsonNode? document)
    {
        var result = document?.DeepClone();
        var copied = 0;
        for (var i = 0; i < operations.Count; i++)
        {
            var operation = operations[i];
            if (operation.Verb == Verb.Test)
            {
                if (!operation.Path.TryFind(result, out var found) || !JsonNode.DeepEquals(found, operation.Value))
                {
                    return new JsonPatchTestFailed(
                        i, $"test of '{operation.Path}' failed: wanted {Show(operation.Value)}, found {Show(found)}.");
                }

                continue;
            }

            if (Step(operation, ref result, ref copied) is { } reason)
            {
                return new JsonPatchRefused(i, $"{Name(operation.Verb)} of '{operation.Path}' does not apply: {reason}.");
            }
        }

        return new JsonPatched(result);
    }

    private static string? Step(Operation operation, ref JsonNode? document, ref int copied)
    {
        switch (operation.Verb)
        {
            case Verb.Add:
                return Add(operation.Path, operation.Value?.DeepClone(), ref document);
            case Verb.Remove:
                return Remove(operation.Path, document, out _);
            case Verb.Replace:
                return Replace(operation.Path, operation.Value?.DeepClone(), ref document);
            case Verb.Move when operation.From!.Contains(operation.Path):
                return "a value cannot be moved into itself";
            case Verb.Move when operation.From!.ToString() == operation.Path.ToString():
                return operation.From.TryFind(document, out _) ? null : "there is no such value";
            case Verb.Move:
                return Remove(operation.From!, document, out var moved) ?? Add(operation.Path, moved, ref document);
            default:
                if (!operation.From!.TryFind(document, out var source))
                {
                    return $"there is nothing at '{operation.From}'";
                }

                copied += Count(source);
                return copied > MaxCopiedNodes
                    ? $"the patch copies more than {MaxCopiedNodes} values"
                    : Add(operation.Path, source?.DeepClone(), ref document);
        }
    }

    private static string? Add(JsonPointer path, JsonNode? value, ref JsonNode? document)
    {
        if (IsTooDeep(path, value))
        {
            return $"the document would be nested more than {MaxDepth} deep";
        }

        if (path.Tokens.Count == 0)
        {
            document = value;
            return null;
        }

        if (!path.TryFindParent(document, out var parent))
        {
            return "its parent does not exist";
        }

        var token = path.Tokens[^1];
        switch (parent)
        {
            case JsonObject map:
                map[token] = value;
                return null;
            case JsonArray list when token == JsonPointer.End:
                list.Add(value);
                return null;
            case JsonArray list when JsonPointer.TryIndex(token, list.Count, out var index):
                list.Insert(index, value);
                return null;
            case JsonArray list:
                return $"'{token}' is no index in a list of {list.Count}";
            default:
                return "its parent is neither an object nor a list";
        }
    }

    private static string? Replace(JsonPointer path, JsonNode? value, ref JsonNode? document)
    {
        if (IsTooDeep(path, value))
        {
            return $"the document would be nested more than {MaxDepth} deep";
        }

        if (path.Tokens.Count == 0)
        {
            document = value;
            return null;
        }

        if (!path.TryFind(document, out _))
        {
            return "there is no such value";
        }

        path.TryFindParent(document, out var parent);
        if (parent is JsonArray list && JsonPointer.TryIndex(path.Tokens[^1], list.Count - 1, out var index))
        {
            list[index] = value;
            return null;
        }

        parent!.AsObject()[path.Tokens[^1]] = value;
        return null;
    }

    private static string? Remove(JsonPointer path, JsonNode? document, out JsonNode? removed)
    {
        if (!path.TryFind(document, out removed))
        {
            return "there is no such value";
        }

        if (path.Tokens.Count == 0)
        {
            return "the document itself cannot be removed";
        }

        path.TryFindParent(document, out var parent);
        if (parent is JsonArray list && JsonPointer.TryIndex(path.Tokens[^1], list.Count - 1, out var index))
        {
            list.RemoveAt(index);
            return null;
        }

        parent!.AsObject().Remove(path.Tokens[^1]);
        return null;
    }

    private static Operation? Parse(JsonNode? item, out string? reason)
    {
        reason = null;
        if (item is not JsonObject fields)
        {
            reason = "is not an object.";
            return null;
        }

        var op = Text(fields, "op");
        Verb? known = op switch
        {
            "add" => Verb.Add,
            "remove" => Verb.Remove,
            "replace" => Verb.Replace,
            "move" => Verb.Move,
            "copy" => Verb.Copy,
            "test" => Verb.Test,
            _ => null,
        };
        if (known is not { } verb)
        {
            reason = $"has the op '{op}'. Use one of: add, remove, replace, move, copy, test.";
            return null;
        }

        if (!JsonPointer.TryParse(Text(fields, "path"), out var path))
        {
            reason = $"has the path '{Text(fields, "path")}'. A path is empty or begins with '/'.";
            return null;
        }

        JsonPointer? from = null;
        if (verb is Verb.Move or Verb.Copy && !JsonPointer.TryParse(Text(fields, "from"), out from))
        {
            reason = $"has no valid 'from', which {op} takes the value from.";
            return null;
        }

        if (verb is Verb.Add or Verb.Replace or Verb.Test && !fields.ContainsKey("value"))
        {
            reason = $"has no 'value', which {op} needs; a null is written out.";
            return null;
        }

        return new(verb, path, from, fields["value"]?.DeepClone());
    }

    private static string? Text(JsonObject fields, string name) =>
        fields[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static int Count(JsonNode? node) => node switch
    {
        JsonObject map => 1 + map.Sum(member => Count(member.Value)),
        JsonArray list => 1 + list.Sum(Count),
        _ => 1,
    };

    private static bool IsTooDeep(JsonPointer path, JsonNode? value) => path.Tokens.Count + Height(value) > MaxDepth;

    private static int Height(JsonNode? node) => node switch
    {
        JsonObject { Count: > 0 } map => 1 + map.Max(member => Height(member.Value)),
        JsonArray { Count: > 0 } list => 1 + list.Max(Height),
        JsonObject or JsonArray => 1,
        _ => 0,
    };

    private static string Name(Verb verb) => verb.ToString().ToLowerInvariant();

    private static string Show(JsonNode? node) => node?.ToJsonString() ?? "null";

    private sealed record Operation(Verb Verb, JsonPointer Path, JsonPointer? From, JsonNode? Value);
}
