using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>Transforms of type <c>convert</c>.</summary>
internal static class Conversions
{
    private static readonly Dictionary<string, double> Suffixes = new(StringComparer.Ordinal)
    {
        ["n"] = 1e-9, ["u"] = 1e-6, ["m"] = 1e-3, [""] = 1, ["k"] = 1e3, ["M"] = 1e6, ["G"] = 1e9, ["T"] = 1e12, ["P"] = 1e15, ["E"] = 1e18,
        ["Ki"] = 1L << 10, ["Mi"] = 1L << 20, ["Gi"] = 1L << 30, ["Ti"] = 1L << 40, ["Pi"] = 1L << 50, ["Ei"] = 1L << 60,
    };

    public static JsonNode? Apply(JsonObject convert, JsonNode? value)
    {
        var to = convert.Text("toType") is "int" ? "int64" : convert.Text("toType");
        var format = convert.Text("format") is { Length: > 0 } given ? given : "none";
        var from = GoText.TypeOf(value) switch
        {
            "map[string]interface {}" => "object",
            "[]interface {}" => "array",
            var type => type,
        };
        if (from == to)
        {
            return value;
        }

        return (from, to, format) switch
        {
            ("string", "int64", "none") => long.TryParse(Text(value), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                ? whole : throw Syntax("ParseInt", value),
            ("string", "float64", "none") => double.TryParse(Text(value), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                ? number : throw Syntax("ParseFloat", value),
            ("string", "float64", "quantity") => Quantity(Text(value)),
            ("string", "bool", "none") => Text(value) switch
            {
                "1" or "t" or "T" or "TRUE" or "true" or "True" => true,
                "0" or "f" or "F" or "FALSE" or "false" or "False" => false,
                _ => throw Syntax("ParseBool", value),
            },
            ("string", "object" or "array", "json") => Json(Text(value), to),
            ("int64" or "float64", "bool", "none") => Numbers.Float(value!) == 1,
            ("int64", "float64", "none") => Numbers.Float(value!),
            ("float64", "int64", "none") => (long)Numbers.Float(value!),
            ("bool", "int64", "none") => value!.GetValue<bool>() ? 1L : 0L,
            ("bool", "float64", "none") => value!.GetValue<bool>() ? 1.0 : 0.0,
            ("bool" or "int64", "string", "none") => GoText.Of(value),
            ("float64", "string", "none") => decimal.TryParse(value!.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var exact)
                ? exact.ToString(CultureInfo.InvariantCulture) : value.ToJsonString(),
            _ => throw new PatchFailure($"conversion from {from} to {to} is not supported with format {format}"),
        };
    }

    private static string Text(JsonNode? value) => value!.GetValue<string>();

    private static PatchFailure Syntax(string function, JsonNode? value) =>
        new($"strconv.{function}: parsing {JsonSerializer.Serialize(Text(value))}: invalid syntax");

    private static double Quantity(string text)
    {
        var digits = text.TakeWhile(c => char.IsAsciiDigit(c) || c is '+' or '-' or '.').Count();
        return double.TryParse(text.AsSpan(0, digits), CultureInfo.InvariantCulture, out var number) && Suffixes.TryGetValue(text[digits..], out var factor)
            ? number * factor
            : throw new PatchFailure("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    }

    private static JsonNode? Json(string text, string type)
    {
        try
        {
            var parsed = JsonNode.Parse(text);
            return (parsed, type) is (JsonObject, "object") or (JsonArray, "array") ? parsed : throw new PatchFailure($"the text is JSON, and no {type}");
        }
        catch (JsonException e)
        {
            throw new PatchFailure($"the text is not JSON: {e.Message}");
        }
    }
}
