using System.Text.Json.Nodes;
using Flagstone.Catalog.Files;

namespace Flagstone.Catalog.Scaffolder.Actions;

/// <summary>Reads the input of an action, and collects what is wrong with it.</summary>
internal sealed class ActionInput(string action, JsonObject input)
{
    private readonly List<string> problems = [];

    /// <summary>The refusal of an input that cannot be read, or null where it can.</summary>
    public ActionRefused? Refusal => problems.Count == 0 ? null : new ActionRefused($"Action '{action}': {string.Join("; ", problems)}.");

    public string Text(string name, string? fallback = null)
    {
        switch (input[name])
        {
            case null when fallback is not null:
                return fallback;
            case null:
                problems.Add($"'{name}' is required");
                return "";
            case JsonValue value when value.TryGetValue<string>(out var text):
                return text;
            default:
                problems.Add($"'{name}' is not a string");
                return "";
        }
    }

    public bool Flag(string name)
    {
        switch (input[name])
        {
            case null:
                return false;
            case JsonValue value when value.TryGetValue<bool>(out var flag):
                return flag;
            default:
                problems.Add($"'{name}' is not true or false");
                return false;
        }
    }

    public IReadOnlyList<string> Texts(string name)
    {
        var list = input[name] as JsonArray ?? [];
        if (input[name] is not (null or JsonArray) || list.Any(item => item is not JsonValue value || !value.TryGetValue<string>(out _)))
        {
            problems.Add($"'{name}' is not a list of strings");
            return [];
        }

        return [.. list.Select(item => item!.GetValue<string>())];
    }

    public JsonObject Object(string name)
    {
        if (input[name] is null or JsonObject)
        {
            return input[name] as JsonObject ?? [];
        }

        problems.Add($"'{name}' is not an object");
        return [];
    }

    public FolderPath Folder(string name, string? fallback = null)
    {
        var text = Text(name, fallback);
        if (!FolderPath.TryParse(text, out var folder, out var refusal))
        {
            problems.Add($"'{name}' is '{text}', and {refusal}");
        }

        return folder;
    }

    public void Refuse(string problem) => problems.Add(problem);
}
