using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>What is wrong with a field, in Kubernetes' words.</summary>
/// <param name="Type"><c>Required</c> or <c>Invalid</c>.</param>
internal sealed record FieldProblem(string Type, string Field, JsonNode? Value, string Detail)
{
    public FieldProblem Under(string parent) => this with { Field = Field.Length == 0 ? parent : Field.StartsWith('[') ? parent + Field : $"{parent}.{Field}" };

    public override string ToString() => Type == "Required" ? $"{Field}: Required value: {Detail}"
        : $"{Field}: Invalid value: {Value?.ToJsonString() ?? "\"\""}: {Detail}";
}

/// <summary>Judges the input of patch-and-transform before anything is rendered, so that a mistake is told even where a patch would not run.</summary>
internal static class InputValidation
{
    private static readonly string[] Moves =
        ["FromCompositeFieldPath", "ToCompositeFieldPath", "FromEnvironmentFieldPath", "ToEnvironmentFieldPath"];

    private static readonly string[] Combines = ["CombineFromComposite", "CombineToComposite", "CombineFromEnvironment", "CombineToEnvironment"];
    private static readonly string[] Policies =
        ["", "Replace", "MergeObjects", "MergeObject", "MergeObjectsAppendArrays", "ForceMergeObjects", "ForceMergeObjectsAppendArrays", "AppendArray"];

    private static readonly string[] ConvertTargets = ["", "string", "int", "int64", "bool", "float64", "object", "array"];

    /// <summary>The first mistake in it; null when there is none.</summary>
    public static FieldProblem? Check(JsonObject input) =>
        Each(input["patchSets"], "patchSets", PatchSet)
        ?? Each(input.At("environment", "patches"), "environment.patches", Patch)
        ?? Each(input["resources"], "resources", Resource);

    public static FieldProblem? Resource(JsonObject resource) =>
        (resource.Text("name").Length == 0 ? Required("name", "name is required") : null)
        ?? Each(resource["patches"], "patches", Patch)
        ?? Each(resource["connectionDetails"], "connectionDetails", ConnectionDetail)
        ?? Each(resource["readinessChecks"], "readinessChecks", ReadinessCheck);

    public static FieldProblem? Patch(JsonObject patch)
    {
        var type = Patches.TypeOf(patch);
        var own = type switch
        {
            "PatchSet" => patch.Text("patchSetName").Length == 0 ? Required("patchSetName", "patchSetName must be set for patch type PatchSet") : null,
            _ when Moves.Contains(type) => patch.Text("fromFieldPath").Length == 0 ? Required("fromFieldPath", $"fromFieldPath must be set for patch type {type}") : null,
            _ when Combines.Contains(type) => patch["combine"] is not JsonObject combine ? Required("combine", $"combine must be set for patch type {type}")
                : patch.Text("toFieldPath").Length == 0 ? Required("toFieldPath", $"toFieldPath must be set for patch type {type}")
                : Combine(combine)?.Under("combine"),
            _ => Invalid("type", patch["type"], "unknown patch type"),
        };
        return own ?? Policy(patch["policy"]) ?? Each(patch["transforms"], "transforms", Transform);
    }

    public static FieldProblem? Combine(JsonObject combine)
    {
        if (combine.Text("strategy") is not "string")
        {
            return combine.Text("strategy").Length == 0 ? Required("strategy", "a combine strategy must be provided")
                : Invalid("strategy", combine["strategy"], "unknown strategy");
        }

        var variables = combine["variables"] as JsonArray ?? [];
        return combine["string"] is not JsonObject ? Required("string", "string must be set for combine type string")
            : variables.Count == 0 ? Required("variables", "at least one variable must be provided")
            : Each(variables, "variables", v => v.Text("fromFieldPath").Length == 0 ? Required("fromFieldPath", "fromFieldPath must be set for each combine variable") : null);
    }

    public static FieldProblem? Transform(JsonObject transform)
    {
        var type = transform.Text("type");
        var body = transform[type.Length > 0 ? type : "type"];
        return type switch
        {
            "math" => body is JsonObject math ? Math(math)?.Under("math") : Missing(type),
            "map" => body is not JsonObject map ? Missing(type) : map.Count == 0 ? Required("map.pairs", "at least one pair must be specified if a map transform is specified") : null,
            "match" => body is JsonObject match ? Match(match)?.Under("match") : Missing(type),
            "string" => body is JsonObject text ? Text(text)?.Under("string") : Missing(type),
            "convert" => body is JsonObject convert ? Convert(convert)?.Under("convert") : Missing(type),
            _ => Invalid("type", transform["type"], "unknown transform type"),
        };

        static FieldProblem Missing(string type) => Required(type, $"given transform type {type} requires configuration");
    }

    public static FieldProblem? ReadinessCheck(JsonObject check) => check.Text("type") switch
    {
        "None" => null,
        "MatchCondition" => check["matchCondition"] is not JsonObject condition ? null
            : condition.Text("type").Length == 0 ? Required("matchCondition.type", "cannot be empty for type MatchCondition")
            : condition.Text("status").Length == 0 ? Required("matchCondition.status", "cannot be empty for type MatchCondition") : null,
        "NonEmpty" or "MatchTrue" or "MatchFalse" => Path(check),
        "MatchString" => check.Text("matchString").Length == 0 ? Required("matchString", "cannot be empty for type MatchString") : Path(check),
        "MatchInteger" => !Numbers.IsNumber(check["matchInteger"]) || Numbers.Float(check["matchInteger"]!) == 0
            ? Required("matchInteger", "cannot be 0 for type MatchInteger") : Path(check),
        "" => Required("type", "type is required"),
        _ => Invalid("type", check["type"], "unknown readiness check type"),
    };

    public static FieldProblem? ConnectionDetail(JsonObject detail)
    {
        if (detail.Text("type") is not ("FromValue" or "FromFieldPath" or "FromConnectionSecretKey") and var unknown)
        {
            return unknown.Length == 0 ? Required("type", "connection detail type is required") : Invalid("type", detail["type"], "unknown connection detail type");
        }

        if (detail.Text("name").Length == 0)
        {
            return Required("name", "name is required");
        }

        var member = detail.Text("type") switch { "FromValue" => "value", "FromFieldPath" => "fromFieldPath", _ => "fromConnectionSecretKey" };
        return detail.Text(member).Length == 0 ? Required(member, $"{member} connection detail requires \"{member}\"") : null;
    }

    private static FieldProblem? PatchSet(JsonObject set) =>
        set.Text("name").Length == 0 ? Required("name", "patch set name is required") : Each(set["patches"], "patches", NoNesting);

    private static FieldProblem? NoNesting(JsonObject patch) =>
        Patches.TypeOf(patch) == "PatchSet" ? Invalid("type", patch["type"], "cannot use patches within patches") : Patch(patch);

    private static FieldProblem? Path(JsonObject check) => check.Text("fieldPath").Length == 0 ? Required("fieldPath", "cannot be empty") : null;

    private static FieldProblem? Policy(JsonNode? policy) =>
        policy.Text("fromFieldPath").ToLowerInvariant() is not ("" or "optional" or "required")
            ? Invalid("policy.fromFieldPath", policy!["fromFieldPath"], "unknown fromFieldPath policy: use Optional or Required")
            : !Policies.Contains(policy.Text("toFieldPath")) ? Invalid("policy.toFieldPath", policy!["toFieldPath"], $"unknown toFieldPath policy: use one of {string.Join(", ", Policies.Skip(1))}")
            : null;

    private static FieldProblem? Math(JsonObject math)
    {
        var operand = math.Text("type") switch { "Multiply" => "multiply", "ClampMin" => "clampMin", "ClampMax" => "clampMax", _ => "" };
        return operand.Length > 0
            ? Numbers.IsNumber(math[operand]) ? null : Required(operand, $"must specify a value if a {operand} math transform is specified")
            : math.Text("type").Length == 0 ? Required("type", "type is required") : Invalid("type", math["type"], "unknown math transform type");
    }

    private static FieldProblem? Match(JsonObject match) => match["patterns"] is not JsonArray { Count: > 0 } patterns
        ? Required("patterns", "at least one pattern must be specified if a match transform is specified")
        : Each(patterns, "patterns", Pattern);

    private static FieldProblem? Pattern(JsonObject pattern) => pattern.Text("type") switch
    {
        "literal" or "" => pattern["literal"] is null ? Required("literal", "literal pattern type requires a literal") : null,
        "regexp" => pattern["regexp"] is null ? Required("regexp", "regexp pattern type requires a regexp") : Regexp("regexp", pattern["regexp"]!),
        _ => Invalid("type", pattern["type"], "unknown pattern type"),
    };

    private static FieldProblem? Text(JsonObject text) => text.Text("type") switch
    {
        "Format" or "" => Part(text, "fmt"),
        "Convert" => Part(text, "convert"),
        "TrimPrefix" or "TrimSuffix" => Part(text, "trim"),
        "Join" => Part(text, "join"),
        "Regexp" => Part(text, "regexp") ?? Part(text["regexp"], "match")?.Under("regexp") ?? Regexp("regexp.match", text.At("regexp", "match")!),
        "Replace" => Part(text, "replace") ?? (text["replace"].Text("search").Length == 0 ? Required("replace.search", "replace transform requires a search") : null),
        _ => Invalid("type", text["type"], "unknown string transform type"),
    };

    private static FieldProblem? Part(JsonNode? transform, string member) =>
        transform?[member] is null ? Required(member, $"this string transform requires a {member}") : null;

    private static FieldProblem? Convert(JsonObject convert) =>
        !ConvertTargets.Contains(convert.Text("toType")) ? Invalid("toType", convert["toType"], "invalid type")
        : convert.Text("format") is not ("" or "none" or "quantity" or "json") ? Invalid("format", convert["format"], "invalid format")
        : convert.Text("toType").Length == 0 ? Required("toType", "toType is required")
        : null;

    private static FieldProblem? Regexp(string field, JsonNode pattern)
    {
        try
        {
            _ = new Regex(pattern.ToString(), RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, TimeSpan.FromSeconds(1));
            return null;
        }
        catch (RegexParseException e)
        {
            return Invalid(field, pattern, $"invalid regexp: {GoRegexp.Describe(e, pattern.ToString())}");
        }
        catch (NotSupportedException e)
        {
            return Invalid(field, pattern, $"invalid regexp: {e.Message}");
        }
    }

    private static FieldProblem? Each(JsonNode? list, string field, Func<JsonObject, FieldProblem?> check)
    {
        var index = 0;
        foreach (var item in list as JsonArray ?? [])
        {
            var problem = item is JsonObject o ? check(o) : Invalid("", item, "must be an object");
            if (problem is not null)
            {
                return problem.Under($"{field}[{index}]");
            }

            index++;
        }

        return null;
    }

    private static FieldProblem Required(string field, string detail) => new("Required", field, null, detail);

    private static FieldProblem Invalid(string field, JsonNode? value, string detail) => new("Invalid", field, value, detail);
}
