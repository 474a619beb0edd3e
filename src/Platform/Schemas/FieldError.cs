using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Platform.Schemas;

/// <summary>What is wrong with a field; the kinds of Kubernetes' <c>field.ErrorType</c>.</summary>
public enum FieldErrorType
{
    /// <summary>The value is absent.</summary>
    Required,

    /// <summary>The value breaks a rule that the detail tells.</summary>
    Invalid,

    /// <summary>The value has another type.</summary>
    TypeInvalid,

    /// <summary>The value is not one of those allowed.</summary>
    NotSupported,

    /// <summary>The value occurs twice where it must be unique.</summary>
    Duplicate,

    /// <summary>The value must not be there.</summary>
    Forbidden,

    /// <summary>The text is too long.</summary>
    TooLong,

    /// <summary>The list is too long.</summary>
    TooMany,
}

/// <summary>One thing that is wrong with one field of a document, in the API server's words.</summary>
/// <param name="Path">Where, or null for the document itself.</param>
/// <param name="Type">What kind of error.</param>
/// <param name="Detail">The rule that was broken; empty when the type says it all.</param>
/// <param name="Value">The value found, or null where it is not shown.</param>
public sealed record FieldError(FieldPath? Path, FieldErrorType Type, string Detail, JsonNode? Value)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The field's path, or <c>&lt;nil&gt;</c> for the document: <c>field</c> of a cause in a Status.</summary>
    public string Field => Path?.ToString() ?? "<nil>";

    /// <summary>The reason of a cause in a Status, such as <c>FieldValueInvalid</c>.</summary>
    public string Reason => "FieldValue" + Type;

    /// <summary>The message of a cause in a Status: type, value and detail, without the field.</summary>
    public string Body
    {
        get
        {
            var body = Type switch
            {
                FieldErrorType.Required => "Required value",
                FieldErrorType.Forbidden => "Forbidden",
                FieldErrorType.TooLong => "Too long",
                FieldErrorType.TooMany => $"Too many: {Shown}",
                FieldErrorType.NotSupported => $"Unsupported value: {Shown}",
                FieldErrorType.Duplicate => $"Duplicate value: {Shown}",
                _ => $"Invalid value: {Shown}",
            };
            return Detail.Length == 0 ? body : $"{body}: {Detail}";
        }
    }

    private string Shown => Value?.ToJsonString(Plain) ?? "null";

    /// <summary>Makes <c>Required value</c>.</summary>
    public static FieldError Required(FieldPath? path, string detail = "") => new(path, FieldErrorType.Required, detail, null);

    /// <summary>Makes <c>Invalid value</c>.</summary>
    public static FieldError Invalid(FieldPath? path, JsonNode? value, string detail) =>
        new(path, FieldErrorType.Invalid, detail, value?.DeepClone());

    /// <summary>Makes <c>Forbidden</c>.</summary>
    public static FieldError Forbidden(FieldPath? path, string detail) => new(path, FieldErrorType.Forbidden, detail, null);

    /// <summary>Makes <c>Duplicate value</c>.</summary>
    public static FieldError Duplicate(FieldPath? path, JsonNode? value) =>
        new(path, FieldErrorType.Duplicate, "", value?.DeepClone());

    /// <summary>Makes <c>Unsupported value</c> with the values that are supported.</summary>
    public static FieldError NotSupported(FieldPath? path, JsonNode? value, IEnumerable<string> supported) =>
        new(path, FieldErrorType.NotSupported, $"supported values: {string.Join(", ", supported.Select(Quote))}", value?.DeepClone());

    /// <summary>The path and the body: <c>spec.size: Required value</c>.</summary>
    public override string ToString() => $"{Field}: {Body}";

    internal static string Quote(string text) => JsonSerializer.Serialize(text, Plain);
}
