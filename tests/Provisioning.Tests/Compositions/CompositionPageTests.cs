using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;
using Flagstone.Ui.Components;

namespace Flagstone.Provisioning.Tests.Compositions;

public sealed class CompositionPageTests
{
    private static readonly KindId Databases = new("databases", "example.com");

    [Fact]
    public void What_a_pipeline_composes_is_told_from_its_bases_and_from_its_templates()
    {
        var spec = JsonNode.Parse("""
            {
              "pipeline": [
                { "step": "compose", "functionRef": { "name": "function-patch-and-transform" },
                  "input": { "resources": [ { "name": "db", "base": { "apiVersion": "rds/v1", "kind": "Instance" } }, { "name": "patched-only" } ] } },
                { "step": "render", "functionRef": { "name": "function-go-templating" },
                  "input": { "inline": { "template": "---\napiVersion: s3/v1\nkind: Bucket\nmetadata:\n  annotations:\n    gotemplating.fn.crossplane.io/composition-resource-name: files\n---\napiVersion: v1\nkind: {{ .kind }}\n" } } },
                { "step": "ready", "functionRef": { "name": "function-auto-ready" } }
              ]
            }
            """)!.AsObject();

        var steps = CompositionTemplates.Of(spec);

        Assert.Equal(["compose", "render", "ready"], steps.Select(s => s.Name));
        Assert.Equal([("db", "rds/v1", "Instance"), ("files", "s3/v1", "Bucket")], steps.SelectMany(s => s.Templates).Select(t => (t.Name, t.ApiVersion, t.Kind)));
    }

    [Fact]
    public void A_composition_of_mode_Resources_is_one_step_without_a_function()
    {
        var spec = JsonNode.Parse("""{ "resources": [ { "name": "db", "base": { "apiVersion": "rds/v1", "kind": "Instance" } } ] }""")!.AsObject();

        var step = Assert.Single(CompositionTemplates.Of(spec));

        Assert.Equal(("", 1), (step.Function, step.Templates.Count));
    }

    [Fact]
    public void A_row_counts_its_tests_and_names_who_is_on_another_revision()
    {
        var composition = JsonNode.Parse("""
            { "metadata": { "name": "db" }, "spec": { "compositeTypeRef": { "kind": "XDatabase" }, "pipeline": [] }, "status": { "revision": 2, "currentRevision": "db-2" } }
            """)!.AsObject();
        composition.SetCondition(Condition.False("Current", "TestsFailed", "Revision 3 is not used"), DateTimeOffset.UnixEpoch);
        var (passes, fails) = (new JsonObject(), new JsonObject());
        passes.SetCondition(Condition.True("Passed", "AsExpected"), DateTimeOffset.UnixEpoch);
        fails.SetCondition(Condition.False("Passed", "Differs", ""), DateTimeOffset.UnixEpoch);

        var row = CompositionRow.Of(composition, [passes, fails, new JsonObject()], [Use("a", "db-1"), Use("b", "db-2"), Use("c", "")]);

        Assert.Equal((1, 1, 1, 2L), (row.Passed, row.Failed, row.Untold, row.Revision));
        Assert.Equal(new Status("Held back", Tone.Bad, "Revision 3 is not used"), row.Status);
        Assert.Equal(["a"], row.Elsewhere.Select(u => u.Name));
    }

    [Fact]
    public void Compositions_are_filtered_by_state_and_sorted_by_use()
    {
        var (busy, idle) = (Row("busy", Tone.Good) with { Uses = [Use("a", ""), Use("b", "")] }, Row("idle", Tone.Good));

        Assert.Equal(["busy", "idle"], CompositionRow.Select([idle, busy], new ListState(Sort: "uses", Descending: true)).Select(r => r.Name));
        Assert.Equal(["held"], CompositionRow.Select([idle, Row("held", Tone.Bad)], new ListState().With("state", "Bad")).Select(r => r.Name));
    }

    [Fact]
    public void Claims_are_filtered_by_state_composition_and_by_the_text_of_their_team()
    {
        var all = new[]
        {
            Claim("good", Tone.Good) with { Team = "payments", Composition = "aws" }, Claim("busy", Tone.Busy), Claim("paused", Tone.Warning), Claim("bad", Tone.Bad),
        };

        Assert.Equal(["busy", "paused"], ClaimRow.Select(all, new ListState().With("state", ClaimRow.NotReady)).Select(r => r.Name));
        Assert.Equal(["bad"], ClaimRow.Select(all, new ListState().With("state", ClaimRow.Failing)).Select(r => r.Name));
        Assert.Equal(["good"], ClaimRow.Select(all, new ListState("paym")).Select(r => r.Name));
        Assert.Equal(["good"], ClaimRow.Select(all, new ListState().With("composition", "aws")).Select(r => r.Name));
    }

    private static ClaimRow Claim(string name, Tone tone) => new(Databases, "Database", "shop", name, new Status(tone.ToString(), tone));

    private static CompositionRow Row(string name, Tone tone) => new(name, "XDatabase", "Pipeline", 1, new Status(tone.ToString(), tone));

    private static CompositionUse Use(string name, string revision) => new("Database", "shop", name, "", revision, false, new Status("Ready", Tone.Good));
}
