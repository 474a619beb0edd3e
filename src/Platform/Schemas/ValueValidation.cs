using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Flagstone.Platform.Schemas;

/// <summary>The rules of strings and numbers: lengths, patterns, formats, ranges.</summary>
internal static class ValueValidation
{
    public static void Check(JsonValue value, ValueRules rules, ref SchemaWalk walk)
    {
        if (value.GetValueKind() == JsonValueKind.String)
        {
            if (rules.HasStringRules)
            {
                CheckString(value, rules, ref walk);
            }
        }
        else if (JsonNumber.TryRead(value, out var number))
        {
            CheckNumber(value, number, rules, ref walk);
        }
    }

    private static void CheckString(JsonValue value, ValueRules rules, ref SchemaWalk walk)
    {
        Span<char> buffer = stackalloc char[JsonText.BufferSize];
        var text = JsonText.Read(value, buffer);
        if (rules.MaxLength is { } max && text.Length > max && JsonText.RuneCount(text) > max && walk.Fail())
        {
            walk.Add(new(walk.Path(), FieldErrorType.TooLong, $"may not be more than {max} bytes", null));
        }

        if (rules.MinLength is { } min && JsonText.RuneCount(text) < min && walk.Fail())
        {
            Invalid(value, $"should be at least {min} chars long", ref walk);
        }

        if (rules.Pattern is { } pattern && !Matches(pattern, text) && walk.Fail())
        {
            Invalid(value, $"should match '{rules.PatternText}'", ref walk);
        }

        if (rules.CheckFormat is { } format && !format(text) && walk.Fail())
        {
            Invalid(value, $"must be of type {rules.Format}: {FieldError.Quote(text.ToString())}", ref walk);
        }
    }

    // A pattern that does not answer in time has not matched: validation fails closed.
    private static bool Matches(Regex pattern, ReadOnlySpan<char> text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static void CheckNumber(JsonValue value, JsonNumber number, ValueRules rules, ref SchemaWalk walk)
    {
        if (rules.Minimum is { } min && number.CompareTo(min) < (rules.ExclusiveMinimum ? 1 : 0) && walk.Fail())
        {
            Invalid(value, $"should be greater than {(rules.ExclusiveMinimum ? "" : "or equal to ")}{Show(min)}", ref walk);
        }

        if (rules.Maximum is { } max && number.CompareTo(max) > (rules.ExclusiveMaximum ? -1 : 0) && walk.Fail())
        {
            Invalid(value, $"should be less than {(rules.ExclusiveMaximum ? "" : "or equal to ")}{Show(max)}", ref walk);
        }

        if (rules.MultipleOf is { } factor && !number.IsMultipleOf(factor) && walk.Fail())
        {
            Invalid(value, $"should be a multiple of {Show(factor)}", ref walk);
        }

        var fits = rules.Format switch
        {
            "int32" => number.IsInt32,
            "int64" => number.IsInteger && (number.IsLong || number.Value is >= long.MinValue and < long.MaxValue),
            _ => true,
        };
        if (!fits && walk.Fail())
        {
            Invalid(value, $"must be of type {rules.Format}: \"{value.ToJsonString()}\"", ref walk);
        }
    }

    public static void Invalid(JsonNode? value, string rule, ref SchemaWalk walk) =>
        walk.Add(FieldError.Invalid(walk.Path(), value, $"{InBody(ref walk)} {rule}"));

    public static string InBody(ref SchemaWalk walk) => walk.Path() is { } path ? $"{path} in body" : "in body";

    private static string Show(JsonNumber number) => number.IsLong
        ? number.Integer.ToString(CultureInfo.InvariantCulture)
        : number.Value.ToString("R", CultureInfo.InvariantCulture);
}
