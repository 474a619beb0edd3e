using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Kubernetes;

/// <summary>Renders resources as the <c>Table</c> that <c>kubectl get</c> asks for.</summary>
internal sealed class Tables(TimeProvider clock)
{
    private static readonly PrinterColumn[] Plain = [new("Age", ".metadata.creationTimestamp", "date")];

    public JsonObject Table(KindDefinition kind, IEnumerable<JsonObject> items, JsonObject listMetadata, bool withColumns, string includeObject)
    {
        var columns = ColumnsOf(kind);
        var rows = items.Select(item => (JsonNode)new JsonObject
        {
            ["cells"] = new JsonArray([item.NameOf(), .. columns.Select(c => Cell(c, item))]),
            ["object"] = includeObject switch
            {
                "Object" => kind.AsRequested(item),
                "None" => null,
                _ => Partial(item),
            },
        });
        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = listMetadata,
            ["columnDefinitions"] = withColumns ? Definitions(columns) : null,
            ["rows"] = new JsonArray([.. rows]),
        };
    }

    /// <summary>The metadata alone, as a resource of its own kind.</summary>
    public static JsonObject Partial(JsonObject item) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = "meta.k8s.io/v1",
        ["metadata"] = item["metadata"]?.DeepClone(),
    };

    private static IReadOnlyList<PrinterColumn> ColumnsOf(KindDefinition kind) => kind.Columns.Count > 0 ? kind.Columns : Plain;

    private static JsonArray Definitions(IReadOnlyList<PrinterColumn> columns) =>
    [
        Definition("Name", "string", "name", "The name, unique within a namespace.", 0),
        .. columns.Select(c => Definition(c.Name, c.Type == "date" ? "string" : c.Type, "", c.Description, c.Priority)),
    ];

    private static JsonObject Definition(string name, string type, string format, string description, int priority) => new()
    {
        ["name"] = name,
        ["type"] = type,
        ["format"] = format,
        ["description"] = description,
        ["priority"] = priority,
    };

    private JsonNode? Cell(PrinterColumn column, JsonObject item)
    {
        var value = column.Value is { } compute ? compute(item) : JsonPath.Evaluate(item, column.JsonPath);
        return value switch
        {
            null => column.Type == "date" ? "<unknown>" : null,
            _ when column.Type == "date" => Age(value),
            JsonValue v when column.Type is "integer" or "number" or "boolean" => v.DeepClone(),
            JsonValue v => v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : v.ToJsonString(),
            _ => value.ToJsonString(),
        };
    }

    private string Age(JsonNode value) =>
        DateTimeOffset.TryParse(value.ToString(), CultureInfo.InvariantCulture, out var since) ? Duration(clock.GetUtcNow() - since) : "<invalid>";

    /// <summary>A duration as kubectl shortens it: two units while the first is small.</summary>
    internal static string Duration(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        return seconds switch
        {
            < -1 => "<invalid>",
            < 0 => "0s",
            < 120 => $"{seconds}s",
            < 600 when seconds % 60 != 0 => $"{seconds / 60}m{seconds % 60}s",
            < 10_800 => $"{seconds / 60}m",
            < 28_800 when seconds / 60 % 60 != 0 => $"{seconds / 3600}h{seconds / 60 % 60}m",
            < 172_800 => $"{seconds / 3600}h",
            < 691_200 when seconds / 3600 % 24 != 0 => $"{seconds / 86_400}d{seconds / 3600 % 24}h",
            < 63_072_000 => $"{seconds / 86_400}d",
            _ when seconds / 86_400 % 365 != 0 && seconds < 252_288_000 => $"{seconds / 31_536_000}y{seconds / 86_400 % 365}d",
            _ => $"{seconds / 31_536_000}y",
        };
    }
}
