using System.Text.Json.Nodes;
using Flagstone.Platform.Patching;

namespace Flagstone.Platform.Tests.Patching;

public sealed class ManagedFieldsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_creation_gives_the_creator_all_fields()
    {
        var created = Resource("""{"a":1,"b":{"c":[1,2]}}""");
        created["metadata"]!["labels"] = new JsonObject { ["l"] = "x" };
        ManagedFields.Update(null, created, new("kubectl-create", Start), null);
        Assert.Equal(
            """{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{".":{},"f:l":{}}},"f:spec":{".":{},"f:a":{},"f:b":{".":{},"f:c":{}}}},"manager":"kubectl-create","operation":"Update","time":"2026-01-01T00:00:00Z"}""",
            Assert.Single(Entries(created))!.ToJsonString());
    }

    [Fact]
    public void A_write_that_changes_nothing_leaves_the_time()
    {
        var before = Created();
        var after = (JsonObject)before.DeepClone();
        ManagedFields.Update(before, after, new("a", Start.AddDays(1)), null);
        Assert.True(JsonNode.DeepEquals(before, after));
    }

    [Fact]
    public void A_changed_value_of_a_field_already_owned_leaves_the_time()
    {
        var before = Created();
        var after = (JsonObject)before.DeepClone();
        after["spec"]!["a"] = 2;
        ManagedFields.Update(before, after, new("a", Start.AddDays(1)), null);
        Assert.True(JsonNode.DeepEquals(before["metadata"], after["metadata"]));
    }

    [Fact]
    public void Changed_fields_pass_to_who_changed_them_and_removed_ones_to_nobody()
    {
        var before = Created();
        var after = (JsonObject)before.DeepClone();
        after["spec"]!["a"] = 2;
        after["spec"]!.AsObject().Remove("b");
        ManagedFields.Update(before, after, new("b", Start.AddDays(1)), null);
        Assert.Equal("""{"f:spec":{}}""", Fields(after, "a"));
        Assert.Equal("""{"f:spec":{"f:a":{}}}""", Fields(after, "b"));
    }

    [Fact]
    public void A_request_without_managed_fields_keeps_those_of_the_live_object()
    {
        var before = Created();
        var after = Resource("""{"a":1,"b":2,"c":3}""");
        ManagedFields.Update(before, after, new("b", Start), null);
        Assert.Equal("""{"f:spec":{".":{},"f:a":{},"f:b":{}}}""", Fields(after, "a"));
        Assert.Equal("""{"f:spec":{"f:c":{}}}""", Fields(after, "b"));
    }

    [Fact]
    public void Managed_fields_may_be_edited_as_kubectl_does_to_hand_them_over()
    {
        var before = Created();
        var after = (JsonObject)before.DeepClone();
        var entry = Entries(after)[0]!.AsObject();
        entry["operation"] = "Apply";
        entry["manager"] = "kubectl";
        ManagedFields.Update(before, after, new("kubectl", Start.AddDays(1)), null);
        Assert.Equal("Apply", Assert.Single(Entries(after))!["operation"]!.ToString());

        // The fields that client-side apply had made are now given up by an apply that leaves them out.
        var applied = Assert.IsType<Applied>(ServerSideApply.Apply(after, Resource("""{"a":1}"""), new("kubectl", Start), force: false, null));
        Assert.Equal("""{"a":1}""", applied.Resource["spec"]!.ToJsonString());
    }

    [Fact]
    public void An_empty_entry_begins_anew()
    {
        var before = Created();
        var after = (JsonObject)before.DeepClone();
        after["metadata"]!["managedFields"] = new JsonArray(new JsonObject());
        ManagedFields.Update(before, after, new("b", Start), null);
        Assert.Null(after["metadata"]!["managedFields"]);
    }

    [Theory]
    [InlineData("""[{"operation":"Drop","apiVersion":"v1"}]""")]
    [InlineData("""[{"operation":"Update","apiVersion":"v1","fieldsV1":{"x:spec":{}}}]""")]
    [InlineData("""[{"operation":"Update","apiVersion":"v1","fieldsV1":{"k:{":{}}}]""")]
    [InlineData("""[{"operation":"Update","apiVersion":"v1","fieldsV1":{"f:spec":1}}]""")]
    [InlineData("""["x"]""")]
    public void Unreadable_managed_fields_do_not_replace_the_live_ones(string managed)
    {
        var before = Created();
        var after = (JsonObject)before.DeepClone();
        after["metadata"]!["managedFields"] = JsonNode.Parse(managed);
        ManagedFields.Update(before, after, new("b", Start), null);
        Assert.True(JsonNode.DeepEquals(before, after));
    }

    [Fact]
    public void Managed_fields_cannot_be_set_through_a_subresource()
    {
        var before = Created();
        var after = (JsonObject)before.DeepClone();
        after["metadata"]!["managedFields"] = new JsonArray(new JsonObject());
        ManagedFields.Update(before, after, new("b", Start, "status"), null);
        Assert.True(JsonNode.DeepEquals(before, after));
    }

    [Fact]
    public void A_key_written_in_another_order_is_the_same_field()
    {
        var schema = MergeShape.Of("", "Service").ToSchema();
        var live = Resource("""{"ports":[{"port":80,"protocol":"TCP"}]}""");
        live["metadata"]!["managedFields"] = JsonNode.Parse(
            """[{"manager":"a","operation":"Apply","apiVersion":"v1","fieldsV1":{"f:spec":{"f:ports":{"k:{\"protocol\":\"TCP\", \"port\":80}":{".":{},"f:port":{},"f:protocol":{}}}}}}]""");
        var applied = Assert.IsType<Applied>(ServerSideApply.Apply(live, Resource("""{"ports":[]}"""), new("a", Start), force: false, schema));
        Assert.Equal("""{"ports":[]}""", applied.Resource["spec"]!.ToJsonString());
    }

    [Fact]
    public void The_oldest_updaters_are_summed_up()
    {
        var live = Created();
        for (var i = 0; i < 20; i++)
        {
            var after = (JsonObject)live.DeepClone();
            after["spec"]![$"x{i}"] = i;
            ManagedFields.Update(live, after, new($"m{i:00}", Start.AddMinutes(i + 1)), null);
            live = after;
        }

        Assert.Equal(10, Entries(live).Count);
        Assert.Contains("\"f:x5\":{}", Fields(live, "ancient-changes"), StringComparison.Ordinal);
        Assert.Contains("\"f:a\":{}", Fields(live, "ancient-changes"), StringComparison.Ordinal);
        Assert.Equal("""{"f:spec":{"f:x19":{}}}""", Fields(live, "m19"));
    }

    private static JsonObject Created()
    {
        var created = Resource("""{"a":1,"b":2}""");
        ManagedFields.Update(null, created, new("a", Start), null);
        return created;
    }

    private static JsonObject Resource(string spec) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "X",
        ["metadata"] = new JsonObject { ["name"] = "n" },
        ["spec"] = JsonNode.Parse(spec),
    };

    private static JsonArray Entries(JsonObject resource) => resource["metadata"]!["managedFields"]!.AsArray();

    private static string? Fields(JsonObject resource, string manager) =>
        Entries(resource).FirstOrDefault(entry => entry!["manager"]!.ToString() == manager)?["fieldsV1"]!.ToJsonString();
}
