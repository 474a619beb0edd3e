using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;

namespace Flagstone.Provisioning.Costs;

/// <summary>Prices of managed resources, from a file.</summary>
internal sealed class PriceList
{
    private readonly Dictionary<string, IReadOnlyList<PricedItem>> kinds = new(StringComparer.Ordinal);
    private readonly HashSet<string> free;

    private PriceList(JsonObject document)
    {
        Source = Required(document, "source");
        Date = Required(document, "date");
        Currency = Required(document, "currency");
        Region = Required(document, "region");
        HoursPerMonth = Number(document["hoursPerMonth"]) ?? throw new InvalidDataException("hoursPerMonth must be a number");
        free = (document["free"] as JsonArray ?? []).Select(f => f?.ToString() ?? "").ToHashSet(StringComparer.Ordinal);
        foreach (var kind in (document["kinds"] as JsonArray ?? []).OfType<JsonObject>())
        {
            kinds[$"{Required(kind, "group")}/{Required(kind, "kind")}"] = [.. (kind["items"] as JsonArray ?? []).OfType<JsonObject>().Select(PricedItem.Read)];
        }
    }

    public string Source { get; }

    public string Date { get; }

    public string Currency { get; }

    public string Region { get; }

    public decimal HoursPerMonth { get; }

    /// <summary>The list that the platform ships.</summary>
    public static PriceList BuiltIn()
    {
        using var reader = new StreamReader(typeof(PriceList).Assembly.GetManifestResourceStream("Costs/prices.yaml")!);
        return Parse(reader.ReadToEnd(), "the built-in price list");
    }

    /// <exception cref="InvalidDataException">The text is no price list; the message says why.</exception>
    public static PriceList Parse(string text, string name)
    {
        if (!YamlReader.TryReadAll(text, null, out var documents, out var error) || documents.Count != 1)
        {
            throw new InvalidDataException($"{name} cannot be read: {error?.ToString() ?? "it must be one document"}");
        }

        try
        {
            return new PriceList(documents[0].Mapping);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{name} cannot be read: {e.Message}");
        }
    }

    /// <summary>What a resource of this kind is priced by; null when the list does not have it.</summary>
    public IReadOnlyList<PricedItem>? Find(string group, string kind) =>
        free.Contains($"{group}/{kind}") ? [] : kinds.GetValueOrDefault($"{group}/{kind}");

    private static string Required(JsonObject document, string member) =>
        document.Text(member) is { Length: > 0 } text ? text : throw new InvalidDataException($"{member} is missing");

    public static decimal? Number(JsonNode? node) =>
        node is JsonValue v && v.GetValueKind() is JsonValueKind.Number or JsonValueKind.String
        && decimal.TryParse(v.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>One thing that a resource is charged for.</summary>
/// <param name="By">The fields of <c>forProvider</c> whose values choose the price.</param>
/// <param name="Quantity">The field that says how many; empty for one.</param>
/// <param name="TwiceWhen">A field that doubles it when it is true; empty for none.</param>
/// <param name="Usage">True for what is charged by use: nobody knows it before.</param>
internal sealed record PricedItem(
    string Name, string Unit, IReadOnlyList<string> By, string Quantity, string TwiceWhen, decimal? Price, IReadOnlyDictionary<string, decimal> Prices, bool Usage)
{
    public static PricedItem Read(JsonObject item) => new(
        item.Text("name"), item.Text("unit"), [.. (item["by"] as JsonArray ?? []).Select(b => b?.ToString() ?? "")], item.Text("quantity"), item.Text("twiceWhen"),
        PriceList.Number(item["price"]),
        (item["prices"] as JsonObject ?? []).ToDictionary(
            p => p.Key, p => PriceList.Number(p.Value) ?? throw new InvalidDataException($"the price of {p.Key} must be a number"), StringComparer.Ordinal),
        item["usage"] is JsonValue v && v.GetValueKind() == JsonValueKind.True);
}
