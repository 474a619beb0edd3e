using System.Globalization;
using System.Text.Json.Nodes;
using CsCheck;
using Flagstone.Platform.Patching;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Plans;

namespace Flagstone.Provisioning.Tests.Plans;

public sealed class PlanRuleTests
{
    private static readonly KindDefinition Thing = new() { Id = new KindId("things", "example.com"), Kind = "Thing", Version = "v1", Namespaced = false };
    private static readonly KindDefinition Whole = new() { Id = new KindId("wholes", "example.com"), Kind = "Whole", Version = "v1", Namespaced = false };
    private static readonly KindDefinition Secret = new() { Id = new KindId("secrets", ""), Kind = "Secret", Version = "v1", Sealed = true };
    private static readonly KindRegistry Kinds = new([Thing, Whole]);
    private static int applies;

    private static readonly Gen<JsonNode?> Value = Gen.Recursive<JsonNode?>((depth, inner) => depth >= 3
        ? Leaf
        : Gen.OneOf(
            Leaf,
            inner.List[0, 3].Select(items => (JsonNode?)new JsonArray([.. items.Select(i => i?.DeepClone())])),
            Members(inner).Select(map => (JsonNode?)map)));

    private static Gen<JsonNode?> Leaf => Gen.OneOf(
        Gen.Int[0, 3].Select(i => (JsonNode?)i), Gen.Bool.Select(b => (JsonNode?)b), OneOf("a", "b", "").Select(s => (JsonNode?)s), Gen.Const((JsonNode?)null));

    [Fact]
    public void The_changes_between_two_documents_make_the_one_of_the_other_as_a_json_patch() =>
        Gen.Select(Members(Value), Members(Value)).Sample((before, after) =>
        {
            var operations = new JsonArray([.. FieldChanges.Between(before, after).Select(c => c.Op == "remove"
                ? new JsonObject { ["op"] = c.Op, ["path"] = c.Path }
                : new JsonObject { ["op"] = c.Op, ["path"] = c.Path, ["value"] = c.Value?.DeepClone() })]);
            return JsonPatch.TryParse(operations, out var patch, out _)
                && patch.Apply(before.DeepClone()) is JsonPatched done && JsonNode.DeepEquals(done.Document, after);
        });

    [Fact]
    public void Equal_documents_have_no_changes() => Members(Value).Sample(document => FieldChanges.Between(document, (JsonObject)document.DeepClone()).Count == 0);

    [Fact]
    public void A_change_names_the_field_what_it_was_and_what_it_becomes()
    {
        var change = Assert.Single(FieldChanges.Between(Parse("""{ "spec": { "a/b": { "size": 1 }, "same": true } }"""), Parse("""{ "spec": { "a/b": { "size": 2 }, "same": true } }""")));
        Assert.Equal(("replace", "/spec/a~1b/size", "2", "1"), (change.Op, change.Path, change.Value!.ToJsonString(), change.Before!.ToJsonString()));
    }

    [Fact]
    public void A_plan_that_was_applied_leaves_nothing_to_plan() =>
        Gen.Select(Composition, Composition, Parameters, Parameters).Sample((first, second, small, large) =>
        {
            var store = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
            foreach (var (composition, parameters) in ((JsonObject, JsonObject)[])[(first, small), (first, large), (second, large), (second, small), (first, small)])
            {
                var composite = CompositeOf(parameters, composition);
                Apply(Compose(composition, composite, store), store);
                var again = Compose(composition, composite, store);
                if (Actions(again, store).Any(a => a != PlanActions.Unchanged)
                    || again.Work.Any(w => !JsonNode.DeepEquals(After(w, store), store[w.Document.NameOf()])))
                {
                    return false;
                }
            }

            return true;
        });

    [Fact]
    public void A_plan_creates_what_is_not_there_changes_what_differs_and_deletes_what_no_template_names()
    {
        var store = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        Apply(Compose(CompositionOf(["a", "b"]), CompositeOf(Parse("""{ "size": 1 }"""), CompositionOf(["a", "b"])), store), store);

        var next = Compose(CompositionOf(["b", "c"]), CompositeOf(Parse("""{ "size": 2 }"""), CompositionOf(["b", "c"])), store);

        Assert.Equal([PlanActions.Change, PlanActions.Create, PlanActions.Delete], Actions(next, store));
    }

    [Fact]
    public void A_field_removed_from_the_template_is_removed_from_the_live_resource_and_the_plan_says_so()
    {
        var (full, less) = (CompositionOf(["a"], more: true), CompositionOf(["a"]));
        var store = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        Apply(Compose(full, CompositeOf(Parse("""{ "size": 1, "tier": "x" }"""), full), store), store);
        var before = Assert.Single(store.Values);
        Assert.Equal("x", before.Annotation("tier"));

        // The patch of the size no longer applies either.
        var next = Compose(less, CompositeOf(Parse("""{ "tier": "x" }"""), less), store);
        var planned = PlanRules.Apply(Thing, before, After(next.Work[0], store), true, "a");
        Apply(next, store);

        Assert.Equal(
            ["remove /metadata/annotations/tier", "remove /spec/extra", "remove /spec/none", "remove /spec/size"],
            planned.Changes.Select(c => $"{c.Op} {c.Path}").Order(StringComparer.Ordinal));
        var live = Assert.Single(store.Values);
        Assert.True(JsonNode.DeepEquals(Parse("""{ "fixed": ["a"], "owner": "uid-1" }"""), live["spec"]), live["spec"]!.ToJsonString());
        Assert.Equal(("", "x"), (live.Annotation("tier") ?? "", live.Label("tier")));
    }

    [Fact]
    public void A_field_that_someone_else_set_stays_also_where_the_template_once_named_it()
    {
        var (full, less) = (CompositionOf(["a"], more: true), CompositionOf(["a"]));
        var store = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        Apply(Compose(full, CompositeOf(Parse("""{ "size": 1 }"""), full), store), store);
        var (name, made) = Assert.Single(store);
        var edited = (JsonObject)made.DeepClone();
        edited["spec"]!["theirs"] = "kept";
        edited["spec"]!["extra"] = "taken over";
        ManagedFields.Update(made, edited, new FieldManager("somebody", DateTimeOffset.UnixEpoch), null);
        store[name] = edited;

        Apply(Compose(less, CompositeOf(Parse("""{ "size": 2 }"""), less), store), store);

        var spec = store[name]["spec"]!;
        Assert.Equal(("kept", "taken over", "2"), (spec.Text("theirs"), spec.Text("extra"), spec["size"]!.ToJsonString()));
        Assert.False(spec.AsObject().ContainsKey("none"));
    }

    [Fact]
    public void A_composition_has_its_way_where_somebody_changed_a_field_that_it_names()
    {
        var composition = CompositionOf(["a"]);
        var composite = CompositeOf(Parse("""{ "size": 1 }"""), composition);
        var store = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        Apply(Compose(composition, composite, store), store);
        var (name, made) = Assert.Single(store);
        var edited = (JsonObject)made.DeepClone();
        edited["spec"]!["size"] = 9;
        ManagedFields.Update(made, edited, new FieldManager("somebody", DateTimeOffset.UnixEpoch), null);
        store[name] = edited;

        Apply(Compose(composition, composite, store), store);

        Assert.Equal("1", store[name]["spec"]!["size"]!.ToJsonString());
    }

    [Fact]
    public void What_was_overlaid_before_composites_applied_goes_too_when_it_is_no_longer_named()
    {
        var composition = CompositionOf(["a"]);
        var composite = CompositeOf(Parse("""{ "size": 1 }"""), composition);
        var resource = Assert.Single(Compose(composition, composite, []).Work);
        var old = (JsonObject)resource.Document.DeepClone();
        old["spec"]!["stale"] = true;
        ManagedFields.Update(null, old, new FieldManager("flagstone-composite", DateTimeOffset.UnixEpoch), null);
        var noted = (JsonObject)old.DeepClone();
        noted["spec"]!["noted"] = true;
        ManagedFields.Update(old, noted, new FieldManager("flagstone-managed", DateTimeOffset.UnixEpoch), null);

        var (next, _) = Composing.Apply(noted, resource, DateTimeOffset.UnixEpoch);

        Assert.True(next!["spec"]!.AsObject().ContainsKey("noted"));
        Assert.False(next["spec"]!.AsObject().ContainsKey("stale"));
        Assert.DoesNotContain("flagstone-composite", next.At("metadata", "managedFields")!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_resource_that_another_controls_is_not_applied_to()
    {
        var composition = CompositionOf(["a"]);
        var resource = Assert.Single(Compose(composition, CompositeOf([], composition), []).Work);
        var theirs = (JsonObject)resource.Document.DeepClone();
        theirs.OwnerReferences().Single()["uid"] = "uid-2";

        var (next, problem) = Composing.Apply(theirs, resource, DateTimeOffset.UnixEpoch);

        Assert.Null(next);
        Assert.Equal("it is controlled by Whole whole-1 already", problem!.Detail);
    }

    [Fact]
    public void The_names_that_are_made_of_a_composites_uid_are_those_of_the_reconcile()
    {
        var composite = CompositeOf([], CompositionOf(["a"]));
        var work = Assert.Single(Compose(CompositionOf(["a"]), composite, []).Work);
        Assert.False(work.IsNamed);
        Assert.Equal(ComposedNames.Of("whole-1", "uid-1", "a"), work.Document.NameOf());
    }

    [Fact]
    public void A_planned_secret_shows_which_fields_change_and_no_values()
    {
        var before = Parse("""{ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s", "namespace": "n" }, "data": { "password": "aHVudGVyMg==" } }""");
        var after = Parse("""{ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s", "namespace": "n" }, "data": { "password": "c3dvcmRmaXNo" } }""");

        var planned = PlanRules.Apply(Secret, before, after, true, null);

        Assert.Equal(PlanActions.Change, planned.Action);
        var change = Assert.Single(planned.Changes);
        Assert.Equal(("/data/password", null, null), (change.Path, change.Value, change.Before));
        Assert.Null(planned.Desired!["data"]);
    }

    [Fact]
    public void What_the_store_keeps_of_a_resource_is_no_change()
    {
        var before = Parse("""{ "metadata": { "name": "t", "uid": "u", "resourceVersion": "7", "generation": 3, "managedFields": [] }, "spec": {}, "status": { "ready": true } }""");
        var after = Parse("""{ "metadata": { "name": "t", "uid": "u", "generation": 4, "managedFields": [{}] }, "spec": {} }""");
        Assert.Equal(PlanActions.Unchanged, PlanRules.Apply(Thing, before, after, true, null).Action);
    }

    [Fact]
    public void Each_rule_that_denies_is_a_refusal_of_its_own_and_any_other_problem_goes_by_its_name()
    {
        var denied = Catalogue.Denied(new ResourceKey(Thing.Id, "", "t"), [new RuleDenial("one", "because"), new RuleDenial("two", "therefore")]);
        Assert.Equal(["one: because", "two: therefore"], PlanRules.Refusals(Thing, "t", denied).Select(r => $"{r.Rule}: {r.Message}"));
        Assert.Equal("bad-request", Assert.Single(PlanRules.Refusals(Thing, "t", Catalogue.BadRequest("no"))).Rule);
    }

    [Fact]
    public void A_manifest_replaces_a_claims_spec_but_for_what_the_platform_wrote_into_it()
    {
        var current = Parse("""{ "metadata": { "name": "db", "finalizers": ["f"] }, "spec": { "parameters": { "a": 1, "b": 2 }, "resourceRef": { "name": "db-x" } } }""");
        var next = Binding.Replace(current, Parse("""{ "metadata": { "name": "db", "labels": { "l": "v" } }, "spec": { "parameters": { "a": 3 } } }"""));
        Assert.True(JsonNode.DeepEquals(Parse("""{ "parameters": { "a": 3 }, "resourceRef": { "name": "db-x" } }"""), next["spec"]));
        Assert.Equal(("f", "v"), (next.Finalizers().Single(), next.Label("l")));
    }

    private static Gen<JsonObject> Members(Gen<JsonNode?> value) => Gen.Select(OneOf("a", "b", "c/d", "e~f", "g"), value).List[0, 4]
        .Select(list => new JsonObject(list.DistinctBy(m => m.Item1).Select(m => KeyValuePair.Create(m.Item1, m.Item2?.DeepClone()))));

    private static Gen<JsonObject> Parameters => Gen.Select(Gen.Int[1, 3], OneOf("x", "y")).Select((size, tier) =>
        new JsonObject { ["size"] = size, ["tier"] = tier });

    private static Gen<JsonObject> Composition => Gen.Select(OneOf("a", "b", "c", "d").List[1, 4], Gen.Bool)
        .Select((names, more) => CompositionOf(names.Distinct(), more));

    private static JsonObject CompositionOf(IEnumerable<string> templates, bool more = false) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = "made" },
        ["spec"] = new JsonObject
        {
            ["pipeline"] = new JsonArray(new JsonObject
            {
                ["step"] = "compose",
                ["functionRef"] = new JsonObject { ["name"] = "function-patch-and-transform" },
                ["input"] = new JsonObject { ["resources"] = new JsonArray([.. templates.Select(JsonNode? (name) => Template(name, more))]) },
            }),
        },
    };

    /// <param name="more">Whether it names some fields that are not in each version of it.</param>
    private static JsonObject Template(string name, bool more) => Parse($$"""
        {
          "name": "{{name}}",
          "base": { "apiVersion": "example.com/v1", "kind": "Thing", "spec": { "fixed": ["{{name}}"]{{(more ? ", \"extra\": { \"deep\": [1] }, \"none\": null" : "")}} } },
          "patches": [
            {{(more ? """{ "fromFieldPath": "spec.parameters.tier", "toFieldPath": "metadata.annotations.tier" },""" : "")}}
            { "fromFieldPath": "spec.parameters.size", "toFieldPath": "spec.size" },
            { "fromFieldPath": "spec.parameters.tier", "toFieldPath": "metadata.labels.tier" },
            { "fromFieldPath": "metadata.uid", "toFieldPath": "spec.owner" }
          ]
        }
        """);

    [Fact]
    public void A_creation_is_told_by_the_plain_values_that_are_asked_of_its_provider_and_by_no_secret()
    {
        var fields = new JsonObject { ["size"] = 20, ["tags"] = new JsonObject { ["a"] = "b" }, ["adminPassword"] = "hunter2" };
        for (var i = 0; i < 20; i++)
        {
            fields[$"field{i}"] = i;
        }

        var made = Created("db", new JsonObject { ["spec"] = new JsonObject { ["forProvider"] = fields } });

        var told = PlanRules.MainFields(made).ToList();

        Assert.Equal(("/spec/forProvider/size", "20"), (told[0].Path, told[0].Value!.ToJsonString()));
        Assert.Equal(12, told.Count);
        Assert.DoesNotContain(told, f => f.Path.Contains("Password", StringComparison.Ordinal) || f.Path.Contains("tags", StringComparison.Ordinal));
        Assert.Empty(PlanRules.MainFields(made with { Action = PlanActions.Unchanged }));
    }

    [Fact]
    public void A_preview_counts_what_it_lists_and_ends_no_line_with_a_blank()
    {
        var plan = new ClaimPlan("example.com/v1", "Thing", "shop", "t", "c", [Created("t", []), Created(null, []), Created("db", [])], [], []);

        var preview = PlanPreview.Of(plan)!;

        Assert.Equal("2 to create", preview["summary"]!.ToString());
        Assert.Equal(["create Thing", "create Thing db"], preview["resources"]!.AsArray().Select(l => l!.ToString()));
        Assert.StartsWith("## Thing `shop/t`\n\n- 3 to create\n", PlanMarkdown.Write(new PlanView(plan, null)), StringComparison.Ordinal);
    }

    private static PlannedResource Created(string? name, JsonObject desired) => new(PlanActions.Create, "example.com/v1", "Thing", "", name, null, desired, []);

    private static JsonObject CompositeOf(JsonObject parameters, JsonObject composition)
    {
        var composite = Parse("""{ "apiVersion": "example.com/v1", "kind": "Whole", "metadata": { "name": "whole-1", "uid": "uid-1" } }""");
        composite["spec"] = new JsonObject { ["parameters"] = parameters.DeepClone() };
        Composing.Prepare(composite, new CompositeShape(true, false), composition.NameOf(), composition);
        return composite;
    }

    private static Claims.Composition Compose(JsonObject composition, JsonObject composite, Dictionary<string, JsonObject> store)
    {
        var observed = store.Values.ToDictionary(
            d => d.Annotation("crossplane.io/composition-resource-name"),
            d => new ObservedResource((JsonObject)d.DeepClone(), new Dictionary<string, string>()), StringComparer.Ordinal);
        return Finished(Composing.ComposeAsync(Pipeline, (JsonObject)composition.DeepClone(), composite, Whole, observed, Kinds, CancellationToken.None));
    }

    private static readonly CompositionPipeline Pipeline = new(new FunctionDirectory((_, _) => ValueTask.FromResult<JsonObject?>(null), _ => null), null!);

    /// <summary>Built-in functions that require nothing never wait.</summary>
    private static T Finished<T>(ValueTask<T> task)
    {
        Assert.True(task.IsCompletedSuccessfully);
        return task.Result;
    }

    private static IEnumerable<string> Actions(Claims.Composition plan, Dictionary<string, JsonObject> store) =>
        plan.Work.Select(w => PlanRules.Apply(w.Kind, store.GetValueOrDefault(w.Document.NameOf()), After(w, store), true, w.Name).Action)
            .Concat(plan.Unwanted.Select(u => PlanRules.Remove(Thing, u.Document, "").Action));

    private static JsonObject After(Composed resource, Dictionary<string, JsonObject> store)
    {
        // Each apply is later than the one before: a time alone must not make a write.
        var (next, problem) = Composing.Apply(
            (JsonObject?)store.GetValueOrDefault(resource.Document.NameOf())?.DeepClone(), resource, new DateTimeOffset(2026, 1, 1, 0, 0, applies++ % 60, TimeSpan.Zero));
        Assert.Null(problem);
        return next!;
    }

    private static void Apply(Claims.Composition plan, Dictionary<string, JsonObject> store)
    {
        foreach (var resource in plan.Work)
        {
            var next = (JsonObject)After(resource, store).DeepClone();
            next.Metadata()["resourceVersion"] = store.Count.ToString(CultureInfo.InvariantCulture);
            store[resource.Document.NameOf()] = next;
        }

        foreach (var (key, _) in plan.Unwanted)
        {
            store.Remove(key.Name);
        }
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
