using System.Text.Json.Nodes;
using CsCheck;
using Flagstone.Platform.Patching;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Tests.Patching;

public sealed class ServerSideApplyTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly StructuralSchema Schema = StructuralSchema.Parse("""
        {"type":"object","properties":{
          "spec":{"type":"object","properties":{
            "replicas":{"type":"integer"},
            "size":{"type":"string"},
            "args":{"type":"array","items":{"type":"string"}},
            "tags":{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set"},
            "selector":{"type":"object","additionalProperties":{"type":"string"},"x-kubernetes-map-type":"atomic"},
            "parameters":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}},
            "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
            "ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["port","protocol"],"items":{"type":"object","required":["port"],"properties":{
              "port":{"type":"integer"},"protocol":{"type":"string","default":"TCP"},"name":{"type":"string"},"extra":{"type":"string"}}}}}},
          "status":{"type":"object","properties":{"phase":{"type":"string"}}}}}
        """);

    [Fact]
    public void An_apply_that_creates_owns_what_it_says()
    {
        var created = Apply(null, "a", """{"replicas":1,"tags":["x"],"ports":[{"port":80}],"args":["p"],"selector":{"k":"v"}}""");
        Assert.Equal(
            """{"f:spec":{"f:args":{},"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}},"f:replicas":{},"f:selector":{},"f:tags":{"v:\"x\"":{}}}}""",
            Fields(created, "a"));
        var entry = created["metadata"]!["managedFields"]![0]!;
        Assert.Equal("Apply", entry["operation"]!.ToString());
        Assert.Equal("example.org/v1", entry["apiVersion"]!.ToString());
        Assert.Equal("FieldsV1", entry["fieldsType"]!.ToString());
        Assert.Equal("2026-01-01T00:00:00Z", entry["time"]!.ToString());
    }

    [Fact]
    public void Applying_again_changes_nothing_not_even_the_time()
    {
        var created = Apply(null, "a", """{"replicas":1,"tags":["x","y"]}""");
        var outcome = ServerSideApply.Apply(created, Resource("""{"replicas":1,"tags":["x","y"]}"""), new("a", Start.AddHours(1)), force: false, Schema);
        var applied = Assert.IsType<Applied>(outcome);
        Assert.False(applied.Changed);
        Assert.True(JsonNode.DeepEquals(created, applied.Resource));
    }

    [Fact]
    public void A_field_given_up_goes_unless_another_has_it()
    {
        var live = Apply(null, "a", """{"replicas":1,"size":"s","tags":["x","y"],"ports":[{"port":80,"name":"n"},{"port":81}],"parameters":{"a":"1"}}""");
        live = Apply(live, "b", """{"size":"s","tags":["y"],"ports":[{"port":81}]}""");
        live = Apply(live, "a", """{"replicas":1}""");
        Assert.Equal("""{"replicas":1,"size":"s","tags":["y"],"ports":[{"port":81}]}""", live["spec"]!.ToJsonString());
        Assert.Equal("""{"f:spec":{"f:replicas":{}}}""", Fields(live, "a"));
        Assert.Equal("""{"f:spec":{"f:ports":{"k:{\"port\":81,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}},"f:size":{},"f:tags":{"v:\"y\"":{}}}}""", Fields(live, "b"));
    }

    [Fact]
    public void An_item_given_up_takes_along_what_was_defaulted_into_it()
    {
        var live = Apply(null, "a", """{"replicas":1,"ports":[{"port":80}]}""");
        live["spec"]!["ports"]![0]!["protocol"] = "TCP";
        live = Apply(live, "a", """{"replicas":1}""");
        Assert.Equal("""{"replicas":1}""", live["spec"]!.ToJsonString());
    }

    [Fact]
    public void A_field_that_another_changed_by_update_conflicts_and_can_be_forced()
    {
        var live = Apply(null, "a", """{"replicas":1,"size":"s"}""");
        live = Update(live, "kubectl", spec => spec["replicas"] = 5);
        Assert.Equal("""{"f:spec":{"f:size":{}}}""", Fields(live, "a"));
        Assert.Equal("""{"f:spec":{"f:replicas":{}}}""", Fields(live, "kubectl"));

        var desired = Resource("""{"replicas":2,"size":"s"}""");
        var refused = Assert.IsType<ApplyConflicted>(ServerSideApply.Apply(live, desired, new("a", Start), force: false, Schema));
        Assert.Equal("Apply failed with 1 conflict: conflict with \"kubectl\" using example.org/v1: .spec.replicas", refused.Message);

        var forced = Assert.IsType<Applied>(ServerSideApply.Apply(live, desired, new("a", Start), force: true, Schema)).Resource;
        Assert.Equal("""{"replicas":2,"size":"s"}""", forced["spec"]!.ToJsonString());
        Assert.Equal("""{"f:spec":{"f:replicas":{},"f:size":{}}}""", Fields(forced, "a"));
        Assert.Null(Fields(forced, "kubectl"));
    }

    [Fact]
    public void Conflicts_are_listed_by_manager()
    {
        var live = Apply(null, "a", """{"replicas":1,"ports":[{"port":80,"name":"x"}]}""");
        live = Apply(live, "b", """{"size":"s"}""");
        var refused = Assert.IsType<ApplyConflicted>(ServerSideApply.Apply(
            live, Resource("""{"replicas":2,"size":"l","ports":[{"port":80,"name":"y"}]}"""), new("c", Start), force: false, Schema));
        Assert.Equal(
            "Apply failed with 3 conflicts: conflicts with \"a\":\n- .spec.ports[port=80,protocol=\"TCP\"].name\n- .spec.replicas\nconflicts with \"b\":\n- .spec.size",
            refused.Message);
    }

    [Fact]
    public void The_same_value_is_shared()
    {
        var live = Apply(null, "a", """{"replicas":1}""");
        live = Apply(live, "b", """{"replicas":1}""");
        Assert.Equal(Fields(live, "a"), Fields(live, "b"));
        live = Apply(live, "a", """{}""");
        Assert.Equal("""{"replicas":1}""", live["spec"]!.ToJsonString());
    }

    [Fact]
    public void Atomic_lists_and_maps_are_one_field()
    {
        var live = Apply(null, "a", """{"args":["x"],"selector":{"k":"v"}}""");
        var refused = Assert.IsType<ApplyConflicted>(ServerSideApply.Apply(
            live, Resource("""{"args":["y"],"selector":{"l":"w"}}"""), new("b", Start), force: false, Schema));
        Assert.Equal([".spec.args", ".spec.selector"], refused.Conflicts.Select(conflict => conflict.Path));
    }

    [Fact]
    public void A_subresource_has_an_entry_of_its_own()
    {
        var live = Apply(null, "a", """{"replicas":1}""");
        var after = (JsonObject)live.DeepClone();
        after["status"] = new JsonObject { ["phase"] = "Ready" };
        ManagedFields.Update(live, after, new("a", Start, "status"), Schema);
        var entries = after["metadata"]!["managedFields"]!.AsArray();
        Assert.Equal(2, entries.Count);
        Assert.Equal("status", entries[1]!["subresource"]!.ToString());
        Assert.Equal("""{"f:status":{".":{},"f:phase":{}}}""", entries[1]!["fieldsV1"]!.ToJsonString());

        var refused = Assert.IsType<ApplyConflicted>(ServerSideApply.Apply(
            after, JsonNode.Parse("""{"apiVersion":"example.org/v1","kind":"X","status":{"phase":"Lost"}}""")!.AsObject(), new("b", Start), false, Schema));
        Assert.Equal("conflict with \"a\" with subresource \"status\" using example.org/v1: .status.phase", refused.Message["Apply failed with 1 conflict: ".Length..]);
    }

    [Fact]
    public void What_the_server_sets_is_nobodys()
    {
        var applied = Resource("""{"size":"s"}""");
        applied["metadata"]!["labels"] = new JsonObject { ["l"] = "1" };
        applied["metadata"]!["finalizers"] = new JsonArray("f");
        var live = Assert.IsType<Applied>(ServerSideApply.Apply(null, applied, new("a", Start), false, Schema)).Resource;
        Assert.Equal("""{"f:metadata":{"f:finalizers":{"v:\"f\"":{}},"f:labels":{"f:l":{}}},"f:spec":{"f:size":{}}}""", Fields(live, "a"));
        live["metadata"]!["uid"] = "u";

        live = Apply(live, "a", """{"size":"s"}""");
        Assert.Equal("n", live["metadata"]!["name"]!.ToString());
        Assert.Equal("u", live["metadata"]!["uid"]!.ToString());
        Assert.Null(live["metadata"]!["labels"]);
        Assert.Null(live["metadata"]!["finalizers"]);
    }

    [Theory]
    [InlineData("""{"ports":[{"port":80},{"port":80,"protocol":"TCP"}]}""", "failed to create typed patch object: .spec.ports: duplicate entries for key [port=80,protocol=\"TCP\"]")]
    [InlineData("""{"ports":["x"]}""", "failed to create typed patch object: .spec.ports: element 0: associative list with keys has an element that is not a map")]
    [InlineData("""{"tags":["x","x"]}""", "failed to create typed patch object: .spec.tags: duplicate entries for key [=\"x\"]")]
    public void A_document_whose_items_cannot_be_told_apart_is_refused(string spec, string message) =>
        Assert.Equal(new ApplyInvalid(message), ServerSideApply.Apply(null, Resource(spec), new("a", Start), false, Schema));

    [Fact]
    public void Built_in_kinds_merge_by_their_table()
    {
        var schema = MergeShape.Of("apps", "Deployment").ToSchema();
        var live = ApplyTo(null, "a", """{"template":{"spec":{"containers":[{"name":"web","image":"1","ports":[{"containerPort":80}]}]}}}""", schema);
        live = ApplyTo(live, "b", """{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"X","value":"1"}]},{"name":"side"}]}}}""", schema);
        Assert.Equal(
            """{"template":{"spec":{"containers":[{"name":"web","image":"1","ports":[{"containerPort":80}],"env":[{"name":"X","value":"1"}]},{"name":"side"}]}}}""",
            live["spec"]!.ToJsonString());
        live = ApplyTo(live, "b", """{}""", schema);
        Assert.Equal(
            """{"template":{"spec":{"containers":[{"name":"web","image":"1","ports":[{"containerPort":80}]}]}}}""",
            live["spec"]!.ToJsonString());
    }

    [Fact]
    public void Applying_twice_is_applying_once() =>
        Gen.Select(Specs, Specs, Specs).Sample((first, other, second) =>
        {
            var live = Force(Force(Force(null, "a", first), "b", other), "a", second);
            var again = Assert.IsType<Applied>(ServerSideApply.Apply(live, Resource(second), new("a", Start.AddDays(1)), force: true, Schema));
            Assert.False(again.Changed, again.Resource.ToJsonString());
        });

    [Fact]
    public void What_is_applied_is_there_afterwards() =>
        Gen.Select(Specs, Specs).Sample((first, second) =>
        {
            var live = Force(Force(null, "a", first), "b", second);
            Assert.False(Assert.IsType<Applied>(ServerSideApply.Apply(live, Resource(second), new("b", Start), force: false, Schema)).Changed);
        });

    [Fact]
    public void A_manager_alone_gets_exactly_what_it_applies() =>
        Gen.Select(Specs, Specs).Sample((first, second) =>
        {
            var live = Force(Force(null, "a", first), "a", second);
            Assert.True(SameFields(Force(null, "a", second), live), live.ToJsonString());
        });

    [Fact]
    public void Managers_of_disjoint_fields_never_conflict() =>
        Gen.Select(Specs, Specs, Specs).Sample((first, second, third) =>
        {
            // The one has its fields below spec, the other below status and labels.
            var live = Apply(null, "a", first);
            foreach (var (i, text) in new[] { second, third }.Index())
            {
                var other = Resource("{}");
                other.Remove("spec");
                other["metadata"]!["labels"] = new JsonObject { [$"l{i}"] = "x" };
                other["status"] = new JsonObject { ["phase"] = $"p{i}" };
                live = Assert.IsType<Applied>(ServerSideApply.Apply(live, other, new("b", Start), force: false, Schema)).Resource;
                live = Apply(live, "a", text);
            }

            Assert.Equal("p1", live["status"]!["phase"]!.ToString());
        });

    private static Gen<string> Specs { get; } =
        Gen.Select(
            Gen.OneOf("", "\"replicas\":1,", "\"replicas\":2,"),
            Gen.OneOf("", "\"size\":\"s\",", "\"size\":null,"),
            Gen.OneOf("x", "y", "z").Array[0, 3].Select(tags => string.Join(',', tags.Distinct().Select(tag => $"\"{tag}\""))),
            Gen.Select(Gen.Int[1, 3], Gen.OneOf("", ",\"name\":\"n\"", ",\"name\":\"m\"", ",\"protocol\":\"UDP\"")).Array[0, 3]
                .Select(ports => string.Join(',', ports.DistinctBy(port => port.Item1).Select(port => $"{{\"port\":{port.Item1}{port.Item2}}}"))),
            Gen.OneOf("{}", "{\"a\":\"1\"}", "{\"a\":\"2\",\"b\":\"1\"}"),
            Gen.OneOf("{}", "{\"p\":{\"q\":1}}", "{\"p\":{\"r\":[1]},\"s\":null}", "{\"p\":7}"))
        .Select((replicas, size, tags, ports, parameters, free) =>
            $"{{{replicas}{size}\"tags\":[{tags}],\"ports\":[{ports}],\"parameters\":{parameters},\"free\":{free}}}");

    private static JsonObject Apply(JsonObject? live, string manager, string spec) => ApplyTo(live, manager, spec, Schema);

    private static JsonObject ApplyTo(JsonObject? live, string manager, string spec, StructuralSchema schema)
    {
        var outcome = ServerSideApply.Apply(live, Resource(spec), new(manager, Start), force: false, schema);
        return Assert.IsType<Applied>(outcome).Resource;
    }

    private static JsonObject Force(JsonObject? live, string manager, string spec) =>
        Assert.IsType<Applied>(ServerSideApply.Apply(live, Resource(spec), new(manager, Start), force: true, Schema)).Resource;

    private static JsonObject Update(JsonObject live, string manager, Action<JsonObject> change)
    {
        var after = (JsonObject)live.DeepClone();
        change(after["spec"]!.AsObject());
        ManagedFields.Update(live, after, new(manager, Start.AddMinutes(1)), Schema);
        return after;
    }

    private static JsonObject Resource(string spec) => new()
    {
        ["apiVersion"] = "example.org/v1",
        ["kind"] = "X",
        ["metadata"] = new JsonObject { ["name"] = "n" },
        ["spec"] = JsonNode.Parse(spec),
    };

    private static bool SameFields(JsonObject a, JsonObject b) =>
        CanonicalJson.Of(a["spec"]) == CanonicalJson.Of(b["spec"]) && Fields(a, "a") == Fields(b, "a");

    private static string? Fields(JsonObject resource, string manager) => (resource["metadata"]!["managedFields"] as JsonArray ?? [])
        .FirstOrDefault(entry => entry!["manager"]!.ToString() == manager)?["fieldsV1"]!
        .ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
