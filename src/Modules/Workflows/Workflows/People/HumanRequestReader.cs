using System.Text.Json;
using Flagstone.Workflows.Namespaces;
using Temporalio.Api.Common.V1;

namespace Flagstone.Workflows.People;

/// <summary>Reads a request from the activity's input. What it does not know is refused: a misspelt <c>notBy</c> must not let somebody decide. Pure.</summary>
internal static class HumanRequestReader
{
    public const int MaxTitle = 200;
    public const int MaxDescription = 10_000;
    public const int MaxSubjects = 20;
    public const int MaxDecisions = 10;
    public const int MaxDecision = 50;
    public const int MaxContext = 30;
    public const int MaxContextName = 100;
    public const int MaxContextText = 1_000;

    /// <summary>In bytes: it is read whole, and shown in lists.</summary>
    public const int MaxBytes = 64 * 1024;

    private const string Durations = "Write it in hours, minutes and seconds, such as '24h' or '1h30m'.";

    private static readonly string[] Usual = ["approve", "reject"];

    private static readonly string[] Known =
        ["title", "description", "context", "assignees", "decisions", "starterMayDecide", "notBy", "remindAfter", "escalateAfter", "escalateTo"];

    /// <summary>Why an input is no request; null when it is one.</summary>
    public static string? Refuse(Payloads? input)
    {
        try
        {
            Read(input);
            return null;
        }
        catch (HumanRequestException e)
        {
            return e.Message;
        }
    }

    /// <summary>What people are asked by an input; null where it is no request, which no command can schedule.</summary>
    public static HumanTaskState? StateOf(Payloads? input) => Refuse(input) is null ? HumanTaskState.Of(Read(input)) : null;

    /// <exception cref="HumanRequestException">It is none.</exception>
    public static HumanRequest Read(Payloads? input)
    {
        if (input is not { Payloads_: [var first, ..] })
        {
            throw Wrong("the input", "is not set", "Give the activity one object, with at least title and assignees.");
        }

        if (!first.Metadata.TryGetValue("encoding", out var encoding) || encoding.ToStringUtf8() != "json/plain")
        {
            throw Wrong("the input", "is not JSON", "Send it with the encoding json/plain, without a codec: people must be able to read it.");
        }

        if (first.Data.Length > MaxBytes)
        {
            throw Wrong("the input", $"has {first.Data.Length} bytes", $"Use at most {MaxBytes}, and link to what is larger.");
        }

        try
        {
            using var document = JsonDocument.Parse(first.Data.Memory, new JsonDocumentOptions { MaxDepth = 8 });
            return Read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw Wrong("the input", $"is no JSON ({e.Message})", "Send one object.");
        }
        catch (InvalidOperationException)
        {
            throw Wrong("the input", "has a text that is no Unicode", "Send texts of whole characters.");
        }
    }

    private static HumanRequest Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("the input", "is no object", "Give the activity one object, with at least title and assignees.");
        }

        var names = root.EnumerateObject().Select(m => m.Name).ToList();
        if (names.FirstOrDefault(n => !Known.Contains(n)) is { } unknown)
        {
            throw Wrong($"'{Short(unknown)}'", "is not known", $"Use: {string.Join(", ", Known)}.");
        }

        if (names.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1) is { Key: var twice })
        {
            throw Wrong(twice, "is set twice", "Set it once.");
        }

        var escalateTo = Subjects(root, "escalateTo", 0);
        var escalateAfter = Time(root, "escalateAfter");
        if (escalateTo.Count > 0 != escalateAfter is not null)
        {
            throw Wrong(escalateAfter is null ? "escalateAfter" : "escalateTo", "is not set", "Set escalateAfter and escalateTo together, or neither.");
        }

        return new HumanRequest
        {
            Title = Title(root),
            Description = Text(root, "description", MaxDescription),
            Context = [.. Context(root)],
            Assignees = Subjects(root, "assignees", 1),
            Decisions = Decisions(root),
            StarterMayDecide = Flag(root, "starterMayDecide"),
            NotBy = [.. Subjects(root, "notBy", 0).Select(s => Subject.UserOf(s) ?? throw Wrong("notBy", $"has '{s}'", "Name people, as 'user:NAME'."))],
            RemindAfter = Time(root, "remindAfter"),
            EscalateAfter = escalateAfter,
            EscalateTo = escalateTo,
        };
    }

    private static string Title(JsonElement root)
    {
        var title = Text(root, "title", MaxTitle).Trim();
        return title.Length == 0 ? throw Wrong("title", "is not set", "Say in a few words what is to be decided.")
            : title.Any(char.IsControl) ? throw Wrong("title", "has more than one line", "Put the rest into description.")
            : title;
    }

    private static string Text(JsonElement root, string member, int most)
    {
        var text = Find(root, member) switch
        {
            null => "",
            { ValueKind: JsonValueKind.String } value => value.GetString()!,
            _ => throw Wrong(member, "is no text", "Set a string."),
        };
        return text.Length <= most ? text : throw Wrong(member, $"has {text.Length} characters", $"Use at most {most}.");
    }

    private static bool Flag(JsonElement root, string member) => Find(root, member) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Wrong(member, "is neither true nor false", "Set one of them, or leave it out for false."),
    };

    private static TimeSpan? Time(JsonElement root, string member)
    {
        var text = Text(root, member, MaxTitle);
        return text.Length == 0 ? null : Retention.TryParse(text, out var time) ? time : throw Wrong(member, $"is '{text}', which is no duration", Durations);
    }

    private static List<string> Subjects(JsonElement root, string member, int least)
    {
        var subjects = new List<string>();
        foreach (var text in Texts(root, member))
        {
            subjects.Add(Subject.TryParse(text, out var subject) ? subject
                : throw Wrong(
                    member, $"has '{Short(text)}', which names nobody",
                    $"Use {Subject.Forms}; a role is viewer, developer, approver, auditor or administrator."));
        }

        return subjects.Count < least ? throw Wrong(member, "is empty", $"Name at least one, as {Subject.Forms}.")
            : subjects.Count > MaxSubjects ? throw Wrong(member, $"has {subjects.Count} entries", $"Use at most {MaxSubjects}; a team may have more members.")
            : [.. subjects.Distinct()];
    }

    private static List<string> Decisions(JsonElement root)
    {
        var decisions = Texts(root, "decisions");
        if (decisions.Count == 0)
        {
            return [.. Usual];
        }

        if (decisions.Count > MaxDecisions || decisions.Distinct().Count() < decisions.Count)
        {
            throw Wrong("decisions", $"has {decisions.Count} entries", $"Use at most {MaxDecisions}, each once.");
        }

        return decisions.FirstOrDefault(d => d.Length is 0 or > MaxDecision || d.Any(char.IsControl) || d != d.Trim()) is { } bad
            ? throw Wrong("decisions", $"has '{Short(bad)}'", $"Use words of 1 to {MaxDecision} characters, without a space around them.") : decisions;
    }

    private static IEnumerable<ContextItem> Context(JsonElement root)
    {
        if (Find(root, "context") is not { } context)
        {
            yield break;
        }

        if (context.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("context", "is no object", "Set names and values, such as { \"amount\": 120 }.");
        }

        var count = 0;
        foreach (var member in context.EnumerateObject())
        {
            if (++count > MaxContext || member.Name.Length is 0 or > MaxContextName)
            {
                throw Wrong(
                    "context", count > MaxContext ? $"has more than {MaxContext} members" : $"has the name '{Short(member.Name)}'",
                    $"Use at most {MaxContext} members, with names of 1 to {MaxContextName} characters.");
            }

            yield return Item(member.Name, member.Value);
        }
    }

    private static ContextItem Item(string name, JsonElement value)
    {
        var where = $"context.{name}";
        switch (value.ValueKind)
        {
            case JsonValueKind.Number:
                return new ContextItem(name, Bounded(where, value.GetRawText()), null);
            case JsonValueKind.True or JsonValueKind.False:
                return new ContextItem(name, value.GetRawText(), null);
            case JsonValueKind.String:
                var text = Bounded(where, value.GetString()!);
                return new ContextItem(name, text, IsLink(text) ? text : null);
            case JsonValueKind.Object when value.EnumerateObject().All(m => m.Name is "url" or "text"):
                var url = Text(value, "url", MaxContextText);
                var label = Text(value, "text", MaxContextText);
                return IsLink(url) ? new ContextItem(name, label.Length > 0 ? label : url, url)
                    : throw Wrong($"{where}.url", "is no address", "Set one that begins with https:// or http://.");
            default:
                throw Wrong(
                    where, "is neither a text, a number, true, false nor a link", "Write a link as { \"url\": \"https://...\", \"text\": \"...\" }.");
        }
    }

    private static string Bounded(string where, string text) =>
        text.Length <= MaxContextText ? text
        : throw Wrong(where, $"has {text.Length} characters", $"Use at most {MaxContextText}; the description may be longer.");

    private static bool IsLink(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp);

    private static List<string> Texts(JsonElement root, string member) => Find(root, member) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(
            e => e.ValueKind == JsonValueKind.String ? e.GetString()! : throw Wrong(member, "has an entry that is no text", "Set a list of strings."))],
        _ => throw Wrong(member, "is no list", "Set a list of strings."),
    };

    /// <summary>Null counts as not set: SDKs write members without a value so.</summary>
    private static JsonElement? Find(JsonElement root, string member) =>
        root.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Short(string text) => text.Length <= MaxDecision ? text : string.Concat(text.AsSpan(0, MaxDecision), "...");

    private static HumanRequestException Wrong(string member, string cause, string wayOut) =>
        new($"The request to people on task queue '{PeopleQueue.Name}' cannot be taken: {member} {cause}. {wayOut}");
}
