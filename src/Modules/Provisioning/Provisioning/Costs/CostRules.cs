using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Contracts;

namespace Flagstone.Provisioning.Costs;

/// <summary>What managed resources cost a month. Pure. What is not known is named, and never counted as nothing.</summary>
internal static class CostRules
{
    /// <param name="resources">What is called in the estimate, and the managed resource: kinds without <c>forProvider</c> cost nothing.</param>
    public static CostEstimate Estimate(PriceList prices, IEnumerable<(string Name, JsonObject Document)> resources)
    {
        var (items, unknown, any) = (new List<CostItem>(), new List<string>(), false);
        foreach (var (name, document) in resources.Where(r => r.Document.At("spec", "forProvider") is JsonObject))
        {
            any = true;
            var label = $"{document.Text("kind")} {name}";
            if (prices.Find(document.Text("apiVersion").Split('/')[0], document.Text("kind")) is not { } priced)
            {
                unknown.Add($"{label}: no price is listed");
                continue;
            }

            foreach (var item in priced)
            {
                Add(prices, item, label, (JsonObject)document.At("spec", "forProvider")!, items, unknown);
            }
        }

        // All that is there may cost nothing: then nothing is known to be the sum.
        var monthly = items.Count > 0 || (any && unknown.Count == 0) ? items.Sum(i => i.Monthly) : (decimal?)null;
        return new CostEstimate(monthly, prices.Currency, items, unknown, prices.Source, prices.Date, prices.Region);
    }

    /// <summary>An estimate with what is made later: it costs something, and nobody knows what yet.</summary>
    public static CostEstimate Later(CostEstimate now, IEnumerable<(string Name, JsonObject Document)> later) => now with
    {
        Unknown = [.. now.Unknown, .. later.Where(l => l.Document.At("spec", "forProvider") is JsonObject).Select(l => $"{l.Document.Text("kind")} {l.Name}: made later")],
    };

    /// <summary>The estimates of several claims as one.</summary>
    public static CostEstimate Sum(PriceList prices, IReadOnlyList<CostEstimate> estimates) => new(
        estimates.Any(e => e.Monthly is not null) ? estimates.Sum(e => e.Monthly ?? 0) : null, prices.Currency,
        [.. estimates.SelectMany(e => e.Items)], [.. estimates.SelectMany(e => e.Unknown)], prices.Source, prices.Date, prices.Region);

    private static void Add(PriceList prices, PricedItem item, string label, JsonObject wanted, List<CostItem> items, List<string> unknown)
    {
        if (item.Usage)
        {
            unknown.Add($"{label}: {item.Name}, charged by use");
            return;
        }

        var key = string.Join('/', item.By.Select(b => wanted[b]?.ToString() ?? ""));
        var price = item.By.Count > 0 ? item.Prices.TryGetValue(key, out var listed) ? listed : null : item.Price;
        var count = item.Quantity.Length > 0 ? PriceList.Number(wanted[item.Quantity]) : 1;
        if (price is null || count is null)
        {
            unknown.Add(price is null ? $"{label}: {item.Name}, no price of {key} is listed" : $"{label}: {item.Name}, as {item.Quantity} is not set");
            return;
        }

        var quantity = count.Value * (item.Unit == "hour" ? prices.HoursPerMonth : 1);
        var each = price.Value * (item.TwiceWhen.Length > 0 && IsTrue(wanted[item.TwiceWhen]) ? 2 : 1);
        items.Add(new CostItem(label, item.Name, quantity, item.Unit, each, decimal.Round(quantity * each, 2, MidpointRounding.ToEven)));
    }

    private static bool IsTrue(JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.True;

    /// <summary>As people read it: <c>USD 54.86 a month and what is unknown</c>.</summary>
    public static string Text(CostEstimate estimate) => (estimate.Monthly, estimate.Unknown.Count) switch
    {
        (null, _) => "unknown",
        ({ } known, 0) => Money(estimate, known),
        ({ } known, _) => $"at least {Money(estimate, known)}",
    };

    public static string Text(CostChange change) =>
        change.Before.Monthly is null ? Text(change.After)
        : change.Difference == 0 ? $"{Text(change.After)}, as before"
        : $"{Text(change.After)}; now it is {Text(change.Before)}";

    public static string Money(CostEstimate estimate, decimal amount) => string.Create(CultureInfo.InvariantCulture, $"{estimate.Currency} {amount:N2} a month");
}
