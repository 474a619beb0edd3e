using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Conformance.Tests.Crossplane;

/// <summary>The unit tests of crossplane-runtime and function-patch-and-transform (Apache-2.0), as vectors.</summary>
public sealed class PatchAndTransformConformance
{
    private const string Folder = "crossplane/vectors";

    [Theory]
    [InlineData("crank_v120_resources_to_pipeline")]
    [InlineData("fpt_connection")]
    [InlineData("fpt_patches")]
    [InlineData("fpt_ready")]
    [InlineData("fpt_transforms")]
    [InlineData("fpt_validate")]
    [InlineData("runtime_fieldpath")]
    [InlineData("runtime_merge")]
    [InlineData("runtime_paved")]
    public void The_engine_answers_as_upstream_does(string file)
    {
        if (!Corpus.IsHere(Folder))
        {
            return;
        }

        var cases = JsonNode.Parse(File.ReadAllText(Corpus.File($"{Folder}/{file}.json")))!["cases"]!.AsArray().OfType<JsonObject>();
        Corpus.Report($"{Folder}/{file}", [.. cases.Select(test => Judge($"{test.Text("func")}/{test.Text("case")}", test))]);
    }

    private static Case Judge(string name, JsonObject test) => Answer(test.Text("func"), test) is { } passes ? Case.Of(name, passes) : new Case(name, Verdict.Absent);

    /// <summary>Null for a function of which nothing is built.</summary>
    private static bool? Answer(string function, JsonObject test)
    {
        var (args, want) = (test["args"], test["want"]);
        var data = test.Text("data") is { Length: > 0 } text ? JsonNode.Parse(text) : new JsonObject();
        return function switch
        {
            "TestIsReady" => IsReady(args!, want),
            "TestParse" => Compare(want, "s", () => new JsonArray([.. Segment.Parse(test.Text("path")).Select(Of)])),
            "TestGetValue" => Compare(want, "value", () => Paved.Get(data, test.Text("path"))),
            "TestSetValue" => Compare(want, "object", () =>
            {
                Paved.Set(data!, args.Text("path"), Plain(Fields(args!["value"])));
                return data;
            }),
            "TestExpandWildcards" => CompareSorted(want, () => Paved.Expand(data, test.Text("path"))),
            "TestMapResolve" => Transform("map", "map", args!["t"], args, want),
            "TestMatchResolve" => Transform("match", "match", args!["t"], args, want),
            "TestMathResolve" => Transform("math", "math", Typed(args!, "mathType"), args, want),
            "TestStringResolve" => Transform("string", "string", Typed(args!, "stype"), args, want),
            "TestConvertResolve" => Transform(
                "convert", "convert", new JsonObject { ["toType"] = args!["to"]?.DeepClone(), ["format"] = args["format"]?.DeepClone() }, args, want),
            "TestIsNotFound" => new PatchFailure(test["err"].Text("$error")).NotFound == want!.GetValue<bool>(),
            "TestSegments" => Segment.Join(test["s"]!.AsArray().Select(s => new Segment(s.Text("field"), s!["index"]?.GetValue<uint>()))) == want!.ToString(),
            "TestFieldOrIndex" => Compare(want, "none", () => null) && IsFieldOrIndex(test.Text("s"), want!),
            "TestConvertTransformGetConversionFunc" => Converts(args!, want),
            "TestDeleteField" => Compare(want, "object", () =>
            {
                Paved.Delete(data!, args.Text("path"));
                return data;
            }),
            "TestGetString" or "TestGetStringArray" or "TestGetBool" or "TestGetInteger" or "TestGetValueInto" => Typed(function, data!, test),
            "TestMergeValue" => Merge(test, want),
            "TestValidateReadinessCheck" => Validates(InputValidation.ReadinessCheck((JsonObject)args!["r"]!), want.At("output")),
            "TestValidateConnectionDetail" => Validates(InputValidation.ConnectionDetail((JsonObject)args!["cd"]!), want.At("output")),
            "TestValidatePatch" => Validates(InputValidation.Patch((JsonObject)args!["patch"]!), want.At("err")),
            "TestValidateCombine" => Validates(InputValidation.Combine((JsonObject)args!["combine"]!), want.At("err")),
            "TestValidateTransform" => Validates(InputValidation.Transform((JsonObject)args!["transform"]!), want.At("err")),
            "TestExtractConnectionDetails" => Extracts(args!, want),
            "TestSupportsConnectionDetails" => ConnectionSecret.IsLegacy((JsonObject)args!["xr"]!) == want.At("supportsConnectionDetails")!.GetValue<bool>(),
            "TestGetConnectionSecretRef" => Compare(want, "ref", () =>
            {
                var (name, space) = ConnectionSecret.Reference((JsonObject)args!["xr"]!, args["input"] as JsonObject);
                return new JsonObject { ["name"] = name, ["namespace"] = space };
            }),
            "TestApplyFromFieldPathPatch" or "TestApplyCombineFromVariablesPatch" => Compare(want, "to", () =>
            {
                var to = (JsonObject)(args!["to"]?.DeepClone() ?? new JsonObject());
                Patches.Apply((JsonObject)args["p"]!, (JsonObject)args["from"]!, null, to, Empty());
                return to;
            }),
            "TestComposedTemplates" => Compare(want, "ct", () => Inlined(args!)),
            "TestResolveTransforms" => Compare(want, "output", () => Transforms.Apply(Plain(args!["ts"]), Plain(args["input"]))),
            "TestConvertPnTToPipeline" => Compare(want, "out", () => ResourcesMode.ToPipeline((JsonObject)Plain(args!["in"])!)),
            "TestSetMissingConnectionDetailFields" => Compare(want, "sk", () => Changed(args!["sk"]!, ResourcesMode.Detail)),
            "TestSetTransformTypeRequiredFields" => Compare(want, "tt", () => Changed(args!["tt"]!, ResourcesMode.Transform)),
            "TestMigratePatch" => Compare(want, "p", () => Changed(args!["p"]!, ResourcesMode.Patch)),
            "TestMigrateResource" => Compare(want, "r", () => Changed(args!["r"]!, r => ResourcesMode.Resource(r, args["i"]!.GetValue<int>()))),
            "TestMigrateMergeOptions" => ResourcesMode.MergePolicy(args) == want?.ToString(),
            _ => null,
        };
    }

    private static bool IsFieldOrIndex(string text, JsonNode want)
    {
        var segment = Assert.Single(Segment.Parse($"[{text}]"));
        return want.Text("Type") == "SegmentField" ? segment.Index is null && segment.Field == want.Text("Field") : segment.Index == want["Index"]?.GetValue<uint>();
    }

    /// <summary>Whether a conversion is there: tried on a value of the type.</summary>
    private static bool Converts(JsonNode args, JsonNode? want)
    {
        var json = args.At("ct").Text("toType") == "array" ? "[]" : "{}";
        JsonNode sample = args.Text("from") == "string" ? args.At("ct").Text("format") == "json" ? json : "1" : 1L;
        try
        {
            Conversions.Apply((JsonObject)args["ct"]!, sample);
            return !HasError(want);
        }
        catch (PatchFailure)
        {
            return HasError(want);
        }
    }

    /// <summary>A Go struct, of which the vectors have the names of its fields, by the names that its JSON has.</summary>
    private static JsonNode? Fields(JsonNode? value) => value is JsonObject map && map.ContainsKey("aPIVersion")
        ? new JsonObject(map.Select(m => KeyValuePair.Create(m.Key switch { "aPIVersion" => "apiVersion", "uID" => "uid", var same => same }, m.Value?.DeepClone())))
        : value;

    private static Rendering Empty() => new([], new Dictionary<string, ObservedResource>());

    private static JsonObject Changed(JsonNode document, Action<JsonObject> change)
    {
        var copy = (JsonObject)Plain(document)!;
        change(copy);
        return copy;
    }

    /// <summary>The same type and field; the words are each engine's own.</summary>
    private static bool Validates(FieldProblem? problem, JsonNode? want)
    {
        var error = want.At("$fieldError");
        return error is null ? problem is null : problem is not null && (problem.Type, problem.Field) == (error.Text("type"), error.Text("field"));
    }

    private static bool Typed(string function, JsonNode data, JsonObject test) => Compare(test["want"], function == "TestGetValueInto" ? "none" : "value", () =>
    {
        var path = test.Text("path") is { Length: > 0 } given ? given : test["args"].Text("path");
        var value = Paved.Get(data, path);
        var fits = function switch
        {
            "TestGetString" => value is JsonValue v && v.GetValueKind() == System.Text.Json.JsonValueKind.String,
            "TestGetBool" => value is JsonValue v && v.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False,
            "TestGetInteger" => Numbers.TryInteger(value, out _),
            "TestGetStringArray" => value is JsonArray list && list.All(i => i is JsonValue v && v.GetValueKind() == System.Text.Json.JsonValueKind.String),
            _ => true,
        };
        return !fits ? throw new PatchFailure($"{path}: of another type") : function == "TestGetValueInto" ? null : value;
    });

    private static bool Merge(JsonObject test, JsonNode? want)
    {
        var target = test.At("fields", "object")!.DeepClone();
        try
        {
            var path = test["args"].Text("path");
            var policy = ResourcesMode.MergePolicy(test.At("args", "mo")) ?? "";
            Paved.Set(target, path, Merging.Merge(Paved.TryGet(target, path, out var there) ? there : null, Plain(test.At("args", "value")), policy));
        }
        catch (PatchFailure)
        {
            return HasError(want);
        }

        return !HasError(want) && JsonNode.DeepEquals(Numbers.Settle(target), Numbers.Settle(JsonNode.Parse(want.Text("serialized"))));
    }

    private static JsonArray Inlined(JsonNode args)
    {
        var input = new JsonObject { ["patchSets"] = args["pss"]?.DeepClone() };
        return new JsonArray([.. args["cts"]!.AsArray().OfType<JsonObject>().Select(template =>
        {
            var copy = (JsonObject)template.DeepClone();
            copy["patches"] = new JsonArray([.. PatchAndTransformFunction.Inline(template["patches"], PatchAndTransformFunction.PatchSets(input)).Select(p => p.DeepClone())]);
            return copy;
        })]);
    }

    private static bool Extracts(JsonNode args, JsonNode? want)
    {
        var document = new JsonObject { ["name"] = args.At("cd", "objectMeta").Text("name"), ["generation"] = args.At("cd", "objectMeta", "generation")?.DeepClone(), ["Ref"] = args.At("cd", "connectionSecretWriterTo", "ref")?.DeepClone() };
        var into = new Dictionary<string, string>(StringComparer.Ordinal);
        var data = (args["data"] as JsonObject ?? []).ToDictionary(d => d.Key, d => d.Value!.ToString(), StringComparer.Ordinal);
        ConnectionDetails.Extract(args["cfg"]!.AsArray(), new ObservedResource(document, data), into);
        return (want.At("conn") as JsonObject ?? []).OrderBy(c => c.Key).Select(c => (c.Key, c.Value!.ToString())).SequenceEqual(into.OrderBy(c => c.Key).Select(c => (c.Key, c.Value)));
    }

    /// <summary>A check that cannot run is a warning here and an error there; the composition goes on in both.</summary>
    private static bool IsReady(JsonNode args, JsonNode? want)
    {
        var rendering = new Rendering([], new Dictionary<string, ObservedResource>());
        var ready = Readiness.Evaluate(args["rc"] as JsonArray, (JsonObject)Plain(args["o"])!, "r", rendering);
        return ready == (want.At("ready")?.GetValue<bool>() ?? false) && rendering.Results.Count > 0 == HasError(want);
    }

    private static bool Transform(string type, string member, JsonNode? transform, JsonNode? args, JsonNode? want) => Compare(want, "o", () => Transforms.Apply(
        new JsonArray(new JsonObject { ["type"] = type, [member] = Plain(transform) }), Plain(args!["i"])));

    private static JsonObject Typed(JsonNode args, string type)
    {
        var transform = (JsonObject)args.DeepClone();
        transform["type"] = transform[type]?.DeepClone();
        transform["fmt"] = transform["fmts"]?.DeepClone();
        return transform;
    }

    private static bool Compare(JsonNode? want, string member, Func<JsonNode?> compute)
    {
        try
        {
            return JsonNode.DeepEquals(Numbers.Settle(compute()), Numbers.Settle(Plain(want.At(member)))) && !HasError(want);
        }
        catch (PatchFailure)
        {
            return HasError(want);
        }
    }

    private static bool HasError(JsonNode? want) => want.At("err") is not null;

    private static bool CompareSorted(JsonNode? want, Func<IReadOnlyList<string>> compute)
    {
        try
        {
            var found = compute().Order(StringComparer.Ordinal);
            return !HasError(want) && want!["expanded"]!.AsArray().Select(w => w!.ToString()).Order(StringComparer.Ordinal).SequenceEqual(found);
        }
        catch (PatchFailure)
        {
            return HasError(want);
        }
    }

    private static JsonObject Of(Segment segment) =>
        segment.Index is { } index ? new JsonObject { ["index"] = index } : new JsonObject { ["field"] = segment.Field };

    private static JsonNode? Plain(JsonNode? node) => FunctionCase.Plain(node);
}
