using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Patching;

/// <summary>One entry of <c>metadata.managedFields</c>.</summary>
internal sealed record ManagerEntry(string Manager, string Operation, string ApiVersion, string Subresource, string? Time, FieldSet Fields)
{
    public const string Apply = "Apply";
    public const string Update = "Update";

    private const string FieldsType = "FieldsV1";

    /// <summary>Who it is: an applier is the same in every API version.</summary>
    public (string, string, string, string) Identity => (Manager, Operation, Operation == Apply ? "" : ApiVersion, Subresource);

    /// <summary>The manager as a conflict names it.</summary>
    public string Shown
    {
        get
        {
            var name = FieldError.Quote(Manager) + (Subresource.Length == 0 ? "" : $" with subresource {FieldError.Quote(Subresource)}");
            return Operation == Update ? $"{name} using {ApiVersion}" : name;
        }
    }

    public static ManagerEntry For(FieldManager manager, string operation, string apiVersion, FieldSet fields) =>
        new(manager.Name, operation, apiVersion, manager.Subresource, Stamp(manager.Time), fields);

    public static bool TryParse(JsonNode? node, [NotNullWhen(true)] out ManagerEntry? entry)
    {
        entry = null;
        if (node is not JsonObject source
            || Text(source, "operation") is not (Apply or Update)
            || Text(source, "apiVersion") is not { Length: > 0 } apiVersion
            || (Text(source, "fieldsType") ?? FieldsType) != FieldsType
            || !FieldSet.TryParse(source["fieldsV1"] ?? new JsonObject(), out var fields))
        {
            return false;
        }

        entry = new(
            Text(source, "manager") ?? "",
            Text(source, "operation")!,
            apiVersion,
            Text(source, "subresource") ?? "",
            Text(source, "time"),
            fields);
        return true;
    }

    /// <summary>Whether two entries of one manager say the same, whenever they were written.</summary>
    public bool SameAs(ManagerEntry other) => ApiVersion == other.ApiVersion && Fields.SetEquals(other.Fields);

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["apiVersion"] = ApiVersion,
            ["fieldsType"] = FieldsType,
            ["fieldsV1"] = Fields.ToFieldsV1(),
            ["manager"] = Manager,
            ["operation"] = Operation,
        };
        if (Subresource.Length > 0)
        {
            json["subresource"] = Subresource;
        }

        if (Time is not null)
        {
            json["time"] = Time;
        }

        return json;
    }

    // A moment as Kubernetes writes it, in whole seconds.
    private static string Stamp(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string? Text(JsonObject source, string name) =>
        source[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
