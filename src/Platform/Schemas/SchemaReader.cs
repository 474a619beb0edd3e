using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Platform.Schemas;

/// <summary>Reads the keywords of one schema object. A keyword of the wrong type is an error, and reads as absent.</summary>
internal readonly struct SchemaReader(JsonObject source, FieldPath? path, List<FieldError> errors)
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];

    private readonly JsonObject source = source;
    private readonly FieldPath? path = path;
    private readonly List<FieldError> errors = errors;

    public JsonNode? this[string keyword] => source[keyword];

    public bool Has(string keyword) => source[keyword] is not null;

    public FieldPath At(string keyword) => FieldPath.Field(path, keyword);

    public bool Flag(string keyword) => source[keyword]?.GetValueKind() switch
    {
        null or JsonValueKind.False => false,
        JsonValueKind.True => true,
        _ => WrongType<bool>(keyword, "a boolean"),
    };

    public string? Text(string keyword) => source[keyword] switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        _ => WrongType<string?>(keyword, "a string"),
    };

    public JsonNumber? Number(string keyword)
    {
        if (source[keyword] is not { } value)
        {
            return null;
        }

        return JsonNumber.TryRead(value, out var number) ? number : WrongType<JsonNumber?>(keyword, "a number");
    }

    public int? Count(string keyword)
    {
        if (Number(keyword) is not { } number)
        {
            return null;
        }

        return number is { IsInt32: true, Integer: >= 0 }
            ? (int)number.Integer
            : WrongType<int?>(keyword, "a whole number, not negative");
    }

    public JsonNode?[]? List(string keyword) => source[keyword] switch
    {
        null => null,
        JsonArray list => [.. list],
        _ => WrongType<JsonNode?[]?>(keyword, "a list"),
    };

    public JsonObject Object(string keyword) => source[keyword] switch
    {
        null => [],
        JsonObject map => map,
        _ => WrongType<JsonObject?>(keyword, "an object") ?? [],
    };

    public string[] Strings(string keyword)
    {
        var list = List(keyword) ?? [];
        return list.All(item => item?.GetValueKind() == JsonValueKind.String)
            ? [.. list.Select(item => item!.GetValue<string>())]
            : WrongType<string[]?>(keyword, "a list of strings") ?? [];
    }

    public string? OneOf(string keyword, params string[] supported)
    {
        var text = Text(keyword);
        if (text is null || supported.Contains(text))
        {
            return text;
        }

        errors.Add(FieldError.NotSupported(At(keyword), text, supported));
        return null;
    }

    public SchemaType Type() => Text("type") switch
    {
        null => SchemaType.Any,
        "object" => SchemaType.Object,
        "array" => SchemaType.Array,
        "string" => SchemaType.String,
        "integer" => SchemaType.Integer,
        "number" => SchemaType.Number,
        "boolean" => SchemaType.Boolean,
        var other => UnknownType(other),
    };

    private SchemaType UnknownType(string type)
    {
        errors.Add(type == "null"
            ? FieldError.Forbidden(At("type"), "type cannot be set to null, use nullable as an alternative")
            : FieldError.NotSupported(At("type"), type, Types));
        return SchemaType.Any;
    }

    private T? WrongType<T>(string keyword, string wanted)
    {
        errors.Add(FieldError.Invalid(At(keyword), source[keyword], $"must be {wanted}"));
        return default;
    }
}
